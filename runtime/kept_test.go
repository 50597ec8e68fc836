package runtime

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
)

const stateScript = `local state = require "state"
print(state.get("a"))
state.set("a", { n = 1, big = 12345678901234, list = json.array{} })
local v, version = state.get("a")
print(v.n, v.big, json.encode(v.list), version ~= 0)
state.set("a", { n = 2 }, version)
print(pcall(state.set, "a", 3, version))
print(state.get("a").n)
state.set_all{ b = true, c = "x", a = json.null }
print(table.concat(state.keys(), " "), state.get("a"))
print(pcall(state.set, "b", 1, 0))
local other = state.open("shared")
other:set("b", "theirs")
print(state.get("b"), other:get("b"))
print(pcall(state.set, "", 1))
print(pcall(state.set, "f", print))`

func TestState(t *testing.T) {
	b := newBench(t)
	_, err := b.run(t, stateScript)
	require.NoError(t, err)
	out := b.stdout.String()
	assert.Contains(t, out, "nil\t0\n1\t12345678901234\t[]\ttrue\nfalse\t")
	assert.Contains(t, out, "another run has changed the value")
	assert.Contains(t, out, "\n2\nb c\tnil\t0\nfalse\t")
	assert.Contains(t, out, "a key must have from 1 to 500 bytes")
	assert.Contains(t, out, `the value of "f" cannot be stored`)
}

// Scripts that run at the same time have their own values.
func TestStateOfSeveralScripts(t *testing.T) {
	b := newBench(t)
	rt, err := New(b.opts)
	require.NoError(t, err)
	var wait sync.WaitGroup
	for _, name := range []string{"a.lua", "b.lua", "c.lua", "d.lua"} {
		wait.Go(func() {
			for range 20 {
				_, err := rt.Run(t.Context(), Script{Name: name, Source: []byte(`local state = require "state"
					state.set("mine", "` + name + `")
					for i = 1, 100 do assert(state.get("mine") == "` + name + `") end`)})
				assert.NoError(t, err)
			}
		})
	}
	wait.Wait()
}

// A dry run sees what it changes, and changes nothing that stays.
func TestStateOfDryRun(t *testing.T) {
	b := newBench(t)
	stored := &kept{own: "main"}
	b.opts.State = func(Script) bindings.StateStore { return stored }
	_, err := b.run(t, `local state = require "state" state.set("a", 1) state.set("z", 1)`)
	require.NoError(t, err)
	b.opts.DryRun = true
	_, err = b.run(t, `local state = require "state"
		local old, version = state.get("a")
		state.set("a", 2, version) state.set("b", 3) state.set("z", nil)
		print(old, state.get("a"))
		print(state.get("b") .. table.concat(state.keys(), ","))`)
	require.NoError(t, err)
	assert.Equal(t, "1\t2\t1\n3a,b\n", b.stdout.String())
	value, _, err := stored.Get(t.Context(), "main", "a")
	require.NoError(t, err)
	assert.Equal(t, "1", string(value))
}
