package runtime

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/compile"
)

// liveRun runs a script and then calls its functions.
func liveRun(t *testing.T, b *bench, source string, then func(l *Live, fn func(name string) *lua.LFunction) error) error {
	t.Helper()
	rt, err := New(b.opts)
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Name: "main.lua", Source: []byte(source)})
	require.NoError(t, err)
	_, err = program.Run(t.Context(), RunOptions{Then: func(l *Live) error {
		return then(l, func(name string) *lua.LFunction { return l.State().GetGlobal(name).(*lua.LFunction) })
	}})
	return err
}

func TestLiveCallsFunctions(t *testing.T) {
	b := newBench(t)
	err := liveRun(t, b, `
		local n = 0
		function count(by) n = n + by return n, "times" end
		function fails()
			local x
			return x.y
		end
		function raises() error({ code = 7 }) end
		function ends() pcall(os.exit, 3) print("never") end
		function loops() while true do pcall(function() while true do end end) end end
		function prints() print("out") end
		function yields() return pcall(coroutine.yield, 1) end`,
		func(l *Live, fn func(string) *lua.LFunction) error {
			call := func(name string, args ...lua.LValue) ([]lua.LValue, error) {
				return l.Call(l.Context(), fn(name), args...)
			}
			for want := 2; want <= 4; want += 2 {
				got, err := call("count", lua.LNumber(2))
				require.NoError(t, err)
				assert.Equal(t, []lua.LValue{lua.LNumber(want), lua.LString("times")}, got)
			}
			_, err := call("fails")
			var failed *ScriptError
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, "main.lua:6: attempt to index local 'x' (a nil value)", failed.Error())
			assert.Equal(t, "			return x.y", failed.SourceLine)
			_, err = call("raises")
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, map[string]any{"code": 7.0}, failed.Value)
			_, err = call("ends")
			var exit *ExitError
			require.ErrorAs(t, err, &exit)
			assert.Equal(t, 3, exit.Code)

			ctx, cancel := context.WithTimeout(l.Context(), 50*time.Millisecond)
			defer cancel()
			_, err = l.Call(ctx, fn("loops"))
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			got, err := call("yields")
			require.NoError(t, err)
			assert.Equal(t, lua.LFalse, got[0])
			_, err = call("prints")
			require.NoError(t, err)
			assert.Equal(t, "out\n", b.stdout.String(), "it is written at once")
			got, err = call("count", lua.LNumber(1))
			require.NoError(t, err, "the state is as good as before")
			assert.Equal(t, lua.LNumber(5), got[0])
			assert.Equal(t, lua.LNil, l.Loaded("json5"))
			return nil
		})
	require.NoError(t, err)
}

func TestWhatFollowsARunMayFail(t *testing.T) {
	b := newBench(t)
	wrong := errors.New("wrong")
	assert.ErrorIs(t, liveRun(t, b, ``, func(*Live, func(string) *lua.LFunction) error { return wrong }), wrong)
	assert.ErrorContains(t, liveRun(t, b, `error("first")`, func(*Live, func(string) *lua.LFunction) error {
		assert.Fail(t, "a script that failed is followed by nothing")
		return nil
	}), "first")
}

func TestSources(t *testing.T) {
	b := newBench(t)
	b.put(t, "module.lua", "local m = {}\nreturn m\n")
	b.put(t, "loaded.lua", "x = 1\n")
	counted := map[string]*compile.Lines{}
	b.opts.Sources = func(path string) *compile.Lines {
		counted[path] = &compile.Lines{}
		return counted[path]
	}
	_, err := b.run(t, `require "module" dofile "loaded.lua" require "tables" loadstring("return 1")()`)
	require.NoError(t, err)
	assert.Len(t, counted, 3)
	for _, name := range []string{"main.lua", "module.lua", "loaded.lua"} {
		lines := counted[b.dir+"/"+name]
		if assert.NotNil(t, lines, name) {
			lines.Each(func(_, n int) { assert.Equal(t, 1, n) })
		}
	}
}

func TestModuleWithoutANameHoldsGlobals(t *testing.T) {
	b := newBench(t)
	b.opts.Modules = []*bindings.Module{{Funcs: []*bindings.Func{{
		Name: "greet", Doc: "Greets.", Call: func(a *bindings.Args) (int, error) { return a.Push(lua.LString("hello")) },
	}}}}
	r, err := b.run(t, `return greet()`)
	require.NoError(t, err)
	assert.Equal(t, []any{"hello"}, r.Values)
}
