//go:build unix

package credential

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a program has started ends with it.
func TestCommandsEndWhatTheyStarted(t *testing.T) {
	d := newDesk(t)
	fifo := filepath.Join(d.dir, "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	s, err := d.finder.Find(d.config(`token_command = ["sh", "-c", "(echo up; exec sleep 1000) > '`+fifo+`' & sleep 1000"]`, ""), API)
	require.NoError(t, err)
	ctx, end := context.WithCancelCause(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := s.Read(ctx)
		failed <- err
	}()
	f, err := os.Open(fifo)
	require.NoError(t, err)
	defer func() { assert.NoError(t, f.Close()) }()
	in := bufio.NewReader(f)
	line, err := in.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "up\n", line)
	reason := errors.New("it took too long")
	end(reason)
	require.ErrorIs(t, <-failed, reason)
	_, err = io.ReadAll(in) // until nobody has the FIFO open
	require.NoError(t, err)
}
