package bench

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
)

// BenchmarkCompute runs a script that only computes in phscript, lua5.1 and
// luajit: what the machine that interprets scripts is like.
func BenchmarkCompute(b *testing.B) {
	script, err := filepath.Abs("testdata/compute.lua")
	require.NoError(b, err)
	programs := [][]string{{"phscript", program.Path(b), "run", "--quiet", script}}
	for _, name := range []string{"lua5.1", "luajit"} {
		if found := find(name); found != "" {
			programs = append(programs, []string{name, found, script})
		}
	}
	for range b.N {
		for _, p := range programs {
			var calls, arithmetic, strings float64
			o := execute(b, nil, p[1], p[2:]...)
			_, err := fmt.Sscan(o.stdout, &calls, &arithmetic, &strings)
			require.NoError(b, err, o.stdout)
			report(p[0]+": computing", fmt.Sprintf("832,000 calls %.0f ms, 2,000,000 rounds of arithmetic %.0f ms, 200,000 strings %.0f ms",
				calls, arithmetic, strings), "")
		}
	}
}
