package suite

import (
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Modules returns what test files have besides the built-in modules: the module
// test, modules that are globals, and one without a name whose functions are
// globals.
func Modules() []*bindings.Module { return (&builder{}).modules() }

// Manual returns the manual of everything that a script can use, tests and
// declared models included.
func Manual(declared ...*catalog.Model) *manual.Manual {
	return builtins.Manual(slices.Concat(Modules(), bindings.DeclaredModels(declared))...)
}

// builder makes the modules of one test file. Without a file they can be read,
// not called.
type builder struct {
	file  *file
	group *group
}

func (b *builder) modules() []*bindings.Module {
	test := &bindings.Module{
		Name: "test",
		Doc: "Tests scripts and modules. `phscript test` runs files that end in `_test.lua`. In them, these functions are globals; " +
			"`require \"test\"` returns them as a module.\n\n" +
			"Each test starts with an empty simulated Planhat, no faults and its own clock. No test affects the next, " +
			"and none reaches your Planhat: tests need no token and ignore one that is set.",
		Call:  b.define("test", normal),
		Funcs: slices.Concat(b.definitions(), []*bindings.Func{b.describe("describe", normal)}, b.hooks(), []*bindings.Func{b.runScript()}),
		Records: []*bindings.Shape{
			{Name: "ScriptOptions", Doc: "How `run_script` runs a script.", Fields: scriptOptions},
			scriptResult,
		},
	}
	modules := []*bindings.Module{
		test,
		{
			Name: "it", Call: b.define("it", normal), Funcs: b.definitions(),
			Doc: "Defines a test, like `test`, and reads like a sentence: `it(\"adds numbers\", function() ... end)`.",
		},
		{
			Name: "describe", Call: b.describe("describe", normal),
			Funcs: []*bindings.Func{b.describe("only", only), b.describe("skip", skipped)},
			Doc:   "Groups tests under a name. Groups can contain groups: `describe(\"sync\", function() ... end)`.",
		},
		expectModule(),
		simulatorModule(),
		clockModule(),
		{Funcs: append(b.hooks(), b.skip(), b.runScript())},
	}
	for _, m := range modules {
		m.ForTests = true
	}
	return modules
}

// defining makes a function that defines something, which no test can do while
// it runs.
func (b *builder) defining(name, doc, example string, params []bindings.Param, define func(a *bindings.Args) error) *bindings.Func {
	return &bindings.Func{
		Name: name, Doc: doc, Params: params, Errors: "When called inside a test.", Example: example,
		Call: func(a *bindings.Args) (int, error) {
			switch {
			case b.file == nil:
				return 0, a.Errorf("run the file with 'phscript test'")
			case b.group == nil:
				return 0, a.Errorf("a test is running; define tests, groups and hooks outside of tests")
			}
			return 0, define(a)
		},
	}
}

// qualified is how an example calls a function of a module that can be called
// itself.
func qualified(module, name string, m mode) string {
	if m == normal {
		return name
	}
	return module + "." + name
}

// define makes a function that defines a test.
func (b *builder) define(name string, m mode) *bindings.Func {
	doc := map[mode]string{
		normal:  "Defines a test. It fails if its function raises an error, as a failed `expect` does. A test without a function is reported as not written yet.",
		only:    "Defines a test and skips all others in the file, except those also marked with `only`. Use it while you work on a test.",
		skipped: "Defines a test that is skipped. To skip a running test, call the global function `skip(\"reason\")`.",
	}[m]
	params := []bindings.Param{
		{Name: "name", Type: "string", Doc: "What the test checks, in a few words."},
		{Name: "fn", Type: "function", Optional: true, Doc: "The test."},
	}
	example := qualified("it", name, m) + "(\"adds numbers\", function()\n  expect(1 + 1).to_equal(2)\nend)"
	return b.defining(name, doc, example, params, func(a *bindings.Args) error {
		t := &testCase{parent: b.group, name: a.String(0), mode: m, fn: a.Function(1), line: lineOf(a)}
		if t.fn == nil && m != skipped {
			t.mode, t.reason = skipped, "not written yet"
		}
		b.group.items = append(b.group.items, item{test: t})
		return nil
	})
}

func (b *builder) definitions() []*bindings.Func {
	return []*bindings.Func{b.define("only", only), b.define("skip", skipped), b.each()}
}

// each makes the function that defines a test per case of a list.
func (b *builder) each() *bindings.Func {
	params := []bindings.Param{
		{Name: "name", Type: "string", Doc: "What the tests check, with fields of the case."},
		{Name: "cases", Type: "any[]", Doc: "The cases."},
		{Name: "fn", Type: "function", Doc: "The test."},
	}
	f := b.defining("each",
		"Defines a test for each case of a list. The function receives the case. In the name, `{field}` is replaced by that field of the case, "+
			"`{}` by the case itself. Without either, the case's `name` or number is added to the name.",
		`it.each("{input} in capitals", {
  { input = "acme", want = "ACME" },
  { input = "x1", want = "X1" },
}, function(case)
  expect(case.input:upper()).to_equal(case.want)
end)`, params, func(a *bindings.Args) error {
			cases := a.Table(1)
			if cases.Len() == 0 {
				return a.Errorf("the list of cases is empty, so nothing would be tested")
			}
			for i := 1; i <= cases.Len(); i++ {
				given := cases.RawGetInt(i)
				b.group.items = append(b.group.items, item{test: &testCase{
					parent: b.group, name: caseName(a, a.String(0), given, i), fn: a.Function(2), line: lineOf(a), given: []lua.LValue{given},
				}})
			}
			return nil
		})
	f.Errors = "When the list is empty, or when called inside a test."
	return f
}

// describe makes a function that groups tests.
func (b *builder) describe(name string, m mode) *bindings.Func {
	doc := map[mode]string{
		normal:  "Groups tests under a name. Groups can contain groups.",
		only:    "Groups tests and skips all others in the file, except those also marked with `only`.",
		skipped: "Groups tests that are skipped.",
	}[m]
	params := []bindings.Param{
		{Name: "name", Type: "string", Doc: "What the tests are about."},
		{Name: "fn", Type: "function", Doc: "Defines the tests."},
	}
	example := qualified("describe", name, m) + "(\"sync\", function()\n  it(\"adds numbers\", function() expect(1 + 1).to_equal(2) end)\nend)"
	return b.defining(name, doc, example, params, func(a *bindings.Args) error {
		outer := b.group
		b.group = &group{parent: outer, name: a.String(0), mode: m}
		outer.items = append(outer.items, item{group: b.group})
		defer func() { b.group = outer }()
		// Unprotected, so an error keeps its calls.
		a.L.Push(a.Function(1))
		a.L.Call(0, 0)
		return nil
	})
}

func (b *builder) hooks() []*bindings.Func {
	hook := func(name, doc string, list func(g *group) *[]*lua.LFunction) *bindings.Func {
		params := []bindings.Param{{Name: "fn", Type: "function", Doc: "What to do."}}
		return b.defining(name, doc, name+"(function() log.debug(\"here\") end)", params, func(a *bindings.Args) error {
			to := list(b.group)
			*to = append(*to, a.Function(0))
			return nil
		})
	}
	return []*bindings.Func{
		hook("before_each", "Runs before each test of the file or group, in the environment of the test. Seed Planhat here.",
			func(g *group) *[]*lua.LFunction { return &g.beforeEach }),
		hook("after_each", "Runs after each test of the file or group, even if the test failed.",
			func(g *group) *[]*lua.LFunction { return &g.afterEach }),
		hook("before_all", "Runs once before the tests of the file or group. Tests do not see what it writes to Planhat; use `before_each` for that.",
			func(g *group) *[]*lua.LFunction { return &g.beforeAll }),
		hook("after_all", "Runs once after the tests of the file or group.",
			func(g *group) *[]*lua.LFunction { return &g.afterAll }),
	}
}

func (b *builder) skip() *bindings.Func {
	return &bindings.Func{
		Name:    "skip",
		Doc:     "Ends the running test and reports it as skipped.",
		Params:  []bindings.Param{{Name: "reason", Type: "string", Optional: true, Doc: "Why."}},
		Errors:  "Always: that is how it ends the test.",
		Example: "it(\"works on Sundays\", function()\n  if os.date(\"%w\") ~= \"0\" then skip(\"it is not Sunday\") end\nend)",
		Call:    func(a *bindings.Args) (int, error) { return 0, &skipError{a.String(0)} },
	}
}

// lineOf returns the line of the file that calls the running function.
func lineOf(a *bindings.Args) int {
	if frames := bindings.Stack(a.L); len(frames) > 0 {
		return frames[0].Line
	}
	return 0
}

// caseField is a field of a case in the name of a test.
var caseField = pattern.Lazy(`\{([^}]*)\}`)

// caseName fills fields of a case into a name.
func caseName(a *bindings.Args, name string, given lua.LValue, number int) string {
	fields, _ := given.(*lua.LTable)
	filled := false
	out := caseField().ReplaceAllStringFunc(name, func(found string) string {
		v, field := given, found[1:len(found)-1]
		switch {
		case field == "":
		case fields == nil:
			return found
		default:
			v = fields.RawGetString(field)
		}
		filled = true
		if v.Type() == lua.LTString {
			return v.String()
		}
		return bindings.Show(a.L, v, 1<<20)
	})
	if filled {
		return out
	}
	if fields != nil {
		if own, ok := fields.RawGetString("name").(lua.LString); ok {
			return name + " " + string(own)
		}
	}
	return name + " #" + strconv.Itoa(number)
}
