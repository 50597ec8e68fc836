package apply

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/store"
)

// recording is how long an apply waits for the store after a request.
const recording = 5 * time.Minute

// change is the journal's entry of a row.
func (a *applier) change(s *step, r row) changes.Change {
	c := changes.Change{
		Seq: a.past[s.at(r.StepRow)].seq, Step: s.Number, Row: r.Row, Client: s.Client, Model: s.Model, Operation: s.Operation, Action: r.Action,
		Line: s.Line, ID: r.id, Name: r.Name, State: changes.Intended,
	}
	if s.deletes != nil {
		c.Model, c.Operation = s.deletes.Snake, "delete"
	} else if s.model == nil {
		c.Operation = s.Method + " " + s.Path
	}
	if s.defined[r.ID] {
		c.Placeholder, c.ID = r.ID, ""
	}
	if r.Key != nil {
		c.KeyName, c.KeyValue = r.Key.Name, r.Key.Value
	}
	switch {
	case r.Action == plan.Update && len(r.Changes) > 0:
		c.Before, c.After = a.images(r.Changes)
	case r.Action != plan.Delete:
		c.After = r.body
	}
	return c
}

// images returns the values before and after changes.
func (a *applier) images(list []plan.Change) (before, after jsontext.Value) {
	was, then := []byte{'{'}, []byte{'{'}
	add := func(to []byte, path string, value []byte) []byte {
		if len(to) > 1 {
			to = append(to, ',')
		}
		name, err := jsontext.AppendQuote(to, path)
		if err != nil {
			return to
		}
		return append(append(name, ':'), value...)
	}
	for _, c := range list {
		if !c.Unread {
			value := []byte(c.Before)
			if len(value) == 0 {
				value = []byte("null")
			}
			was = add(was, c.Path, a.real(value))
		}
		then = add(then, c.Path, a.real(c.After))
	}
	return append(was, '}'), append(then, '}')
}

// real replaces the placeholders in a value.
func (a *applier) real(value []byte) []byte {
	if out, missing := a.ids.in(value); missing == "" {
		return out
	}
	return []byte("null")
}

// record writes rows to the journal before they are sent.
func (a *applier) record(ctx context.Context, s *step, intended []changes.Change) error {
	var added, again []changes.Change
	var places []int
	for i, c := range intended {
		if c.Seq == 0 {
			added, places = append(added, c), append(places, i)
		} else {
			again = append(again, c)
		}
	}
	if len(added) > 0 {
		if err := a.Writer.Add(ctx, added); err != nil {
			return unrecorded(err)
		}
	}
	if len(again) > 0 {
		if err := a.Writer.Settle(ctx, again); err != nil {
			return unrecorded(err)
		}
	}
	for n, i := range places {
		intended[i].Seq = added[n].Seq
	}
	for _, c := range intended {
		a.past[place{c.Step, c.Row}] = past{seq: c.Seq, state: changes.Intended}
	}
	return nil
}

func unrecorded(err error) error {
	if errors.Is(err, changes.ErrLost) {
		return &StoppedError{Why: "another process has taken over this plan, so this one stops", Err: err}
	}
	stopped := &StoppedError{Why: "nothing more is sent, since it can't be recorded: " + err.Error(), Err: err}
	if failed, ok := errors.AsType[*store.Error](err); ok {
		stopped.Hint = failed.Hint
	}
	return stopped
}

// settle records what happened to rows.
func (a *applier) settle(ctx context.Context, s *step, rows []settled) error {
	if len(rows) == 0 {
		return nil
	}
	var list, added []changes.Change
	for _, r := range rows {
		c := a.change(s, r.row)
		c.State, c.Message = r.state, r.why
		if r.action != "" {
			c.Action = r.action
		}
		if r.id != "" {
			c.ID = r.id
		}
		if r.before != nil {
			c.Before = r.before
		}
		at := s.at(r.StepRow)
		if r.state == changes.Done && s.defined[r.ID] && c.ID != "" && !r.loose {
			a.ids.of[r.ID] = c.ID
		}
		a.past[at] = past{seq: c.Seq, state: r.state}
		a.result.add(s, r.StepRow, r.state, c.Action, r.why)
		if c.Seq == 0 {
			added = append(added, c)
		} else {
			list = append(list, c)
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recording)
	defer cancel()
	if len(added) > 0 {
		if err := a.Writer.Add(ctx, added); err != nil {
			return unrecorded(err)
		}
	}
	if len(list) > 0 {
		if err := a.Writer.Settle(ctx, list); err != nil {
			return unrecorded(err)
		}
	}
	return nil
}
