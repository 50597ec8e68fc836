package bindings

import (
	"math"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// numberText writes a number as Lua 5.1 does, with at most 14 digits, but
// whole numbers up to 2^53 in full.
func numberText(n lua.LNumber) string {
	f := float64(n)
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return map[bool]string{true: "inf", false: "-inf"}[f > 0]
	case f == math.Trunc(f) && math.Abs(f) <= largestSafe:
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', 14, 64)
}
