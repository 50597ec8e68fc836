//go:build unix

package check_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// repeated builds a script of numbered pieces.
func repeated(n int, piece func(i int) string) string {
	var out strings.Builder
	for i := range n {
		out.WriteString(piece(i))
	}
	return out.String()
}

// long are scripts that grow with a number.
var long = map[string]func(n int) string{
	"lines": func(n int) string {
		return "local total = 0\n" + repeated(n, func(i int) string {
			return fmt.Sprintf("total = total + %d\nif total > %d then print(total) end\n", i, i)
		})
	},
	"functions that call each other": func(n int) string {
		return "local M = {}\n" + repeated(n, func(i int) string {
			return fmt.Sprintf("function M.f%d(x) return M.f%d(x + 1) end\n", i, (i*7+1)%n)
		}) + "return M\n"
	},
	"global functions": func(n int) string {
		return repeated(n, func(i int) string {
			return fmt.Sprintf("function f%d(x) y%d = x return f%d(x + 1) end\n", i, i, (i*7+1)%n)
		})
	},
	"undefined names": func(n int) string {
		return repeated(n, func(i int) string { return fmt.Sprintf("print(name%d)\n", i) })
	},
	"rows": func(n int) string {
		return "return {\n" + repeated(n, func(i int) string { return fmt.Sprintf("{ externalId = \"a-%d\", name = \"Acme\" },\n", i) }) + "}\n"
	},
	"one line": func(n int) string {
		return "print({ " + repeated(n, func(i int) string { return fmt.Sprintf("a%d = prnt, ", i) }) + "})\n"
	},
}

// spent is the processor time that a check needs at least.
func spent(t *testing.T, src string) time.Duration {
	t.Helper()
	least := time.Duration(0)
	for i := range 3 {
		var before, after syscall.Rusage
		require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &before))
		newChecker().Source("long.lua", []byte(src))
		require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &after))
		used := time.Duration(after.Utime.Nano() - before.Utime.Nano())
		if i == 0 || used < least {
			least = used
		}
	}
	return least
}

// TestLinear holds the time of a check against the length of the script: twice the length takes
// about twice the time.
func TestLinear(t *testing.T) {
	for name, script := range long {
		t.Run(name, func(t *testing.T) {
			const n = 2000
			ratio := 0.0
			for range 4 {
				once, twice := spent(t, script(n)), spent(t, script(2*n))
				if ratio = float64(twice) / float64(max(once, time.Millisecond)); ratio <= 2.6 {
					return
				}
			}
			assert.LessOrEqual(t, ratio, 2.6, "how much longer a script of twice the length takes")
		})
	}
}

// TestLimitsOfTheCompiler: what the compiler refuses is what the check reports.
func TestLimitsOfTheCompiler(t *testing.T) {
	names := func(n int) string {
		return repeated(n, func(i int) string { return fmt.Sprintf("local a%d = %d\n", i, i) })
	}
	for src, want := range map[string]string{
		names(201): "more than 200 local variables",
		"print(" + strings.Repeat("{", 5000) + strings.Repeat("}", 5000) + ")": "nested too deep",
	} {
		findings := newChecker().Source("limits.lua", []byte(src))
		if assert.Len(t, findings, 1) {
			assert.Equal(t, "syntax", findings[0].Rule)
			assert.Contains(t, findings[0].Message, want)
		}
	}
}
