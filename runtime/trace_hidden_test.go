package runtime

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/lualib"
)

// The packages cannot import each other, so the name that both hide is written
// down twice.
func TestOnePrefixHidesInternalChunks(t *testing.T) {
	assert.Equal(t, bindings.InternalChunk, lualib.HiddenSource)
}
