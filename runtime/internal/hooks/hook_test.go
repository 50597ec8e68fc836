package hooks

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/webhook"
)

// TestMistakes: each is named with its setting, and no secret is repeated.
func TestMistakes(t *testing.T) {
	for want, change := range map[string]func(*config.Webhook){
		"a webhook has no name":                           func(w *config.Webhook) { w.Name = "" },
		"name: use letters":                               func(w *config.Webhook) { w.Name = "a b" },
		"has no script":                                   func(w *config.Webhook) { w.Script = "" },
		"path: must begin with /":                         func(w *config.Webhook) { w.Path = "hooks" },
		"path: must begin with / a":                       func(w *config.Webhook) { w.Path = "/a/../b" },
		"scheme: is missing":                              func(w *config.Webhook) { w.Scheme = "" },
		`unknown scheme "jria" (did you mean 'jira'?)`:    func(w *config.Webhook) { w.Scheme = "jria" },
		"the name of the header is missing":               func(w *config.Webhook) { w.Scheme, w.Header = "planhat", "" },
		"leave its name out":                              func(w *config.Webhook) { w.Scheme = "github" },
		"header: must be the name":                        func(w *config.Webhook) { w.Header = "X Secret" },
		"only for scheme":                                 func(w *config.Webhook) { w.Prefix = "sha256=" },
		"unknown encoding":                                func(w *config.Webhook) { w.Scheme, w.Encoding = webhook.HMAC, "hax" },
		"HubSpot signs the address":                       func(w *config.Webhook) { w.Scheme, w.Header = "hubspot_v3", "" },
		"secret_env: is missing":                          func(w *config.Webhook) { w.SecretEnv = "" },
		"env is the name of an environment variable":      func(w *config.Webhook) { w.SecretEnv = "sk-very-secret" },
		"each entry needs either env or file":             func(w *config.Webhook) { w.Secrets = []config.WebhookSecret{{}} },
		"until must be a date":                            func(w *config.Webhook) { w.Secrets = []config.WebhookSecret{{Env: "A", Until: "soon"}} },
		"key: \"a..b\" is not a part of an event":         func(w *config.Webhook) { w.Key = config.Places{"a..b"} },
		"dedupe: \"X Y\" is not the name of a header":     func(w *config.Webhook) { w.Dedupe = config.Places{"header:X Y"} },
		"batch: must be between 1 and 1000":               func(w *config.Webhook) { w.Batch = 5000 },
		"tries: must be between 1 and 20":                 func(w *config.Webhook) { w.Tries = -1 },
		"within: only has a meaning with batch":           func(w *config.Webhook) { w.Within = "2s" },
		"max_body: must be at most 32MiB":                 func(w *config.Webhook) { w.MaxBody = "33MiB" },
		"max_body: \"1\" is too little for an event":      func(w *config.Webhook) { w.MaxBody = "1" },
		"retry_pause: ":                                   func(w *config.Webhook) { w.RetryPause = "often" },
		"after_parked: 'stop' is not one of":              func(w *config.Webhook) { w.AfterParked = "stop" },
		"timeout: ":                                       func(w *config.Webhook) { w.Timeout = "long" },
		"on_failure: each entry needs exactly one of scr": func(w *config.Webhook) { w.OnFailure = []config.Action{{}} },
	} {
		w := config.Webhook{Name: "plain", Script: "a.lua", Scheme: "header", Header: "X-Secret", SecretEnv: "SECRET"}
		change(&w)
		_, err := New(w, config.Webhooks{}, "phscript.toml")
		if assert.Error(t, err, want) {
			assert.Contains(t, err.Error(), want)
			assert.True(t, strings.HasPrefix(err.Error(), "phscript.toml: "), err.Error())
			assert.NotContains(t, err.Error(), "very-secret")
			assert.NotContains(t, err.Error(), "schedule '")
		}
	}
}

// TestDoubts: secrets that are missing, short or over.
func TestDoubts(t *testing.T) {
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	h := func(scheme string, secrets ...config.WebhookSecret) Hook {
		w := config.Webhook{Name: "plain", Script: "a.lua", Scheme: scheme, Secrets: secrets}
		if scheme == "header" {
			w.Header = "X-Secret"
		}
		made, err := New(w, config.Webhooks{}, "phscript.toml")
		require.NoError(t, err)
		return made
	}
	r := Reader{Getenv: func(name string) (string, bool) {
		values := map[string]string{"SHORT": "0123456789", "LONG": long, "SPACED": strings.Repeat("a b/", 10)}
		return values[name], values[name] != ""
	}, ReadFile: func(string) ([]byte, error) { return []byte(long + "\n"), nil }}
	for want, hook := range map[string]Hook{
		"":  h("header", config.WebhookSecret{Env: "LONG"}),
		" ": h("header", config.WebhookSecret{File: "secret.txt"}),
		"the environment variable UNSET, which holds its secret, is not set": h("github", config.WebhookSecret{Env: "LONG"}, config.WebhookSecret{Env: "UNSET"}),
		"the secret in SHORT has 10 characters, but needs at least 32":       h("header", config.WebhookSecret{Env: "SHORT"}),
		"it may only have letters":                                           h("salesforce", config.WebhookSecret{Env: "SPACED"}),
		"all of its secrets have ended":                                      h("github", config.WebhookSecret{Env: "LONG", Until: "2026-11-27"}),
	} {
		doubt := hook.Doubts(r, at)
		if strings.TrimSpace(want) == "" {
			assert.Empty(t, doubt)
			continue
		}
		assert.Contains(t, doubt, want)
		assert.Contains(t, doubt, "its events are not accepted")
		assert.NotContains(t, doubt, "0123456789")
	}
	short := h("github", config.WebhookSecret{Env: "SHORT"})
	assert.Empty(t, short.Doubts(r, at), "it is not sent")
	off := false
	disabled := h("header", config.WebhookSecret{Env: "UNSET"})
	disabled.Enabled = &off
	assert.Empty(t, disabled.Doubts(r, at))
}

// TestRecipes: there is one for every scheme, with the address and the names, and without the
// secret.
func TestRecipes(t *testing.T) {
	for _, scheme := range everyScheme() {
		w := named(scheme)
		w.Script = "a.lua"
		h, err := New(w, config.Webhooks{PublicURL: "https://hooks.example.com/base/"}, "phscript.toml")
		require.NoError(t, err)
		text := h.Recipe()
		assert.Contains(t, text, "https://hooks.example.com/base/hooks/"+scheme, scheme)
		assert.Contains(t, text, w.SecretEnv, scheme)
		assert.NotContains(t, text, "%!", scheme)
		assert.NotContains(t, text, "YOUR-ADDRESS", scheme)
		if w.Header != "" {
			assert.Contains(t, text, w.Header, scheme)
		}
	}
	h, err := New(config.Webhook{Name: "a", Script: "a.lua", Scheme: "jira", SecretEnv: "S"}, config.Webhooks{}, "phscript.toml")
	require.NoError(t, err)
	assert.Contains(t, h.Recipe(), "YOUR-ADDRESS")
}
