package environment

import (
	"context"
	"io"
)

// Typed returns standard input as a person types it. A read ends with ctx if the input has the
// method ReadContext, as a terminal does.
func (e *Env) Typed(ctx context.Context) io.Reader { return typed{ctx, e.Stdin} }

type typed struct {
	ctx  context.Context
	from io.Reader
}

func (t typed) Read(p []byte) (int, error) {
	if from, ok := t.from.(interface {
		ReadContext(ctx context.Context, p []byte) (int, error)
	}); ok {
		return from.ReadContext(t.ctx, p)
	}
	return t.from.Read(p)
}
