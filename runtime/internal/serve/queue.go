package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Enqueue stores a run, which Dispatch hands over when it is due. It returns false
// if the schedule's tick has that attempt already.
func (s *Schedules) Enqueue(ctx context.Context, tx *store.Tx, d schedule.Definition, r *history.Run) (bool, error) {
	r.Script, r.Definition, r.Status = d.Script, d.Schedule, history.Queued
	return s.history.Add(ctx, tx, r)
}

// Ask is what a person asks for.
type Ask struct {
	// By is who asks. The zero value is phscript itself. Why is the reason that they give.
	By  audit.Actor
	Why string
	// Params are parameters of a run that are other than its schedule's, or than those of
	// the run that it repeats. They are checked against the script's declarations.
	Params map[string]json.RawMessage
}

// record records in the audit that it was done.
func (a Ask) record(ctx context.Context, tx *store.Tx, action, target string) error {
	return audit.Record(ctx, tx, audit.Entry{Actor: a.By, Action: action, Target: target, Detail: a.Why})
}

// asks sets who asked for a run.
func (a Ask) asks(r *history.Run) { r.AskedBy, r.AskedWhy = audit.Clean(a.By.Name), audit.Clean(a.Why) }

// because is the reason for a cancellation.
func (a Ask) because() string {
	text := "cancelled by hand"
	if a.By.Name != "" {
		text = "cancelled by " + a.By.Name
	}
	if a.Why != "" {
		text += ": " + a.Why
	}
	return audit.Clean(text)
}

// RunNow queues a run of a schedule at once, and returns its number. The error for
// parameters that the script does not take is a *header.ParamError.
func (s *Schedules) RunNow(ctx context.Context, name string, ask Ask) (int64, error) {
	r := &history.Run{Schedule: name, Cause: history.ByHand}
	err := s.db.InTx(ctx, func(tx *store.Tx) error {
		e, err := s.one(ctx, tx, name)
		if err != nil {
			return err
		}
		if e.Params, err = schedule.Asked(e.Params, e.Signature, ask.Params); err != nil {
			return err
		}
		if r.Due, err = s.now(ctx, tx); err != nil {
			return err
		}
		ask.asks(r)
		if _, err = s.Enqueue(ctx, tx, e.Definition, r); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Actor: ask.By, Action: "run", Target: audit.Run(r.ID), Detail: detail("schedule "+name, ask.Why)})
	})
	return r.ID, err
}

func detail(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// Cancel cancels a queued run, or asks the worker of a running one to end it. It
// returns the status that the run had.
func (s *Schedules) Cancel(ctx context.Context, id int64, ask Ask) (was history.Status, err error) {
	err = s.db.InTx(ctx, func(tx *store.Tx) error {
		r, err := s.history.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		switch was = r.Status; was {
		case history.Queued:
			err = s.cancel(ctx, tx, r, ask.because())
		case history.Running:
			err = s.end(ctx, tx, r, ask.because())
		default:
			return nil
		}
		if err == nil && ask.By.Name != "" {
			err = s.history.NoteCancel(ctx, tx, id, audit.Clean(ask.By.Name))
		}
		if err != nil {
			return err
		}
		return ask.record(ctx, tx, "cancel", audit.Run(id))
	})
	return was, err
}

// UnrepeatableError says why a run cannot be repeated, and what to do instead.
type UnrepeatableError struct{ Message string }

func (e *UnrepeatableError) Error() string { return e.Message }

func unrepeatable(format string, args ...any) error {
	return &UnrepeatableError{fmt.Sprintf(format, args...)}
}

// Retry queues another attempt of a run that has ended, with the same settings, except the
// parameters that are asked for. resume, if not "", is as in the settings of a schedule.
func (s *Schedules) Retry(ctx context.Context, id int64, resume string, ask Ask) (again int64, err error) {
	err = s.db.InTx(ctx, func(tx *store.Tx) error {
		r, err := s.history.Get(ctx, tx, id)
		if err != nil {
			return err
		}
		if !r.Status.Over() {
			return unrepeatable("run %d is %s; you can repeat it once it has ended", id, r.Status)
		}
		switch {
		case r.Definition.Plan > 0:
			return unrepeatable("run %d applies plan %d; if that was interrupted, phscript plans approve %d continues it", id, r.Definition.Plan, r.Definition.Plan)
		case r.Cause == history.ByApply:
			return unrepeatable("run %d has applied a plan, and each plan can be applied once; to do it again, make a new plan with phscript plan", id)
		case r.Cause == history.ByUndo:
			return unrepeatable("run %d is an undo, which can't be repeated; phscript undo makes a new plan", id)
		case r.Cause.Command():
			return unrepeatable("run %d was not made by a service; repeat the command, phscript %s", id, r.Cause)
		}
		if r.Cause == history.ByHook {
			return unrepeatable("run %d handled events of the webhook '%s'; replay those, see phscript hooks list %s", id, r.Definition.Name, r.Definition.Name)
		}
		d, err := schedule.Settings(r.Definition, "")
		if err != nil {
			return err
		}
		d.Resume = cmp.Or(resume, d.Resume)
		var signature []header.Param
		if e, err := s.one(ctx, tx, r.Schedule); err == nil && e.Script == r.Script {
			signature = e.Signature
		} else if err != nil && !errors.Is(err, ErrNoSchedule) {
			return err
		}
		if d.Params, err = schedule.Asked(d.Params, signature, ask.Params); err != nil {
			return err
		}
		if again, err = s.repeat(ctx, tx, r, d, history.ByHand, 0, ask); err != nil {
			return err
		}
		return audit.Record(ctx, tx, audit.Entry{Actor: ask.By, Action: "retry", Target: audit.Run(id), Detail: detail("as run "+itoa(again), ask.Why)})
	})
	return again, err
}

// repeat queues another attempt of a run with these settings, after a pause. It
// returns the number of the new run.
func (s *Schedules) repeat(ctx context.Context, tx *store.Tx, r *history.Run, d schedule.Definition, cause history.Cause, pause time.Duration, ask Ask) (int64, error) {
	now, err := s.now(ctx, tx)
	if err != nil {
		return 0, err
	}
	again := &history.Run{Schedule: r.Schedule, Tick: r.Tick, Attempt: r.Attempt + 1, RetryOf: r.ID, Cause: cause, Due: now.Add(pause)}
	ask.asks(again)
	for {
		added, err := s.Enqueue(ctx, tx, d, again)
		if err != nil || added {
			return again.ID, err
		}
		again.Attempt++
	}
}

// runHandler queues the script that handles an event, within a transaction.
func (s *Schedules) runHandler(ctx context.Context, tx *store.Tx, script string, e Event) error {
	written, err := s.written(ctx, tx, e.Schedule)
	if err != nil {
		return err
	}
	return s.queueHandler(ctx, tx, config.Schedule{Name: e.Schedule + ".on_" + string(e.Kind), Script: script, Profile: written.Profile}, e)
}

// queueHandler queues a run that gets an event as its parameters.
func (s *Schedules) queueHandler(ctx context.Context, tx *store.Tx, run config.Schedule, e Event) (err error) {
	if run.Params, err = config.ParamsOf(e); err != nil {
		return err
	}
	d, err := schedule.Settings(run, "")
	if err != nil {
		return err
	}
	now, err := s.now(ctx, tx)
	if err != nil {
		return err
	}
	_, err = s.Enqueue(ctx, tx, d, &history.Run{Cause: history.ByEvent, Due: now})
	return err
}

// work makes a run, and then lets the events that wait for its end continue.
func (s *Service) work(ctx context.Context, run int64) error {
	if s.o.Handler != nil {
		defer s.o.Handler.Wake()
	}
	return s.worker.Work(ctx, run)
}

// startHooks begins to take events and to hand them to runs, until ctx ends.
func (s *Service) startHooks(ctx context.Context, loops *sync.WaitGroup) {
	s.useHooks(s.loaded)
	if s.o.Intake != nil {
		loops.Go(func() { s.o.Intake.Run(ctx) })
	}
	if s.o.Handler != nil {
		loops.Go(func() { s.o.Handler.Run(ctx) })
	}
	if s.o.Plans != nil {
		loops.Go(func() { s.o.Plans.Run(ctx) })
	}
}

// useHooks puts the webhooks of a configuration into effect, and how long plans are kept.
func (s *Service) useHooks(loaded *Loaded) {
	if s.o.Plans != nil {
		size := int64(DefaultKeepSize)
		_ = config.Set("", loaded.Config.Serve.KeepSize, &size, config.ParseSize) // it was checked
		s.o.Plans.Use(cmp.Or(max(0, loaded.Config.Serve.KeepDays), DefaultKeepDays), size/4)
	}
	if s.o.Intake != nil {
		s.o.Intake.Use(loaded.Hooks)
	}
	if s.o.Handler != nil {
		size := int64(DefaultKeepSize)
		_ = config.Set("", loaded.Config.Serve.KeepSize, &size, config.ParseSize) // it was checked
		s.o.Handler.Use(loaded.Hooks, loaded.Config.Serve.Reactions(), size/2)
	}
}

// TellOfPlan queues the notifications of a plan that waits, within a transaction: those of its
// schedule, or else the defaults.
func (s *Schedules) TellOfPlan(ctx context.Context, tx *store.Tx, p *plans.Plan, defaults []config.Action) error {
	event := Event{
		Kind: Approval, Schedule: p.Schedule, Script: p.Script, Run: p.MadeRun, Plan: p.ID, Status: history.Status(p.State),
		Reason: fmt.Sprintf("plan %d waits for approval until %s: %s", p.ID, p.Expires.UTC().Format("2006-01-02 15:04 MST"), plans.Says(p.Sum())),
	}
	actions := defaults
	if e, err := s.one(ctx, tx, p.Schedule); err == nil && len(e.OnFailure) > 0 {
		actions = e.OnFailure
	} else if err != nil && !errors.Is(err, ErrNoSchedule) {
		return err
	}
	name := p.Schedule
	if name == "" {
		name = "plan"
	}
	return s.act(ctx, tx, event, actions, config.Schedule{Name: name + ".on_" + string(Approval), Profile: p.Profile})
}

// act queues notifications, within a transaction. handler has the settings of runs that handle
// the event.
func (s *Schedules) act(ctx context.Context, tx *store.Tx, event Event, actions []config.Action, handler config.Schedule) error {
	for _, a := range actions {
		var err error
		if handler.Script = a.Script; a.Script != "" {
			err = s.queueHandler(ctx, tx, handler, event)
		} else {
			err = s.queueNotice(ctx, tx, event, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// TellOfHook queues the notifications of a change of a webhook, within a transaction.
func (s *Schedules) TellOfHook(ctx context.Context, tx *store.Tx, c hooks.Change) error {
	kind := Recovery
	if c.Failing {
		kind = Failure
	}
	event := newEvent(kind, c.Run, history.End{Status: c.Run.Status, Reason: c.Reason, Error: c.Run.Error, ExitCode: c.Run.ExitCode, Rejected: c.Run.Rejected})
	event.Webhook, event.Delivery = c.Hook, c.Delivery
	return s.act(ctx, tx, event, c.Actions, config.Schedule{Name: c.Hook + ".on_" + string(kind), Profile: c.Run.Definition.Profile})
}
