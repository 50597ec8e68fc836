package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/apply"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/view"
)

// resume is the command line that continues the apply.
func (a *applying) resume() string {
	if a.number != "" {
		return "phscript plans approve " + a.number
	}
	line := []string{"phscript"}
	for _, arg := range a.env.Args {
		line = append(line, run.Quoted(arg))
	}
	return strings.Join(line, " ")
}

// end prints what was done, and returns the exit code.
func (a *applying) end(err error) error {
	code := fault.ExitDone
	if _, stale := errors.AsType[*apply.StaleError](err); stale {
		code = fault.ExitStale
	} else if custom, ok := errors.AsType[*apply.CustomError](err); ok {
		code = fault.ExitStale
		printing.Error(a.env.Stderr, a.env.StderrColor(), custom)
	} else if err != nil {
		code = outcome.Code(err)
		if planhat.KindOf(err) == planhat.KindPartial {
			code = fault.ExitScript
		}
		printing.Error(a.host.Secrets.Writer(a.env.Stderr), a.env.StderrColor(), err)
	}
	if a.result == nil {
		return &usage.Finished{Code: code}
	}
	r := a.result
	r.Planned = a.report.Sum().Rejected
	if code == fault.ExitDone && slices.ContainsFunc([]int{r.Rejected, r.Skipped, r.Needing, r.Doubtful, r.Stales, r.NotBegun}, func(n int) bool { return n > 0 }) {
		code = fault.ExitRejected
	}
	a.conclude(err, code)
	resume := ""
	if r.NotBegun+r.Doubtful > 0 && (r.Began || r.Done() > 0) {
		resume = a.host.Secrets.String(a.resume())
	}
	again := a.host.Secrets.String(a.again(a.header))
	form := view.ApplyForm(a.header.ID, a.entry.ID(), r, code, resume)
	if a.done = &form; a.json && a.undo != nil {
		return &usage.Finished{Code: code}
	}
	if a.json {
		if err := printing.JSON(a.host.Secrets.Writer(a.env.Stdout), form); err != nil {
			return err
		}
		return &usage.Finished{Code: code}
	}
	if err := printing.Text(a.env.Stdout, a.host.Secrets.String(view.Applied(a.header.Script.Name, a.entry.ID(), r, resume, again))); err != nil {
		return err
	}
	return &usage.Finished{Code: code}
}

// leftOut says which rows were not applied although Planhat rejected none of them, or "".
func leftOut(r *apply.Result) string {
	if r.Rejected > 0 {
		return ""
	}
	var parts []string
	for _, part := range []struct {
		rows int
		why  string
	}{
		{max(r.Stales, r.Skipped), "skipped, because their records have changed"}, {r.Needing, "not applied, because they need a record that was not created"},
		{r.Doubtful, "that may have been sent"}, {r.NotBegun, "not sent yet"},
	} {
		if part.rows > 0 {
			parts = append(parts, english.Plural(part.rows, "row", "")+" "+part.why)
		}
	}
	return strings.Join(parts, "; ")
}

// conclude stores in the history how the apply ended.
func (a *applying) conclude(err error, code int) {
	s := a.summary()
	s.Conclude(a.reason(err))
	s.ExitCode, s.Run = code, a.entry.ID()
	if why := leftOut(a.result); err == nil && why != "" {
		a.entry.Note(why)
		if a.number != "" {
			s.Error = &outcome.Failure{Message: why}
		}
	}
	a.reporting.End(s)
	a.entry.End(context.Background(), s)
}

func (a *applying) summary() *outcome.Summary {
	return outcome.New(a.header.Script.Name, a.started, outcome.Work{Summary: a.accounts.Calls(), Duration: a.env.Now().Sub(a.started)})
}
