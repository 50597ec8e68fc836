package hooks

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
)

// TestDifferentEventsAreStored although their values look the same when they are joined. Each
// is sent twice: the second one is a repetition.
func TestDifferentEventsAreStored(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 250)
	onBoth(t, func(t *testing.T, f *fixture) {
		f.use(plain(func(w *config.Webhook) { w.Dedupe = config.Places{"kind", "id"} }),
			plain(func(w *config.Webhook) { w.Name, w.Dedupe = "one", config.Places{"id"} }),
			plain(func(w *config.Webhook) { w.Name, w.Dedupe = "header", config.Places{"header:X-Delivery"} }))
		stored := 0
		isNew := func(hook, body string, change func(http.Header)) {
			t.Helper()
			stored++
			for range 2 {
				r := f.request(http.MethodPost, "/hooks/"+hook, body)
				r.Header.Set("X-Secret", secrets["SECRET"])
				if change != nil {
					change(r.Header)
				}
				status, _, _ := f.send(r)
				require.Equal(t, http.StatusOK, status)
				require.Len(t, f.all(), stored, body)
			}
		}
		form := func(h http.Header) { h.Set("Content-Type", "application/x-www-form-urlencoded") }
		for _, body := range []string{
			`{"kind":"a:b","id":"c"}`, `{"kind":"a","id":"b:c"}`, `{"kind":["x","y"],"id":"c"}`, `{"kind":"x,y","id":"c"}`, `{"kind":["x,y"],"id":"c"}`,
			`{"kind":[["x"],"y"],"id":"c"}`, `{"kind":"1","id":1}`, `{"kind":1,"id":"1"}`, `{"kind":true,"id":"1"}`, `{"kind":"true","id":"1"}`,
			`{"kind":"` + long + `:","id":"c"}`, `{"kind":"` + long + `","id":":c"}`,
		} {
			isNew("plain", body, nil)
		}
		for _, body := range []string{
			`{"id":"a\u0000b"}`, "{\"id\":\"a\ufffdb\"}", "{\"id\":\"u\xff\"}", "{\"id\":\"u\xfe\"}", `{"id":"u\ud800"}`, `{"id":"u\ud801"}`, `{"id":"7"}`, `{"id":7}`,
			`{"id":["7"]}`, `{"id":[7]}`, `{"id":"[7]"}`, `{"id":"\"7\""}`, `{"id":"x"}`, `{"id":["x"]}`, `{"id":"sha256:x"}`, `{"id":"\"sha256:x\""}`, `{"id":"` + long + `"}`, `{"id":["` + long + `"]}`,
		} {
			isNew("one", body, nil)
		}
		for _, body := range []string{"id=p&id=q", "id=p&id=r", "id=p%2Cq", "id=%ff", "id=%fe"} {
			isNew("one", body, form)
		}
		for _, ids := range [][]string{{"a", "b"}, {"a,b"}, {"u\xff"}, {"u\xfe"}} {
			isNew("header", `{"key":"k"}`, func(h http.Header) { h["X-Delivery"] = ids })
		}
		// Ids that nothing else can look like stay readable.
		for _, e := range f.all() {
			if e.Delivery == "x" {
				return
			}
		}
		t.Error("no event has the id that its sender gave it")
	})
}

// TestReadAsScripts: key and dedupe see the fields that the script sees.
func TestReadAsScripts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	f.use(plain())
	for _, c := range []struct{ kind, body string }{
		{"application/json", "\xef\xbb\xbf" + `{"key":"k","id":"bom"}`},
		{"Application/X-WWW-Form-Urlencoded; charset=utf-8", "key=k&id=capitals"},
		{"application/x-www-form-urlencoded", "key=k&id=invalid&other=%zz"},
	} {
		r := f.request(http.MethodPost, "/hooks/plain", c.body)
		r.Header.Set("X-Secret", long)
		r.Header.Set("Content-Type", c.kind)
		status, _, _ := f.send(r)
		require.Equal(t, http.StatusOK, status)
	}
	var ids []string
	for _, e := range f.all() {
		ids = append(ids, e.Delivery)
		assert.Equal(t, "k", e.Key, e.Delivery)
	}
	assert.Equal(t, []string{"bom", "capitals", "invalid"}, ids)
}

// TestTwoEncodings: a second Content-Encoding header counts.
func TestTwoEncodings(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	f.use(plain())
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err := z.Write([]byte(`{"key":"k","id":"packed"}`))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	sent := func(encodings ...string) int {
		r := f.request(http.MethodPost, "/hooks/plain", packed.String())
		r.Header.Set("X-Secret", long)
		r.Header["Content-Encoding"] = encodings
		status, _, _ := f.send(r)
		return status
	}
	assert.Equal(t, http.StatusOK, sent("identity", "gzip"))
	assert.Equal(t, http.StatusUnsupportedMediaType, sent("gzip", "gzip"))
	require.Len(t, f.all(), 1)
	assert.Equal(t, "packed", f.all()[0].Delivery)
	assert.Equal(t, "gzip", Encoding(f.all()[0].Header))
}

// TestOtherBody: a message with a known id and another body is counted, and the log says so
// once.
func TestOtherBody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		hooks := f.use(named("github"), named("hubspot_v3"), plain())
		const warning = "but another body"
		sent := func(h Hook, body string) {
			t.Helper()
			status, _, _ := f.send(f.signed(h, "SECRET", body, "d-1", f.clock()))
			require.Equal(t, http.StatusOK, status)
		}
		sent(hooks[1], `[{"eventId":1,"subscriptionId":7,"occurredAt":5,"attemptNumber":0}]`)
		sent(hooks[1], `[{"eventId":1,"subscriptionId":7,"occurredAt":5,"attemptNumber":1}]`)
		sent(hooks[0], `{"n":1}`)
		sent(hooks[0], `{"n":1}`)
		assert.NotContains(t, f.logged(), warning)
		sent(hooks[0], `{"n":2}`)
		sent(hooks[0], `{"n":3}`)
		f.use(named("github"), plain()) // a changed configuration does not say it again
		sent(hooks[0], `{"n":4}`)
		assert.Equal(t, 1, strings.Count(f.logged(), warning), f.logged())
		assert.Equal(t, http.StatusOK, f.post(`{"key":"k","id":"1","n":1}`))
		assert.Equal(t, http.StatusOK, f.post(`{"key":"k","id":"1","n":2}`))
		assert.Equal(t, 2, strings.Count(f.logged(), warning), f.logged())

		list := f.all()
		require.Len(t, list, 3)
		totals, err := f.events.Totals(t.Context())
		require.NoError(t, err)
		for i, want := range []struct {
			hook               string
			repeats, differing int64
		}{{"hubspot_v3", 1, 0}, {"github", 4, 3}, {"plain", 1, 1}} {
			assert.Equal(t, []any{want.hook, want.repeats, want.differing}, []any{list[i].Hook, list[i].Repeats, list[i].Differing})
			assert.Equal(t, []any{want.repeats, want.differing}, []any{totals[want.hook].Repeated, totals[want.hook].Differing}, want.hook)
		}
	})
}

// TestMissingFields: the log names a field that a message lacks, once for each webhook.
func TestMissingFields(t *testing.T) {
	t.Parallel()
	f := newFixture(t, t.TempDir()+"/state.db")
	places := func(w *config.Webhook) {
		w.Key, w.Dedupe = config.Places{"account.id"}, config.Places{"id", "header:X-Delivery"}
	}
	f.use(plain(places), plain(func(w *config.Webhook) { w.Name = "other" }))
	assert.Equal(t, http.StatusOK, f.post(`{"account":{"id":"A"},"id":"1"}`))
	assert.NotContains(t, f.logged(), "field=account.id")
	assert.Contains(t, f.logged(), "webhook=plain setting=dedupe field=header:X-Delivery")
	assert.Equal(t, http.StatusOK, f.post(`{"ID":"1"}`))
	f.use(plain(places))
	assert.Equal(t, http.StatusOK, f.post(`{"ID":"2"}`))
	for _, line := range []string{"webhook=plain setting=key field=account.id", "webhook=plain setting=dedupe field=id", "webhook=plain setting=dedupe field=header:X-Delivery"} {
		assert.Equal(t, 1, strings.Count(f.logged(), line), "%s\n%s", line, f.logged())
	}
	assert.NotContains(t, f.logged(), "webhook=other")
}

func (f *fixture) logged() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.String()
}
