package number

import (
	"math"
	"math/big"
)

// Powers and exponentials are computed in pairs of floats, whose sum has about
// 80 exact bits, and rounded once: like C's, they are right to the last digit
// that Lua prints. Those of package math may be off by a bit.

// pair is the sum of two floats, the second one at most half a unit in the last
// place of the first.
type pair struct{ high, low float64 }

func sum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

func product(a, b float64) pair {
	p := a * b
	return pair{p, math.FMA(a, b, -p)}
}

// steps is into how many parts exp divides a factor of two.
const steps = 128

// roots holds the powers of 2 with exponents 0, 1/steps, 2/steps and so on.
// logTwo is the logarithm of 2 in three parts; the first two have few bits, so
// their products with whole numbers are exact.
var roots, logTwo = func() (powers [steps]pair, parts [3]float64) {
	const precision = 250
	root := big.NewFloat(2).SetPrec(precision)
	for n := steps; n > 1; n /= 2 {
		root.Sqrt(root)
	}
	power := big.NewFloat(1).SetPrec(precision)
	for i := range powers {
		powers[i] = split(power)
		power.Mul(power, root)
	}
	rest, _, _ := big.ParseFloat("0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996418687", 10, precision, big.ToNearestEven)
	for i := range parts {
		bits := uint(32)
		if i == 2 {
			bits = 53
		}
		parts[i], _ = new(big.Float).SetPrec(bits).Set(rest).Float64()
		rest.Sub(rest, big.NewFloat(parts[i]))
	}
	return powers, parts
}()

func split(n *big.Float) pair {
	high, _ := n.Float64()
	low, _ := new(big.Float).Sub(n, big.NewFloat(high)).Float64()
	return pair{high, low}
}

// exponential returns e to the power of x as a number times a power of 2.
func exponential(x pair) (n pair, exponent int) {
	k := math.Round(x.high * (steps / math.Ln2))
	// r is x less k steps.
	whole := k / steps
	r := sum(x.high-whole*logTwo[0], -whole*logTwo[1])
	r = sum(r.high, r.low+x.low-whole*logTwo[2])
	// e^r - 1 by its series.
	square := product(r.high, r.high)
	h := r.high
	tail := h * square.high * (1.0/6 + h*(1.0/24+h*(1.0/120+h*(1.0/720+h/5040))))
	s := sum(h, square.high/2)
	s.low += r.low + square.low/2 + r.high*r.low + tail
	root := roots[int(k)&(steps-1)]
	p := product(root.high, s.high)
	n = sum(root.high, p.high)
	n.low += p.low + root.high*s.low + root.low*(1+s.high)
	return n, int(k) >> 7
}

// logarithm returns the natural logarithm of a positive number.
func logarithm(x float64) pair {
	m, exponent := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		exponent--
	}
	e := float64(exponent)
	f := m - 1
	var l pair
	if math.Abs(f) < 1.0/256 {
		l = logarithmNearOne(f)
	} else {
		// One step of Newton's method.
		guess := math.Log(m)
		n, twos := exponential(pair{-guess, 0})
		p := product(m, n.high)
		p.low += m * n.low
		scale := math.Ldexp(1, twos)
		d := (p.high*scale - 1) + p.low*scale
		l = sum(guess, d-d*d/2)
	}
	if e == 0 {
		return l
	}
	s := sum(e*logTwo[0], l.high)
	t := sum(s.high, e*logTwo[1])
	return sum(t.high, t.low+s.low+l.low+e*logTwo[2])
}

// logarithmNearOne is the logarithm of 1 + f by its series.
func logarithmNearOne(f float64) pair {
	square := product(f, f)
	cube := product(square.high, f)
	third := cube.high / 3
	thirdLow := (math.FMA(-3, third, cube.high) + cube.low + square.low*f) / 3
	fourth := square.high * square.high
	tail := -fourth * (1.0/4 - f*(1.0/5-f*(1.0/6-f*(1.0/7-f*(1.0/8-f*(1.0/9-f*(1.0/10-f/11)))))))
	s := sum(f, -square.high/2)
	t := sum(s.high, third)
	return sum(t.high, t.low+s.low-square.low/2+thirdLow+tail)
}

// most bounds the exponents whose result is neither 0 nor infinite.
const most = 750

// Exp is e to the power of x.
func Exp(x float64) float64 {
	if math.IsNaN(x) || math.Abs(x) > most {
		return math.Exp(x)
	}
	n, exponent := exponential(pair{x, 0})
	return math.Ldexp(n.high+n.low, exponent)
}

// mostMultiplied bounds the exponents for which multiplying is exact enough.
const mostMultiplied = 64

// multiplied computes a whole power, unless it or its inverse is too large.
func multiplied(x float64, y int, inverse bool) (float64, bool) {
	result, power := pair{1, 0}, pair{x, 0}
	for ; y > 0; y >>= 1 {
		if y&1 != 0 {
			result = result.times(power)
		}
		power = power.times(power)
	}
	if size := math.Abs(result.high); !(size < 1e290 && size > 1e-250) || math.IsNaN(result.low) {
		return 0, false
	}
	if !inverse {
		return result.high + result.low, true
	}
	q := 1 / result.high
	rest := math.FMA(-q, result.high, 1) - q*result.low
	return q + rest/result.high, true
}

func (a pair) times(b pair) pair {
	p := product(a.high, b.high)
	return sum(p.high, p.low+a.high*b.low+a.low*b.high)
}

// Pow is x to the power of y.
func Pow(x, y float64) float64 {
	switch {
	case y == 2:
		return x * x
	case x == 1 || y == 0:
		return 1
	// Lua prints the sign that C's pow gives NaN.
	case math.IsNaN(x) && math.Signbit(x) && math.Abs(math.Mod(y, 2)) == 1:
		return -x
	case math.IsNaN(x):
		return x
	case math.IsNaN(y):
		return y
	case y == 1:
		return x
	case x == 0, math.IsInf(x, 0), math.IsInf(y, 0):
		return math.Pow(x, y)
	case y == -1:
		return 1 / x
	case y == 0.5:
		return math.Sqrt(x)
	}
	if whole := math.Abs(y); whole <= mostMultiplied && whole == math.Trunc(whole) {
		if n, ok := multiplied(x, int(whole), y < 0); ok {
			return n
		}
	}
	sign := 1.0
	if x < 0 {
		if y != math.Trunc(y) {
			return math.Copysign(math.NaN(), -1) // as C does
		}
		if math.Mod(y, 2) != 0 {
			sign = -1
		}
		x = -x
	}
	l := logarithm(x)
	p := product(y, l.high)
	if math.Abs(p.high) > most || math.IsNaN(p.low) {
		return sign * math.Pow(x, y)
	}
	n, exponent := exponential(sum(p.high, p.low+y*l.low))
	return sign * math.Ldexp(n.high+n.low, exponent)
}

// Log is the natural logarithm of x.
func Log(x float64) float64 {
	if !(x > 0) || math.IsInf(x, 1) {
		return math.Log(x)
	}
	l := logarithm(x)
	return l.high + l.low
}
