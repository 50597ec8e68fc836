// Package bench measures what phscript promises about speed, memory and quota.
// "make bench" runs it; docs/performance.md holds the results. Each benchmark
// takes its own samples, so that one iteration is enough.
package bench

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/program"
)

// lines are the results as rows of a Markdown table, in the order in which
// they were measured.
var lines []string

func TestMain(m *testing.M) {
	if os.Getenv(bareMode) != "" {
		serveBare()
	}
	flag.Parse()
	code := program.Run(m)
	if len(lines) > 0 {
		fmt.Printf("\n%s\n\n| What | Measured | Target |\n| --- | --- | --- |\n%s\n", machine(), strings.Join(lines, "\n"))
	}
	os.Exit(code)
}

// report notes a result for the table at the end.
func report(what, measured, target string) {
	lines = append(lines, fmt.Sprintf("| %s | %s | %s |", what, measured, target))
}

// machine describes what the numbers were measured on, as far as it is known.
func machine() string {
	parts := []string{
		field("/proc/cpuinfo", "model name"), fmt.Sprintf("%d cores", runtime.NumCPU()),
		"memory " + field("/proc/meminfo", "MemTotal"), runtime.GOOS + "/" + runtime.GOARCH, runtime.Version(),
	}
	if kernel, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		parts = append(parts, "kernel "+strings.TrimSpace(string(kernel)))
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		parts = append(parts, "load "+strings.Fields(string(load))[0]+" at the end")
	}
	return strings.Join(append(parts, time.Now().UTC().Format("2006-01-02 15:04 UTC")), ", ")
}

// field returns a value of a file that has lines like "name : value".
func field(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// median returns the middle of the samples, which it sorts.
func median(samples []time.Duration) time.Duration {
	slices.Sort(samples)
	return samples[len(samples)/2]
}

// ms writes a duration in milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

// seconds writes a duration in seconds.
func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// mb writes a number of bytes in millions.
func mb(n int64) string {
	if n == 0 {
		return "not measured here"
	}
	return fmt.Sprintf("%.0f MB", float64(n)/1e6)
}
