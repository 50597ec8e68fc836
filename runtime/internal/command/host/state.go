package host

import (
	"context"
	"errors"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/durable"
	"github.com/phscript/phscript/runtime/internal/store"
)

// states finds what a script keeps between its runs. suffix tells profiles apart.
func states(env *environment.Env, stored *storage.Lazy, suffix string) func(runtime.Script) bindings.StateStore {
	return func(s runtime.Script) bindings.StateStore {
		return &storedState{own: durable.OfScript(pathOf(env, s)), suffix: suffix, store: &store.Persistent{
			Open: stored.Open, What: "the store", Waits: "waiting to use the state of scripts", Log: stored.Log,
		}}
	}
}

// storedState is the state of scripts in the store. It waits for the store: a long run
// does not fail because the file is locked for a while.
type storedState struct {
	store *store.Persistent
	own   string
	// suffix ends the names of the spaces.
	suffix string
}

func (s *storedState) Own() string { return s.own }

func (s *storedState) Get(ctx context.Context, space, key string) (value []byte, version int64, err error) {
	err = s.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		value, version, err = durable.Get(ctx, db, space+s.suffix, key)
		return err
	})
	return value, version, err
}

func (s *storedState) Set(ctx context.Context, space string, changes []bindings.StateChange) error {
	changed := false
	err := s.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		err := durable.Set(ctx, db, space+s.suffix, changes)
		if changed = errors.Is(err, bindings.ErrChanged); changed {
			return nil // waiting does not help
		}
		return err
	})
	if err == nil && changed {
		return bindings.ErrChanged
	}
	return err
}

func (s *storedState) Keys(ctx context.Context, space string) (keys []string, err error) {
	err = s.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		keys, err = durable.Keys(ctx, db, space+s.suffix)
		return err
	})
	return keys, err
}

// pathOf returns what identifies a script: its path, or the folder of one without a file.
func pathOf(env *environment.Env, s runtime.Script) string {
	if s.Path == "" {
		return s.Name + " in " + env.Dir
	}
	return s.Path
}
