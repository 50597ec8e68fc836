package bench

import (
	"bytes"
	"fmt"
	goruntime "runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
)

const (
	embedRounds  = 21
	runsPerRound = 40
)

const smallScript = `
local row = { name = args[1], seats = tonumber(params.seats) or 0 }
local function grade(r) if r.seats > 10 then return "large" end return "small" end
return { name = row.name:upper(), grade = grade(row) }
`

// largeScript is the small one after 34 KB of functions that it does not call.
func largeScript() string {
	var b strings.Builder
	b.WriteString("local rules = {}\n")
	for i := 0; b.Len() < 34_000; i++ {
		fmt.Fprintf(&b, "function rules.check%d(n)\n  if n > %d and n %% 2 == 0 then return \"rule \" .. n end\n  return n * %d\nend\n", i, i, i)
	}
	return b.String() + smallScript
}

// BenchmarkRunsInAService runs scripts that are compiled once, and in turns with
// them those that are compiled each time.
func BenchmarkRunsInAService(b *testing.B) {
	for name, source := range map[string]string{"small script": smallScript, "34 KB script": largeScript()} {
		rt, err := runtime.New(runtime.Options{})
		require.NoError(b, err)
		script := runtime.Script{Name: "grade.lua", Source: []byte(source)}
		program, err := rt.Compile(b.Context(), script)
		require.NoError(b, err)
		o := runtime.RunOptions{Args: []string{"acme"}, Params: []byte(`{"seats":"12"}`)}
		ways := map[string]func(){
			"compiled once": func() {
				_, err := program.Run(b.Context(), o)
				require.NoError(b, err)
			},
			"compiled each time": func() {
				p, err := rt.Compile(b.Context(), script)
				require.NoError(b, err)
				_, err = p.Run(b.Context(), o)
				require.NoError(b, err)
			},
		}
		took, worked, used := map[string][]time.Duration{}, map[string][]time.Duration{}, map[string]uint64{}
		for range b.N {
			for range embedRounds {
				for way, run := range ways {
					var before, after goruntime.MemStats
					goruntime.ReadMemStats(&before)
					began, busy := time.Now(), cpuTime(b)
					for range runsPerRound {
						run()
					}
					took[way] = append(took[way], time.Since(began)/runsPerRound)
					worked[way] = append(worked[way], (cpuTime(b)-busy)/runsPerRound)
					goruntime.ReadMemStats(&after)
					used[way] = (after.TotalAlloc - before.TotalAlloc) / runsPerRound
				}
			}
		}
		b.ReportMetric(float64(median(took["compiled once"]))/1e6, "ms/run")
		for way := range ways {
			report(name+", "+way, fmt.Sprintf("%.2f ms, %.2f ms of all cores, %d KB, %.1f times the work",
				float64(median(took[way]))/1e6, float64(median(worked[way]))/1e6, used[way]>>10,
				float64(median(worked[way]))/float64(median(worked["compiled once"]))), "")
		}
	}
	report("small scripts on all cores", fmt.Sprintf("%.0f runs per second", parallelRuns(b)), "1,000")
}

// cpuTime is the time that the process has worked, on all cores.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// parallelRuns returns how many small scripts a service runs in a second that
// prints their output to one writer.
func parallelRuns(b *testing.B) float64 {
	var out bytes.Buffer
	rt, err := runtime.New(runtime.Options{Stdout: &out})
	require.NoError(b, err)
	program, err := rt.Compile(b.Context(), runtime.Script{Source: []byte("print(args[1])\n" + smallScript)})
	require.NoError(b, err)
	const each = 1000
	began := time.Now()
	var wg sync.WaitGroup
	workers := goruntime.NumCPU()
	for range workers {
		wg.Go(func() {
			for range each {
				if _, err := program.Run(b.Context(), runtime.RunOptions{Args: []string{"acme"}, Timeout: time.Minute}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(b, workers*each, strings.Count(out.String(), "acme\n"))
	return float64(workers*each) / time.Since(began).Seconds()
}
