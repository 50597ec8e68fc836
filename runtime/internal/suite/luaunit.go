package suite

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/suite/report"
)

// LuaUnit is a test library that many scripts bring along, unchanged. Its
// argument and variable make it report in the Test Anything Protocol, which is
// read from its output.
var (
	usesLuaUnit = pattern.Lazy(`require\s*\(?\s*["']((?:[\w.]+\.)?luaunit)["']`)
	luaUnitArgs = []string{"-o", "TAP", "-v"}
)

const luaUnitOutput = "LUAUNIT_OUTPUT"

// luaUnitVariables are all the variables that it reads.
var luaUnitVariables = []string{luaUnitOutput, "LUAUNIT_JUNIT_FNAME", "LUAUNIT_DATEFMT"}

func luaUnitEnv(name string) (string, bool) { return luaUnitArgs[1], name == luaUnitOutput }

// tapLine is a result: "ok     1 TestX.test_y", "not ok 2 ..." or "ok 3 # SKIP
// reason".
var tapLine = pattern.Lazy(`^(not ok|ok)\s+(\d+)\t(.*)$`)

// tapPlan is the number of tests.
var tapPlan = pattern.Lazy(`(?m)^1\.\.(\d+)$`)

// runLuaUnit runs the tests of a file that uses LuaUnit and does not start it.
func (f *file) runLuaUnit(w *environment) error {
	module := f.live.Loaded(f.luaUnit)
	run, ok := field(field(module, "LuaUnit"), "run").(*lua.LFunction)
	if !ok {
		return nil
	}
	err := f.call(f.live.Context(), w, run)
	if exit, ok := errors.AsType[*runtime.ExitError](err); ok && exit.Code == 0 {
		return nil
	}
	return err
}

// field returns a field of a table, or nil.
func field(v lua.LValue, name string) lua.LValue {
	if t, ok := v.(*lua.LTable); ok {
		return t.RawGetString(name)
	}
	return lua.LNil
}

// readLuaUnit reads tests from LuaUnit's output. A test's own output comes
// before its result.
func (f *file) readLuaUnit(output string, ended error) {
	plan := tapPlan().FindStringSubmatch(output)
	if plan == nil {
		f.whole(output, ended)
		return
	}
	f.result.Loaded = true
	before, after, _ := strings.Cut("\n"+output, "\n"+plan[0]+"\n")
	f.result.Output = strings.TrimPrefix(before, "\n")
	var printed, complaint []string
	var failed *report.Test
	finish := func() {
		if failed != nil {
			failed.Err = report.Assertion(strings.Join(complaint, "\n"))
		}
		failed, complaint = nil, nil
	}
	for line := range strings.SplitSeq(after, "\n") {
		m := tapLine().FindStringSubmatch(line)
		switch {
		case m != nil:
			finish()
			t := &report.Test{Status: report.Passed, Name: m[3], Output: strings.Join(printed, "\n")}
			if group, test, grouped := strings.Cut(m[3], "."); grouped {
				t.Groups, t.Name = []string{group}, test
			}
			if reason, skip := strings.CutPrefix(m[3], "# SKIP"); skip {
				t.Status, t.Groups, t.Name, t.Reason = report.Skipped, nil, "test "+m[2], strings.TrimSpace(reason)
			}
			if m[1] == "not ok" {
				t.Status, failed = report.Failed, t
			}
			printed = nil
			if f.options.Match == nil || f.options.Match(t.FullName()) {
				f.result.Tests = append(f.result.Tests, t)
			}
		case failed != nil && strings.HasPrefix(line, "#   "):
			complaint = append(complaint, strings.TrimPrefix(line, "#   "))
		case strings.HasPrefix(line, "# "), line == "":
		default:
			printed = append(printed, line)
		}
	}
	finish()
	want, _ := strconv.Atoi(plan[1])
	if found := strings.Count("\n"+after, "\nok ") + strings.Count("\n"+after, "\nnot ok "); found < want {
		f.result.Err = errors.Join(fmt.Errorf("only %d of %d tests ran", found, want), loadError(ended))
	}
}

// whole makes one test of a file that ran its tests itself and reported them in
// its own way: the exit code decides.
func (f *file) whole(output string, ended error) {
	exit, isExit := errors.AsType[*runtime.ExitError](ended)
	// A file that calls os.exit(0) has not finished either.
	if !isExit && (ended != nil || f.live != nil) {
		return
	}
	t := &report.Test{Name: "the file as a whole", Status: report.Passed, Output: output}
	if isExit {
		t.Status, t.Err = report.Failed, fmt.Errorf("the file called os.exit(%d)", exit.Code)
	}
	f.result.Err, f.result.Output = nil, ""
	f.result.Tests = append(f.result.Tests, t)
}

// testName matches functions and tables whose name makes them tests.
var testName = pattern.Lazy(`^[Tt]est[A-Z0-9_]`)

// byName makes tests of such globals, in the style of LuaUnit, in a file that
// defines no tests in another way.
func (f *file) byName() {
	L := f.live.State()
	for _, name := range testNames(L.G.Global) {
		switch v := L.G.Global.RawGetString(name).(type) {
		case *lua.LFunction:
			f.root.items = append(f.root.items, item{test: &testCase{parent: f.root, name: name, fn: v}})
		case *lua.LTable:
			g := &group{parent: f.root, name: name}
			for _, method := range testNames(v) {
				if fn, ok := v.RawGetString(method).(*lua.LFunction); ok {
					g.items = append(g.items, item{test: &testCase{parent: g, name: method, fn: fn, given: []lua.LValue{v}}})
				}
			}
			for names, list := range map[[2]string]*[]*lua.LFunction{
				{"setUp", "setup"}: &g.beforeEach, {"tearDown", "teardown"}: &g.afterEach,
				{"setUpClass", "setup_class"}: &g.beforeAll, {"tearDownClass", "teardown_class"}: &g.afterAll,
			} {
				for _, one := range names {
					if fn, ok := v.RawGetString(one).(*lua.LFunction); ok {
						*list = append(*list, withSelf(L, fn, v))
					}
				}
			}
			f.root.items = append(f.root.items, item{group: g})
		}
	}
}

func testNames(t *lua.LTable) []string {
	var names []string
	t.ForEach(func(k, _ lua.LValue) {
		if name, ok := k.(lua.LString); ok && testName().MatchString(string(name)) {
			names = append(names, string(name))
		}
	})
	slices.Sort(names)
	return names
}

func withSelf(L *lua.LState, fn *lua.LFunction, self lua.LValue) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int {
		L.Push(fn)
		L.Push(self)
		L.Call(1, 0)
		return 0
	})
}
