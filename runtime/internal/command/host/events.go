package host

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// storedEvents returns the events of a run that phscript serve has started for them, or nil.
func storedEvents(env *environment.Env, stored *storage.Lazy) bindings.Events {
	if _, ok := env.Getenv(serve.HookVariable); !ok {
		return nil
	}
	text, _ := env.Getenv(serve.RunVariable)
	run, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil
	}
	return &eventsOfRun{run: run, store: &store.Persistent{Open: stored.Open, What: "the store", Waits: "waiting to read the events of the run", Log: stored.Log}}
}

// eventsOfRun are events in the store.
type eventsOfRun struct {
	store *store.Persistent
	run   int64

	mu   sync.Mutex
	list []bindings.Event
}

// List reads the events once: those that are done stay in it.
func (e *eventsOfRun) List(ctx context.Context) ([]bindings.Event, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.list != nil {
		return e.list, nil
	}
	var list []*hooks.Event
	err := e.store.Do(ctx, func(ctx context.Context, db *store.DB) (err error) {
		list, err = hooks.NewEvents(db).OfRun(ctx, e.run)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		body, err := hooks.Inflate(hooks.Encoding(one.Header), one.Body, hooks.LargestBody)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", one.ID, err)
		}
		e.list = append(e.list, bindings.Event{
			Number: one.ID, ID: one.Delivery, Webhook: one.Hook, Key: one.Key, Method: one.Method, Path: one.Path, Header: one.Header, Body: body,
			Received: one.Received, Attempt: one.Tries + 1, Replay: one.Replays > 0, ReplayedBy: one.ReplayedBy,
		})
	}
	return e.list, nil
}

func (e *eventsOfRun) Done(ctx context.Context, number int64) error {
	own := false
	err := e.store.Do(ctx, func(ctx context.Context, db *store.DB) (err error) {
		own, err = hooks.NewEvents(db).Done(ctx, number, e.run)
		return err
	})
	if err == nil && !own {
		e.store.Log.DebugContext(ctx, "the event was marked before", "event", number)
	}
	return err
}

// fileEvent is the event of --event: the body is in a file, or on standard input.
func fileEvent(env *environment.Env, name string) (bindings.Events, error) {
	var body []byte
	var err error
	if name == "-" {
		body, err = io.ReadAll(env.Stdin)
	} else {
		body, err = env.ReadFile(env.Path(name))
	}
	if err != nil {
		return nil, &usage.Error{Message: fmt.Sprintf("cannot read the event in %s: %v", name, err)}
	}
	return runtime.EventsOf(env.Now(), body), nil
}
