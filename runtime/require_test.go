package runtime

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/builtins"
)

// put writes a file into the bench's folder.
func (b *bench) put(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(b.dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
}

func TestRequireFindsModules(t *testing.T) {
	b := newBench(t)
	b.put(t, "beside.lua", `loads = (loads or 0) + 1 return { name = ..., from = "beside" }`)
	b.put(t, "lib/inlib.lua", `return { from = "lib" }`)
	b.put(t, "lib/beside.lua", `error("the file beside the script comes first")`)
	b.put(t, "deep/er/init.lua", `return { from = "init" }`)
	b.put(t, "deep/mod.lua", `return require("beside")`)
	b.put(t, "nothing.lua", `done = true`)
	b.put(t, "text.lua", `return { from = "a script's own text" }`)
	b.opts.LuaModules = map[string]string{"given": `return { from = "given" }`}
	r, err := b.run(t, `
		assert(require "beside" == require "beside" and loads == 1)
		assert(require "beside".name == "beside" and require("deep.mod") == require "beside")
		assert(require "inlib".from == "lib")
		assert(require "deep.er".from == "init")
		assert(require "nothing" == true and done)
		assert(require "text".from == "a script's own text")
		assert(require "given".from == "given")
		assert(type(require("tables").map) == "function")
		assert(require "json" == json and require("inspect") == inspect)
		package.preload.virtual = function(name) return { from = name } end
		assert(require "virtual".from == "virtual")
		assert(package.loaded.beside == require "beside")
		package.loaded.beside = nil
		require "beside"
		return loads`)
	require.NoError(t, err)
	assert.Equal(t, []any{2.0}, r.Values)
}

// TestRequireFollowsThePackageTable: a false entry of package.loaded loads again, and
// package.path and package.loaders add places.
func TestRequireFollowsThePackageTable(t *testing.T) {
	b := newBench(t)
	b.put(t, "mod.lua", `loads = (loads or 0) + 1 return { loads = loads }`)
	b.put(t, "vendor/far.lua", `return { from = ... }`)
	b.put(t, "vendor/deep/er.lua", `return { from = ... }`)
	_, err := b.run(t, `
		assert(require "mod".loads == 1)
		package.loaded.mod = false
		assert(require "mod".loads == 2)
		package.preload.m = function() return {} end
		package.loaded.m = false
		assert(type(require "m") == "table")
		assert(not pcall(require, "far"))
		package.path = package.path .. ";./vendor/?.lua"
		assert(require "far".from == "far" and require "deep.er".from == "deep.er")
		local ok, message = pcall(require, "nowhere")
		assert(not ok and message:find("./vendor/nowhere.lua", 1, true), message)
		assert(#package.loaders == 2)
		table.insert(package.loaders, 1, function(name)
			if name == "made" then return function(...) return { from = ... } end end
			return "not made"
		end)
		assert(require "made".from == "made" and require "mod".loads == 2)
		assert(package.loaders[2]("m") == package.preload.m and type(package.loaders[2]("x")) == "string")
		package.loaded.mod = nil
		assert(package.loaders[3]("mod")("mod").loads == 3)`)
	require.NoError(t, err)
}

// TestAFileIsOneModule: two names of a file give one module, and a reload is one of
// both names.
func TestAFileIsOneModule(t *testing.T) {
	b := newBench(t)
	b.put(t, "lib/counter.lua", `loads = (loads or 0) + 1 return { count = 0 }`)
	b.put(t, "lib/self.lua", `return require "lib.self"`)
	b.put(t, "lib/fails.lua", `tries = (tries or 0) + 1 if tries == 1 then error("no luck") end return { tries = tries }`)
	r, err := b.run(t, `
		local first, second = require "counter", require "lib.counter"
		assert(first == second and package.loaded["lib.counter"] == first)
		assert(not pcall(require, "fails"))
		assert(require "lib.fails" == require "fails" and tries == 2)
		package.loaded.counter, package.loaded["lib.counter"] = nil, nil
		assert(require "lib.counter" ~= first)
		return loads`)
	require.NoError(t, err)
	assert.Equal(t, []any{2.0}, r.Values)
	assert.Contains(t, b.fails(t, `require "self"`).Message, "modules require each other in a cycle: self → lib.self")
}

// Built-in modules get each other, whatever a script calls its own files.
func TestBuiltInModulesGetEachOther(t *testing.T) {
	b := newBench(t)
	b.put(t, "sync.lua", `error("this is not the engine")`)
	b.put(t, "connector/fields.lua", `return { own = true }`)
	r, err := b.run(t, `
		local hubspot, connector = require "connectors.hubspot", require "connector"
		assert(type(hubspot.sync) == "function" and require "connector" == connector)
		assert(not pcall(require, "sync"))
		return require("connector.fields").own, connector.window{ format = "ms" }`)
	require.NoError(t, err)
	assert.Equal(t, true, r.Values[0])
}

func TestRequireFailures(t *testing.T) {
	b := newBench(t)
	b.put(t, "a.lua", `require "b"`)
	b.put(t, "b.lua", `return require "a"`)
	b.put(t, "broken.lua", "local x = 1\nif x != 1 then end")
	b.put(t, "fails.lua", "local t = {}\nerror('no luck')")
	for source, want := range map[string]string{
		`require "a"`:              "a → b → a",
		`require "jsn"`:            "module 'jsn' not found (did you mean 'json'?); looked for jsn.lua, jsn/init.lua, lib/jsn.lua, lib/jsn/init.lua",
		`require "../x"`:           "is not a module name",
		`require "lib/x"`:          "is not a module name",
		`require ""`:               "is not a module name",
		`require "a..b"`:           "is not a module name",
		`require(("x"):rep(1001))`: "is not a module name: it is 1001 bytes long",
		`require()`:                "string expected",
		`require "fails"`:          "no luck",
		`pcall(require, "fails") require "fails"`: "no luck",
	} {
		t.Run(source, func(t *testing.T) {
			assert.Contains(t, b.fails(t, source).Message, want)
		})
	}
	e := b.fails(t, `require "broken"`)
	assert.Equal(t, "broken.lua", e.Script)
	assert.Equal(t, 2, e.Line)
	assert.Equal(t, "if x != 1 then end", e.SourceLine)
	assert.Contains(t, e.Hint, "~=")
	e = b.fails(t, `require "fails"`)
	assert.Equal(t, "fails.lua", e.Script)
	assert.Equal(t, 2, e.Line)
	assert.Equal(t, "main.lua", e.Trace[len(e.Trace)-1].Script)
}

func TestRequireFollowsTheScriptsFolder(t *testing.T) {
	b := newBench(t)
	b.put(t, "jobs/helper.lua", `error("from " .. ...)`)
	rt, err := New(b.opts)
	require.NoError(t, err)
	_, err = rt.Run(t.Context(), Script{Name: "jobs/main.lua", Path: "jobs/main.lua", Source: []byte(`require "helper"`)})
	assert.EqualError(t, err, "jobs/helper.lua:1: from helper")
}

func TestModulesAreUnique(t *testing.T) {
	names := map[string]bool{}
	for _, m := range builtins.Modules() {
		assert.False(t, names[m.Name], m.Name)
		names[m.Name] = true
	}
	_, err := New(Options{Modules: builtins.Modules()[:1]})
	assert.ErrorContains(t, err, "two modules are named")
}

// A built-in module that requires another by a computed name says which one is missing.
func TestUnknownBuiltinModules(t *testing.T) {
	e := newBench(t).fails(t, `require("connector.setup").describe("hubspott")`)
	assert.Contains(t, e.Error(), "there is no built-in module 'connectors.hubspott' (did you mean 'connectors.hubspot'")
}
