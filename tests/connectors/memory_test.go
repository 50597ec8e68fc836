package connectors

import (
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manyRecords is the size of the heavy test.
const manyRecords = 50_000

// testMemory: many records take little more memory than few, and pages that the vendor
// cannot deliver get smaller.
func testMemory(t *testing.T, v vendor) {
	t.Run("flat", func(t *testing.T) {
		few, many := peak(t, v, 5_000), peak(t, v, 30_000)
		t.Logf("5,000 records: %d MB, 30,000: %d MB", few>>20, many>>20)
		assert.Less(t, many, int64(200<<20))
		assert.Less(t, many-few, int64(45<<20), "less than 1,800 bytes a record")
	})
	t.Run("smaller pages", func(t *testing.T) {
		r := rigOf(t, v)
		if r.largest == nil {
			return
		}
		r.largest(25)
		ids := r.add(60, r.clock.Now())
		r.clock.Advance(time.Hour)
		r.did(t, ``)
		assert.Len(t, r.main(), len(ids))
		assert.Contains(t, r.log.String(), "a page was too large")
		r.touch(ids[0], "changed")
		r.clock.Advance(time.Hour)
		r.did(t, ``)
		assert.Equal(t, "changed", r.text(r.main()[ids[0]]))
	})
}

// peak is how much memory the program has used at most to read n records.
func peak(t *testing.T, v vendor, n int) int64 {
	t.Helper()
	p := newProcess(t, v)
	p.add(n, p.clock.Now())
	p.clock.Advance(time.Hour)
	size := int64(0)
	ended := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(p.running.Load().Pid) + "/status")
		assert.NoError(t, err)
		found := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
		if assert.NotNil(t, found) {
			size, _ = strconv.ParseInt(string(found[1]), 10, 64)
		}
	}))
	defer ended.Close()
	script := strings.Replace(p.script(``), "return require", "require", 1) + "\nrequire(\"http\").get(\"" + ended.URL + "\")"
	code, out := p.execute(t, script)
	require.Zero(t, code, out)
	require.Len(t, p.main(), n)
	return size << 10
}
