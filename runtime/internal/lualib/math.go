package lualib

import (
	"math"
	"math/rand"

	"github.com/phscript/phscript/runtime/internal/lualib/number"
	lua "github.com/yuin/gopher-lua"
)

// openMath defines the math library. Random numbers are the state's own.
func (lib *library) openMath(L *lua.LState) {
	unary := func(f func(float64) float64) func(call) int {
		return func(c call) int {
			a := c.num(1)
			return c.results(lua.LNumber(signed(f(a), a)))
		}
	}
	unsigned := func(f func(float64) float64) func(call) int {
		return func(c call) int { return c.results(lua.LNumber(f(c.num(1)))) }
	}
	binary := func(f func(a, b float64) float64) func(call) int {
		return func(c call) int {
			a := c.num(1)
			b := c.num(2)
			return c.results(lua.LNumber(signed(f(a, b), a, b)))
		}
	}
	table := lib.module(L, "math", functions{
		{"abs", unary(math.Abs)}, {"acos", unsigned(math.Acos)}, {"asin", unsigned(math.Asin)}, {"atan", unary(math.Atan)},
		{"ceil", unary(math.Ceil)}, {"cos", unary(math.Cos)}, {"cosh", unary(math.Cosh)}, {"exp", unary(number.Exp)},
		{"floor", unary(math.Floor)}, {"log", unary(number.Log)}, {"log10", unsigned(math.Log10)}, {"sin", unary(math.Sin)},
		{"sinh", unary(math.Sinh)}, {"sqrt", unary(math.Sqrt)}, {"tan", unary(math.Tan)}, {"tanh", unary(math.Tanh)},
		{"deg", unary(func(x float64) float64 { return x / (math.Pi / 180) })},
		{"rad", unary(func(x float64) float64 { return x * (math.Pi / 180) })},
		{"atan2", binary(math.Atan2)}, {"fmod", binary(math.Mod)}, {"mod", binary(math.Mod)}, {"pow", binary(number.Pow)},
		{"ldexp", func(c call) int { return c.results(lua.LNumber(math.Ldexp(c.num(1), c.int(2)))) }},
		{"frexp", func(c call) int {
			fraction, exponent := math.Frexp(c.num(1))
			return c.results(lua.LNumber(fraction), lua.LNumber(exponent))
		}},
		{"modf", modf},
		{"max", extreme(func(a, b float64) bool { return a > b })},
		{"min", extreme(func(a, b float64) bool { return a < b })},
		{"random", lib.randomNumber},
		{"randomseed", func(c call) int { lib.random = rand.New(rand.NewSource(int64(c.integer(1)))); return 0 }},
	})
	table.RawSetString("pi", lua.LNumber(math.Pi))
	table.RawSetString("huge", lua.LNumber(math.Inf(1)))
}

// signed gives what is not a number the sign that it has in C: that of such an
// argument, or else a minus.
func signed(n float64, arguments ...float64) float64 {
	if !math.IsNaN(n) {
		return n
	}
	for _, a := range arguments {
		if math.IsNaN(a) {
			return a
		}
	}
	return math.Copysign(n, -1)
}

// modf is math.modf.
func modf(c call) int {
	n := c.num(1)
	if math.IsInf(n, 0) {
		return c.results(lua.LNumber(n), lua.LNumber(0))
	}
	whole, fraction := math.Modf(n)
	return c.results(lua.LNumber(whole), lua.LNumber(fraction))
}

// extreme makes math.max and math.min.
func extreme(better func(a, b float64) bool) func(call) int {
	return func(c call) int {
		best := c.num(1)
		for i := 2; i <= c.GetTop(); i++ {
			if n := c.num(i); better(n, best) {
				best = n
			}
		}
		return c.results(lua.LNumber(best))
	}
}

// randomNumber is math.random.
func (lib *library) randomNumber(c call) int {
	if lib.random == nil {
		lib.random = rand.New(rand.NewSource(1))
	}
	fraction := lib.random.Float64()
	low, high := 1.0, 1.0
	switch c.GetTop() {
	case 0:
		return c.results(lua.LNumber(fraction))
	case 1:
		high = float64(c.integer(1))
	case 2:
		low, high = float64(c.integer(1)), float64(c.integer(2))
	default:
		c.raise("wrong number of arguments")
	}
	if low > high {
		c.fail(c.GetTop(), "interval is empty")
	}
	return c.results(lua.LNumber(math.Floor(fraction*(high-low+1)) + low))
}
