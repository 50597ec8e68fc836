package csvtext

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// TestNumberHintsAreSafe: each hint says what following it gives, and none proposes
// another way to read the column's numbers.
func TestNumberHintsAreSafe(t *testing.T) {
	const keep = "correct the cell, or leave the column out of 'numbers' to keep its cells as text"
	for _, test := range []struct{ cell, decimal, message, hint string }{
		{"n/a", "", `"n/a" is not a number`, keep},
		{"n/a", ",", `"n/a" is not a number`, keep},
		{"0x10", "", `"0x10" is not a number`, keep},
		{"0.1", ",", `"0.1" is not a number`, keep},
		{"1,234.50", ",", `"1,234.50" is not a number`, keep},
		{"1.234,50", "", `"1.234,50" is not a number`, `the cell is 1234.5 with { decimal = "," }; the option applies to the whole column`},
		{"1,234", "", `"1,234" is not a number`, `the cell is 1234 with { decimal = "." }, and 1.234 with { decimal = "," }; the option applies to the whole column`},
		{"1.234,50 €", "", `"1.234,50 €" is not a number`, `the cell is 1234.5 with the type "money" and { decimal = "," }; the option applies to the whole column`},
		{"($5)", ".", `"($5)" is not a number`, `the cell is -5 with the type "money" and { decimal = "." }; the option applies to the whole column`},
		{"€1,234.50", ",", `"€1,234.50" is not a number`, keep},
		{"12345678901234567", "", `"12345678901234567" has more digits than a number can hold`, "leave the column out of 'numbers' to keep its cells as text"},
	} {
		_, err := Number(test.cell, test.decimal, "numbers")
		var bad *invalid.Error
		require.ErrorAs(t, err, &bad, test.cell)
		assert.Equal(t, test.message, bad.Error())
		assert.Equal(t, test.hint, bad.Hint)
	}
}

// TestUnitsOfAColumn: amounts in different units are not added up by mistake.
func TestUnitsOfAColumn(t *testing.T) {
	for _, test := range []struct {
		cells []string
		wrong string
	}{
		{[]string{"12", "12 €", "0", "5", "EUR 7", "0 %", "$0"}, ""},
		{[]string{"12 %", "5%", "0", "-3 %"}, ""},
		{[]string{"0", "12 %", "5"}, `"12 %" and "5" are in different units`},
		{[]string{"12", "5%"}, `"12" and "5%" are in different units`},
		{[]string{"12", "5 €", "5", "$5"}, `"5 €" and "$5" are in different units`},
		{[]string{"$5", "5 %"}, `"$5" and "5 %" are in different units`},
		{[]string{"$5", "n/a"}, `"n/a" is not an amount with the decimal sign "."`},
		{[]string{"9007199254740993"}, `"9007199254740993" has more digits than a number can hold`},
	} {
		m := Money{Decimal: "."}
		var err error
		for i, cell := range test.cells {
			require.NoError(t, err, test.cells[:i])
			_, err = m.Read(cell)
		}
		if test.wrong == "" {
			require.NoError(t, err)
		} else {
			require.EqualError(t, err, test.wrong)
		}
	}
}
