package suite

import (
	"context"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime"
)

func (f *file) run(ctx context.Context) error {
	loading := f.current.Load()
	switch {
	case len(f.root.items) > 0:
	case f.luaUnit == "":
		f.byName()
	case !startedByHand(loading.out.String()):
		return f.runLuaUnit(loading)
	}
	f.root.each(func(t *testCase) { f.focused = f.focused || t.focused() })
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
	if skip, reason := t.skips(); skip {
		return true, reason
	}
	if f.focused && !t.focused() {
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
	w := newEnvironment(f.options.Now)
	defer func() { _ = w.close() }()
	var failed error
	if runs {
		failed = f.hooks(ctx, w, g.beforeAll)
	}
	items := g.items
	if f.options.Shuffle {
		items = append([]item(nil), items...)
		f.chance.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	}
	for _, i := range items {
		switch {
		case failed != nil:
			fail := func(t *testCase) { f.report(t, outcomeOf(failed, &Test{Output: w.out.String()})) }
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
		f.report(&testCase{parent: g, name: "after_all"}, &Test{Status: Failed, Err: err, Output: w.out.String()})
	}
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

// inWordsOfTests rewords a time limit for a test, and says where the test was.
func inWordsOfTests(err error, what string, w *environment) error {
	limit, isLimit := asType[*runtime.LimitError](err)
	e := scriptError(err)
	if e == nil || !isLimit || limit.What != "time" {
		return err
	}
	e.Message = "the " + what + " took longer than " + limit.Limit
	if place := w.place(); place != "" {
		e.Message += ", in " + place
	}
	return e
}

// runTest runs a test in its own environment.
func (f *file) runTest(ctx context.Context, t *testCase) {
	if !f.chosen(t) || f.stopped(ctx) {
		return
	}
	if skip, reason := f.skips(t); skip || f.options.ListOnly {
		f.report(t, &Test{Status: Skipped, Reason: reason})
		return
	}
	started := time.Now()
	w := newEnvironment(f.options.Now)
	var around []*group
	for g := t.parent; g != nil; g = g.parent {
		around = append(around, g)
	}
	var err error
	for i := len(around) - 1; i >= 0 && err == nil; i-- {
		err = f.hooks(ctx, w, around[i].beforeEach)
	}
	if err == nil {
		args := []lua.LValue{}
		if t.given != nil && t.given != lua.LNil {
			args = append(args, t.given)
		}
		err = f.call(ctx, w, t.fn, args...)
	}
	for _, g := range around {
		if after := f.hooks(ctx, w, g.afterEach); err == nil {
			err = after
		}
	}
	if closed := w.close(); err == nil {
		err = closed
	}
	if err == nil {
		err = w.unmatched()
	}
	result := outcomeOf(err, &Test{Output: w.out.String(), Duration: time.Since(started)})
	if err != nil && ctx.Err() != nil {
		return // interrupted, not failed
	}
	f.report(t, result)
}

func outcomeOf(err error, result *Test) *Test {
	skip, skipped := asType[*skipError](err)
	switch {
	case skipped:
		result.Status, result.Reason = Skipped, skip.reason
	case err != nil:
		result.Status, result.Err = Failed, err
	default:
		result.Status = Passed
	}
	return result
}

func (f *file) report(t *testCase, result *Test) {
	if !f.chosen(t) {
		return
	}
	if exit, ok := asType[*runtime.ExitError](result.Err); ok {
		result.Err = &runtime.ScriptError{
			Script: f.result.Name, Line: t.line, Message: exitMessage(exit.Code),
			Hint: "use run_script to test a script that calls os.exit", Cause: exit,
		}
	}
	if e, ok := asType[*Expectation](result.Err); ok {
		e.hide(f.secrets.String)
	}
	result.Groups, result.Name, result.Line = t.parent.path(), f.secrets.String(t.name), t.line
	for i, name := range result.Groups {
		result.Groups[i] = f.secrets.String(name)
	}
	result.Reason = f.secrets.String(result.Reason)
	f.result.Tests = append(f.result.Tests, result)
}

// stopped reports whether no more tests start.
func (f *file) stopped(ctx context.Context) bool {
	return ctx.Err() != nil || f.options.Bail && f.result.count(Failed) > 0
}
