package lualib_test

import (
	"flag"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	programCount = flag.Int("conformance.n", 0, "how many random programs to compare; PHSCRIPT_CONFORMANCE_N sets it too")
	firstSeed    = flag.Int64("conformance.seed", 0, "the seed of the first program; each further one has the next seed")
)

// batchSize is how many programs one process of the real Lua runs.
const batchSize = 250

// TestRandomPrograms compares generated programs. The first seed is new each
// time and printed, so that a difference can be looked at again with
// -conformance.seed and -conformance.n.
func TestRandomPrograms(t *testing.T) {
	compareMany(t, generate, prelude)
}

// TestRandomSideEffects compares programs whose operands have side effects.
func TestRandomSideEffects(t *testing.T) {
	compareMany(t, generateImpure, impurePrelude)
}

// TestRandomLibrary compares programs that call library functions with odd arguments.
func TestRandomLibrary(t *testing.T) {
	compareMany(t, generateLibrary, libraryPrelude)
}

// compareMany compares the programs that a generator writes.
func compareMany(t *testing.T, write func(seed int64) []string, prelude string) {
	t.Helper()
	skipShort(t)
	needLua(t)
	count, seed := settings(t)
	t.Logf("%d programs from seed %d", count, seed)
	different := 0
	for start := 0; start < count && different < 5; start += batchSize {
		size := min(batchSize, count-start)
		programs := make([]string, size)
		for i := range programs {
			programs[i] = prelude + strings.Join(write(seed+int64(start+i)), "")
		}
		for i, want := range runReal(t, programs) {
			if got := runHere(programs[i]); comparable(got) != comparable(want) && different < 5 {
				different++
				report(t, seed+int64(start+i), write(seed+int64(start+i)), prelude, want, got)
			}
		}
	}
}

// skipShort leaves generated programs out of a short run.
func skipShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("generated programs take too long for -short")
	}
}

// settings returns how many programs to run and from which seed on.
func settings(t *testing.T) (count int, seed int64) {
	t.Helper()
	count, seed = 300, time.Now().UnixNano()%1_000_000_000
	if text := os.Getenv("PHSCRIPT_CONFORMANCE_N"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err, "PHSCRIPT_CONFORMANCE_N is not a number")
		count = n
	}
	if *programCount > 0 {
		count = *programCount
	}
	if *firstSeed != 0 {
		seed = *firstSeed
	}
	return count, seed
}

// program puts statements together.
func program(statements []string) string { return prelude + strings.Join(statements, "") }

// report shows a program that printed got, and want in the real Lua, cut down to the
// lines that the difference needs. One that does not print it again is shown whole.
func report(t *testing.T, seed int64, statements []string, prelude, want, got string) {
	t.Helper()
	if whole := strings.Join(statements, ""); !differs(t, prelude+whole) {
		t.Errorf("seed %d printed something else than lua5.1, once\n%s\n--- lua5.1:\n%s\n--- phscript:\n%s", seed, prelude+whole, shortened(want), shortened(got))
		return
	}
	for i := 0; i < len(statements); {
		fewer := append(append([]string{}, statements[:i]...), statements[i+1:]...)
		if differs(t, prelude+strings.Join(fewer, "")) {
			statements = fewer
		} else {
			i++
		}
	}
	lines := strings.SplitAfter(strings.Join(statements, ""), "\n")
	for size := 16; size > 0; size /= 2 {
		for i := 0; i+size <= len(lines); {
			fewer := append(append([]string{}, lines[:i]...), lines[i+size:]...)
			if differs(t, prelude+strings.Join(fewer, "")) {
				lines = fewer
			} else {
				i++
			}
		}
	}
	text := prelude + strings.Join(lines, "")
	t.Errorf("seed %d prints something else than lua5.1\n%s\n--- lua5.1:\n%s\n--- phscript:\n%s",
		seed, strings.Join(lines, ""), shortened(runReal(t, []string{text})[0]), shortened(runHere(text)))
}

// shortened is what is shown of a long output: its start and its end.
func shortened(output string) string {
	if len(output) <= 2*mostShown {
		return output
	}
	return output[:mostShown] + "\n...\n" + output[len(output)-mostShown:]
}

// differs tells whether a program compiles and the two sides print different
// things, other than in what a comparison leaves out.
func differs(t *testing.T, text string) bool {
	t.Helper()
	if endless(text) {
		return false
	}
	want := runReal(t, []string{text})[0]
	return !strings.HasPrefix(want, "does not compile") && comparable(want) != comparable(runHere(text))
}

// endless tells whether a program has lost a line that makes a loop end: each
// loop and function counts its steps.
func endless(text string) bool {
	loops := 0
	for line := range strings.SplitSeq(text, "\n") {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "while" || word == "repeat" {
			loops++
		}
	}
	// The first is the definition.
	return loops > 0 && strings.Count(text, "tick()")-1 < loops
}
