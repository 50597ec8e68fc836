package compile

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestBlocksInBraces: a condition in parentheses does not hide the word that another
// language begins the block with.
func TestBlocksInBraces(t *testing.T) {
	const choice = "a choice among several is written if ... then ... elseif ... then ... else ... end"
	for _, src := range []string{
		"switch (x) {\n case 1: f()\n}",
		"y = 1\nswitch (f(x)) {\n case 1: f()\n}",
		"switch x {\n case 1: f()\n}",
	} {
		assert.Equal(t, choice, broken(t, src).Hint, src)
	}
	assert.NotEqual(t, choice, broken(t, "y = switch (x) {\n case 1: f()\n}").Hint)
	assert.NotEqual(t, choice, broken(t, "{ case 1: f() }").Hint)
}
