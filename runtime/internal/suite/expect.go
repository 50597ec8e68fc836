package suite

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

// expectModule is the module expect: called with a value, it returns an object
// whose methods are its functions.
func expectModule() *bindings.Module {
	m := &bindings.Module{
		Name: "expect",
		Doc: "States what a value should be. `expect(value)` returns an object with the matchers below, such as " +
			"`expect(total).to_equal(3)`. With `never` in between, the opposite is expected: `expect(list).never.to_contain(\"x\")`.\n\n" +
			"A matcher that does not hold ends the test with what was expected and what came. A test with an `expect(value)` that no matcher follows fails: it proves nothing.",
		Call: &bindings.Func{
			Name:   "expect",
			Doc:    "Returns an object with matchers for a value.",
			Params: []bindings.Param{{Name: "value", Type: "any", Optional: true, Doc: "The value to look at. Of several, as a call may return, it is the first."}},
			// expect(clean.date(text)) is written also where date returns two values.
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
		m.Funcs = append(m.Funcs, one.about(lua.LNil, false))
		shape.Fields = append(shape.Fields, bindings.Field{Name: one.Name, Type: one.Type(), Doc: spec.Summary(one.Doc)})
	}
	m.Records = []*bindings.Shape{shape}
	return m
}

// matcher is something that can be expected of a value.
type matcher struct {
	bindings.Func
	// holds looks at the value and says what is wrong with it, in words for
	// both verdicts.
	holds func(m *match) (bool, error)
}

// match is one use of a matcher.
type match struct {
	*bindings.Args
	got   lua.LValue
	never bool
	// failed is filled for the report.
	failed  Expectation
	results []lua.LValue
}

// show puts the two values into the report.
func (m *match) show(expected, got lua.LValue) {
	m.failed.Expected, m.failed.Got = showBoth(m.L, expected, got)
}

// say sets the message: "the value should ..." and what was not so.
func (m *match) say(should string) {
	verb := " should "
	if m.never {
		verb = " should not "
	}
	m.failed.Message = "the value" + verb + should
}

// about returns the matcher as a function about a value. Without an expectation
// it stands in the module, where it is documented and cannot be called.
func (one *matcher) about(got lua.LValue, bound bool) *bindings.Func {
	f := one.Func
	f.Call = func(a *bindings.Args) (int, error) { return one.apply(a, got, false) }
	if !bound {
		f.Call = func(a *bindings.Args) (int, error) {
			return 0, a.Errorf("there is no value to look at; write expect(value).%s", one.Signature())
		}
	}
	return &f
}

// apply decides whether the value is as expected.
func (one *matcher) apply(a *bindings.Args, got lua.LValue, never bool) (int, error) {
	m := &match{Args: a, got: got, never: never}
	ok, err := one.holds(m)
	if err != nil {
		return 0, err
	}
	if ok == never {
		m.failed.tidy(never)
		return 0, &m.failed
	}
	return a.Push(m.results...)
}

// newExpectation makes the object that expect returns. Its methods are made
// when they are asked for; matched is called then.
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
			meant = "; there are: " + strings.Join(names[1:], ", ")
		}
		bindings.Raise(L, &bindings.UsageError{Func: "expect", Message: "there is no matcher '" + name + "'" + meant})
		return 0
	}))
	meta.RawSetString("__metatable", lua.LString("Expectation"))
	object.Metatable = meta
	return object
}

// narrow is the width that tables are broken at to be compared, wide the one up
// to which both values stand on a line of their own.
const (
	narrow = 40
	wide   = 72
)

// showBoth writes two values so that they can be compared: each on one line
// where that is short, else both over several.
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

// hasLines tells whether a value is a text of several lines.
func hasLines(v lua.LValue) bool {
	text, ok := v.(lua.LString)
	return ok && strings.Contains(string(text), "\n")
}

// broken writes a value over several lines: a table at least its own fields.
func broken(L *lua.LState, v lua.LValue) string {
	text := bindings.Show(L, v, narrow)
	if _, ok := v.(*lua.LTable); ok && !strings.Contains(text, "\n") {
		return bindings.Show(L, v, len(text)+1)
	}
	return text
}
