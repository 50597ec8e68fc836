package schedule

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Overlap is what happens when a schedule is due while its last run is in progress.
type Overlap string

// The kinds of Overlap: skip the tick, wait for the run, or cancel the run.
const (
	OverlapSkip   Overlap = "skip"
	OverlapQueue  Overlap = "queue"
	OverlapCancel Overlap = "cancel_previous"
)

// CatchUp is what happens to ticks that were missed while the service was down.
type CatchUp string

// The kinds of CatchUp: no run, one run for all ticks, or a run for each.
const (
	CatchUpSkip CatchUp = "skip"
	CatchUpOnce CatchUp = "once"
	CatchUpAll  CatchUp = "all"
)

// DefaultTimeout is the time limit of runs that set none. A run that never ends would
// block all later ones.
const DefaultTimeout = time.Hour

// DefaultPlanLife is how long a plan waits for approval, LongestPlanLife how long at most.
const (
	DefaultPlanLife = 3 * 24 * time.Hour
	LongestPlanLife = 30 * 24 * time.Hour
)

// Definition is a valid schedule.
type Definition struct {
	config.Schedule
	Timing    Timing
	Timeout   time.Duration
	MaxMemory int64
	Overlap   Overlap
	CatchUp   CatchUp
	Jitter    time.Duration
	Enabled   bool
	// PlanLife is how long a plan waits for approval.
	PlanLife time.Duration
	// Source says where it was written, for people.
	Source string
	// Signature are the parameters that its script declares, nil if they are not known.
	Signature []header.Param
}

// Resume is what a retry does with rows without keys that earlier attempts may have
// stored.
type Resume string

// ResumeStop ends the retry with an error that lists the rows, ResumeSend sends them
// again, ResumeSkip leaves them out.
const (
	ResumeStop Resume = "stop"
	ResumeSend Resume = "send"
	ResumeSkip Resume = "skip"
)

// MostParams is how many bytes the parameters of a run may take as JSON. They become an
// environment variable, whose length systems limit.
const MostParams = 64 << 10

var nameForm = pattern.Lazy(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

var variableForm = pattern.Lazy(`^[A-Za-z_][A-Za-z0-9_]*$`)

// New checks a schedule. Its error names the setting and says how to write it.
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
		return d, d.wrong("name", errors.New("use letters, digits, -, _ and dots, at most 64 of them"))
	case s.Script == "":
		return missing("script", `name the file to run: script = "sync.lua"`)
	case s.Cron == "" && s.Every == "":
		return missing("time", `say when it is due: cron = "0 2 * * *" or every = "15m"`)
	case s.Cron != "" && s.Every != "":
		return d, d.wrong("every", errors.New("set either every or cron, not both"))
	}
	if d.Timing, err = timing(s); err != nil {
		return d, d.wrong(map[bool]string{true: "cron", false: "every"}[s.Every == ""], err)
	}
	return d, nil
}

// wrong is the error for an invalid setting.
func (d *Definition) wrong(setting string, err error) error {
	return &config.Error{Where: d.Source, Message: fmt.Sprintf("schedule '%s': %s: %v", d.Name, setting, err)}
}

// Settings checks the settings of a run: everything except when it is due.
func Settings(s config.Schedule, source string) (Definition, error) {
	d := Definition{Schedule: s, Source: source, Enabled: s.Enabled == nil || *s.Enabled, Timeout: DefaultTimeout}
	var failed error
	check := func(setting string, err error) {
		if err != nil && failed == nil {
			failed = d.wrong(setting, err)
		}
	}
	if s.Retries < 0 || s.Retries > 20 {
		check("retries", errors.New("must be between 0 and 20"))
	}
	check("timeout", config.Set("", s.Timeout, &d.Timeout, config.ParseTimeout))
	check("max_memory", config.Set("", s.MaxMemory, &d.MaxMemory, config.ParseSize))
	d.PlanLife = DefaultPlanLife
	check("approve_within", config.Set("", s.ApproveWithin, &d.PlanLife, config.ParseTimeout))
	switch {
	case s.ApproveWithin != "" && !s.Approve:
		check("approve_within", errors.New("has no effect without approve = true"))
	case d.PlanLife > LongestPlanLife:
		check("approve_within", errors.New("must be at most 720h, which is 30 days"))
	case s.Approve && s.DryRun:
		check("approve", errors.New("set either approve or dry_run, not both"))
	}
	check("jitter", config.Set("", s.Jitter, &d.Jitter, config.ParseTimeout))
	check("overlap", oneOf(s.Overlap, &d.Overlap, OverlapSkip, OverlapQueue, OverlapCancel))
	check("catch_up", oneOf(s.CatchUp, &d.CatchUp, CatchUpSkip, CatchUpOnce, CatchUpAll))
	var resume Resume
	check("resume", oneOf(s.Resume, &resume, ResumeStop, ResumeSend, ResumeSkip))
	check("params", s.Params.Err())
	if len(s.Params.JSON()) > MostParams {
		check("params", fmt.Errorf("must be at most %d KiB; put larger values in a file that the script reads", MostParams>>10))
	}
	for _, r := range s.Reactions() {
		check(r.Setting, CheckActions(r.Actions))
	}
	return d, failed
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

// oneOf stores the value that was written, or else the first one.
func oneOf[T ~string](written string, into *T, values ...T) error {
	*into = T(cmp.Or(written, string(values[0])))
	if slices.Contains(values, *into) {
		return nil
	}
	var names []string
	for _, v := range values {
		names = append(names, string(v))
	}
	return fmt.Errorf("'%s' is not one of %s%s", written, strings.Join(names, ", "), catalog.DidYouMean(written, names))
}

// CheckActions returns an error unless each action does exactly one thing.
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
			return errors.New("each entry needs exactly one of script, webhook, webhook_env and command")
		case a.Webhook != "" && !strings.HasPrefix(a.Webhook, "https://") && !strings.HasPrefix(a.Webhook, "http://"):
			return errors.New("a webhook address must start with https://")
		}
		// The value is not repeated: it may be the secret itself.
		switch {
		case a.WebhookEnv != "" && !variableForm().MatchString(a.WebhookEnv):
			return errors.New("webhook_env is the name of an environment variable, such as ALERT_WEBHOOK, that holds the address")
		case a.SecretEnv != "" && !variableForm().MatchString(a.SecretEnv):
			return errors.New("secret_env is the name of an environment variable, such as ALERT_SECRET, that holds the secret")
		}
	}
	return nil
}
