package runtime

import (
	"context"
	"io"
)

// ReadStdin reads the script's standard input and returns early if ctx ends. A
// read from a terminal or a pipe cannot be interrupted, unless it has the
// method ReadContext; what it reads later is lost.
func (h *host) ReadStdin(ctx context.Context, p []byte) (int, error) {
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
