package host

import (
	"context"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/checkpoint"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/store"
)

// checkpoints finds the checkpoint of a script: its schedule's in a scheduled
// run, or that of its file. suffix tells profiles apart.
func checkpoints(env *environment.Env, stored *storage.Lazy, suffix string) func(runtime.Script) bindings.CheckpointStore {
	return func(s runtime.Script) bindings.CheckpointStore {
		return &storedCheckpoint{owner: checkpointOwner(env, s) + suffix, store: &store.Persistent{
			Open: stored.Open, What: "the store", Waits: "waiting to use the checkpoint", Log: stored.Log,
		}}
	}
}

// storedCheckpoint is a checkpoint in the store. It waits for the store: a long
// run does not fail because the file is locked for a while.
type storedCheckpoint struct {
	store *store.Persistent
	owner string
}

func (c *storedCheckpoint) Load(ctx context.Context) (value []byte, err error) {
	err = c.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		value, err = checkpoint.Load(ctx, db, c.owner)
		return err
	})
	return value, err
}

func (c *storedCheckpoint) Save(ctx context.Context, value []byte) error {
	return c.store.Do(ctx, func(ctx context.Context, db *store.DB) error { return checkpoint.Save(ctx, db, c.owner, value) })
}

// clearing is how long the end of a run that has done its work waits for the
// store.
const clearing = 5 * time.Minute

func (c *storedCheckpoint) Clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, clearing)
	defer cancel()
	return c.store.Do(ctx, func(ctx context.Context, db *store.DB) error { return checkpoint.Clear(ctx, db, c.owner) })
}
