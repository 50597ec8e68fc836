// Package serve runs scripts on a schedule, on one machine or on several that share
// a store, and records their runs.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Times of the service.
const (
	planEvery     = 2 * time.Second
	dispatchEvery = 300 * time.Millisecond
	requeueEvery  = 10 * time.Second
	noticeEvery   = time.Second
	pruneEvery    = time.Hour
	reloadEvery   = time.Second
	checkEvery    = 3 * time.Second
	// plannedWithin is how old the last successful planning may be at most. A pass
	// that takes longer does not succeed for now.
	plannedWithin = 4500 * time.Millisecond
	// passTime is the time limit for one pass of a loop, longPassTime for one that
	// sends notifications or deletes much.
	passTime     = 20 * time.Second
	longPassTime = 10 * time.Minute
	// reloadedWithin is how long reading the schedules may take. A folder on another
	// machine may not answer.
	reloadedWithin = 30 * time.Second
	// gatherTime is how long a service that stops waits for its loops.
	gatherTime = 10 * time.Second
	// DefaultGrace is how long runs may take to finish when the service is
	// stopped, before they are interrupted.
	DefaultGrace = 20 * time.Second
	// DefaultKeepDays is how long runs stay in the history, DefaultKeepSize how
	// many bytes the history may take.
	DefaultKeepDays = 90
	DefaultKeepSize = 1 << 30
)

// Options configure a service.
type Options struct {
	DB     *store.DB
	Engine Engine
	Loader *Loader
	// Name identifies this process: its host and number.
	Name    string
	Workers int
	Grace   time.Duration
	// LostAfter is how long a worker may be silent before its runs count as lost,
	// LateAfter how late a tick may start and still count as on time, RetryPause
	// the pause before the first retry; 0 for the defaults.
	LostAfter, LateAfter, RetryPause time.Duration
	// Launch runs a script, usually Program.Launch.
	Launch   Launch
	Notifier *Notifier
	Log      *slog.Logger
	// Loaded, if set, is called with every changed configuration that takes effect.
	Loaded func(*Loaded)
	// Alone refuses to share the store with another service.
	Alone bool
	// Handler and Intake, if set, take events of other systems and hand them to runs.
	Handler *hooks.Handler
	Intake  *hooks.Intake
	// Plans, if set, are those that wait for approval.
	Plans *plans.Plans
}

// Service plans and starts runs until it is stopped.
type Service struct {
	o         Options
	schedules *Schedules
	history   *history.History
	worker    *Worker
	meters    *meters
	stored    tally

	// switching is held to write while another configuration takes effect in the store
	// and here.
	switching sync.RWMutex

	mu     sync.Mutex
	loaded *Loaded
	// tried is the fingerprint of the configuration that was loaded last, seenPrint
	// one that is loaded when it stops changing.
	tried, seenPrint string
	// triedAt is when a configuration was found invalid. Only reload uses it.
	triedAt time.Time
	// problem is why the configuration on disk is not in effect.
	problem error

	outage outage
	// clockOff is by how many microseconds the clock of this machine is fast, compared with the
	// store's.
	clockOff atomic.Int64
	// planned is when planning succeeded last, planFails whether it failed since.
	planned atomic.Int64
	// reloading is when the pass of reload began that is under way, or 0.
	reloading           atomic.Int64
	planFails, stopping atomic.Bool
	// started is when this process began to serve, by the store's clock.
	started int64
}

// New returns a service for loaded schedules. Run starts it.
func New(o Options, loaded *Loaded) *Service {
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	if o.LostAfter <= 0 {
		o.LostAfter = DefaultLostAfter
	}
	s := &Service{o: o, schedules: NewSchedules(o.DB, o.Engine), history: history.New(o.DB), loaded: loaded, tried: o.Loader.print, meters: newMeters()}
	s.schedules.defaults, s.schedules.leftOut = s.defaultActions, s.logLeftOut
	if o.LateAfter > 0 {
		s.schedules.LateAfter = o.LateAfter
	}
	if o.RetryPause > 0 {
		s.schedules.RetryPause = o.RetryPause
	}
	s.worker = &Worker{
		db: o.DB, schedules: s.schedules, history: s.history, name: o.Name, pin: s.pin, dir: o.Loader.Dir, lostAfter: o.LostAfter,
		launch: o.Launch, meters: s.meters, log: o.Log,
	}
	return s
}

// pin returns the configuration in effect, and keeps it in effect until release is
// called.
func (s *Service) pin() (from *Loaded, release func()) {
	s.switching.RLock()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loaded, s.switching.RUnlock
}

// defaultActions are the actions of schedules that set none.
func (s *Service) defaultActions(kind EventKind) []config.Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch kind {
	case Recovery:
		return s.loaded.Config.Serve.OnRecovery
	case Missed:
		return s.loaded.Config.Serve.OnMissed
	}
	return s.loaded.Config.Serve.OnFailure
}

// Run serves until ctx ends, or the file of its store is deleted or damaged. Then it
// starts no more runs, waits for those in progress, and interrupts them after the
// grace period; at once if the store is gone.
func (s *Service) Run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	err := s.retry(ctx, func() error {
		return s.o.Engine.Start(context.WithoutCancel(ctx), s.o.Name, s.o.Workers, s.work)
	})
	if err != nil {
		return err
	}
	s.o.Log.Info("serving", "schedules", len(s.loaded.Definitions), "workers", s.o.Workers, "state", s.o.DB.Location, "worker", s.o.Name)
	// The service counts as live until its last run has ended.
	var loops, presence sync.WaitGroup
	present, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	presence.Go(func() { s.loop(present, seenEvery, passTime, "recording that this service is alive", s.seen) })
	s.startHooks(ctx, &loops)
	for _, l := range []struct {
		every, within time.Duration
		do            func(context.Context) error
		what          string
	}{
		{planEvery, passTime, s.writable(s.plan), "planning"},
		{dispatchEvery, passTime, s.writable(s.schedules.Dispatch), "starting due runs"},
		{s.o.LostAfter / 6, passTime, s.worker.Lost, "looking for lost runs"},
		{requeueEvery, passTime, s.requeue, "looking for stuck runs"},
		{noticeEvery, longPassTime, s.Deliver, "sending notifications"},
		{reloadEvery, longPassTime, s.reload, "reloading"},
		{pruneEvery, longPassTime, s.prune, "pruning the history"},
		{checkEvery, passTime, s.o.DB.Check, "checking the store file"},
	} {
		loops.Go(func() {
			s.loop(ctx, l.every, l.within, l.what, func(pass context.Context) error {
				err := l.do(pass)
				if gone, ok := errors.AsType[*store.Error](err); ok {
					stop(gone)
				}
				return err
			})
		})
	}
	<-ctx.Done()
	s.stopping.Store(true)
	gone, isGone := errors.AsType[*store.Error](context.Cause(ctx))
	gather := func() {
		s.await(&loops)
		leave()
		s.await(&presence)
	}
	if isGone {
		s.o.Log.Error("stopping", "reason", gone.Message, "runs", s.worker.Busy())
		s.abandon()
		gather()
		return gone
	}
	return s.shutDown(gather)
}

// await waits for loops that end because the service does. It leaves those behind that
// hang in a system call, which nothing can end.
func (s *Service) await(loops *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		loops.Wait()
	}()
	select {
	case <-ended:
	case <-time.After(gatherTime):
		s.o.Log.Warn("stopping although some of the service's work does not end: a folder or a database may not answer")
	}
}

func (s *Service) begin(ctx context.Context) error {
	return s.retry(ctx, func() error {
		if err := s.alone(ctx); err != nil {
			return err
		}
		if err := s.schedules.Sync(ctx, s.loaded.Definitions); err != nil {
			return err
		}
		return s.register(ctx)
	})
}

// retry runs what the service starts with until the store accepts it or ctx ends,
// which is not an error.
func (s *Service) retry(ctx context.Context, do func() error) error {
	err := store.Retry(ctx, do, func(err error) {
		s.outage.begin(err)
		s.o.Log.Warn("the store cannot save the schedules yet; retrying", "reason", err.Error())
	})
	if ctx.Err() != nil {
		err = nil
	}
	return err
}

func (s *Service) requeue(ctx context.Context) error {
	n, err := s.schedules.Requeue(ctx)
	if n > 0 {
		s.o.Log.Warn("queued runs again that no worker held", "runs", n)
	}
	return err
}

// Problem is why the configuration on disk is not in effect, or nil.
func (s *Service) Problem() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.problem
}

// Hurry kills the runs in progress. It is for a service that is stopping.
func (s *Service) Hurry() {
	if n := s.worker.KillAll(); n > 0 {
		s.o.Log.Warn("killing the runs in progress", "runs", n)
	}
}

// loop calls do periodically, each time with a time limit, so that a dead connection
// does not block it. It logs a failure once until the next success.
func (s *Service) loop(ctx context.Context, every, within time.Duration, what string, do func(context.Context) error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	failed := false
	for {
		pass, done := context.WithTimeout(ctx, within)
		err := do(pass)
		done()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failed:
			s.o.Log.Error(what+" failed; retrying", "reason", err.Error())
		case err == nil && failed:
			s.o.Log.Info(what + " works again")
		}
		failed = err != nil
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) plan(ctx context.Context) error {
	n, err := s.schedules.Plan(ctx)
	if n > 0 {
		s.o.Log.Debug("queued", "runs", n)
	}
	if err == nil {
		s.planned.Store(time.Now().UnixNano())
	}
	s.planFails.Store(err != nil)
	return err
}

// reload applies a changed configuration. An invalid one is reported once, and the
// last valid one stays in effect. It is tried again: what was wrong may be fixed
// in a place that has no fingerprint.
func (s *Service) reload(ctx context.Context) error {
	s.reloading.Store(time.Now().UnixNano())
	defer s.reloading.Store(0)
	s.mu.Lock()
	last, tried, problem := s.loaded, s.tried, s.problem
	s.mu.Unlock()
	now := s.o.Loader.Fingerprint()
	again := problem != nil && time.Since(s.triedAt) > retryEvery
	if now == tried && !again {
		return nil
	}
	if now != tried && now != s.seenPrint {
		s.seenPrint = now // somebody may still be writing it
		return nil
	}
	loaded, err := s.o.Loader.Load()
	if err == nil && last.Config.File != "" && loaded.Config.File == "" {
		err = fmt.Errorf("%s was deleted", last.Config.File)
	}
	if err != nil {
		s.triedAt = time.Now()
		s.mu.Lock()
		s.tried, s.problem = s.o.Loader.print, err
		s.mu.Unlock()
		if again && now == tried && problem.Error() == err.Error() {
			return nil
		}
		s.o.Log.Error("the changed configuration is invalid; the last valid one stays in effect", "reason", err.Error())
		return nil
	}
	if err := s.use(ctx, loaded); err != nil {
		return err
	}
	if s.o.Loaded != nil {
		s.o.Loaded(loaded)
	}
	s.o.Log.Info("the changed configuration is now in use", "schedules", len(loaded.Definitions))
	return nil
}

// use puts a configuration into effect.
func (s *Service) use(ctx context.Context, loaded *Loaded) error {
	s.switching.Lock()
	defer s.switching.Unlock()
	if err := s.schedules.Sync(ctx, loaded.Definitions); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loaded, s.tried, s.problem = loaded, s.o.Loader.print, nil
	s.useHooks(loaded)
	return nil
}
