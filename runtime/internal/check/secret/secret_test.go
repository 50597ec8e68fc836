package secret

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// random is a text like those that services draw.
func random(n int) string {
	const drawn = "q7Zk3Vb9Lm2Xc8Rt5Yw1Hs6Jd4Gf0NpQvTzKuEa"
	return strings.Repeat(drawn, n/len(drawn)+1)[:n]
}

func TestKnown(t *testing.T) {
	for text, want := range map[string]string{
		"ghp_" + random(36):                                    "a GitHub token",
		"see github_pat_" + random(40) + " here":               "a GitHub token",
		"glpat-" + random(20):                                  "a GitLab token",
		"AKIAQ7ZK3VB9LM2XC8RT":                                 "an AWS access key",
		"xoxb-1827364554-" + random(24):                        "a Slack token",
		"https://hooks.slack.com/services/T0/B0/" + random(24): "a Slack webhook",
		"sk_live_" + random(24):                                "a Stripe key",
		"sk_test_" + random(24):                                "a Stripe key",
		"AIza" + random(35):                                    "a Google API key",
		"sk-ant-api03-" + random(40):                           "an Anthropic key",
		"sk-" + random(40):                                     "an OpenAI key",
		"pat-eu1-3f6c9a1e-7b2d-4c8f-9e1a-5d3b7c9f2a4e":         "a HubSpot token",
		"npm_" + random(36):                                    "an npm token",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI5In0." + random(30):   "a signed token (JWT)",
		"-----BEGIN RSA PRIVATE KEY-----\n" + random(64):       "a private key",
		"ghp_...":                        "",
		"ghp_" + strings.Repeat("x", 36): "",
		"sk-your-key-here-and-more-of-it-until-it-is-long": "",
		"AKIAIOSFODNN7EXAMPLE":                             "",
		"task-" + random(40):                               "",
		"-----BEGIN EC PRIVATE KEY-----...":                "",
		"-----BEGIN PUBLIC KEY-----":                       "",
		"xoxb-":                                            "",
		"":                                                 "",
	} {
		spans, kind := Known(text)
		if want == "" {
			assert.Empty(t, spans, text)
			continue
		}
		if assert.NotNil(t, kind, text) {
			assert.Equal(t, want, kind.Name, text)
			assert.NotEmpty(t, spans, text)
		}
	}
}

func TestNamed(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"api_token", random(32), random(32)},
		{"Authorization", "Bearer " + random(24), random(24)},
		{"Authorization", "Basic YXBwOmh1bnRlcjIh", "YXBwOmh1bnRlcjIh"},
		{"Authorization", "Basic QWxhZGRpbjpPcGVuU2VzYW1l", ""},
		{"Authorization", "Basic dXNlcjEyMzpwYXNzd29yZDEyMw==", ""},
		{"X-Api-Key", random(20), random(20)},
		{"client_secret", "3f6c9a1e7b2d4c8f9e1a", "3f6c9a1e7b2d4c8f9e1a"},
		{"password", "hunter2!", "hunter2!"},
		{"DB_PASS", "hunter2!", ""},
		{"password", "password", ""},
		{"password", "changeme1", ""},
		{"password", "...", ""},
		{"password", "", ""},
		{"token", "string", ""},
		{"token", "<YOUR_TOKEN_1234567890>", ""},
		{"token", "sim-api-token-number-1", ""},
		{"api_key", "PLANHAT_API_TOKEN_2", ""},
		{"next_page_token", random(32), ""},
		{"token_count", random(32), ""},
		{"name", random(32), ""},
		{"Authorization", "Bearer ", ""},
		{"secret", "the quick brown fox jumps over 13 lazy dogs", ""},
	} {
		span, ok := Named(c.name, c.text)
		assert.Equal(t, c.want != "", ok, "%s = %s", c.name, c.text)
		if ok {
			assert.Equal(t, c.want, c.text[span.From:span.To])
		}
	}
}

func TestInAddress(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://app:hunter2@db.internal/app":               "hunter2",
		"https://api.internal/v1?api_key=" + random(20) + "&a": random(20),
		"https://user:password@host/":                          "",
		"https://api.internal/v1?api_key=%s":                   "",
		"https://api.internal/v1?page_token=" + random(20):     "",
		"https://api.internal/v1?q=" + random(20):              "",
		"http://localhost:8080/a@b":                            "",
		"no address":                                           "",
	} {
		spans := InAddress(text)
		if want == "" {
			assert.Empty(t, spans, text)
		} else if assert.Len(t, spans, 1, text) {
			assert.Equal(t, want, text[spans[0].From:spans[0].To])
		}
	}
}
