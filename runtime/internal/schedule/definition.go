package schedule

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Overlap says what happens when a schedule is due while its last run goes on.
type Overlap string

// The ways to deal with an overlap: leave the tick out, wait for the run to
// end, or end it.
const (
	OverlapSkip   Overlap = "skip"
	OverlapQueue  Overlap = "queue"
	OverlapCancel Overlap = "cancel_previous"
)

// CatchUp says what happens to the ticks that fell into a time when nobody was
// there to run them.
type CatchUp string

// The ways to catch up: not at all, with one run for all of them, or with a run
// for each.
const (
	CatchUpSkip CatchUp = "skip"
	CatchUpOnce CatchUp = "once"
	CatchUpAll  CatchUp = "all"
)

// DefaultTimeout bounds a scheduled run that sets no time limit: one that hangs
// for ever would keep all later ones from running.
const DefaultTimeout = time.Hour

// Definition is a schedule that makes sense.
type Definition struct {
	config.Schedule
	Timing    Timing
	Timeout   time.Duration
	MaxMemory int64
	Overlap   Overlap
	CatchUp   CatchUp
	Jitter    time.Duration
	Enabled   bool
	// Source says where it was written, for people.
	Source string
}

// MostParams is how many bytes the parameters of a run may take as JSON: they
// are a variable of its environment, which systems bound.
const MostParams = 64 << 10

// nameForm, as all that scheduling needs, is made when it is first used: most
// commands have no use for it.
var nameForm = pattern.Lazy(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// variableForm is the name of an environment variable, of letters, digits and _.
var variableForm = pattern.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)

// New checks a schedule as it was written. Its error names the setting and says
// how to write it.
func New(s config.Schedule, source string) (Definition, error) {
	d, err := Settings(s, source)
	if err != nil {
		return d, err
	}
	missing := func(setting, hint string) (Definition, error) {
		return d, &config.Error{Where: source, Message: fmt.Sprintf("schedule '%s' has no %s", s.Name, setting), Hint: hint}
	}
	switch {
	case s.Name == "":
		return d, &config.Error{Where: source, Message: "a schedule has no name", Hint: `give it one, such as name = "nightly-import"`}
	case !nameForm().MatchString(s.Name):
		return d, d.wrong("name", fmt.Errorf("use letters, digits, -, _ and dots, at most 64 of them"))
	case s.Script == "":
		return missing("script", `name the file to run: script = "sync.lua"`)
	case s.Cron == "" && s.Every == "":
		return missing("time", `say when it is due: cron = "0 2 * * *" or every = "15m"`)
	case s.Cron != "" && s.Every != "":
		return d, d.wrong("every", fmt.Errorf("set either every or cron, not both"))
	}
	if d.Timing, err = timing(s); err != nil {
		return d, d.wrong(map[bool]string{true: "cron", false: "every"}[s.Every == ""], err)
	}
	return d, nil
}

// wrong is the error for a setting that makes no sense.
func (d *Definition) wrong(setting string, err error) error {
	return &config.Error{Where: d.Source, Message: fmt.Sprintf("schedule '%s': %s: %v", d.Name, setting, err)}
}

// Settings checks what a run needs of a schedule: all but when it is due.
func Settings(s config.Schedule, source string) (Definition, error) {
	d := Definition{Schedule: s, Source: source, Enabled: s.Enabled == nil || *s.Enabled, Timeout: DefaultTimeout}
	wrong := func(setting string, err error) (Definition, error) { return d, d.wrong(setting, err) }
	if s.Retries < 0 || s.Retries > 20 {
		return wrong("retries", fmt.Errorf("must be between 0 and 20"))
	}
	var err error
	if s.Timeout != "" {
		if d.Timeout, err = config.ParseTimeout(s.Timeout); err != nil {
			return wrong("timeout", err)
		}
	}
	if s.MaxMemory != "" {
		if d.MaxMemory, err = config.ParseSize(s.MaxMemory); err != nil {
			return wrong("max_memory", err)
		}
	}
	if s.Jitter != "" {
		if d.Jitter, err = config.ParseTimeout(s.Jitter); err != nil {
			return wrong("jitter", err)
		}
	}
	if d.Overlap, err = oneOf(s.Overlap, OverlapSkip, OverlapQueue, OverlapCancel); err != nil {
		return wrong("overlap", err)
	}
	if d.CatchUp, err = oneOf(s.CatchUp, CatchUpSkip, CatchUpOnce, CatchUpAll); err != nil {
		return wrong("catch_up", err)
	}
	if params, err := json.Marshal(s.Params); err != nil || len(params) > MostParams {
		return wrong("params", fmt.Errorf("must be at most %d KiB; put larger values in a file that the script reads", MostParams>>10))
	}
	if err := CheckActions(s.OnFailure); err != nil {
		return wrong("on_failure", err)
	}
	if err := CheckActions(s.OnRecovery); err != nil {
		return wrong("on_recovery", err)
	}
	return d, nil
}

func timing(s config.Schedule) (Timing, error) {
	if s.Every != "" {
		return ParseEvery(s.Every)
	}
	zone := time.Local
	if s.TimeZone != "" {
		var err error
		if zone, err = ParseZone(s.TimeZone); err != nil {
			return Timing{}, err
		}
	}
	return ParseCron(s.Cron, zone)
}

// oneOf returns the value that was written, the first where none was.
func oneOf[T ~string](written string, values ...T) (T, error) {
	var names []string
	for _, v := range values {
		if written == string(v) {
			return v, nil
		}
		names = append(names, string(v))
	}
	if written == "" {
		return values[0], nil
	}
	return "", fmt.Errorf("'%s' is not one of %s%s", written, strings.Join(names, ", "), catalog.DidYouMean(written, names))
}

// CheckActions reports whether each action does exactly one thing.
func CheckActions(actions []config.Action) error {
	for _, a := range actions {
		n := 0
		for _, set := range []bool{a.Script != "", a.Webhook != "", a.WebhookEnv != "", len(a.Command) > 0} {
			if set {
				n++
			}
		}
		switch {
		case n != 1:
			return fmt.Errorf("each entry needs exactly one of script, webhook, webhook_env and command")
		case a.Webhook != "" && !strings.HasPrefix(a.Webhook, "https://") && !strings.HasPrefix(a.Webhook, "http://"):
			return fmt.Errorf("a webhook address must start with https://")
		}
		// What was written is not repeated: it may be the secret itself.
		switch {
		case a.WebhookEnv != "" && !variableForm().MatchString(a.WebhookEnv):
			return fmt.Errorf("webhook_env is the name of an environment variable, such as ALERT_WEBHOOK, that holds the address")
		case a.SecretEnv != "" && !variableForm().MatchString(a.SecretEnv):
			return fmt.Errorf("secret_env is the name of an environment variable, such as ALERT_SECRET, that holds the secret")
		}
	}
	return nil
}
