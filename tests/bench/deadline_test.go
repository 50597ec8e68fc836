package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/phscript/phscript/tests/program"
)

// deadline is the time that the scripts below are given; limitCode is the exit
// code of a run that a limit ended.
const (
	deadline  = 500 * time.Millisecond
	limitCode = 5
)

// endless are scripts that end at their deadline only.
var endless = []struct{ name, source string }{
	{"a tight loop", `while true do end`},
	{"a pcall loop", `while true do pcall(function() while true do end end) end`},
	{"nested pcalls", `local function f() while true do pcall(f) end end f()`},
	{"coroutines", `while true do coroutine.resume(coroutine.create(function() while true do end end)) end`},
	{"a pathological pattern", `local s = ("a"):rep(40000) while true do pcall(string.find, s, ("a*"):rep(30) .. "b") end`},
	{"substitutions", `local s = ("a"):rep(100000) while true do s = s:gsub("a", "a") end`},
	{"sorting", `local t = {} for i = 1, 1e5 do t[i] = -i end while true do table.sort(t, function(a, b) return a < b end) end`},
	{"nested metamethods", `local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do pcall(function() return t[1] end) end`},
	{"joining", `local t = {} for i = 1, 1e6 do t[i] = "abcdefghij" end while true do table.concat(t) end`},
}

// BenchmarkDeadline measures how long after its deadline a run has ended, the
// start of the program included.
func BenchmarkDeadline(b *testing.B) {
	for range b.N {
		worst, which := time.Duration(0), ""
		for _, script := range endless {
			late := executeToCode(b, limitCode, program.Path(b), "run", "--quiet", "--timeout", deadline.String(), "-e", script.source) - deadline
			if late > worst {
				worst, which = late, script.name
			}
		}
		b.ReportMetric(float64(worst)/1e6, "ms-late")
		report(fmt.Sprintf("the end of %d endless scripts after their deadline, the latest: %s", len(endless), which), ms(worst), "1 s")
	}
}
