package amount

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		text, decimal string
		want          float64
	}{
		{"12", "", 12}, {"-1.5", "", -1.5}, {"+.5", "", .5}, {"5.", "", 5}, {"1e3", "", 1000}, {"007", "", 7},
		{"1.234,50", ",", 1234.5}, {"1,234.50", ".", 1234.5}, {"-1,000.00", ".", -1000}, {"1.234.567", ",", 1234567}, {"12,34", ",", 12.34},
		{"1 234 567,8", ",", 1234567.8}, {"1\u00a0234", ".", 1234}, {"1\u202f234", ",", 1234}, {"1'234.5", ".", 1234.5}, {"1’234", ".", 1234},
		{"0,5", ",", .5}, {",5", ",", .5}, {"1234567,5", ",", 1234567.5}, {"1,5e3", ",", 1500},
		{"9007199254740992", "", 1 << 53}, {"100000000000000000000", "", 1e20}, {"000000000000000000012", "", 12},
		{"33.333333333333333333", "", 100. / 3}, {"12345678901234.5", "", 12345678901234.5}, {"90071992547409920.000", "", 90071992547409920}, {"0000000000000000000.1", "", .1},
	} {
		n, err := Parse(test.text, test.decimal)
		require.NoError(t, err, "%q %q", test.text, test.decimal)
		assert.Equal(t, test.want, n, "%q %q", test.text, test.decimal)
	}
	for _, test := range [][2]string{
		{"", ""}, {"-", ""}, {".", ""}, {"n/a", ""}, {"1,5", ""}, {"1 000", ""}, {"0x10", ""}, {"1_000", ""}, {"nan", ""}, {"inf", ""}, {"1e999", ""}, {"--1", ""}, {"1e", ""},
		{"1,234.50", ","}, {"-1,000.00", ","}, {"0.1", ","}, {"12,34", "."}, {"1.234,50", "."}, {"1,2,3", "."}, {"1,,2", "."}, {"5.", ","},
		{"1,234,56", "."}, {"1234,567", "."}, {",123", "."}, {"1,23,456", "."}, {"1,234 567", "."}, {"1.234,567,8", ","}, {"1,2345", "."}, {"1.23,456", "."}, {"- 1", "."}, {"0.125", ","}, {"012,345", "."},
	} {
		_, err := Parse(test[0], test[1])
		require.ErrorIs(t, err, ErrForm, "%q %q", test[0], test[1])
	}
	for _, text := range []string{"9007199254740993", "-9007199254740993", "12345678901234567890", "90071992547409931.55", "9007199254740992.5", "999999999999999.99", "1234567890123456.78"} {
		_, err := Parse(text, "")
		require.ErrorIs(t, err, ErrTooLong, text)
	}
}

// TestGroupsRoundTrip writes numbers with groups and reads them back.
func TestGroupsRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.Int64Range(-1e15, 1e15).Draw(r, "n")
		sign := rapid.SampledFrom(append([]string{"."}, groupSigns...)).Draw(r, "sign")
		digits := strings.TrimPrefix(strconv.FormatInt(n, 10), "-")
		for at := len(digits) - 3; at > 0; at -= 3 {
			digits = digits[:at] + sign + digits[at:]
		}
		if n < 0 {
			digits = "-" + digits
		}
		got, err := Parse(digits+",25", ",")
		require.NoError(r, err)
		quarter := .25
		if n < 0 {
			quarter = -.25
		}
		require.Equal(r, float64(n)+quarter, got, digits)
	})
}
