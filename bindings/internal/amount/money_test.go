package amount

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMoney(t *testing.T) {
	for _, test := range []struct {
		text, decimal string
		want          float64
		unit          string
	}{
		{"1234.5", ".", 1234.5, ""}, {"1.234,50", ",", 1234.5, ""}, {"0", ".", 0, ""}, {"-0", ".", 0, ""}, {"(0)", ".", 0, ""},
		{"1.234,50 €", ",", 1234.5, "EUR"}, {"€ 1.234,50", ",", 1234.5, "EUR"}, {"€1.234,50", ",", 1234.5, "EUR"}, {"1.234,50\u00a0€", ",", 1234.5, "EUR"},
		{"1\u2009234,50\u202f€", ",", 1234.5, "EUR"}, {"1 234 567,5 kr", ",", 1234567.5, "kr"}, {"kr 12", ",", 12, "kr"}, {"12 kr.", ",", 12, "kr"},
		{"$1,234.50", ".", 1234.5, "$"}, {"US$ 1,234.50", ".", 1234.5, "USD"}, {"USD 1,234.50", ".", 1234.5, "USD"}, {"1,234.50USD", ".", 1234.5, "USD"},
		{"R$ 12,50", ",", 12.5, "BRL"}, {"AU$5", ".", 5, "AUD"}, {"£5", ".", 5, "GBP"}, {"12,50 zł", ",", 12.5, "PLN"}, {"¥1,200", ".", 1200, "¥"},
		{"CHF 1'234.50", ".", 1234.5, "CHF"}, {"Fr. 1’234.50", ".", 1234.5, "CHF"}, {"1'234'567", ".", 1234567, ""},
		{"(12)", ".", -12, ""}, {"( 12 )", ".", -12, ""}, {"($12.50)", ".", -12.5, "$"}, {"$(12.50)", ".", -12.5, "$"}, {"(12,50) €", ",", -12.5, "EUR"}, {"(1,234.50)", ".", -1234.5, ""},
		{"12-", ".", -12, ""}, {"1.234,50-", ",", -1234.5, ""}, {"12- €", ",", -12, "EUR"}, {"12 €-", ",", -12, "EUR"},
		{"-12 €", ",", -12, "EUR"}, {"€-12", ",", -12, "EUR"}, {"-€12", ",", -12, "EUR"}, {"- 12", ",", -12, ""}, {"−12", ",", -12, ""}, {"+12 €", ",", 12, "EUR"},
		{"12 %", ".", 12, "%"}, {"12,5%", ",", 12.5, "%"}, {"(5%)", ".", -5, "%"}, {"-5 %", ".", -5, "%"},
		{"12,-", ",", 12, ""}, {"1 250,- kr", ",", 1250, "kr"}, {"CHF 12.–", ".", 12, "CHF"}, {"-12,—", ",", -12, ""}, {"Fr. 12.--", ".", 12, "CHF"}, {"€ 0,-", ",", 0, "EUR"},
		{" \t12 \n", ".", 12, ""}, {"1.5e3", ".", 1500, ""}, {".5", ".", .5, ""}, {"0,125", ",", .125, ""},
	} {
		n, unit, err := Money(test.text, test.decimal)
		require.NoError(t, err, "%q %q", test.text, test.decimal)
		assert.Equal(t, test.want, n, "%q %q", test.text, test.decimal)
		assert.Equal(t, test.unit, unit, "%q", test.text)
		assert.False(t, n == 0 && 1/n < 0, "%q is not minus zero", test.text)
	}
	for _, test := range [][2]string{
		{"", "."}, {" ", "."}, {"-", "."}, {"()", "."}, {"€", "."}, {"%", "."}, {"n/a", "."}, {"TBD", "."}, {"inf", "."}, {"nan", "."}, {"0x10", "."},
		{"1,2,3", "."}, {"1,2,3", ","}, {"12.2024", ","}, {"1.23.456", ","}, {"1.23.456", "."}, {"1,23,456.00", "."}, {"1.234,50", "."}, {"1,234.50", ","}, {"1 234'567", "."}, {"0.125", ","},
		{"$5€", "."}, {"$5$", "."}, {"EUR 5 €", "."}, {"5 % €", "."}, {"%5", "."}, {"5 %%", "."}, {"eur 5", "."}, {"ABC 5", "."}, {"5 PCS", "."}, {"₿5", "."}, {"5 k", "."}, {"5 k€", "."}, {"1.2M", "."},
		{"-12-", "."}, {"(-12)", "."}, {"-(12)", "."}, {"((12))", "."}, {"--12", "."}, {"+-12", "."}, {"(12", "."}, {"12)", "."}, {"12+", "."}, {"12 -", "."}, {"12-14", "."}, {"12 - 14", "."},
		{"12.-", ","}, {"12,-", "."}, {",-", ","}, {"1,5,-", ","}, {"12,-,-", ","}, {"12,---", ","}, {"12;-", ","}, {"€,-", ","}, {"1 2", "."}, {"12\n13", "."}, {"١٢", "."}, {"１２", "."},
	} {
		n, _, err := Money(test[0], test[1])
		require.ErrorIs(t, err, ErrForm, "%q %q is %v", test[0], test[1], n)
	}
	_, unit, err := Money("9007199254740993 €", ",")
	require.ErrorIs(t, err, ErrTooLong)
	assert.Equal(t, "EUR", unit)
}

// TestMoneyAgreesWithParse: what Parse reads, Money reads alike, and the signs around
// it change nothing but the sign.
func TestMoneyAgreesWithParse(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		decimal := rapid.SampledFrom([]string{".", ","}).Draw(r, "decimal")
		text := rapid.StringMatching(`[0-9]{0,4}([., '][0-9]{1,4}){0,3}`).Draw(r, "text")
		want, wrong := Parse(text, decimal)
		if strings.TrimSpace(text) != text {
			return
		}
		for _, form := range []struct {
			text string
			sign float64
		}{{text, 1}, {text + " €", 1}, {"$ " + text, 1}, {text + "%", 1}, {"(" + text + ")", -1}, {text + "-", -1}, {"−" + text, -1}, {"GBP " + text + "-", -1}} {
			n, _, err := Money(form.text, decimal)
			require.Equal(r, wrong, err, form.text)
			if err == nil {
				require.InDelta(r, want*form.sign, n, 0, form.text)
			}
		}
	})
}
