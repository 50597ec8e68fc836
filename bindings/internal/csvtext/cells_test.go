package csvtext

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// TestNumberHintsDoNotChangeNumbers: tonumber would read "12.345" beside decimal
// commas as another number, so it is no advice there.
func TestNumberHintsDoNotChangeNumbers(t *testing.T) {
	for decimal, want := range map[string]string{"": "tonumber(row", ",": "correct the cell", ".": "correct the cell"} {
		_, err := Number("n/a", decimal, "arr", "numbers")
		var bad *invalid.Error
		require.ErrorAs(t, err, &bad)
		if decimal == "" {
			assert.Contains(t, bad.Hint, want)
			continue
		}
		assert.Equal(t, want, bad.Hint)
	}
}

func TestSeparator(t *testing.T) {
	for text, want := range map[string]rune{";": ';', "tab": '\t', "comma": ',', "semicolon": ';', "·": '·'} {
		r, ok := Separator(text)
		assert.True(t, ok, text)
		assert.Equal(t, want, r)
	}
	for _, text := range []string{"", "::", "\"", "\n", "\xff"} {
		_, ok := Separator(text)
		assert.False(t, ok, text)
	}
}

func TestGuard(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "a", "=1+1": "'=1+1", "-5": "-5", "-x": "'-x", "@a": "'@a", "\tx": "'\tx"} {
		assert.Equal(t, want, Guard(text))
	}
}
