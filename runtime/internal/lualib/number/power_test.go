package number

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

// reference computes e^x with far more digits than a float has.
func reference(x *big.Float) float64 {
	const precision = 300
	halvings := 30
	r := new(big.Float).SetPrec(precision).SetMantExp(x, -halvings)
	result, term := big.NewFloat(1).SetPrec(precision), big.NewFloat(1).SetPrec(precision)
	for i := 1; i < 30; i++ {
		term.Mul(term, r).Quo(term, big.NewFloat(float64(i)))
		result.Add(result, term)
	}
	for range halvings {
		result.Mul(result, result)
	}
	n, _ := result.Float64()
	return n
}

func TestExpIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, uint64(len(t.Name()))))
	wrong := 0
	for range 20_000 {
		x := (r.Float64() - 0.5) * math.Pow(10, float64(r.IntN(7)-3))
		if math.Abs(x) > 700 {
			continue
		}
		want := reference(new(big.Float).SetPrec(300).SetFloat64(x))
		assert.Equal(t, Format(want), Format(Exp(x)), x)
		if want != Exp(x) {
			wrong++
		}
	}
	assert.LessOrEqual(t, wrong, 2, "more than the last digit that Lua prints is right, too")
	for x, want := range map[float64]float64{0: 1, -1e-20: 1, 710: math.Inf(1), -746: 0, 1e300: math.Inf(1), math.Inf(-1): 0, 1: math.E} {
		assert.Equal(t, want, Exp(x), x)
	}
	assert.True(t, math.IsNaN(Exp(math.NaN())))
}

func TestPowOfNaNHasTheSignOfC(t *testing.T) {
	nan := math.Copysign(math.NaN(), 1)
	for _, test := range []struct {
		x, y float64
		want string
	}{{4, -nan, "-nan"}, {4, nan, "nan"}, {-nan, 2, "-nan"}, {-nan, 3, "nan"}, {-nan, -1, "nan"}, {-nan, 1, "nan"}, {nan, 1, "nan"}, {nan, 3, "nan"}, {-nan, nan, "-nan"}, {nan, -nan, "nan"}, {1, -nan, "1"}, {-nan, 0, "1"}, {0, -nan, "-nan"}} {
		assert.Equal(t, test.want, Format(Pow(test.x, test.y)), "%v ^ %v", test.x, test.y)
	}
}

func TestPowIsExact(t *testing.T) {
	for e := -307; e <= 308; e++ {
		want, err := strconv.ParseFloat("1e"+strconv.Itoa(e), 64)
		assert.NoError(t, err)
		assert.Equal(t, want, Pow(10, float64(e)), e)
	}
	// Whole powers of whole numbers have an exact reference.
	r := rand.New(rand.NewPCG(2, 3))
	for range 20_000 {
		x, n := r.Int64N(1<<r.Int64N(40)+1)-r.Int64N(1000), r.Int64N(25)
		if r.IntN(2) == 0 {
			x, n = r.Int64N(30)-15, r.Int64N(200)
		}
		power := new(big.Int).Exp(big.NewInt(x), big.NewInt(n), nil)
		want, _ := new(big.Float).SetInt(power).Float64()
		assert.Equal(t, want, Pow(float64(x), float64(n)), "%d ^ %d", x, n)
		if x != 0 {
			quotient := new(big.Float).SetPrec(300).Quo(big.NewFloat(1), new(big.Float).SetPrec(2000).SetInt(power))
			inverse, _ := quotient.Float64()
			assert.Equal(t, inverse, Pow(float64(x), float64(-n)), "%d ^ -%d", x, n)
		}
	}
	// Other powers have none but package math, which is nearly right.
	for range 20_000 {
		x, y := math.Exp((r.Float64()-0.5)*20), (r.Float64()-0.5)*50
		assert.InEpsilon(t, math.Pow(x, y), Pow(x, y), 1e-13, "%v ^ %v", x, y)
	}
	for _, x := range []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 0.5, math.Inf(1), math.Inf(-1), math.NaN()} {
		for _, y := range []float64{0, math.Copysign(0, -1), 1, -1, 2, -2, 0.5, -0.5, 3, 1e300, math.Inf(1), math.Inf(-1), math.NaN()} {
			want, got := math.Pow(x, y), Pow(x, y)
			switch {
			case math.IsNaN(want):
				assert.True(t, math.IsNaN(got), "%v ^ %v", x, y)
			case math.IsInf(want, 0), want == 0:
				assert.Equal(t, math.Float64bits(want), math.Float64bits(got), "%v ^ %v", x, y)
			default:
				assert.InEpsilon(t, want, got, 1e-15, "%v ^ %v", x, y)
			}
		}
	}
}
