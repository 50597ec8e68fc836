package calendar

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSpecifiersOf(t *testing.T) {
	for layout, want := range map[string]string{
		"dd/mm/yyyy":          "%d/%m/%Y",
		"DD/MM/YYYY":          "%d/%m/%Y",
		"yyyy-MM-dd":          "%Y-%m-%d",
		"MM-DD-YY":            "%m-%d-%y",
		"d.m.yy":              "%d.%m.%y",
		"d/m/Y":               "%d/%m/%Y",
		"dd MMM yyyy":         "%d %b %Y",
		"dddd, d MMMM yyyy":   "%A, %d %B %Y",
		"YYYY-MM-DD HH:mm:ss": "%Y-%m-%d %H:%M:%S",
		"yyyy-MM-ddTHH:mm":    "%Y-%m-%dT%H:%M",
		"dd/mm/yyyy hh:mm":    "%d/%m/%Y %H:%M",
		"HH:mm dd/MM/yyyy":    "%H:%M %d/%m/%Y",
		"m/d/yyyy h:mm tt":    "%m/%d/%Y %I:%M %p",
		"iso":                 "",
		"day month year":      "",
		"15/01/2024":          "",
		"%d/mm/yyyy":          "",
	} {
		assert.Equal(t, want, specifiersOf(layout), layout)
	}
}
