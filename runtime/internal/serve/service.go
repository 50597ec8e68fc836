// Package serve runs scripts on a schedule, on one machine or on several that
// share a store, and keeps a history of their runs.
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
	"github.com/phscript/phscript/runtime/internal/quota"
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
	// passTime is how long one pass of a loop may take, longPassTime one that
	// calls others or deletes much.
	passTime     = 20 * time.Second
	longPassTime = 10 * time.Minute
	// DefaultGrace is how long runs may go on when the service is stopped,
	// before they are asked to end.
	DefaultGrace = 20 * time.Second
	// DefaultKeepDays is how long runs stay in the history, DefaultKeepSize how
	// many bytes of them.
	DefaultKeepDays = 90
	DefaultKeepSize = 1 << 30
)

// Options set a service up.
type Options struct {
	DB     *store.DB
	Engine Engine
	Loader *Loader
	// Name is what others see of this process: a host's name and a process.
	Name    string
	Workers int
	Grace   time.Duration
	// LostAfter is the silence of a worker after which its runs count as lost,
	// LateAfter how late a tick may be taken and still count as on time,
	// RetryPause the pause before the first further attempt. Defaults are used
	// where they are 0.
	LostAfter, LateAfter, RetryPause time.Duration
	// Launch runs a script; Program.Launch as a rule.
	Launch   Launch
	Notifier *Notifier
	Log      *slog.Logger
	// Loaded, where set, is told of every configuration that is taken into use.
	Loaded func(*Loaded)
	// Alone keeps a second service from the store.
	Alone bool
}

// Service plans and makes runs until it is stopped.
type Service struct {
	o         Options
	schedules *Schedules
	history   *history.History
	worker    *Worker
	meters    *meters

	mu     sync.Mutex
	loaded *Loaded
	// tried is the fingerprint of the configuration that was looked at last, seen
	// one that is looked at once it has settled.
	tried, seenPrint string
	// triedAt is when that was. Only reload uses it.
	triedAt time.Time
	// problem is why the configuration that lies there is not in use.
	problem error

	planned atomic.Int64
	// started is when this process began to serve, by the store's clock.
	started int64
}

// New returns a service on loaded schedules. It does nothing before Run.
func New(o Options, loaded *Loaded) *Service {
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	if o.LostAfter <= 0 {
		o.LostAfter = DefaultLostAfter
	}
	s := &Service{o: o, schedules: NewSchedules(o.DB, o.Engine), history: history.New(o.DB), loaded: loaded, tried: o.Loader.print, meters: newMeters()}
	s.schedules.defaults = s.defaultActions
	if o.LateAfter > 0 {
		s.schedules.LateAfter = o.LateAfter
	}
	if o.RetryPause > 0 {
		s.schedules.RetryPause = o.RetryPause
	}
	s.worker = &Worker{
		db: o.DB, schedules: s.schedules, history: s.history, name: o.Name, dir: o.Loader.Dir, lostAfter: o.LostAfter,
		launch: o.Launch, meters: s.meters, log: o.Log, stops: map[int64]context.CancelCauseFunc{},
	}
	return s
}

// defaultActions are those of schedules that have none of their own.
func (s *Service) defaultActions(kind EventKind) []config.Action {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kind == Recovery {
		return s.loaded.Config.Serve.OnRecovery
	}
	return s.loaded.Config.Serve.OnFailure
}

// Run serves until ctx ends, or the file of its store is taken away. Then it
// takes on no further runs, lets those at work end, asks them to when they take
// longer than the grace, and returns.
func (s *Service) Run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	err := s.persist(ctx, func() error {
		return s.o.Engine.Start(context.WithoutCancel(ctx), s.o.Name, s.o.Workers, s.worker.Work)
	})
	if err != nil {
		return err
	}
	s.o.Log.Info("serving", "schedules", len(s.loaded.Definitions), "workers", s.o.Workers, "state", s.o.DB.Location, "worker", s.o.Name)
	// A service is there until its last run has ended.
	var loops, presence sync.WaitGroup
	present, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	presence.Go(func() { s.loop(present, seenEvery, passTime, "recording that this service is alive", s.seen) })
	for _, l := range []struct {
		every, within time.Duration
		do            func(context.Context) error
		what          string
	}{
		{planEvery, passTime, s.plan, "planning"},
		{dispatchEvery, passTime, s.schedules.Dispatch, "starting due runs"},
		{s.o.LostAfter / 6, passTime, s.worker.Lost, "looking for lost runs"},
		{requeueEvery, passTime, s.requeue, "looking for stuck runs"},
		{noticeEvery, longPassTime, s.Deliver, "sending notifications"},
		{reloadEvery, longPassTime, s.reload, "reloading"},
		{pruneEvery, longPassTime, s.prune, "pruning the history"},
		{seenEvery, passTime, func(context.Context) error {
			if s.o.DB.Moved() {
				stop(&store.Error{
					Message: "the store " + s.o.DB.Location + " was removed or replaced while it was in use",
					Hint:    "start the service again: it uses the file that is there, or creates a new one",
				})
			}
			return nil
		}, "checking the store file"},
	} {
		loops.Go(func() { s.loop(ctx, l.every, l.within, l.what, l.do) })
	}
	<-ctx.Done()
	gather := func() {
		loops.Wait()
		leave()
		presence.Wait()
	}
	var gone *store.Error
	if errors.As(context.Cause(ctx), &gone) {
		s.o.Log.Error("stopping", "reason", gone.Message)
		return errors.Join(s.shutDown(gather), gone)
	}
	return s.shutDown(gather)
}

// begin stores the schedules, once the store takes them.
func (s *Service) begin(ctx context.Context) error {
	return s.persist(ctx, func() error {
		if err := s.alone(ctx); err != nil {
			return err
		}
		if err := s.schedules.Sync(ctx, s.loaded.Definitions); err != nil {
			return err
		}
		return s.register(ctx)
	})
}

// persist does what the service begins with, and again until the store takes it
// or ctx ends. It returns an error that does not pass.
func (s *Service) persist(ctx context.Context, do func() error) error {
	for said := false; ctx.Err() == nil; {
		err := do()
		var final *store.Error
		if err == nil || errors.As(err, &final) {
			return err
		}
		if !said && ctx.Err() == nil {
			s.o.Log.Warn("the store cannot save the schedules yet; retrying", "reason", err.Error())
		}
		said = true
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	return nil
}

func (s *Service) requeue(ctx context.Context) error {
	n, err := s.schedules.Requeue(ctx)
	if n > 0 {
		s.o.Log.Warn("queued runs again that no worker held", "runs", n)
	}
	return err
}

// Problem is why the configuration that lies there is not in use, or nil.
func (s *Service) Problem() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.problem
}

// Hurry ends the runs at work at once. It is for a service that is stopping.
func (s *Service) Hurry() {
	if n := s.worker.KillAll(); n > 0 {
		s.o.Log.Warn("killing the runs in progress", "runs", n)
	}
}

// loop does something now and then, each time within a bound: a connection that
// says nothing any more holds nothing up for long. A failure is logged, and
// passes or comes again.
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
	return err
}

// reload takes a changed configuration into use. A bad one is reported once,
// and the last good one stays; it is tried again, as the mistake may be mended
// where no change is seen.
func (s *Service) reload(ctx context.Context) error {
	s.mu.Lock()
	last, tried, problem := s.loaded, s.tried, s.problem
	s.mu.Unlock()
	now := s.o.Loader.Fingerprint()
	again := problem != nil && time.Since(s.triedAt) > retryEvery
	if now == tried && !again {
		return nil
	}
	if now != tried && now != s.seenPrint {
		s.seenPrint = now // it may be in the middle of being written
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
	if err := s.schedules.Sync(ctx, loaded.Definitions); err != nil {
		return err
	}
	s.mu.Lock()
	s.loaded, s.tried, s.problem = loaded, s.o.Loader.print, nil
	s.mu.Unlock()
	if s.o.Loaded != nil {
		s.o.Loaded(loaded)
	}
	s.o.Log.Info("the changed configuration is now in use", "schedules", len(loaded.Definitions))
	return nil
}

func (s *Service) prune(ctx context.Context) error {
	s.mu.Lock()
	set := s.loaded.Config.Serve
	s.mu.Unlock()
	days, size := DefaultKeepDays, int64(DefaultKeepSize)
	if set.KeepDays > 0 {
		days = set.KeepDays
	}
	if set.KeepSize != "" {
		var err error
		if size, err = config.ParseSize(set.KeepSize); err != nil {
			return err
		}
	}
	now, err := s.schedules.now(ctx, s.o.DB)
	if err != nil {
		return err
	}
	n, err := s.history.Prune(ctx, now.AddDate(0, 0, -days), size)
	if n > 0 {
		s.o.Log.Info("deleted old runs from the history", "runs", n)
	}
	return errors.Join(err, s.forget(ctx), quota.Forget(ctx, s.o.DB))
}

// shutDown ends the service, and calls gather once no run is left. Runs that cannot end in time are handed over where
// they may be repeated.
func (s *Service) shutDown(gather func()) error {
	if n := s.worker.Busy(); n > 0 {
		s.o.Log.Info("stopping when the runs in progress have ended", "runs", n, "at_most", s.o.Grace.String())
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.o.Grace)
	defer cancel()
	err := s.o.Engine.Stop(ctx)
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		s.o.Log.Warn("asking the runs in progress to end", "runs", s.worker.Busy())
		patience, cancel := context.WithTimeout(context.Background(), askedFor+overtime)
		defer cancel()
		err = s.o.Engine.StopAndCancel(patience)
	}
	gather()
	// What ended just now may be news.
	last, done := context.WithTimeout(context.Background(), noticeTime)
	defer done()
	err = errors.Join(err, s.Deliver(last), s.retire(last))
	s.o.Log.Info("stopped")
	return err
}

// Ready reports whether schedules are planned, or why not.
func (s *Service) Ready(ctx context.Context) error {
	if err := s.o.DB.PingContext(ctx); err != nil {
		return fmt.Errorf("the store is unreachable: %w", err)
	}
	if last := time.Unix(0, s.planned.Load()); time.Since(last) > 15*planEvery {
		return errors.New("schedules have not been planned recently")
	}
	return nil
}
