package spec

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNames(t *testing.T) {
	for _, name := range []string{"a", "_", "Z9_", "functions", "End", "goto"} {
		assert.True(t, IsName(name), name)
	}
	for _, text := range []string{"", "9a", "a-b", "a.b", "a b", "é", "a\n", "@", "[", "`", "{", "/", ":"} {
		assert.False(t, IsName(text), text)
		assert.False(t, IsKeyword(text), text)
	}
	for _, word := range Keywords() {
		assert.True(t, IsKeyword(word), word)
		assert.False(t, IsName(word), word)
	}
	assert.Len(t, Keywords(), 21)
}
