package csvtext

import (
	"errors"
	"fmt"
	"strings"

	"github.com/phscript/phscript/bindings/internal/amount"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
)

// Number reads a number. Digits may be grouped if the decimal sign is given. The
// option is the one that makes the column one of numbers.
func Number(cell, decimal, option string) (float64, error) {
	n, err := amount.Parse(cell, decimal)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, amount.ErrTooLong):
		return 0, invalid.Errorf("leave the column out of '"+option+"' to keep its cells as text", "%q has more digits than a number can hold", invalid.Cut(cell, 40))
	}
	return 0, invalid.Errorf(numberHint(cell, decimal, option), "%q is not a number", invalid.Cut(cell, 40))
}

// numberHint says what a cell means with each decimal sign that fits it: only the
// author of the file knows which is meant.
func numberHint(cell, decimal, option string) string {
	var readings []string
	for _, sign := range []string{".", ","} {
		if n, err := amount.Parse(cell, sign); err == nil {
			readings = append(readings, fmt.Sprintf("%s with { decimal = %q }", luatext.Number(n), sign))
		}
	}
	if len(readings) == 0 || decimal != "" {
		return "correct the cell, or leave the column out of '" + option + "' to keep its cells as text"
	}
	return "the cell is " + strings.Join(readings, ", and ") + "; the option applies to the whole column"
}
