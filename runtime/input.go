package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"
)

// ReadStdin reads the script's standard input and returns early if ctx ends. A
// read from a terminal or a pipe cannot be interrupted, unless it has the
// method ReadContext; what it reads later is lost.
func (h *host) ReadStdin(ctx context.Context, p []byte) (int, error) {
	n, err := h.readStdin(ctx, p)
	if h.opts.Step != nil {
		h.input.add(p[:n])
	}
	return n, err
}

// input is what a script has read from its standard input.
type input struct {
	mu   sync.Mutex
	size int64
	sum  hash.Hash
}

func (i *input) add(text []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.sum == nil {
		i.sum = sha256.New()
	}
	i.sum.Write(text)
	i.size += int64(len(text))
}

// read returns the size and the hash of what was read, "" if nothing was.
func (i *input) read() (size int64, hash string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.sum == nil {
		return 0, ""
	}
	return i.size, hex.EncodeToString(i.sum.Sum(nil))
}

func (h *host) readStdin(ctx context.Context, p []byte) (int, error) {
	in := h.opts.Stdin
	if in == nil {
		return 0, io.EOF
	}
	// A prompt must be seen before its answer is read.
	if err := h.stdout.finish(); err != nil {
		return 0, err
	}
	if in, ok := in.(interface {
		ReadContext(ctx context.Context, p []byte) (int, error)
	}); ok {
		return in.ReadContext(ctx, p)
	}
	type answer struct {
		data []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		buf := make([]byte, len(p))
		n, err := in.Read(buf)
		answers <- answer{buf[:n], err}
	}()
	select {
	case a := <-answers:
		return copy(p, a.data), a.err
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}
