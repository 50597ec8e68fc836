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

// Money reads the amounts of one column. They must have the same unit, except that an
// amount without one fits any currency, and 0 fits everything.
type Money struct {
	// Decimal is the decimal sign.
	Decimal string
	// unit is that of first, a cell that says it or else the first cell.
	unit, first string
}

// Read reads an amount.
func (m *Money) Read(cell string) (float64, error) {
	n, unit, err := amount.Money(cell, m.Decimal)
	shown := invalid.Cut(cell, 40)
	switch {
	case errors.Is(err, amount.ErrTooLong):
		return 0, invalid.Errorf("leave the column out of 'types' to keep its cells as text", "%q has more digits than a number can hold", shown)
	case err != nil:
		return 0, invalid.Errorf("correct the cell, or check the option 'decimal'", "%q is not an amount with the decimal sign %q", shown, m.Decimal)
	case n == 0:
		return 0, nil
	case m.first != "" && unit != m.unit && (unit != "" && m.unit != "" || unit+m.unit == amount.Percent):
		return 0, invalid.Errorf("leave the column out of 'types', and read its cells with money.parse, which also returns the unit",
			"%q and %q are in different units", m.first, shown)
	}
	if m.unit == "" {
		m.unit, m.first = unit, shown
	}
	return n, nil
}

// Unclear returns the error of a number that could be in the thousands or have a decimal
// sign, such as 1.300, or nil.
func Unclear(cell, option string) error {
	digits := strings.TrimFunc(cell, func(r rune) bool { return r < '0' || r > '9' })
	sign := strings.IndexAny(digits, ".,")
	if sign < 1 || sign > 3 || len(digits) != sign+4 || digits[0] == '0' || strings.Trim(digits[:sign]+digits[sign+1:], "0123456789") != "" {
		return nil
	}
	return invalid.Errorf(numberHint(cell, "", option), "%q could be in the thousands, or have a decimal sign", invalid.Cut(cell, 40))
}

// numberHint says what a cell means with each decimal sign that fits it: only the
// author of the file knows which is meant.
func numberHint(cell, decimal, option string) string {
	var readings []string
	for _, sign := range []string{".", ","} {
		if decimal != "" && decimal != sign {
			continue
		}
		how := ""
		n, err := amount.Parse(cell, sign)
		if err != nil {
			how = `the type "money" and `
			n, _, err = amount.Money(cell, sign)
		}
		if err == nil {
			readings = append(readings, fmt.Sprintf("%s with %s{ decimal = %q }", luatext.Number(n), how, sign))
		}
	}
	if len(readings) == 0 {
		return "correct the cell, or leave the column out of '" + option + "' to keep its cells as text"
	}
	return "the cell is " + strings.Join(readings, ", and ") + "; the option applies to the whole column"
}
