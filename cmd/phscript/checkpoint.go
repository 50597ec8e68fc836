package main

import (
	"context"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/checkpoint"
	"github.com/phscript/phscript/runtime/serve"
)

// checkpoints finds the checkpoint of a script: its schedule's in a scheduled
// run, or that of its file.
func (l *lazyStore) checkpoints(env *environment) func(runtime.Script) bindings.CheckpointStore {
	return func(s runtime.Script) bindings.CheckpointStore {
		owner := checkpoint.OfScript(s.Path)
		if s.Path == "" {
			owner = checkpoint.OfScript(s.Name + " in " + env.dir)
		}
		if name, ok := env.getenv(serve.ScheduleVariable); ok && name != "" {
			owner = checkpoint.OfSchedule(name)
		}
		return &storedCheckpoint{store: l, owner: owner}
	}
}

// storedCheckpoint is a checkpoint in the store.
type storedCheckpoint struct {
	store *lazyStore
	owner string
}

func (c *storedCheckpoint) Load(ctx context.Context) ([]byte, error) {
	db, err := c.store.open(ctx)
	if err != nil {
		return nil, err
	}
	return checkpoint.Load(ctx, db, c.owner)
}

func (c *storedCheckpoint) Save(ctx context.Context, value []byte) error {
	db, err := c.store.open(ctx)
	if err != nil {
		return err
	}
	return checkpoint.Save(ctx, db, c.owner, value)
}

func (c *storedCheckpoint) Clear(ctx context.Context) error {
	db, err := c.store.open(ctx)
	if err != nil {
		return err
	}
	return checkpoint.Clear(ctx, db, c.owner)
}
