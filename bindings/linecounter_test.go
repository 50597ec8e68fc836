package bindings

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
)

// spaces is a reader that never ends.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) { return len(p), nil }

func TestLongTextsInJSON(t *testing.T) {
	var decoded int64
	tooLong := errors.New("a text in it has no end")
	l := &lineCounter{r: spaces{}, consumed: func() int64 { return decoded }, tooLong: tooLong}
	read := func() error {
		_, err := io.ReadFull(l, make([]byte, mostRead))
		return err
	}
	for range 3 * mostToken / mostRead {
		assert.NoError(t, read(), "a file may have any length")
		decoded = l.read
	}
	for l.read < decoded+mostToken {
		assert.NoError(t, read())
	}
	assert.NoError(t, read(), "a text of the longest length can end here")
	assert.ErrorIs(t, read(), tooLong)
}
