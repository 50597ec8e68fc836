package hooks

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// chosen reads which events a command is about: those with the numbers, or those of a webhook.
func (o *options) chosen(env *environment.Env, example string) (f hooks.Filter, ids []int64, err error) {
	if (o.webhook == "") == (len(o.Args) == 0) {
		return f, nil, &usage.Error{Message: "name either events or --webhook", Hint: "such as: phscript hooks " + example + ", or: phscript hooks " + strings.Replace(example, "17", "--webhook NAME", 1)}
	}
	if f, err = o.filter(env.Now()); err != nil {
		return f, nil, err
	}
	for _, arg := range o.Args {
		id, err := o.eventID(arg)
		if err != nil {
			return f, nil, err
		}
		ids = append(ids, id)
	}
	return f, ids, nil
}

// discard decides that parked events are not handled.
func discard(env *environment.Env, o *options) error {
	if strings.TrimSpace(o.reason) == "" {
		return &usage.Error{Message: "--reason is missing", Hint: `say why nobody needs the events, such as --reason "test data"; 'phscript hooks show' and the audit repeat it`}
	}
	f, ids, err := o.chosen(env, `discard 17 --reason "test data"`)
	if err != nil {
		return err
	}
	by := o.Ask(env).By
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		events := hooks.NewEvents(db)
		if o.webhook != "" {
			if f.Hook, err = o.known(ctx, events, o.webhook); err != nil {
				return err
			}
			n, err := events.Discard(ctx, f, by, o.reason)
			if err == nil {
				fmt.Fprintf(env.Stdout, "%d parked events of %s were discarded\n", n, f.Hook)
			}
			return err
		}
		for _, id := range ids {
			e, err := events.Get(ctx, id)
			if err != nil {
				return o.found(id, err)
			}
			n, err := events.Discard(ctx, hooks.Filter{IDs: []int64{id}}, by, o.reason)
			switch {
			case err != nil:
				return err
			case n == 0:
				fmt.Fprintf(env.Stdout, "event %d is %s; only parked events can be discarded\n", id, e.State)
			default:
				fmt.Fprintf(env.Stdout, "event %d of %s was discarded\n", id, e.Hook)
			}
		}
		return nil
	})
}

// replay hands events to their scripts again.
func replay(env *environment.Env, o *options) error {
	f, ids, err := o.chosen(env, "replay 17")
	if err != nil {
		return err
	}
	by := o.Ask(env).By
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		events := hooks.NewEvents(db)
		if o.webhook != "" {
			if f.Hook, err = o.known(ctx, events, o.webhook); err != nil {
				return err
			}
			if f.States = []hooks.State{hooks.Parked}; o.all {
				f.States = nil
			}
			n, err := events.Replay(ctx, f, by, o.resume)
			if err == nil {
				fmt.Fprintf(env.Stdout, "%d events of %s will be handled again\n", n, f.Hook)
			}
			return err
		}
		for _, id := range ids {
			e, err := events.ReplayOne(ctx, id, by, o.resume)
			switch {
			case errors.Is(err, hooks.ErrNoBody):
				return &usage.Error{Message: fmt.Sprintf("event %d cannot be replayed, because %v", id, err)}
			case err != nil:
				return o.found(id, err)
			case e.State == hooks.Waiting || e.State == hooks.Running:
				fmt.Fprintf(env.Stdout, "event %d is still %s\n", id, e.State)
			default:
				fmt.Fprintf(env.Stdout, "event %d of %s will be handled again\n", id, e.Hook)
			}
		}
		return nil
	})
}
