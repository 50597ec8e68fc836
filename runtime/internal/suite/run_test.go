package suite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/suite/report"
)

// TestInLua runs the tests under testdata, which test the matchers, the environment of
// a test and run_script with themselves.
func TestInLua(t *testing.T) {
	dir, err := filepath.Abs("testdata")
	require.NoError(t, err)
	r := runIn(t, dir, Options{Parallel: 3})
	require.Len(t, r.Files, 3)
	passed, failed, skipped := r.Counts()
	assert.Zero(t, failed+skipped, text(r, false))
	assert.Greater(t, passed, 50)
}

// The reports of files that run at once are those of files that run alone.
func TestParallelRunsAreTheSame(t *testing.T) {
	files := map[string]string{}
	for _, name := range []string{"a", "b", "c", "d", "sub/e", "sub/f"} {
		files[name+"_test.lua"] = `
			local name = "` + name + `"
			describe(name, function()
				before_each(function() print("before", name) end)
				it("seeds", function()
					simulator.seed("company", { externalId = name, name = name })
					for _, c in ipairs(planhat.company.get_list()) do print(c._id, c.name) end
					simulator.faults("500:p=0.5")
					for i = 1, 5 do print((pcall(planhat.company.get_list))) end
					expect(name).to_equal("c")
				end)
				it("prints", function() print("this is", name) end)
			end)`
	}
	dir := folder(t, files)
	alone := text(runIn(t, dir, Options{Parallel: 1}), true)
	for range 3 {
		assert.Equal(t, alone, text(runIn(t, dir, Options{Parallel: 4}), true))
	}
}

func TestHooksRunAroundTests(t *testing.T) {
	f := runOne(t, `
		local calls = {}
		local function note(name) return function() calls[#calls + 1] = name end end
		before_all(note "B") after_all(note "A") before_each(note "b") after_each(note "a")
		it("first", note "1")
		describe("inner", function()
			before_all(note "IB") after_all(note "IA") before_each(note "ib") after_each(note "ia")
			it("second", note "2")
			it("third", function() note "3" () error("no") end)
		end)
		describe("left out", function() before_all(note "never") it.skip("x", note "never") end)
		it("last", function() expect(table.concat(calls, " ")).to_equal("B b 1 a IB b ib 2 ia a b ib 3 ia a IA b") end)`, Options{})
	require.NoError(t, f.Err)
	assert.Equal(t, []string{"first passed", "inner › second passed", "inner › third failed", "left out › x skipped", "last passed"}, outcomes(f))
}

func TestHooksThatFail(t *testing.T) {
	f := runOne(t, `
		describe("all", function()
			before_all(function() error("not ready") end)
			after_all(function() error("not cleaned") end)
			it("a", function() end)
			describe("deep", function() it("b", function() end) end)
		end)
		describe("each", function()
			after_each(function() error("left a mess") end)
			it("c", function() end)
			it("d", function() error("first") end)
		end)
		describe("after", function() after_all(function() error("late") end) it("e", function() end) end)`, Options{})
	assert.Equal(t, []string{
		"all › a failed", "all › deep › b failed", "each › c failed", "each › d failed", "after › e passed", "after › after_all failed",
	}, outcomes(f))
	var messages []string
	for _, test := range f.Tests {
		if test.Err != nil {
			messages = append(messages, scriptError(test.Err).Message)
		}
	}
	assert.Equal(t, []string{"not ready", "not ready", "left a mess", "first", "late"}, messages)
}

func TestExpectationsWithoutAMatcher(t *testing.T) {
	f := runOne(t, `
		it("forgets it", function()
			expect(1)
			expect(2).never.to_equal(1)
		end)
		it("forgets it behind never", function() local _ = expect(1).never end)
		it("has it in a local", function()
			local that = expect(1)
			expect(2).to_equal(2)
			that.to_equal(1)
			that.to_be_truthy()
		end)
		it("fails before", function() expect(1).to_equal(2) expect(3) end)`, Options{})
	assert.Equal(t, []string{"forgets it failed", "forgets it behind never failed", "has it in a local passed", "fails before failed"}, outcomes(f))
	e, ok := errors.AsType[*runtime.ScriptError](f.Tests[0].Err)
	require.True(t, ok)
	assert.Equal(t, "expect(value) without a matcher proves nothing", e.Message)
	assert.Equal(t, 3, e.Line)
}

func TestChoosingTests(t *testing.T) {
	source := `
		describe("sync", function()
			it("adds", function() end)
			it.only("focused", function() end)
			it("later")
		end)
		it.skip("never", function() error("x") end)
		test.skip("never either", function() error("x") end)
		it("by itself", function() skip("not today") end)`
	only := runOne(t, source, Options{})
	assert.Equal(t, []string{"sync › adds skipped", "sync › focused passed", "sync › later skipped", "never skipped", "never either skipped", "by itself skipped"}, outcomes(only))
	assert.Equal(t, "another test is marked with only", only.Tests[0].Reason)

	filter := func(text string) []string {
		match, err := Filter(text)
		require.NoError(t, err)
		return outcomes(runOne(t, source, Options{Match: match}))
	}
	assert.Equal(t, []string{"sync › focused passed"}, filter("FOCUS"))
	assert.Equal(t, []string{"sync › adds skipped", "never skipped", "never either skipped"}, filter("/adds|^never/"))
	_, err := Filter("/(/")
	assert.Error(t, err)
}

func TestNamesOfCases(t *testing.T) {
	f := runOne(t, `
		it.each("{input} is {want}", { { input = "a", want = 1 }, { input = {1}, want = nil } }, function() end)
		it.each("{}", { 1, "x" }, function(case) expect(case).never.to_be_nil() end)
		it.each("plain", { { name = "first" }, { 2 } }, function() end)`, Options{})
	assert.Equal(t, []string{"a is 1 passed", "{ 1 } is nil passed", "1 passed", "x passed", "plain first passed", "plain #2 passed"}, outcomes(f))
	f = runOne(t, `it.each("x", {}, function() end)`, Options{})
	assert.ErrorContains(t, f.Err, "list of cases is empty")
}

func TestTestsThatDoNotEnd(t *testing.T) {
	r := runIn(t, folder(t, map[string]string{
		"a_test.lua": `
			it("loops", function() while true do end end)
			it("loops in pcall", function() while true do pcall(function() while true do end end) end end)
			it("runs a script", function() run_script("forever.lua") end)
			it("goes on", function() expect(planhat.company.get_list()).to_equal({}) end)`,
		"b_test.lua":  "while true do end",
		"forever.lua": "local n = 0\nwhile true do\n  n = n + 1\nend",
	}), Options{Timeout: 200 * time.Millisecond})
	a, b := r.Files[0], r.Files[1]
	assert.Equal(t, []string{"loops failed", "loops in pcall failed", "runs a script failed", "goes on passed"}, outcomes(a))
	assert.ErrorContains(t, a.Tests[0].Err, "a_test.lua:2: the test took longer than 200ms")
	assert.ErrorContains(t, a.Tests[2].Err, "the test took longer than 200ms, in forever.lua:")
	assert.ErrorContains(t, b.Err, "b_test.lua:1: the file took longer than 200ms")
}

func TestFilesThatCannotBeLoaded(t *testing.T) {
	for source, message := range map[string]string{
		"local x = = 1": "a_test.lua:1: unexpected symbol",
		"it('ok', function() end)\nerror('half')":                "a_test.lua:2: half",
		"describe('d', function()\n  error('inside')\nend)":      "a_test.lua:2: inside",
		"it('a', function() end)\nit(1, 2)":                      "argument 2, 'fn', must be a function",
		"itt('a', function() end)":                               "did you mean 'it'",
		"local m = require 'mising'":                             "module 'mising' not found",
		"describe('d', function()\n  local x\n  x.y = 1\nend)\n": "a_test.lua:3: attempt to index local 'x'",
	} {
		f := runOne(t, source, Options{})
		require.Error(t, f.Err, source)
		assert.Empty(t, f.Tests, source)
		e := scriptError(f.Err)
		require.NotNil(t, e, source)
		assert.Contains(t, e.Error()+" "+e.Hint, message, source)
		assert.True(t, f.Failed())
	}
}

func TestTestsAreDefinedOutsideOfTests(t *testing.T) {
	f := runOne(t, `it("outer", function() it("inner", function() end) end)
		it("hook", function() before_each(function() end) end)
		it("ends", function() os.exit(0) end)
		it("ends badly", function() pcall(os.exit, 3) end)
		it("goes on", function() end)`, Options{})
	assert.Equal(t, []string{"outer failed", "hook failed", "ends failed", "ends badly failed", "goes on passed"}, outcomes(f))
	assert.ErrorContains(t, f.Tests[0].Err, "outside of tests")
	assert.ErrorContains(t, f.Tests[3].Err, "os.exit(3)")
}

func TestFilesThatEndTooEarly(t *testing.T) {
	f := runOne(t, `it("never runs", function() end) os.exit(0)`, Options{})
	assert.ErrorContains(t, f.Err, "before its tests could run")
	assert.True(t, f.Failed())

	f = runOne(t, `describe("d", function() before_all(function() skip("not here") end) it("a", function() end) end)`, Options{})
	assert.Equal(t, []string{"d › a skipped"}, outcomes(f))
	assert.Equal(t, "not here", f.Tests[0].Reason)
}

func TestBail(t *testing.T) {
	dir := folder(t, map[string]string{
		"a_test.lua": `it("a", function() end)`,
		"b_test.lua": `it("b1", function() error("x") end) it("b2", function() end)`,
		"c_test.lua": `it("c", function() end)`,
	})
	r := runIn(t, dir, Options{Bail: true})
	require.Len(t, r.Files, 2)
	assert.Equal(t, []string{"b1 failed"}, outcomes(r.Files[1]))
	assert.False(t, r.Interrupted)
}

func TestShuffleIsRepeatable(t *testing.T) {
	source := `for i = 1, 20 do it("t" .. i, function() end) end`
	first := outcomes(runOne(t, source, Options{Shuffle: true, Seed: 7}))
	assert.Equal(t, first, outcomes(runOne(t, source, Options{Shuffle: true, Seed: 7})))
	assert.NotEqual(t, first, outcomes(runOne(t, source, Options{Shuffle: true, Seed: 8})))
	assert.ElementsMatch(t, first, outcomes(runOne(t, source, Options{})))
}

func TestInterruptedRun(t *testing.T) {
	dir := folder(t, map[string]string{
		"a_test.lua": `it("a", function() end) it("b", function() while true do end end)`,
		"b_test.lua": `it("c", function() end)`,
	})
	paths, err := Find(dir, []string{"."})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	stop := time.AfterFunc(300*time.Millisecond, cancel)
	defer stop.Stop()
	r := Run(ctx, Options{Dir: dir}, paths)
	assert.True(t, r.Interrupted)
	_, failed, _ := r.Counts()
	assert.Zero(t, failed, "what was interrupted has not failed")
}

func TestSourcesAreNoted(t *testing.T) {
	dir := folder(t, map[string]string{
		"a_test.lua":  `local m = require "lib.m" it("runs", function() run_script("s.lua") dofile("d.lua") end)`,
		"lib/m.lua":   `return {}`,
		"s.lua":       `require "lib.n"`,
		"d.lua":       `x = 1`,
		"lib/n.lua":   `return 1`,
		"lib/not.lua": `return 1`,
	})
	r := runIn(t, dir, Options{})
	var names []string
	for _, path := range r.Files[0].Sources {
		names = append(names, report.Shown(dir, path))
	}
	assert.Equal(t, []string{"a_test.lua", "lib/m.lua", "s.lua", "lib/n.lua", "d.lua"}, names)
}

// Tests may lie in a folder of their own, or in one beneath.
func TestModulesAreFoundAboveTests(t *testing.T) {
	dir := folder(t, map[string]string{
		"lib/clean.lua":             `return { where = "lib" }`,
		"rows.lua":                  `return require "lib.clean"`,
		"tests/deep/a_test.lua":     `it("a", function() expect(require("lib.clean").where).to_equal("lib") expect(require "rows").to_be(require "lib.clean") end)`,
		"tests/own/lib/clean.lua":   `return { where = "own" }`,
		"tests/own/b_test.lua":      `it("b", function() expect(require("clean").where).to_equal("own") end)`,
		"tests/own/c_test.lua":      `it("c", function() expect(function() require("lib.nothing") end).to_raise("lib/nothing.lua") end)`,
		"tests/own/broken_test.lua": `it("d", function() require "broken" end)`,
		"broken.lua":                "local x = = 1",
	})
	r := runIn(t, dir, Options{Coverage: true})
	_, failed, _ := r.Counts()
	assert.Equal(t, 1, failed, text(r, false))
	assert.Contains(t, text(r, false), "broken.lua:1: unexpected symbol")
	c, err := r.Coverage(dir)
	require.NoError(t, err)
	assert.Equal(t, "lib/clean.lua", c.Files[1].Name)

	assert.Equal(t, []string{"/a/b", "/a"}, parents("/a", "/a/b/c"))
	assert.Empty(t, parents("/a", "/a"))
	assert.Empty(t, parents("/a/b", "/a"))
	assert.Empty(t, parents("/a", "/ab"))
}

func TestFind(t *testing.T) {
	dir := folder(t, map[string]string{
		"b_test.lua": "", "a_test.lua": "", "sub/deep/c_test.lua": "", "script.lua": "", "_test.txt": "",
		".hidden/d_test.lua": "", "node_modules/x/e_test.lua": "",
	})
	find := func(names ...string) []string {
		paths, err := Find(dir, names)
		require.NoError(t, err)
		for i := range paths {
			paths[i] = report.Shown(dir, paths[i])
		}
		return paths
	}
	assert.Equal(t, []string{"a_test.lua", "b_test.lua", "sub/deep/c_test.lua"}, find("."))
	assert.Equal(t, []string{"a_test.lua", "sub/deep/c_test.lua"}, find("sub", "a_test.lua", "a_test.lua"))
	assert.Equal(t, []string{".hidden/d_test.lua"}, find(".hidden"))
	_, err := Find(dir, []string{"nowhere"})
	assert.ErrorContains(t, err, "nowhere")
	_, err = Find(dir, []string{"script.lua"})
	assert.ErrorContains(t, err, "such as script_test.lua", "a script would be run as a test, and do what it does")
}

func TestModulesOutsideOfTests(t *testing.T) {
	rt, err := runtime.New(runtime.Options{Modules: Modules(), WorkDir: t.TempDir()})
	require.NoError(t, err)
	for _, call := range []string{`it("x", function() end)`, `simulator.calls()`, `clock.freeze()`, `run_script("x.lua")`} {
		_, err := rt.Run(t.Context(), runtime.Script{Name: "s.lua", Source: []byte(call)})
		assert.ErrorContains(t, err, "phscript test", call)
	}
}

// A made-up token shows nowhere, whatever a test expects of it.
func TestSecretsAreHidden(t *testing.T) {
	dir := folder(t, map[string]string{
		"a_test.lua": `
			it("leaks", function()
				local token = "tok-" .. "123456789"
				planhat.new{ api_token = token }
				print(token)
				expect({ token }).to_equal({ "x" })
			end)
			for _, name in ipairs({ "tok-" .. "123456789" }) do
				describe("of " .. name, function() it("is " .. name, function() skip("for " .. name) end) end)
			end
			it("leaks from a script", function() local run = run_script("s.lua") error(run.stdout) end)`,
		"s.lua": `local token = "tok-" .. "123456789" planhat.new{ api_token = token } print(token) log.info(token)`,
	})
	r := runIn(t, dir, Options{})
	assert.Equal(t, 2, r.Files[0].Count(report.Failed))
	assert.NotContains(t, text(r, true), "123456789")
	xml, err := report.JUnit(r, time.Time{})
	require.NoError(t, err)
	assert.NotContains(t, xml, "123456789")
}

func TestValuesThatLookTheSame(t *testing.T) {
	f := runOne(t, `it("a", function() expect(0/0).to_equal(0/0) end)
		it("b", function() expect({ 1 }).never.to_equal({ 1 }) end)`, Options{})
	assert.ErrorContains(t, f.Tests[0].Err, "look the same")
	e, ok := errors.AsType[*report.Expectation](f.Tests[1].Err)
	require.True(t, ok)
	assert.Empty(t, e.Expected)
}
