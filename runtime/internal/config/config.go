// Package config reads the settings of a run from phscript.toml and the environment,
// which has priority. An unknown key or an invalid value is an error that names its
// place.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// FileName is the configuration file in the working directory.
const FileName = trust.SettingsFile

// Config holds the settings. Zero values mean that nothing was set.
type Config struct {
	// APIToken is for the main API, TenantToken for the analytics host.
	APIToken    string `toml:"api_token"`
	TenantToken string `toml:"tenant_token"`
	// APIURL and AnalyticsURL are the hosts, Planhat's own if empty.
	APIURL       string `toml:"api_url"`
	AnalyticsURL string `toml:"analytics_url"`
	// Sources say where the tokens are if they are not in APIToken and TenantToken.
	Sources
	// CallsPerMin is the call quota, 0 for Planhat's.
	CallsPerMin int `toml:"calls_per_min"`
	// RetryFor is how long Planhat may be away before a call fails, 0 for the
	// client's default.
	RetryFor time.Duration `toml:"-"`
	// Timeout is the time limit of a run, 0 for none. MaxMemory is its memory limit
	// in bytes, 0 for the default.
	Timeout   time.Duration `toml:"-"`
	MaxMemory int64         `toml:"-"`
	// AllowWrite and AllowRead are directories, AllowEnv variable names.
	AllowWrite []string `toml:"allow_write"`
	AllowRead  []string `toml:"allow_read"`
	AllowEnv   []string `toml:"allow_env"`
	AllowNet   []string `toml:"allow_net"`
	LogLevel   string   `toml:"log_level"`
	LogFormat  string   `toml:"log_format"`
	Strict     bool     `toml:"strict"`

	// Check configures phscript check: names that count as defined, and rules that
	// are left out.
	Check struct {
		Globals []string `toml:"globals"`
		Ignore  []string `toml:"ignore"`
	} `toml:"check"`

	// Declarations are models that the catalog does not know, and Models is what
	// they declare.
	Declarations []catalog.Declaration `toml:"model"`
	Models       []*catalog.Model      `toml:"-"`

	// Schema is the file of the tenant's schema, "" for the default; see SchemaPath.
	Schema string `toml:"schema"`

	// State is the store: a file or a postgres:// URL; empty for the default file.
	State string `toml:"state"`
	// Schedules and Serve are for phscript serve.
	Schedules []Schedule `toml:"schedule"`
	Serve     Serve      `toml:"serve"`
	Dashboard Dashboard  `toml:"dashboard"`
	// Hooks and Webhooks are the events of other systems that it takes.
	Hooks    []Webhook `toml:"webhook"`
	Webhooks Webhooks  `toml:"webhooks"`

	// Profiles are the profiles by name, and Profile is the one that Choose chose; its
	// name is "" if there is none.
	Profiles map[string]Profile `toml:"profile"`
	Profile  Profile            `toml:"-"`
	chosenBy Origin
	// origins are where settings come from that Choose and Origin have replaced.
	origins map[string]Origin

	// File is the configuration file that was read, or "", and Text its content.
	File string `toml:"-"`
	Text []byte `toml:"-"`
	// Variables are the environment variables that replaced a setting.
	Variables []string `toml:"-"`
}

// Error is a setting that cannot be used.
type Error struct {
	// Where names the file or the variable.
	Where, Message, Hint string
	// Choose reports whether a profile has to be chosen.
	Choose bool
	kind   mistakeKind
}

func (e *Error) Error() string {
	if e.Where == "" {
		return e.Message
	}
	return e.Where + ": " + e.Message
}

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// ExitCode returns fault.ExitUsage.
func (e *Error) ExitCode() int { return fault.ExitUsage }

// file is phscript.toml as it is written.
type file struct {
	Config
	RetryFor  string `toml:"retry_for"`
	Timeout   string `toml:"timeout"`
	MaxMemory string `toml:"max_memory"`
}

var keys = []string{
	"api_token", "tenant_token", "api_url", "analytics_url", "calls_per_min", "retry_for", "timeout", "max_memory",
	"check.globals", "check.ignore",
	"allow_write", "allow_read", "allow_env", "allow_net", "log_level", "log_format", "strict", "schema", "state", "model", "schedule", "serve", "dashboard", "webhook", "webhooks",
	"profile", "token_env", "token_file", "token_command", "tenant_token_env", "tenant_token_file", "tenant_token_command",
}

// tableKeys are the settings inside of tables, by the table's name.
var tableKeys = map[string][]string{
	"schedule": {
		"name", "script", "profile", "cron", "every", "time_zone", "params", "args", "timeout", "max_memory", "retries", "overlap",
		"catch_up", "jitter", "resume", "enabled", "dry_run", "allow_write", "allow_read", "allow_env", "allow_net", "on_failure", "on_recovery", "on_missed",
	},
	"profile":     profileKeys,
	"model":       {"name", "path", "keys", "limit", "filters"},
	"serve":       {"listen", "workers", "scripts", "keep_days", "keep_size", "on_failure", "on_recovery", "on_missed"},
	"dashboard":   dashboardKeys,
	"webhook":     webhookKeys,
	"webhooks":    webhooksKeys,
	"secrets":     {"env", "file", "until"},
	"on_failure":  {"script", "webhook", "webhook_env", "secret_env", "command"},
	"on_recovery": {"script", "webhook", "webhook_env", "secret_env", "command"},
	"on_missed":   {"script", "webhook", "webhook_env", "secret_env", "command"},
}

// Load reads the configuration file name and the environment. If name is empty, Load
// reads FileName in dir, which may be missing.
func Load(name, dir string, readFile func(string) ([]byte, error), getenv func(string) (string, bool)) (Config, error) {
	var c Config
	required := name != ""
	if !required {
		name = filepath.Join(dir, FileName)
	} else if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	text, err := readFile(name)
	_, untrusted := errors.AsType[*trust.Error](err)
	switch {
	case untrusted:
		return c, err
	case errors.Is(err, fs.ErrNotExist) && !required:
	case err != nil:
		return c, &Error{Where: name, Message: "the configuration file cannot be read: " + plain(err), Hint: "check the path given with --config"}
	default:
		if c, err = parse(name, text); err != nil {
			return c, located(name, text, err)
		}
	}
	return c, c.applyEnvironment(getenv)
}

func plain(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

func parse(name string, text []byte) (Config, error) {
	if start := string(text[:min(2, len(text))]); start == "\xff\xfe" || start == "\xfe\xff" || strings.Contains(start, "\x00") {
		return Config{}, &Error{Where: name, Message: "the file is in UTF-16", Hint: "save it as UTF-8", kind: unreadable}
	}
	var f file
	meta, err := toml.Decode(string(text), &f)
	if err != nil {
		if syntax, ok := errors.AsType[toml.ParseError](err); ok {
			return Config{}, malformed(name, text, syntax)
		}
		return Config{}, wrongType(name, err)
	}
	if key := overwritten(meta); key != nil {
		message, hint := mistake("has already been defined.")
		return Config{}, &Error{Where: name, Message: key.String() + ": " + message, Hint: hint, kind: unreadable}
	}
	for _, key := range meta.Undecoded() {
		// What is inside of parameters is the script's own. The decoder takes the
		// tables in their lists for settings.
		if len(key) < 3 || key[0] != "schedule" && key[0] != "webhook" || key[1] != "params" {
			return Config{}, unknownKey(name, key)
		}
	}
	c := f.Config
	c.File, c.Text, c.AllowWrite, c.AllowRead = name, text, beside(name, f.AllowWrite), beside(name, f.AllowRead)
	err = cmp.Or(Set("retry_for: ", f.RetryFor, &c.RetryFor, ParseTimeout),
		Set("timeout: ", f.Timeout, &c.Timeout, ParseTimeout), Set("max_memory: ", f.MaxMemory, &c.MaxMemory, ParseSize))
	if err != nil {
		return c, &Error{Where: name, Message: err.Error()}
	}
	if kind := meta.Type("profile"); meta.IsDefined("profile") && kind != "" && kind != "Hash" {
		return c, &Error{Where: name, Message: "profile: must be a table", Hint: "write the settings of each profile under a line [profile.NAME]; choose one with --profile or " + ProfileVariable}
	}
	if err := c.checkProfiles(meta.IsDefined); err != nil {
		return c, &Error{Where: name, Message: err.Error()}
	}
	for _, d := range f.Declarations {
		m, err := catalog.Declare(d)
		if err != nil {
			return c, &Error{Where: name, Message: fmt.Sprintf("model %q: %v", d.Name, err)}
		}
		c.Models = append(c.Models, m)
	}
	if meta.IsDefined("calls_per_min") && f.CallsPerMin < 1 {
		return c, &Error{Where: name, Message: "calls_per_min: must be at least 1"}
	}
	if meta.IsDefined("serve", "workers") && f.Serve.Workers < 1 {
		return c, &Error{Where: name, Message: "serve.workers: must be at least 1; without it, phscript runs one script per processor at once"}
	}
	if meta.IsDefined("serve", "keep_days") && f.Serve.KeepDays < 1 {
		return c, &Error{Where: name, Message: "serve.keep_days: must be at least 1"}
	}
	if err := CheckListen(f.Serve.Listen); f.Serve.Listen != "" && err != nil {
		return c, &Error{Where: name, Message: "serve.listen: " + err.Error()}
	}
	if err := c.Dashboard.check(name); err != nil {
		return c, &Error{Where: name, Message: err.Error()}
	}
	if err := c.Webhooks.check(name); err != nil {
		return c, &Error{Where: name, Message: err.Error()}
	}
	return c, nil
}

// unknownKey is the error for a setting that does not exist. It lists those that do.
func unknownKey(name string, key toml.Key) error {
	meant, known, place := key.String(), keys, "the settings"
	if len(key) == 3 && key[0] == "profile" {
		if hint := tokenHere[key[2]]; hint != "" {
			return &Error{Where: name, Message: fmt.Sprintf("unknown setting '%s'", key), Hint: hint}
		}
		meant, known, place = key[2], profileKeys, "the settings of a profile"
	} else if len(key) > 1 && tableKeys[key[len(key)-2]] != nil {
		meant, known, place = key[len(key)-1], tableKeys[key[len(key)-2]], "the settings of "+key[len(key)-2]
	}
	return &Error{
		Where:   name,
		Message: fmt.Sprintf("unknown setting '%s'%s", key, catalog.DidYouMean(meant, known)),
		Hint:    place + " are: " + strings.Join(known, ", "),
	}
}

// beside resolves directories relative to the file that names them.
func beside(name string, dirs []string) []string {
	var out []string
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(filepath.Dir(name), dir)
		}
		out = append(out, dir)
	}
	return out
}

// applyEnvironment replaces settings by those in the environment.
func (c *Config) applyEnvironment(getenv func(string) (string, bool)) error {
	for name, target := range map[string]*string{
		"PLANHAT_API_TOKEN": &c.APIToken, "PLANHAT_TENANT_TOKEN": &c.TenantToken,
		"PLANHAT_API_URL": &c.APIURL, "PLANHAT_ANALYTICS_URL": &c.AnalyticsURL, "PHSCRIPT_STATE": &c.State,
	} {
		if v, ok := getenv(name); ok && v != "" {
			*target = v
			c.Variables = append(c.Variables, name)
		}
	}
	if v, ok := getenv("PLANHAT_CALLS_PER_MIN"); ok && v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return &Error{Where: "PLANHAT_CALLS_PER_MIN", Message: fmt.Sprintf("%q is not a positive whole number", v)}
		}
		c.CallsPerMin = n
		c.Variables = append(c.Variables, "PLANHAT_CALLS_PER_MIN")
	}
	v, _ := getenv("PLANHAT_RETRY_FOR")
	if err := Set("", v, &c.RetryFor, ParseTimeout); err != nil {
		return &Error{Where: "PLANHAT_RETRY_FOR", Message: err.Error()}
	}
	if v != "" {
		c.Variables = append(c.Variables, "PLANHAT_RETRY_FOR")
	}
	return nil
}

// Set parses a text into a setting, which stays if the text is empty. Its error
// begins with what.
func Set[T any](what, text string, into *T, parse func(string) (T, error)) error {
	if text == "" {
		return nil
	}
	v, err := parse(text)
	if err != nil {
		return errors.New(what + err.Error())
	}
	*into = v
	return nil
}

// ParseTimeout parses a duration such as 90s, 30m or 2h that is not 0.
func ParseTimeout(text string) (time.Duration, error) {
	d, err := ParseDuration(text)
	if err == nil && d == 0 {
		return 0, fmt.Errorf("%q is too short; write a duration such as 90s, 30m or 2h", text)
	}
	return d, err
}

// ParseDuration parses a duration such as 90s, 30m or 2h, or 0.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if n, failed := strconv.ParseFloat(text, 64); err != nil && failed == nil && n > 0 {
		return 0, fmt.Errorf("%q has no unit; write a duration as 90s, 30m or 2h", text)
	}
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration; write it as 90s, 30m or 2h", text)
	}
	return d, nil
}

// smallestMemory is the smallest useful memory limit, in bytes.
const smallestMemory = 1 << 20

// ParseSize parses a size such as 256MB or 1GiB. It rejects less than 1 MiB, which
// probably lacks a unit.
func ParseSize(text string) (int64, error) {
	return parseSize(text, smallestMemory, "is too little to run anything; write a size such as 256MB or 1GiB")
}

// ParseBody parses the size of the body of an event.
func ParseBody(text string) (int64, error) {
	return parseSize(text, 1<<10, "is too little for an event; write a size such as 256KB or 1MiB")
}

func parseSize(text string, least float64, little string) (int64, error) {
	units := []struct {
		name string
		size float64
	}{{"gib", 1 << 30}, {"mib", 1 << 20}, {"kib", 1 << 10}, {"gb", 1e9}, {"mb", 1e6}, {"kb", 1e3}, {"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"b", 1}, {"", 1}}
	lower := strings.ToLower(strings.TrimSpace(text))
	for _, u := range units {
		digits, ok := strings.CutSuffix(lower, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		switch {
		case err != nil:
		case n*u.size >= least:
			return int64(n * u.size), nil
		case n > 0:
			return 0, fmt.Errorf("%q %s", text, little)
		}
		break
	}
	return 0, fmt.Errorf("%q is not a size; write it as 256MB or 1GiB", text)
}
