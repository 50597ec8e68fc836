package number

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFormatMatchesC(t *testing.T) {
	for want, n := range map[string]float64{
		"0": 0, "-0": math.Copysign(0, -1), "1": 1, "-12": -12, "0.1": 0.1,
		"0.33333333333333": 1.0 / 3, "1e+15": 1e15, "99999999999999": 99999999999999,
		"1e+14": 1e14, "1.2345678901235e+19": 12345678901234567890, "1e-05": 0.00001, "0.0001": 0.0001,
		"0.3": 0.1 + 0.2, "inf": math.Inf(1), "-inf": math.Inf(-1), "1e+300": 1e300,
		"3.1415926535898": math.Pi, "1.5e-300": 1.5e-300,
	} {
		assert.Equal(t, want, Format(n))
	}
}

func TestParseMatchesLua(t *testing.T) {
	for text, want := range map[string]float64{
		"10": 10, " 010 ": 10, "0x10": 16, "-0x10": -16, "1e3": 1000, ".5": 0.5, "5.": 5, "+7": 7,
		"\t3\n": 3, "0xffffffffffffffff": 18446744073709551615, "1e400": math.Inf(1), "0x.8p1": 1,
	} {
		n, ok := Parse(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, n, text)
	}
	for _, text := range []string{"", " ", "1_000", "0b11", "0o17", "1e", "abc", "--1", "1 2", "0x", "0xg", "1,5", "-"} {
		_, ok := Parse(text)
		assert.False(t, ok, text)
	}
}
