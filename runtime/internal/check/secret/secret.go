// Package secret tells secrets that are written into a script from placeholders and
// other texts.
package secret

import (
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// Kind is a kind of secret that its form gives away.
type Kind struct {
	// Name describes one, such as "a GitHub token"; Variable is a name for the
	// environment variable that may hold it.
	Name, Variable string
	// prefixes are what it begins with; without one of them, there is none.
	prefixes []string
	form     func() *regexp.Regexp
}

// kinds are the forms that vendors publish for their keys.
var kinds = []Kind{
	{"a private key", "PRIVATE_KEY", []string{"-----BEGIN "}, pattern.Lazy(`-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\\nA-Za-z0-9+/=]{40,}`)},
	{"a GitHub token", "GITHUB_TOKEN", []string{"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"}, pattern.Lazy(`gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{36,}`)},
	{"a GitLab token", "GITLAB_TOKEN", []string{"glpat-"}, pattern.Lazy(`glpat-[A-Za-z0-9_-]{20,}`)},
	{"an AWS access key", "AWS_ACCESS_KEY_ID", []string{"AKIA", "ASIA"}, pattern.Lazy(`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`)},
	{"a Slack token", "SLACK_TOKEN", []string{"xox"}, pattern.Lazy(`xox[abeoprs]-[0-9A-Za-z-]{20,}`)},
	{"a Slack webhook", "SLACK_WEBHOOK", []string{"hooks.slack.com/"}, pattern.Lazy(`hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,}`)},
	{"a Stripe key", "STRIPE_KEY", []string{"sk_live_", "rk_live_", "sk_test_", "rk_test_"}, pattern.Lazy(`[sr]k_(?:live|test)_[0-9A-Za-z]{16,}`)},
	{"a webhook secret", "WEBHOOK_SECRET", []string{"whsec_"}, pattern.Lazy(`whsec_[0-9A-Za-z+/=]{24,}`)},
	{"a Google API key", "GOOGLE_API_KEY", []string{"AIza"}, pattern.Lazy(`AIza[0-9A-Za-z_-]{35}`)},
	{"an Anthropic key", "ANTHROPIC_API_KEY", []string{"sk-ant-"}, pattern.Lazy(`sk-ant-[A-Za-z0-9_-]{24,}`)},
	{"an OpenAI key", "OPENAI_API_KEY", []string{"sk-"}, pattern.Lazy(`\bsk-(?:proj-|svcacct-)?[A-Za-z0-9_]{32,}`)},
	{"a SendGrid key", "SENDGRID_API_KEY", []string{"SG."}, pattern.Lazy(`\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}`)},
	{"a HubSpot token", "HUBSPOT_TOKEN", []string{"pat-na", "pat-eu", "pat-ap"}, pattern.Lazy(`\bpat-[a-z]{2}\d-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)},
	{"an npm token", "NPM_TOKEN", []string{"npm_"}, pattern.Lazy(`\bnpm_[A-Za-z0-9]{36}`)},
	{"an Atlassian token", "ATLASSIAN_TOKEN", []string{"ATATT"}, pattern.Lazy(`ATATT[A-Za-z0-9_=-]{40,}`)},
	{"a signed token (JWT)", "API_TOKEN", []string{"eyJ"}, pattern.Lazy(`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}`)},
}

// Span is a part of a text.
type Span struct{ From, To int }

// Known returns the parts of a text that have the form of a vendor's secrets, and the
// kind of the first one.
func Known(text string) (spans []Span, kind *Kind) {
	for i := range kinds {
		k := &kinds[i]
		if !k.mayBeIn(text) {
			continue
		}
		for _, at := range k.form().FindAllStringIndex(text, -1) {
			if isPlaceholder(text[at[0]:at[1]]) {
				continue
			}
			spans = append(spans, Span{at[0], at[1]})
			if kind == nil {
				kind = k
			}
		}
	}
	return spans, kind
}

func (k *Kind) mayBeIn(text string) bool {
	for _, prefix := range k.prefixes {
		if strings.Contains(text, prefix) {
			return true
		}
	}
	return false
}

// inAddress matches the password of an address, and parameters with their values.
var (
	inAddress   = pattern.Lazy(`^[a-z][a-z0-9+.-]*://[^/\s:@]+:([^/\s:@]{4,})@[\w.-]+`)
	asParameter = pattern.Lazy(`[?&]([A-Za-z_-]+)=([^&\s#"']{12,})`)
	scheme      = pattern.Lazy(`(?i)^(?:bearer|basic|token|apikey)\s+`)
)

// InAddress returns the secrets that a text has as an address.
func InAddress(text string) (spans []Span) {
	if !strings.Contains(text, "://") {
		return nil
	}
	if m := inAddress().FindStringSubmatchIndex(text); m != nil && isPassword(text[m[2]:m[3]]) {
		spans = append(spans, Span{m[2], m[3]})
	}
	for _, m := range asParameter().FindAllStringSubmatchIndex(text, -1) {
		if redact.SecretParameter(text[m[2]:m[3]]) && isRandom(text[m[4]:m[5]]) {
			spans = append(spans, Span{m[4], m[5]})
		}
	}
	return spans
}

// Named returns the part of a text that is a secret, if the text is the value of a
// variable, a field or a header with a name.
func Named(name, text string) (span Span, ok bool) {
	if !redact.SecretName(name) {
		return Span{}, false
	}
	if m := scheme().FindStringIndex(text); m != nil {
		span.From = m[1]
	}
	span.To = len(text)
	value := text[span.From:]
	if basic := strings.TrimPrefix(strings.TrimPrefix(text, "Basic "), "basic "); basic != text {
		decoded, err := base64.StdEncoding.DecodeString(basic)
		_, password, both := strings.Cut(string(decoded), ":")
		return span, err == nil && both && (isPassword(password) || isRandom(string(decoded)))
	}
	lower := strings.ToLower(name)
	if strings.Contains(lower, "pass") || strings.Contains(lower, "pwd") {
		return span, isPassword(value)
	}
	return span, isRandom(value)
}

// isPassword reports whether a text may be a password: no word, no placeholder.
func isPassword(text string) bool {
	const shortest = 6
	return len(text) >= shortest && !strings.ContainsAny(text, " \t\n/\\") && hasDigit(text) && hasLetter(text) && !isPlaceholder(text)
}

// isRandom reports whether a text may have been drawn at random: long, in one piece,
// with digits among letters, and neither a name nor a placeholder.
func isRandom(text string) bool {
	const shortest = 16
	return len(text) >= shortest && oneWord().MatchString(text) && hasDigit(text) && hasLetter(text) && differing(text) >= 8 && !isPlaceholder(text)
}

var oneWord = pattern.Lazy(`^[A-Za-z0-9+/=_.~:-]+$`)

// differing counts the characters that a text has.
func differing(text string) int {
	seen := map[byte]bool{}
	for i := range len(text) {
		seen[text[i]] = true
	}
	return len(seen)
}

func hasDigit(text string) bool { return strings.ContainsAny(text, "0123456789") }

func hasLetter(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' })
}

// stands are words in what people write in the place of a secret.
var stands = pattern.Lazy(`(?i)x{4,}|\*{3,}|\.{3}|0{6,}|1234567|abcdefg|example|placeholder|your|change|dummy|sample|fake|redacted|secret|passw|token|apikey|api_key|api-key|test|demo|lorem|foobar|deadbeef|[<>{}$%]`)

// isPlaceholder reports whether a text stands for a secret, or names one.
func isPlaceholder(text string) bool {
	bare := strings.TrimPrefix(strings.TrimPrefix(text, "sk_test_"), "rk_test_")
	return stands().MatchString(bare)
}
