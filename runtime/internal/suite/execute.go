package suite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/suite/report"
)

func (f *file) run(ctx context.Context) error {
	loading := f.current.Load()
	switch {
	case len(f.root.items) > 0:
	case f.luaUnit == "":
		f.byName()
	case !tapPlan().MatchString(loading.out.String()): // it did not start LuaUnit itself
		return f.runLuaUnit(loading)
	}
	f.root.each(func(t *testCase) {
		_, focused := t.marked(only)
		f.focused = f.focused || focused
	})
	f.runGroup(ctx, f.root)
	return context.Cause(ctx)
}

// chosen reports whether a test runs, or is reported as skipped.
func (f *file) chosen(t *testCase) bool {
	return f.options.Match == nil || f.options.Match(t.fullName())
}

// anyRuns reports whether any test of a group runs. If none does, its hooks do
// not run either.
func (f *file) anyRuns(g *group) bool {
	found := false
	g.each(func(t *testCase) {
		skip, _ := f.skips(t)
		found = found || f.chosen(t) && !skip
	})
	return found
}

// skips reports whether a test is skipped, and why.
func (f *file) skips(t *testCase) (bool, string) {
	if reason, skip := t.marked(skipped); skip {
		return true, reason
	}
	if _, focused := t.marked(only); f.focused && !focused {
		return true, "another test is marked with only"
	}
	return false, ""
}

// runGroup runs the tests and groups of a group in order. If a hook before all
// of them fails, each of them fails.
func (f *file) runGroup(ctx context.Context, g *group) {
	if f.stopped(ctx) {
		return
	}
	runs := f.anyRuns(g) && !f.options.ListOnly
	w := f.environment()
	defer func() { _ = w.close() }()
	var failed error
	if runs {
		failed = f.hooks(ctx, w, g.beforeAll)
	}
	items := g.items
	if f.options.Shuffle {
		items = slices.Clone(items)
		f.chance.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	}
	for _, i := range items {
		switch {
		case failed != nil:
			fail := func(t *testCase) { f.report(t, outcomeOf(failed, &report.Test{Output: w.out.String()})) }
			if i.test != nil {
				fail(i.test)
			} else {
				i.group.each(fail)
			}
		case i.group != nil:
			f.runGroup(ctx, i.group)
		default:
			f.runTest(ctx, i.test)
		}
	}
	if !runs {
		return
	}
	if err := f.hooks(ctx, w, g.afterAll); err != nil && failed == nil {
		f.report(&testCase{parent: g, name: "after_all"}, &report.Test{Status: report.Failed, Err: err, Output: w.out.String()})
	}
}

// after runs functions in an environment, all of them, and returns their errors.
func (f *file) after(ctx context.Context, w *environment, list []*lua.LFunction) (failed []error) {
	for _, fn := range list {
		if err := f.call(ctx, w, fn); err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

// hooks runs functions in an environment until one fails.
func (f *file) hooks(ctx context.Context, w *environment, list []*lua.LFunction) error {
	for _, fn := range list {
		if err := f.call(ctx, w, fn); err != nil {
			return err
		}
	}
	return nil
}

// call calls a function of the file in an environment.
func (f *file) call(ctx context.Context, w *environment, fn *lua.LFunction, args ...lua.LValue) error {
	outer := f.current.Swap(w)
	defer f.current.Store(outer)
	ctx, cancel := context.WithTimeoutCause(w.in(ctx), f.options.Timeout, timeout(f.options.Timeout))
	defer cancel()
	_, err := f.live.Call(ctx, fn, args...)
	return inWordsOfTests(err, "test", w)
}

// inWordsOfTests rewords a limit and advice for a test, and says where the test was.
func inWordsOfTests(err error, what string, w *environment) error {
	reword(err, "")
	limit, isLimit := errors.AsType[*runtime.LimitError](err)
	e := scriptError(err)
	if e == nil || !isLimit {
		return err
	}
	switch limit.What {
	case "time":
		e.Message = "the " + what + " took longer than " + limit.Limit
	case "memory":
		e.Message = "the " + what + " used more than " + limit.Limit + " of memory"
	default:
		return err
	}
	if w.inside != "" {
		e.Message += ", in " + w.inside
	}
	return e
}

// runTest runs a test in its own environment.
func (f *file) runTest(ctx context.Context, t *testCase) {
	if !f.chosen(t) || f.stopped(ctx) {
		return
	}
	if skip, reason := f.skips(t); skip || f.options.ListOnly {
		f.report(t, &report.Test{Status: report.Skipped, Reason: reason})
		return
	}
	started := time.Now()
	w := f.environment()
	defer f.stubs.Part()()
	var around []*group
	for g := t.parent; g != nil; g = g.parent {
		around = append(around, g)
	}
	var err error
	for i := len(around) - 1; i >= 0 && err == nil; i-- {
		err = f.hooks(ctx, w, around[i].beforeEach)
	}
	if err == nil {
		err = f.call(ctx, w, t.fn, t.given...)
	}
	var also []error
	for _, g := range around {
		also = append(also, f.after(ctx, w, g.afterEach)...)
	}
	note := w.nothingRead()
	if closed := w.close(); closed != nil {
		also = append(also, closed)
	}
	if err == nil {
		err = cmp.Or(w.swallowed(), w.unmatched())
	}
	if err == nil && len(also) > 0 {
		err, also = also[0], also[1:]
	}
	result := outcomeOf(err, &report.Test{Output: w.out.String(), Duration: time.Since(started)})
	if err != nil && ctx.Err() != nil {
		return // interrupted, not failed
	}
	if result.Status == report.Skipped && len(also) > 0 {
		result.Status, result.Err, also = report.Failed, also[0], also[1:]
	}
	if result.Status == report.Failed {
		result.Also, result.Note = also, note
	}
	f.report(t, result)
}

func outcomeOf(err error, result *report.Test) *report.Test {
	skip, skipped := errors.AsType[*skipError](err)
	switch {
	case skipped:
		result.Status, result.Reason = report.Skipped, skip.reason
	case err != nil:
		result.Status, result.Err = report.Failed, err
	default:
		result.Status = report.Passed
	}
	return result
}

func (f *file) report(t *testCase, result *report.Test) {
	if !f.chosen(t) {
		return
	}
	if exit, ok := errors.AsType[*runtime.ExitError](result.Err); ok {
		result.Err = &runtime.ScriptError{
			Script: f.result.Name, Line: t.line, Message: fmt.Sprintf("the test called os.exit(%d)", exit.Code),
			Hint: "use run_script to test a script that calls os.exit", Cause: exit,
		}
	}
	if e, ok := errors.AsType[*report.Expectation](result.Err); ok {
		e.Message, e.Expected, e.Got = f.secrets.String(e.Message), f.secrets.String(e.Expected), f.secrets.String(e.Got)
	}
	shown := func(text string) string { return display.OneLine(f.secrets.String(text)) }
	result.Groups, result.Name, result.Line = t.parent.path(), shown(t.name), t.line
	for i, name := range result.Groups {
		result.Groups[i] = shown(name)
	}
	result.Reason = shown(result.Reason)
	f.result.Tests = append(f.result.Tests, result)
}

// stopped reports whether no more tests start.
func (f *file) stopped(ctx context.Context) bool {
	return ctx.Err() != nil || f.options.Bail && f.result.Count(report.Failed) > 0
}

// skipError ends a test and marks it as skipped.
type skipError struct{ reason string }

func (e *skipError) Error() string { return "skipped: " + e.reason }

// scriptError returns the script error in err's chain, or nil.
func scriptError(err error) *runtime.ScriptError {
	e, _ := errors.AsType[*runtime.ScriptError](err)
	return e
}
