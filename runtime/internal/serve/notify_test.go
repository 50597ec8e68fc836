package serve

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/schedule"
)

// TestDoubtsNameNoSecret: a token that was written for the name of its variable
// may look like one.
func TestDoubtsNameNoSecret(t *testing.T) {
	unset := func(string) (string, bool) { return "", false }
	wrong := config.Action{WebhookEnv: "kJxPqR7", SecretEnv: "k7jxpqr"}
	usual := config.Action{WebhookEnv: "ALERT_WEBHOOK", SecretEnv: "alert_secret"}
	doubts := Doubts(&Loaded{Definitions: []schedule.Definition{{Schedule: config.Schedule{OnFailure: []config.Action{wrong, usual}}}}}, unset)
	require.Len(t, doubts, 3)
	assert.Contains(t, doubts[0], "an environment variable that webhook_env or secret_env names is not set")
	assert.Contains(t, doubts[1], "ALERT_WEBHOOK")
	assert.Contains(t, doubts[2], "alert_secret")
	n := &Notifier{Getenv: unset}
	for _, a := range []config.Action{wrong, {Webhook: "http://127.0.0.1:1", SecretEnv: "k7jxpqr"}} {
		err := n.post(t.Context(), a, nil)
		require.ErrorContains(t, err, "is not set")
		assert.NotContains(t, err.Error()+actionName(a), "k7j")
		assert.NotContains(t, err.Error()+actionName(a), "kJx")
	}
	assert.Equal(t, "webhook ALERT_WEBHOOK", actionName(usual))
}

// TestMovedWebhooks: an answer that leads elsewhere counts as delivered only where
// the event goes there as well.
func TestMovedWebhooks(t *testing.T) {
	var got []string
	mux := http.NewServeMux()
	mux.HandleFunc("/new/kJxPqR", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+string(body)+" "+r.Header.Get(SignatureHeader)[:2])
	})
	for path, code := range map[string]int{"/301": 301, "/302": 302, "/303": 303, "/307": 307, "/308": 308} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/new/kJxPqR", code) })
	}
	mux.HandleFunc("/304", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/round", http.StatusPermanentRedirect)
	})
	hook := httptest.NewServer(mux)
	defer hook.Close()
	elsewhere := httptest.NewServer(http.RedirectHandler(hook.URL+"/new/kJxPqR", http.StatusMovedPermanently))
	defer elsewhere.Close()
	n := &Notifier{Getenv: func(string) (string, bool) { return "secret", true }}
	post := func(address string) error {
		return n.post(t.Context(), config.Action{Webhook: address, SecretEnv: "S"}, []byte("{}"))
	}
	host := strings.TrimPrefix(hook.URL, "http://")
	for address, want := range map[string]string{
		hook.URL + "/301": "answered 301 Moved Permanently: it has moved to another path on " + host,
		hook.URL + "/302": "another path on", hook.URL + "/303": "another path on",
		elsewhere.URL:     "it has moved to " + hook.URL + "; use the new address",
		hook.URL + "/304": "answered 304", hook.URL + "/round": "answered 308",
	} {
		err := post(address)
		require.ErrorContains(t, err, want, address)
		assert.NotContains(t, err.Error(), "kJxPqR")
	}
	assert.Empty(t, got)
	require.NoError(t, post(hook.URL+"/307"))
	require.NoError(t, post(hook.URL+"/308"))
	assert.Equal(t, []string{"POST {} t=", "POST {} t="}, got)
}

// TestProgramsThatCannotStart are reported before they are needed, in the words in which
// the log reports them then.
func TestProgramsThatCannotStart(t *testing.T) {
	dir := tree(t, map[string]string{"notify.sh": "#!/bin/sh\n", "sub/good.sh": "#!/bin/sh\n"})
	require.NoError(t, os.Chmod(filepath.Join(dir, "sub", "good.sh"), 0o755))
	n := &Notifier{Getenv: os.LookupEnv, Dir: dir, Children: &Children{}}
	for name, want := range map[string]string{
		"./notify.sh": "is not executable; run: chmod +x ./notify.sh", "./missing.sh": "does not exist; the path is relative to " + dir,
		filepath.Join(dir, "missing"): "does not exist", "no-such-program": "was not found", "./sub": "is not executable; run: chmod +x ./sub",
		"./sub/good.sh": "", filepath.Join(dir, "sub", "good.sh"): "",
	} {
		action := config.Action{Command: []string{name}}
		doubts := Doubts(&Loaded{Dir: dir, Definitions: []schedule.Definition{{Schedule: config.Schedule{OnFailure: []config.Action{action}}}}}, os.LookupEnv)
		err := n.act(t.Context(), action, Event{})
		if want == "" {
			assert.Empty(t, doubts)
			require.NoError(t, err)
			continue
		}
		assert.Equal(t, []string{"the program " + name + ", which sends notifications, " + want}, doubts)
		assert.EqualError(t, err, "the program "+name+" "+want)
	}
}
