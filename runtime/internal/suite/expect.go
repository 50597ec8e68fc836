package suite

import (
	"errors"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/suite/report"
)

// expectModule is the module expect. Called with a value, it returns an object
// whose methods are the module's functions.
func expectModule() *bindings.Module {
	m := &bindings.Module{
		Name: "expect",
		Doc: "Checks a value. `expect(value)` returns an object with the matchers below, such as " +
			"`expect(total).to_equal(3)`. Put `never` before a matcher to expect the opposite: `expect(list).never.to_contain(\"x\")`.\n\n" +
			"If a matcher fails, the test ends and shows the expected and the actual value. An `expect(value)` without a matcher checks nothing, so it fails the test.",
		Call: &bindings.Func{
			Name:   "expect",
			Doc:    "Returns an object with matchers for a value.",
			Params: []bindings.Param{{Name: "value", Type: "any", Optional: true, Doc: "The value to check. If a call returns several, only the first counts."}},
			// A call in the argument may return several values:
			// expect(clean.date(text)).
			Variadic: true,
			Returns:  []bindings.Return{{Type: "Expectation", Doc: "An object with the matchers, and `never` for their opposite."}},
			Example:  `expect(1 + 1).to_equal(2)`,
			Call: func(a *bindings.Args) (int, error) {
				return a.Push(newExpectation(a.L, a.Host, a.Get(0), false, noteClaim(a)))
			},
		},
	}
	shape := &bindings.Shape{
		Name: "Expectation",
		Doc:  "What `expect(value)` returns: matchers for the value.",
		Fields: []bindings.Field{
			{Name: "never", Type: "Expectation", Doc: "The same matchers, for the opposite."},
		},
	}
	for _, one := range matchers() {
		m.Funcs = append(m.Funcs, one.documented())
		shape.Fields = append(shape.Fields, bindings.Field{Name: one.Name, Type: one.Type(), Doc: spec.Summary(one.Doc)})
	}
	m.Records = []*bindings.Shape{shape}
	return m
}

type matcher struct {
	bindings.Func
	// holds checks the value and sets the message for both verdicts.
	holds func(m *match) (bool, error)
}

// match is one use of a matcher.
type match struct {
	*bindings.Args
	got   lua.LValue
	never bool
	// failed is what the report shows.
	failed  report.Expectation
	results []lua.LValue
}

func (m *match) show(expected, got lua.LValue) {
	m.failed.Expected, m.failed.Got = showBoth(m.L, expected, got)
}

func (m *match) say(should string) {
	verb := " should "
	if m.never {
		verb = " should not "
	}
	m.failed.Message = "the value" + verb + should
}

// documented returns the matcher as a function of the module, which only
// documents it.
func (one *matcher) documented() *bindings.Func {
	f := one.Func
	f.Call = func(a *bindings.Args) (int, error) {
		return 0, a.Errorf("there is no value to check; write expect(value).%s", one.Signature())
	}
	return &f
}

func (one *matcher) apply(a *bindings.Args, got lua.LValue, never bool) (int, error) {
	m := &match{Args: a, got: got, never: never}
	ok, err := one.holds(m)
	if err != nil {
		return 0, err
	}
	if ok == never {
		m.failed.Tidy(never)
		noteFailed(a, &m.failed)
		return 0, &m.failed
	}
	return a.Push(m.results...)
}

// newExpectation makes the object that expect returns. Looking a method up
// makes it, and calls matched.
func newExpectation(L *lua.LState, h *bindings.Host, got lua.LValue, never bool, matched func()) *lua.LTable {
	object := L.NewTable()
	meta := L.NewTable()
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		name := lua.LVAsString(L.Get(2))
		if name == "never" {
			L.Push(newExpectation(L, h, got, !never, matched))
			return 1
		}
		matched()
		names := []string{"never"}
		for _, one := range matchers() {
			if one.Name == name {
				f := one.Func
				f.Call = func(a *bindings.Args) (int, error) { return one.apply(a, got, never) }
				L.Push(bindings.Method(L, h, "expect", &f, object))
				return 1
			}
			names = append(names, one.Name)
		}
		meant := catalog.DidYouMean(name, names)
		switch {
		case slices.Contains([]string{"to", "be", "is", "have", "not"}, name):
			meant = "; matchers are one word: expect(value).to_equal(...), expect(value).never.to_equal(...)"
		case meant == "":
			meant = "; the matchers are: " + strings.Join(names[1:], ", ")
		}
		bindings.Raise(L, &bindings.UsageError{Func: "expect", Message: "unknown matcher '" + name + "'" + meant})
		return 0
	}))
	meta.RawSetString("__metatable", lua.LString("Expectation"))
	object.Metatable = meta
	return object
}

// narrow is the width at which compared tables break into lines; wide is the
// most that both values take on one line each.
const (
	narrow = 40
	wide   = 72
)

// showBoth shows two values for comparison: each on one line if short, else
// both over several.
func showBoth(L *lua.LState, expected, got lua.LValue) (string, string) {
	if hasLines(expected) && hasLines(got) {
		return expected.String(), got.String()
	}
	a, b := bindings.Show(L, expected, wide), bindings.Show(L, got, wide)
	if len(a) <= wide && len(b) <= wide && !strings.Contains(a+b, "\n") {
		return a, b
	}
	return broken(L, expected), broken(L, got)
}

// hasLines reports whether a value is a string of several lines.
func hasLines(v lua.LValue) bool {
	text, ok := v.(lua.LString)
	return ok && strings.Contains(string(text), "\n")
}

// broken shows a value over several lines: at least one per field of a table.
func broken(L *lua.LState, v lua.LValue) string {
	text := bindings.Show(L, v, narrow)
	if _, ok := v.(*lua.LTable); ok && !strings.Contains(text, "\n") {
		return bindings.Show(L, v, len(text)+1)
	}
	return text
}

// claim is a call of expect that no matcher has followed yet.
type claim struct {
	script string
	line   int
}

// noteClaim records a call of expect until the function that it returns is
// called.
func noteClaim(a *bindings.Args) (matched func()) {
	w, c := environmentOf(a.Context()), &claim{}
	if w == nil {
		return func() {}
	}
	if frames := bindings.Stack(a.L); len(frames) > 0 {
		c.script, c.line = frames[0].Script, frames[0].Line
	}
	w.claims = append(w.claims, c)
	return func() { w.claims = slices.DeleteFunc(w.claims, func(other *claim) bool { return other == c }) }
}

// unmatched returns an error for the first expect without a matcher, or nil.
func (w *environment) unmatched() error {
	if len(w.claims) == 0 {
		return nil
	}
	return &runtime.ScriptError{
		Script: w.claims[0].script, Line: w.claims[0].line, Message: "expect(value) without a matcher proves nothing",
		Hint: "say what the value should be: expect(value).to_equal(3)",
	}
}

// failedClaim is an expectation that failed.
type failedClaim struct {
	claim
	expectation *report.Expectation
}

// noteFailed records an expectation that failed. If the test ends well, its error was
// caught.
func noteFailed(a *bindings.Args, failed *report.Expectation) {
	w := environmentOf(a.Context())
	if w == nil {
		return
	}
	c := failedClaim{expectation: failed}
	if frames := bindings.Stack(a.L); len(frames) > 0 {
		c.script, c.line = frames[0].Script, frames[0].Line
	}
	w.failed = append(w.failed, c)
}

// meant forgets an expectation whose failure the test expects.
func (w *environment) meant(err error) {
	w.failed = slices.DeleteFunc(w.failed, func(c failedClaim) bool {
		e, ok := errors.AsType[*report.Expectation](err)
		return ok && c.expectation == e
	})
}

// swallowed returns an error for the first expectation that failed and whose error was
// caught, or nil.
func (w *environment) swallowed() error {
	if len(w.failed) == 0 {
		return nil
	}
	first := w.failed[0]
	return &runtime.ScriptError{
		Script: first.script, Line: first.line, Message: first.expectation.Message,
		Cause: &report.Expectation{
			Message:  first.expectation.Message + ", but the test caught the error and ended as if it had passed",
			Expected: first.expectation.Expected, Got: first.expectation.Got, GotLabel: first.expectation.GotLabel,
		},
	}
}
