package csvtext

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

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
