package stdlib

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSource(t *testing.T) {
	assert.Subset(t, Names(), []string{"tables", "text"})
	assert.IsIncreasing(t, Names())
	for _, name := range Names() {
		src, ok := Source(name)
		require.True(t, ok, name)
		assert.NotEmpty(t, src, name)
	}
	for _, name := range []string{"none", "../stdlib/tables", ""} {
		_, ok := Source(name)
		assert.False(t, ok, name)
	}
}
