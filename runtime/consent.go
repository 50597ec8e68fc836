package runtime

import (
	"context"

	"github.com/phscript/phscript/planhat"
)

// ConsentRequest is a write that Options.Consent decides about.
type ConsentRequest struct {
	planhat.Write
	// Known returns how many records of the model the run has read, Inputs the names of the
	// files that it has read.
	Known  func() int
	Inputs func() []string
}

// consent asks Options.Consent about a write.
func (h *host) consent(ctx context.Context, w planhat.Write) error {
	if h.opts.Consent == nil {
		return nil
	}
	err := h.opts.Consent(ctx, ConsentRequest{
		Write: w, Inputs: h.box.Read,
		Known: func() int { return h.clients.Tally.Snapshot().ByModel[w.Model].Read },
	})
	if r, ok := ctx.Value(runKey{}).(*run); ok && err != nil && ctx.Err() == nil {
		r.cancel(&notAllowed{err})
	}
	return err
}

// notAllowed ends a run whose write Options.Consent refused.
type notAllowed struct{ error }

func (e *notAllowed) Unwrap() error { return e.error }

func (e *notAllowed) hint() string {
	if h, ok := e.error.(interface{ ErrorHint() string }); ok {
		return h.ErrorHint()
	}
	return ""
}
