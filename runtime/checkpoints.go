package runtime

import (
	"context"
	"sync"

	"github.com/phscript/phscript/bindings"
)

// checkpoint keeps a script's progress. The store opens on first use.
type checkpoint struct {
	host  *host
	store bindings.CheckpointStore
}

func (c *checkpoint) opened() bindings.CheckpointStore {
	if c.store == nil {
		c.store = c.host.findCheckpoint()
	}
	return c.store
}

func (c *checkpoint) Load(ctx context.Context) ([]byte, error) { return c.opened().Load(ctx) }

func (c *checkpoint) Save(ctx context.Context, value []byte) error {
	return c.opened().Save(ctx, value)
}

func (c *checkpoint) Clear(ctx context.Context) error { return c.opened().Clear(ctx) }

// drop clears the checkpoint of a run that succeeded, if the run used it.
func (c *checkpoint) drop(ctx context.Context) error {
	if c.store == nil {
		return nil
	}
	return c.store.Clear(context.WithoutCancel(ctx))
}

// findCheckpoint finds the script's checkpoint: in the caller's store, or in
// memory while the Runtime lasts. A dry run does not touch the stored one.
func (h *host) findCheckpoint() bindings.CheckpointStore {
	if h.opts.Checkpoint != nil && !h.opts.DryRun {
		return h.opts.Checkpoint(h.first)
	}
	kept, _ := h.rt.checkpoints.LoadOrStore(h.first.Path+h.first.Name, &remembered{})
	return kept.(*remembered)
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
