package config

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/dustin/go-humanize/english"
)

// Setting is a setting of phscript.toml, and where its value comes from.
type Setting struct {
	Name string `json:"name" doc:"the name in phscript.toml"`
	// Value is empty if nothing is set. Secrets are never in it.
	Value  string `json:"value" doc:"the value, or the default; secrets are replaced by (hidden)"`
	Set    bool   `json:"set" doc:"whether somebody has set it"`
	Secret bool   `json:"secret" doc:"whether the value is hidden"`
	Origin Origin `json:"origin" doc:"where the value comes from"`
}

// Origin is where a value comes from.
type Origin struct {
	Kind OriginKind `json:"kind" doc:"default, file, variable, flag, command or login"`
	// Name is the file, the variable or the flag.
	Name string `json:"name,omitempty" doc:"the file, the environment variable or the flag"`
	Line int    `json:"line,omitempty" doc:"the line in the file"`
}

// OriginKind says what kind of place a value comes from.
type OriginKind string

// The kinds of places. A later one has priority over an earlier one.
const (
	FromDefault  OriginKind = "default"
	FromFile     OriginKind = "file"
	FromVariable OriginKind = "variable"
	FromFlag     OriginKind = "flag"
	// FromCommand is a program that prints a token, FromLogin what phscript login stored.
	FromCommand OriginKind = "command"
	FromLogin   OriginKind = "login"
)

func (o Origin) String() string {
	if o.Line > 0 {
		return fmt.Sprintf("%s:%d", o.Name, o.Line)
	}
	return cmp.Or(o.Name, string(o.Kind))
}

// Hidden is shown in place of a secret.
const Hidden = "(hidden)"

// variables are the environment variables that replace settings.
var variables = map[string]string{
	"api_token": "PLANHAT_API_TOKEN", "tenant_token": "PLANHAT_TENANT_TOKEN", "api_url": "PLANHAT_API_URL", "analytics_url": "PLANHAT_ANALYTICS_URL",
	"calls_per_min": "PLANHAT_CALLS_PER_MIN", "retry_for": "PLANHAT_RETRY_FOR", "state": "PHSCRIPT_STATE",
}

// Settings returns all settings with where they come from. Tokens, passwords and the
// addresses of webhooks are hidden.
func (c Config) Settings() []Setting {
	list := []Setting{
		{Name: "api_token", Value: hide(c.APIToken), Secret: true}, {Name: "tenant_token", Value: hide(c.TenantToken), Secret: true},
		{Name: "api_url", Value: withoutUser(c.APIURL)}, {Name: "analytics_url", Value: withoutUser(c.AnalyticsURL)},
		{Name: "calls_per_min", Value: number(c.CallsPerMin)}, {Name: "retry_for", Value: duration(c.RetryFor)},
		{Name: "timeout", Value: duration(c.Timeout)}, {Name: "max_memory", Value: size(c.MaxMemory)},
		{Name: "allow_write", Value: strings.Join(c.AllowWrite, ", ")}, {Name: "allow_read", Value: strings.Join(c.AllowRead, ", ")},
		{Name: "allow_env", Value: strings.Join(c.AllowEnv, ", ")}, {Name: "allow_net", Value: strings.Join(c.AllowNet, ", ")},
		{Name: "log_level", Value: c.LogLevel}, {Name: "log_format", Value: c.LogFormat}, {Name: "strict", Value: truth(c.Strict)},
		{Name: "schema", Value: c.Schema}, {Name: "state", Value: withoutUser(c.State)},
		{Name: "profile", Value: c.Profile.Name},
		{Name: "token_env", Value: c.TokenEnv}, {Name: "token_file", Value: c.TokenFile}, {Name: "token_command", Value: command(c.TokenCommand)},
		{Name: "tenant_token_env", Value: c.TenantTokenEnv}, {Name: "tenant_token_file", Value: c.TenantTokenFile},
		{Name: "tenant_token_command", Value: command(c.TenantTokenCommand)},
		{Name: "check.globals", Value: strings.Join(c.Check.Globals, ", ")}, {Name: "check.ignore", Value: strings.Join(c.Check.Ignore, ", ")},
		{Name: "serve.listen", Value: c.Serve.Listen}, {Name: "serve.workers", Value: number(c.Serve.Workers)},
		{Name: "serve.scripts", Value: strings.Join(c.Serve.Scripts, ", ")},
		{Name: "serve.keep_days", Value: number(c.Serve.KeepDays)}, {Name: "serve.keep_size", Value: c.Serve.KeepSize},
	}
	list = append(list, c.Dashboard.settings()...)
	list = append(list, c.Webhooks.settings()...)
	for _, r := range c.Serve.Reactions() {
		list = append(list, Setting{Name: "serve." + r.Setting, Value: actions(r.Actions)})
	}
	var models, schedules, hooks []string
	for _, d := range c.Declarations {
		models = append(models, d.Name)
	}
	for _, s := range c.Schedules {
		schedules = append(schedules, cmp.Or(s.Name, s.Script))
	}
	for _, w := range c.Hooks {
		hooks = append(hooks, cmp.Or(w.Name, w.Script))
	}
	list = append(list, Setting{Name: "model", Value: strings.Join(models, ", ")}, Setting{Name: "schedule", Value: strings.Join(schedules, ", ")}, Setting{Name: "webhook", Value: strings.Join(hooks, ", ")})
	if p := c.Profile; p.Name != "" {
		for _, one := range []Setting{{Name: "production", Value: truth(p.Production)}, {Name: "allow", Value: strings.Join(p.Allow, ", ")}, {Name: "confirm_above", Value: number(p.Threshold)}} {
			one.Name = "profile." + p.Name + "." + one.Name
			list = append(list, one)
		}
	}
	lines := c.lines()
	for i := range list {
		s := &list[i]
		s.Set, s.Origin = c.place(s.Name, lines)
		if _, replaced := c.origins[s.Name]; replaced && s.Secret {
			s.Value = Hidden // perhaps not read yet
		}
		s.Secret = s.Secret && s.Set
	}
	return list
}

// place returns whether somebody has set a setting, and where.
func (c Config) place(setting string, lines written) (set bool, from Origin) {
	replaced, ok := c.origins[setting]
	switch variable := variables[setting]; {
	case setting == "profile":
		if c.Profile.Name != "" {
			return true, c.chosenBy
		}
	case ok:
		return true, replaced
	case variable != "" && slices.Contains(c.Variables, variable):
		return true, Origin{Kind: FromVariable, Name: variable}
	case lines.defines(setting):
		return true, Origin{Kind: FromFile, Name: c.File, Line: lines.of(setting)}
	}
	return false, Origin{Kind: FromDefault}
}

func hide(secret string) string {
	if secret == "" {
		return ""
	}
	return Hidden
}

// withoutUser leaves the password and the parameters out of an address: either may hold a
// secret. Other texts stay.
func withoutUser(text string) string {
	u, err := url.Parse(text)
	if !strings.Contains(text, "://") {
		return text
	}
	if err != nil {
		return Hidden
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.Redacted()
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func truth(b bool) string {
	if !b {
		return ""
	}
	return "true"
}

func duration(d time.Duration) string {
	text := d.String()
	if d == 0 {
		return ""
	}
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// size writes bytes as ParseSize reads them.
func size(n int64) string {
	for _, unit := range []struct {
		name string
		size int64
	}{{"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6}, {"KiB", 1 << 10}, {"KB", 1e3}} {
		if n > 0 && n%unit.size == 0 {
			return fmt.Sprintf("%d%s", n/unit.size, unit.name)
		}
	}
	return number(int(n))
}

// actions says what happens after an event, without addresses and arguments, which may be
// secrets.
func actions(list []Action) string {
	var parts []string
	for _, a := range list {
		switch {
		case a.Script != "":
			parts = append(parts, "script "+a.Script)
		case a.WebhookEnv != "":
			parts = append(parts, "webhook in "+a.WebhookEnv)
		case a.Webhook != "":
			parts = append(parts, "webhook "+Hidden)
		case len(a.Command) > 0:
			parts = append(parts, "command "+command(a.Command))
		}
	}
	return strings.Join(parts, ", ")
}

// command names a program without its arguments, which may be secrets.
func command(list []string) string {
	if len(list) == 0 {
		return ""
	}
	text := list[0]
	if n := len(list) - 1; n > 0 {
		text += " with " + english.Plural(n, "argument", "")
	}
	return text
}

// written finds settings in the text of a configuration file.
type written struct {
	text []byte
	meta toml.MetaData
}

func (c Config) lines() written {
	meta, err := toml.Decode(string(c.Text), &map[string]any{})
	if err != nil || c.File == "" {
		return written{}
	}
	return written{c.Text, meta}
}

func (w written) defines(setting string) bool {
	return w.text != nil && w.meta.IsDefined(strings.Split(setting, ".")...)
}

// of returns the line that defines a setting: the last of those that could, before which
// the text is complete and does not define it.
func (w written) of(setting string) (line int) {
	keys := strings.Split(setting, ".")
	could := regexp.MustCompile(`^\s*(\[+\s*["']?` + keys[0] + `["']?\s*\]|["']?(` + strings.Join(keys, "|") + `)["']?\s*[=.])`)
	if len(keys) == 2 && keys[0] == "profile" {
		header := regexp.MustCompile(`^\s*\[\s*["']?profile["']?\s*\.\s*["']?` + keys[1] + `["']?\s*\]`)
		for i, text := range bytes.Split(w.text, []byte("\n")) {
			if header.Match(text) {
				return i + 1
			}
		}
	}
	end := 0
	for i, text := range bytes.SplitAfter(w.text, []byte("\n")) {
		if could.Match(text) && (len(keys) == 1 || !bytes.HasPrefix(bytes.TrimSpace(text), []byte("["))) {
			meta, err := toml.Decode(string(w.text[:end]), &map[string]any{})
			if err == nil && meta.IsDefined(keys...) {
				break // so does all that is longer, and there may be hundreds of tables
			}
			if err == nil {
				line = i + 1
			}
		}
		end += len(text)
	}
	return line
}
