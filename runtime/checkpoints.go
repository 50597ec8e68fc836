package runtime

import (
	"context"
	"sync"

	"github.com/phscript/phscript/bindings"
)

// Checkpoint returns where the run keeps its checkpoint.
func (h *host) Checkpoint() bindings.CheckpointStore {
	if h.checkpoint == nil {
		h.checkpoint = h.rt.checkpointOf(h.script)
	}
	return h.checkpoint
}

// checkpointOf finds a script's checkpoint: in the caller's store, or in memory
// for as long as the Runtime lives. A dry run leaves the stored one alone.
func (r *Runtime) checkpointOf(s Script) bindings.CheckpointStore {
	if r.opts.Checkpoint != nil && !r.opts.DryRun {
		return r.opts.Checkpoint(s)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.checkpoints == nil {
		r.checkpoints = map[string]*remembered{}
	}
	if r.checkpoints[s.Path+s.Name] == nil {
		r.checkpoints[s.Path+s.Name] = &remembered{}
	}
	return r.checkpoints[s.Path+s.Name]
}

// remembered is a checkpoint in memory. It is safe for concurrent use.
type remembered struct {
	mu    sync.Mutex
	value []byte
}

func (m *remembered) Load(context.Context) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value, nil
}

func (m *remembered) Save(_ context.Context, value []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.value = value
	return nil
}

func (m *remembered) Clear(ctx context.Context) error { return m.Save(ctx, nil) }

// clearCheckpoint drops the checkpoint of a run that has ended well. A run that
// never named it has none.
func (h *host) clearCheckpoint(ctx context.Context) error {
	if h.checkpoint == nil {
		return nil
	}
	return h.checkpoint.Clear(context.WithoutCancel(ctx))
}
