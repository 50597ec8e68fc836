package host

import (
	"context"
	"time"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/undoable"
)

// record lets the host record what scripts change: deletes, or everything.
func (h *Opened) record(options *runtime.Options, all bool) {
	h.recorder = undoable.New(undoable.Options{
		Journal: changes.New(h.store.Open, options.Logger), All: all, Now: options.Now,
		Begin: func(ctx context.Context) changes.Set {
			entry := h.entry.Load()
			return changes.Set{Run: entry.Begin(ctx), Kind: changes.ByRun, Script: entry.script()}
		},
		Warn: func(ctx context.Context, message, reason string) {
			options.Logger.WarnContext(ctx, message, "reason", reason)
		},
	})
	options.Recorder = h.recorder.Of
}

// Recorded ends the recording of what scripts changed, and says what there is, nil for
// nothing.
func (h *Opened) Recorded(ctx context.Context) *outcome.Recorded {
	if h.recorder == nil {
		return nil
	}
	calls, n := h.recorder.Cost()
	h.recorder.Close(ctx)
	if n == 0 {
		return nil
	}
	_ = h.entry.Load().store(ctx, func(ctx context.Context, db *store.DB) error {
		return changes.Prune(ctx, db, changes.MostKept)
	})
	if !h.recorder.Reverts() {
		return nil
	}
	return &outcome.Recorded{Changes: n, Calls: calls, Until: h.options.Now().Add(changes.Kept).UTC().Truncate(time.Second)}
}
