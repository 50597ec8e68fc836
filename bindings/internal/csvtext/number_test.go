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
		{"12345678901234567", "", `"12345678901234567" has more digits than a number can hold`, "leave the column out of 'numbers' to keep its cells as text"},
	} {
		_, err := Number(test.cell, test.decimal, "numbers")
		var bad *invalid.Error
		require.ErrorAs(t, err, &bad, test.cell)
		assert.Equal(t, test.message, bad.Error())
		assert.Equal(t, test.hint, bad.Hint)
	}
}
