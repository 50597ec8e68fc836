package runtime

import (
	"context"
	"io"
)

// input reads the script's standard input and gives up when the run ends: a
// read from a terminal or a pipe cannot be interrupted itself. What is read
// after that is lost.
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
