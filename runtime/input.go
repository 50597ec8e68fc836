package runtime

import (
	"context"
	"io"
)

// ContextReader is an input whose reads end with a context, without taking away
// what is to be read by others.
type ContextReader interface {
	ReadContext(ctx context.Context, p []byte) (int, error)
}

// input reads the script's standard input and gives up when the run ends: a
// read from a terminal or a pipe cannot be interrupted itself, unless it is a
// ContextReader. What is read after that is lost.
type input struct {
	run  *run
	from io.Reader
}

func (in *input) Read(p []byte) (int, error) {
	if in.from == nil {
		return 0, io.EOF
	}
	// A prompt must be seen before its answer is read.
	if err := in.run.stdout.Flush(); err != nil {
		return 0, err
	}
	if from, ok := in.from.(ContextReader); ok {
		return from.ReadContext(in.run.ctx, p)
	}
	type answer struct {
		data []byte
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		buf := make([]byte, len(p))
		n, err := in.from.Read(buf)
		answers <- answer{buf[:n], err}
	}()
	select {
	case a := <-answers:
		return copy(p, a.data), a.err
	case <-in.run.ctx.Done():
		return 0, context.Cause(in.run.ctx)
	}
}
