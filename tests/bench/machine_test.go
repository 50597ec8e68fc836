package bench

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime"
)

// machineRounds is how often the two take turns.
const machineRounds = 7

// machineTargets are how many times as long as in gopher-lua a part may take.
var machineTargets = map[string]string{
	"pcall": "8", "pcall of an error": "8", "switch of coroutines": "2.5", "new coroutine": "",
}

// BenchmarkMachine runs the same script in phscript and in gopher-lua as it is, without
// a context, in turns in this process.
func BenchmarkMachine(b *testing.B) {
	source, err := os.ReadFile("testdata/machine.lua")
	require.NoError(b, err)
	rt, err := runtime.New(runtime.Options{})
	require.NoError(b, err)
	program, err := rt.Compile(b.Context(), runtime.Script{Name: "machine.lua", Source: source})
	require.NoError(b, err)
	ours, stock := map[string]float64{}, map[string]float64{}
	for range b.N * machineRounds {
		result, err := program.Run(b.Context(), runtime.RunOptions{})
		require.NoError(b, err)
		for name, took := range result.Values[0].(map[string]any) {
			best(ours, name, took.(float64))
		}
		stockRun(b, string(source)).ForEach(func(name, took lua.LValue) { best(stock, name.String(), float64(took.(lua.LNumber))) })
	}
	for _, name := range slices.Sorted(maps.Keys(stock)) {
		target, known := machineTargets[name]
		if !known {
			target = "1.2"
		}
		report("against gopher-lua: "+name, fmt.Sprintf("%.2f times as long", ours[name]/stock[name]), target)
	}
}

func best(times map[string]float64, name string, took float64) {
	if old, ok := times[name]; !ok || took < old {
		times[name] = took
	}
}

// stockRun runs a script in a state of gopher-lua's own.
func stockRun(b *testing.B, source string) *lua.LTable {
	b.Helper()
	L := lua.NewState()
	defer L.Close()
	require.NoError(b, L.DoString(source))
	return L.CheckTable(-1)
}
