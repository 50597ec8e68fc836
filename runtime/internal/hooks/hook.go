// Package hooks takes events of other systems: it verifies and stores them, and hands them
// to scripts.
//
// An event is in the store before its sender gets an answer. Each is known by its delivery
// id, so a repetition is not stored again. Runs get events in the order of their arrival,
// one run at a time for each key. An event that fails is tried again after a pause, and
// parked after the last try.
package hooks

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/webhook"
)

// Defaults of a webhook.
const (
	DefaultMaxBody    = 1 << 20
	DefaultMaxWaiting = 100_000
	DefaultTries      = 5
	DefaultRetryPause = 30 * time.Second
	DefaultWithin     = 2 * time.Second
	DefaultAtOnce     = 4
	// DefaultMaxMemory bounds the bodies that are being received, of all webhooks.
	DefaultMaxMemory = 64 << 20

	// DefaultPath is where webhooks are, by their names.
	DefaultPath = "/hooks/"

	longestRetryPause = time.Hour
	mostBatch         = 1000
	// LargestBody is the most that max_body can be.
	LargestBody = 32 << 20
)

// Hook is a valid webhook.
type Hook struct {
	config.Webhook
	// Source says where it was written, for people.
	Source string
	// Settings are those of its runs.
	Settings schedule.Definition
	// PublicURL is the address as the sender knows it, "" if it is not configured.
	PublicURL string

	Within, RetryPause time.Duration
	MaxBody            int64

	key, dedupe []place
	secrets     []secretRef
}

// secretRef says where a secret is.
type secretRef struct {
	config.WebhookSecret
	until time.Time
}

// Name of the secret for people.
func (s secretRef) String() string { return cmp.Or(s.Env, s.File) }

var (
	nameForm     = pattern.Lazy(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	pathForm     = pattern.Lazy(`^(/[A-Za-z0-9_.~-]+)+$`)
	headerForm   = pattern.Lazy(`^[A-Za-z0-9-]+$`)
	variableForm = pattern.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// New checks a webhook. Its error names the setting and says how to write it.
func New(w config.Webhook, all config.Webhooks, source string) (Hook, error) {
	h := Hook{Webhook: w, Source: source}
	var failed error
	wrong := func(setting, message string, hint ...string) {
		if failed == nil {
			failed = &config.Error{Where: source, Message: fmt.Sprintf("webhook '%s': %s: %s", w.Name, setting, message), Hint: strings.Join(hint, "")}
		}
	}
	check := func(setting string, err error) {
		if err != nil {
			wrong(setting, err.Error())
		}
	}
	switch {
	case w.Name == "":
		return h, &config.Error{Where: source, Message: "a webhook has no name", Hint: `give it one, such as name = "jira"`}
	case !nameForm().MatchString(w.Name):
		wrong("name", "use letters, digits, -, _ and dots, at most 64 of them")
	case w.Script == "":
		return h, &config.Error{Where: source, Message: fmt.Sprintf("webhook '%s' has no script", w.Name), Hint: `name the file that handles its events: script = "handle.lua"`}
	}
	h.Path = cmp.Or(w.Path, DefaultPath+w.Name)
	if !pathForm().MatchString(h.Path) || path.Clean(h.Path) != h.Path {
		wrong("path", "must begin with / and consist of letters, digits, -, _, ~ and dots between slashes", `write it like path = "/hooks/jira"`)
	}
	if all.PublicURL != "" {
		h.PublicURL = all.URL(h.Path)
	}
	h.checkScheme(wrong)
	h.checkSecrets(wrong)
	var err error
	h.key, err = parsePlaces(w.Key)
	check("key", err)
	h.dedupe, err = parsePlaces(w.Dedupe)
	check("dedupe", err)
	h.Batch, h.AtOnce, h.Tries, h.MaxWaiting = cmp.Or(w.Batch, 1), cmp.Or(w.AtOnce, DefaultAtOnce), cmp.Or(w.Tries, DefaultTries), cmp.Or(w.MaxWaiting, DefaultMaxWaiting)
	for _, n := range []struct {
		setting     string
		value, most int
	}{{"batch", h.Batch, mostBatch}, {"at_once", h.AtOnce, 100}, {"tries", h.Tries, 20}, {"max_waiting", h.MaxWaiting, 10_000_000}} {
		if n.value < 1 || n.value > n.most {
			wrong(n.setting, fmt.Sprintf("must be between 1 and %d", n.most))
		}
	}
	h.Within, h.RetryPause, h.MaxBody = DefaultWithin, DefaultRetryPause, DefaultMaxBody
	check("within", config.Set("", w.Within, &h.Within, config.ParseTimeout))
	check("retry_pause", config.Set("", w.RetryPause, &h.RetryPause, config.ParseTimeout))
	check("max_body", config.Set("", w.MaxBody, &h.MaxBody, config.ParseBody))
	memory := int64(DefaultMaxMemory)
	_ = config.Set("", all.MaxMemory, &memory, config.ParseSize) // it was checked
	switch {
	case h.MaxBody > LargestBody:
		wrong("max_body", "must be at most 32MiB")
	case 2*h.MaxBody > memory:
		wrong("max_body", fmt.Sprintf("must be at most half of webhooks.max_memory, which is %d MiB", memory>>20))
	}
	if w.Within != "" && h.Batch == 1 {
		wrong("within", "only has a meaning with batch", "add batch, such as batch = 100, or delete within")
	}
	check("after_parked", oneOf(w.AfterParked, "continue", "wait"))
	for _, r := range w.Reactions() {
		check(r.Setting, schedule.CheckActions(r.Actions))
	}
	if failed != nil {
		return h, failed
	}
	h.Settings, err = schedule.Settings(w.Run(), source)
	if err != nil {
		message := strings.TrimPrefix(strings.TrimPrefix(err.Error(), source+": "), "schedule '"+w.Name+"': ")
		setting, rest, _ := strings.Cut(message, ": ")
		wrong(setting, rest)
	}
	return h, failed
}

func (h *Hook) checkScheme(wrong func(setting, message string, hint ...string)) {
	known := append(webhook.Schemes(), webhook.HMAC)
	slices.Sort(known)
	switch {
	case h.Scheme == "":
		wrong("scheme", "is missing", "name the system that sends the events, or how it signs: "+strings.Join(known, ", "))
		return
	case !slices.Contains(known, h.Scheme):
		wrong("scheme", fmt.Sprintf("unknown scheme %q%s", h.Scheme, catalog.DidYouMean(h.Scheme, known)), "the schemes are "+strings.Join(known, ", "))
		return
	case h.Header != "" && !headerForm().MatchString(h.Header):
		wrong("header", "must be the name of a header, such as X-Webhook-Secret")
	case h.Scheme != webhook.HMAC && (h.Encoding != "" || h.Prefix != ""):
		wrong("encoding", "encoding and prefix are only for scheme = \"hmac\"", "delete them: the scheme knows them")
	case (h.Scheme == "hubspot_v2" || h.Scheme == "hubspot_v3") && h.PublicURL == "":
		wrong("scheme", "HubSpot signs the address, so phscript must know it", `write the address that HubSpot sends to under [webhooks]: public_url = "https://hooks.example.com"`)
	}
	// With a secret of every form, only the rest can be wrong.
	for _, secret := range []string{"whsec_c2VjcmV0c2VjcmV0", "c2Vj&cmV0"} {
		_, err := h.verifier([]string{secret})
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "secret 1") {
			wrong("scheme", err.Error())
			return
		}
	}
}

// verifier returns the verifier with these secrets.
func (h *Hook) verifier(secrets []string) (*webhook.Verifier, error) {
	if h.Scheme == webhook.HMAC {
		return webhook.NewHMAC(secrets, h.Header, h.Encoding, h.Prefix)
	}
	return webhook.New(h.Scheme, secrets, h.Header)
}

func (h *Hook) checkSecrets(wrong func(setting, message string, hint ...string)) {
	list := h.Secrets
	if h.SecretEnv != "" {
		list = append([]config.WebhookSecret{{Env: h.SecretEnv}}, list...)
	}
	if len(list) == 0 {
		wrong("secret_env", "is missing", "name the environment variable that holds the secret of the sender, such as secret_env = \"JIRA_WEBHOOK_SECRET\"; to rotate secrets, list several under secrets")
	}
	for _, s := range list {
		ref := secretRef{WebhookSecret: s}
		switch {
		case (s.Env == "") == (s.File == ""):
			wrong("secrets", "each entry needs either env or file")
		case s.Env != "" && !variableForm().MatchString(s.Env):
			// The value is not repeated: it may be the secret itself.
			wrong("secrets", "env is the name of an environment variable, such as JIRA_WEBHOOK_SECRET, that holds the secret")
		}
		if s.Until != "" {
			var err error
			if ref.until, err = parseUntil(s.Until); err != nil {
				wrong("secrets", err.Error())
			}
		}
		h.secrets = append(h.secrets, ref)
	}
}

func parseUntil(text string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return t.AddDate(0, 0, 1), nil // that day included
	}
	return time.Time{}, fmt.Errorf("until must be a date such as 2026-12-31, or a time such as 2026-12-31T12:00:00Z, not %q", text)
}

func oneOf(written string, values ...string) error {
	if written == "" || slices.Contains(values, written) {
		return nil
	}
	return fmt.Errorf("'%s' is not one of %s%s", written, strings.Join(values, ", "), catalog.DidYouMean(written, values))
}

// SecretName names a secret of a webhook, without its value.
type SecretName struct {
	Name string
	// Until is when it ends, zero for never.
	Until time.Time
}

// SecretNames are the names of the secrets of a webhook.
func (h *Hook) SecretNames() (list []SecretName) {
	for _, s := range h.secrets {
		list = append(list, SecretName{s.String(), s.until})
	}
	return list
}

// Active reports whether the webhook takes events.
func (h *Hook) Active() bool { return h.Enabled == nil || *h.Enabled }

// Waits reports whether a parked event holds back later events with its key.
func (h *Hook) Waits() bool { return h.AfterParked == "wait" }

// KeepsBodies reports whether bodies stay after their events were handled.
func (h *Hook) KeepsBodies() bool { return h.KeepBodies == nil || *h.KeepBodies }

// shortestShared is how long a secret must be at least that every message carries.
const shortestShared = 32

// Reader reads the secrets of webhooks: environment variables and files.
type Reader struct {
	Getenv   func(string) (string, bool)
	ReadFile func(string) ([]byte, error)
}

// errUnset is the error for a secret that is not there.
var errUnset = errors.New("is not set")

// key is the verifier of a webhook with its present secrets.
type keyring struct {
	*webhook.Verifier
	// names has the name of each secret.
	names []string
	texts []string
}

// open reads the secrets that are valid at a time.
func (h *Hook) open(r Reader, now time.Time) (*keyring, error) {
	k := &keyring{}
	ended := 0
	for _, s := range h.secrets {
		if !s.until.IsZero() && !now.Before(s.until) {
			ended++
			continue
		}
		text, err := r.read(s)
		if err != nil {
			return nil, fmt.Errorf("webhook '%s': %w", h.Name, err)
		}
		k.names, k.texts = append(k.names, s.String()), append(k.texts, text)
	}
	if len(k.texts) == 0 && ended > 0 {
		return nil, fmt.Errorf("webhook '%s': all of its secrets have ended", h.Name)
	}
	v, err := h.verifier(k.texts)
	if err != nil {
		return nil, fmt.Errorf("webhook '%s': %w", h.Name, err)
	}
	k.Verifier = v
	if inHeader, inPath := v.Compares(); inHeader || inPath {
		for i, text := range k.texts {
			if len(text) < shortestShared {
				return nil, fmt.Errorf("webhook '%s': the secret in %s has %d characters, but needs at least %d, because each message carries it; make one with: openssl rand -hex 24", h.Name, k.names[i], len(text), shortestShared)
			}
			if inPath && !segmentForm().MatchString(text) {
				return nil, fmt.Errorf("webhook '%s': the secret in %s is part of an address, so it may only have letters, digits, - and _", h.Name, k.names[i])
			}
		}
	}
	return k, nil
}

var segmentForm = pattern.Lazy(`^[A-Za-z0-9_-]+$`)

func (r Reader) read(s secretRef) (string, error) {
	if s.Env != "" {
		text, ok := r.Getenv(s.Env)
		if !ok || text == "" {
			return "", fmt.Errorf("the environment variable %s, which holds its secret, %w", s.Env, errUnset)
		}
		return text, nil
	}
	text, err := r.ReadFile(s.File)
	if err != nil {
		return "", fmt.Errorf("its secret cannot be read from %s: %w", s.File, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// Doubts returns what prevents a webhook from taking events, or "".
func (h *Hook) Doubts(r Reader, now time.Time) string {
	if !h.Active() {
		return ""
	}
	if _, err := h.open(r, now); err != nil {
		return err.Error() + ". Until then, its events are not accepted"
	}
	return ""
}
