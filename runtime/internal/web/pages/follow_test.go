package pages

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/tests/patience"
)

// TestLog: a log that is watched grows within a second, without gaps, and ends; search is
// over all lines; a download has all of them.
func TestLog(t *testing.T) {
	onBoth(t, func(r *trial) {
		id := r.run("crm", history.Running, history.End{})
		r.lines(id, 1, 1500)
		here := fmt.Sprintf("/runs/%d", id)
		body := r.see(here, `id="L501"`, `id="L1500"`, `data-after="1500"`, "Earlier lines", "before=501")
		assert.NotContains(r, body, `id="L500"`)
		r.see(here+"?before=501", `id="L1"`, `id="L500"`, "To the end of the log")
		body = r.see(here+"?q=line+77", "<b>11</b> of 1,500 lines", fmt.Sprintf(`href="/runs/%d?around=770#L770"`, id))
		assert.NotContains(r, body, `id="L78"`)
		r.see(here+"?level=warn", "<b>150</b> of 1,500 lines")
		r.see(here+"?q="+url.QueryEscape(hostile)+"&level=error", "<b>0</b> of 1,500 lines")
		body = r.see(here+"?around=770", `id="L670"`, `id="L870"`, `class="w here"`)
		assert.NotContains(r, body, `id="L871"`)

		await, found := r.listen(here+"/log?after=1498"), r.listen(here+"/log?after=0&q=LINE+1501")
		first := await("data:")
		assert.Contains(r, first, "L1499")
		assert.Contains(r, first, "L1500")
		assert.NotContains(r, first, "L1498")
		assert.NotRegexp(r, inline, first)
		r.lines(id, 1501, 1501)
		assert.Contains(r, await("data:"), "L1501")
		assert.Contains(r, found("data: \""), "L1501", "the stream has passed by what does not match")
		_, err := r.history.Finish(r.Context(), r.db, id, history.End{Status: history.Succeeded}, history.Running)
		require.NoError(r, err)
		await("event: change")
		await("event: end")

		_, _, polled := r.ask("lee", "GET", here+"/log?after=0&q=needle", nil)
		assert.Contains(r, polled, `"id":"500"`, "lines that do not match are passed by")
		status, _, polled := r.ask("lee", "GET", here+"/log?after=1500", nil)
		assert.Equal(r, 200, status)
		assert.Contains(r, polled, "L1501")
		assert.Contains(r, polled, `"end":true`)

		_, _, text := r.ask("lee", "GET", here+"/log/download", nil)
		assert.Equal(r, 1501, strings.Count(text, "\n"))
		_, _, text = r.ask("lee", "GET", here+"/log/download?as=json", nil)
		lines := strings.Split(strings.TrimSpace(text), "\n")
		require.Len(r, lines, 1501)
		var l history.Line
		require.NoError(r, json.Unmarshal([]byte(lines[1500]), &l))
		assert.EqualValues(r, 1501, l.Seq)
	})
}

// listen opens a stream and returns what waits for a line of it.
func (r *trial) listen(path string) (await func(what string) string) {
	r.Helper()
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, r.server.URL+path, nil)
	require.NoError(r, err)
	request.Header.Set("X-User", "lee")
	request.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(r, err)
	r.Cleanup(func() { _ = answer.Body.Close() })
	stream := bufio.NewScanner(answer.Body)
	return func(what string) string {
		for stream.Scan() {
			if strings.Contains(stream.Text(), what) {
				return stream.Text()
			}
		}
		require.Fail(r, "the stream ended before "+what)
		return ""
	}
}

// TestChanges: pages hear of changes within a second or two, and only then.
func TestChanges(t *testing.T) {
	r := start(t, filepath.Join(t.TempDir(), "state.db"))
	at := func() string {
		found := regexp.MustCompile(`data-at="([^"]+)"`).FindStringSubmatch(r.see("/runs"))
		require.NotNil(t, found)
		return found[1]
	}
	before := at()
	_, _, body := r.ask("lee", "GET", "/live?after="+before, nil)
	assert.JSONEq(t, `{"events":[],"end":false}`, body)
	r.run("crm", history.Running, history.End{})
	patience.Await(t, 50*time.Millisecond, func() bool {
		_, _, body := r.ask("lee", "GET", "/live?after="+before, nil)
		return strings.Contains(body, "change")
	}, "the change is not told")
	assert.NotEqual(t, before, at())
}
