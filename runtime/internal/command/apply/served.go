package apply

import (
	"errors"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/apply"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// served is what a service says about the plan that it applies; the zero value is for people.
type served struct {
	// number is the number of the plan, schedule the one whose run made it, "" for none.
	number, schedule string
	reporting        run.Reporting
}

func (s *served) observe(env *environment.Env, o *options) {
	if s.reporting.Observe(env, &o.Options) {
		s.number, _ = env.Getenv(serve.PlanVariable)
		s.schedule, _ = env.Getenv(serve.ScheduleVariable)
	}
}

// again says how to make a new plan, "" if that is not for a service to say.
func (s *served) again(h *planfile.Header) string {
	switch {
	case s.number == "" || h.Undo != nil:
		return ""
	case s.schedule != "":
		return "make a new plan: phscript schedule run " + run.Quoted(s.schedule)
	}
	return "make a new plan, and submit it: phscript plans submit FILE"
}

// reason is why an apply did nothing, for the record of its run: err, or what was refused.
func (a *applying) reason(err error) error {
	if _, stale := errors.AsType[*apply.StaleError](err); !stale || a.result == nil || len(a.result.Stale) == 0 {
		return err
	}
	first := a.result.Stale[0]
	text := "the plan is stale: " + english.Plural(a.result.Stales, "row has", "rows have") + " changed since it was made, such as " + first.Record
	if len(first.Differences) > 0 {
		text += ": " + first.Differences[0].Text
	}
	return errors.New(text)
}

// refused tells the service why a plan was not applied.
func (a *applying) refused(code int) {
	if a.number == "" {
		return
	}
	s := a.summary()
	s.Conclude(errors.New("nothing was sent: " + strings.Join(a.why, "; ")))
	s.ExitCode = code
	a.reporting.End(s)
}
