package bindings

import (
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/internal/textfile"
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
	for range 3 * textfile.MostLine / mostRead {
		require.NoError(t, read(), "a file may have any length")
		decoded = l.read
	}
	for l.read < decoded+textfile.MostLine {
		require.NoError(t, read())
	}
	require.NoError(t, read(), "a text of the longest length can end here")
	require.ErrorIs(t, read(), tooLong)
}
