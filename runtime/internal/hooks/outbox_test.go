package hooks

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/webhook"
)

// TestOutbox: a message is sent until the receiver takes it, wants no more, or the last try
// is over, and each id is stored once.
func TestOutbox(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, f *fixture) {
		var got []webhook.Message
		status, wish := http.StatusOK, ""
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := make([]byte, r.ContentLength)
			_, _ = r.Body.Read(body)
			got = append(got, webhook.Message{Method: r.Method, Header: r.Header, Body: body})
			w.Header().Set("Retry-After", wish)
			w.WriteHeader(status)
		}))
		defer receiver.Close()
		variables := map[string]string{"STANDARD": secrets["STANDARD"], "URL": receiver.URL}
		o := &Outbox{DB: f.db, Log: slog.New(slog.DiscardHandler), Getenv: func(name string) (string, bool) { v, ok := variables[name]; return v, ok },
			Send: func(r *http.Request, rules []string) (*http.Response, error) {
				assert.Equal(t, []string{"127.0.0.1"}, rules)
				return http.DefaultClient.Do(r)
			}}
		put := func(id string) {
			t.Helper()
			require.NoError(t, Put(t.Context(), f.db, Message{Message: id, Run: 7, Host: "receiver", Body: []byte(`{"n":1}`),
				Target: Target{URLEnv: "URL", SecretEnv: "STANDARD", Header: http.Header{"X-A": {"b"}}, Rules: []string{"127.0.0.1"}}}))
		}
		waiting := func() []Message {
			t.Helper()
			list, err := f.events.Messages(t.Context())
			require.NoError(t, err)
			return list
		}
		pass := func() {
			t.Helper()
			require.NoError(t, store.Exec(t.Context(), f.db, `UPDATE phscript_hook_message SET due_at = 0`))
			require.NoError(t, o.pass(t.Context()))
		}
		put("m-1")
		put("m-1")
		assert.Len(t, waiting(), 1)
		pass()
		assert.Empty(t, waiting())
		require.Len(t, got, 1)
		v, err := webhook.New("standard", []string{secrets["STANDARD"]}, "")
		require.NoError(t, err)
		assert.NoError(t, v.Verify(got[0], time.Now()))
		assert.Equal(t, "m-1", v.ID(got[0]))
		assert.Equal(t, "b", got[0].Header.Get("X-A"))

		status, wish = http.StatusServiceUnavailable, "600"
		put("m-2")
		pass()
		list := waiting()
		require.Len(t, list, 1)
		assert.InDelta(t, 600, time.Until(list[0].Due).Seconds(), 60, "as the receiver wants")
		assert.Equal(t, "receiver responded with 503 Service Unavailable", list[0].Reason)
		delete(variables, "URL")
		pass()
		assert.Contains(t, waiting()[0].Reason, "the environment variable URL is not set")
		variables["URL"] = receiver.URL
		for range len(pauses) + 2 {
			pass()
		}
		assert.True(t, waiting()[0].Failed)
		assert.Equal(t, len(pauses)+1, waiting()[0].Tries, "the last one")

		status = http.StatusGone
		put("m-3")
		pass()
		assert.True(t, waiting()[0].Failed, "the receiver wants no more")
		assert.Equal(t, 1, waiting()[0].Tries)

		variables["URL"] = "http://127.0.0.1:1/secret-part"
		put("m-4")
		pass()
		assert.NotContains(t, waiting()[0].Reason, "secret-part")
		assert.True(t, strings.HasPrefix(waiting()[0].Reason, "receiver cannot be reached: "))

		// What was given up can be sent again; what is about to be sent is left alone.
		require.Len(t, waiting(), 3)
		n, err := f.events.Resend(t.Context(), []int64{waiting()[2].ID, 999}, kim)
		require.NoError(t, err)
		assert.Equal(t, int64(1), n)
		assert.Equal(t, []any{false, 0}, []any{waiting()[2].Failed, waiting()[2].Tries})
		n, err = f.events.Resend(t.Context(), []int64{waiting()[2].ID}, kim)
		require.NoError(t, err)
		assert.Zero(t, n)
		variables["URL"], status = receiver.URL, http.StatusOK
		n, err = f.events.Resend(t.Context(), nil, kim)
		require.NoError(t, err)
		assert.Equal(t, int64(1), n, "m-3 was given up; m-4 waits")
		pass()
		assert.Empty(t, waiting())
		assert.Equal(t, "resend messages that were given up", f.acts()[0].Action+" "+f.acts()[0].Target)
	})
}
