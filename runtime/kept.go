package runtime

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/phscript/phscript/bindings"
)

// kept is the state of scripts in memory. Over a store, it holds what a dry run changes.
// It is safe for concurrent use.
type kept struct {
	own   string
	under bindings.StateStore

	mu     sync.Mutex
	last   int64
	spaces map[string]map[string]keptValue
}

// keptValue is a value and its version; nil is a key that was deleted.
type keptValue struct {
	value   []byte
	version int64
}

// newState finds the state of a script: in the caller's store, or in memory while the
// Runtime lasts. A dry run does not change the stored one.
func (r *Runtime) newState(s Script, o *Options) bindings.StateStore {
	var stored bindings.StateStore
	if o.State != nil {
		stored = o.State(s)
	} else {
		stored = ownState{&r.kept, s.Path + s.Name}
	}
	if o.DryRun {
		return &kept{own: stored.Own(), under: stored}
	}
	return stored
}

// ownState is the state in memory as one script sees it: runs of several scripts share it.
type ownState struct {
	*kept
	own string
}

func (s ownState) Own() string { return s.own }

func (k *kept) Own() string { return k.own }

func (k *kept) Get(ctx context.Context, space, key string) ([]byte, int64, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.get(ctx, space, key)
}

func (k *kept) get(ctx context.Context, space, key string) ([]byte, int64, error) {
	v, changed := k.spaces[space][key]
	if !changed && k.under != nil {
		return k.under.Get(ctx, space, key)
	}
	return v.value, v.version, nil
}

func (k *kept) Set(ctx context.Context, space string, changes []bindings.StateChange) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range changes {
		if c.Version == nil {
			continue
		}
		if _, version, err := k.get(ctx, space, c.Key); err != nil || version != *c.Version {
			return errorOr(err, bindings.ErrChanged)
		}
	}
	if k.spaces == nil {
		k.spaces = map[string]map[string]keptValue{}
	}
	if k.spaces[space] == nil {
		k.spaces[space] = map[string]keptValue{}
	}
	for _, c := range changes {
		k.last++
		v := keptValue{c.Value, k.last}
		if c.Value == nil {
			v.version = 0
		}
		k.spaces[space][c.Key] = v
	}
	return nil
}

func errorOr(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func (k *kept) Keys(ctx context.Context, space string) ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var keys []string
	if k.under != nil {
		var err error
		if keys, err = k.under.Keys(ctx, space); err != nil {
			return nil, err
		}
	}
	keys = slices.AppendSeq(keys, maps.Keys(k.spaces[space]))
	slices.Sort(keys)
	return slices.DeleteFunc(slices.Compact(keys), func(key string) bool {
		v, changed := k.spaces[space][key]
		return changed && v.value == nil
	}), nil
}

// GivenEvents are events that a program gives to a script. It does not hear which are done.
type GivenEvents []bindings.Event

// EventsOf returns events with these bodies, as if a webhook had received them at a time.
func EventsOf(at time.Time, bodies ...[]byte) GivenEvents {
	var list GivenEvents
	for i, body := range bodies {
		list = append(list, bindings.Event{
			Number: int64(i + 1), ID: fmt.Sprintf("event-%d", i+1), Webhook: "event", Method: http.MethodPost, Path: "/", Header: http.Header{"Content-Type": {"application/json"}},
			Body: body, Received: at, Attempt: 1,
		})
	}
	return list
}

// List implements bindings.Events.
func (e GivenEvents) List(context.Context) ([]bindings.Event, error) { return e, nil }

// Done implements bindings.Events.
func (GivenEvents) Done(context.Context, int64) error { return nil }
