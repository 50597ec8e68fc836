package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/program"
)

// startRounds is how often each program is started; they take turns, so that
// whatever else the machine does falls on all of them.
const startRounds = 101

// BenchmarkEmptyScript starts phscript and other interpreters on a script that
// does nothing, and reads the memory of one that waits for input.
func BenchmarkEmptyScript(b *testing.B) {
	empty, waiting := write(b, "empty.lua", ""), write(b, "waiting.lua", "print(1)\nio.stdout:flush()\nio.read()\n")
	type candidate struct {
		name       string
		start, one []string
	}
	programs := []candidate{{
		"phscript run", []string{program.Path(b), "run", "--quiet", empty}, []string{program.Path(b), "run", "--quiet", waiting},
	}}
	for _, name := range []string{"lua5.1", "luajit"} {
		if found := find(name); found != "" {
			programs = append(programs, candidate{name, []string{found, empty}, []string{found, waiting}})
		}
	}
	if found := find("python3"); found != "" {
		programs = append(programs, candidate{"python3", []string{found, "-c", ""}, []string{found, "-c", "import sys; print(1, flush=True); sys.stdin.read()"}})
		programs = append(programs, candidate{"python3 that imports its HTTP client", []string{found, "-c", "import urllib.request, ssl, json"},
			[]string{found, "-c", "import urllib.request, ssl, json, sys; print(1, flush=True); sys.stdin.read()"}})
	}
	for range b.N {
		walls := make([][]time.Duration, len(programs))
		for range startRounds {
			for i, p := range programs {
				walls[i] = append(walls[i], execute(b, nil, p.start[0], p.start[1:]...).wall)
			}
		}
		mine := median(walls[0])
		for i, p := range programs {
			m, target := median(walls[i]), ""
			o := hold(b, nil, p.one[0], p.one[1:]...)
			if i == 0 {
				target = "15 ms, 30 MB"
				b.ReportMetric(float64(m)/1e6, "ms/start")
				b.ReportMetric(float64(o.peak)/1e6, "MB")
			}
			report(p.name+", empty script",
				fmt.Sprintf("%s (90th percentile %s, phscript/this %.2f), %s", ms(m), ms(walls[i][startRounds*9/10]), float64(mine)/float64(m), mb(o.peak)), target)
		}
	}
}
