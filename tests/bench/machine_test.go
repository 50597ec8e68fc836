package bench

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime"
)

// machineRounds is how often the two take turns.
const machineRounds = 15

// machineTargets are how many times as long as in gopher-lua a part may take.
var machineTargets = map[string]string{
	"pcall": "8", "pcall of an error": "8", "switch of coroutines": "2.5", "new coroutine": "",
}

// BenchmarkMachine runs each part of a script in phscript and in gopher-lua as it is,
// without a context, in turns in this process.
func BenchmarkMachine(b *testing.B) {
	source, err := os.ReadFile("testdata/machine.lua")
	require.NoError(b, err)
	rt, err := runtime.New(runtime.Options{})
	require.NoError(b, err)
	program, err := rt.Compile(b.Context(), runtime.Script{Name: "machine.lua", Source: source})
	require.NoError(b, err)
	run := func(args ...string) any {
		result, err := program.Run(b.Context(), runtime.RunOptions{Args: args})
		require.NoError(b, err)
		return result.Values[0]
	}
	names := strings.Split(run().(string), ",")
	slices.Sort(names)
	for _, name := range names {
		ours, stock := math.Inf(1), math.Inf(1)
		for range b.N * machineRounds {
			ours = min(ours, run(name).(float64))
			stock = min(stock, stockRun(b, string(source), name))
		}
		target, known := machineTargets[name]
		if !known {
			target = "1.2"
		}
		report("against gopher-lua: "+name, fmt.Sprintf("%.2f times as long", ours/stock), target)
	}
}

// stockRun runs a part of a script in a state of gopher-lua's own.
func stockRun(b *testing.B, source, name string) float64 {
	b.Helper()
	L := lua.NewState()
	defer L.Close()
	fn, err := L.LoadString(source)
	require.NoError(b, err)
	L.Push(fn)
	L.Push(lua.LString(name))
	L.Call(1, 1)
	return float64(L.CheckNumber(-1))
}
