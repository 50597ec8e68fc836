package serve

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Times of a worker.
const (
	// DefaultLostAfter is how long a worker may be silent before its runs count as
	// lost. It sends ten heartbeats in that time.
	DefaultLostAfter = 30 * time.Second
	// storeTime is the time limit for one operation on the store.
	storeTime = 30 * time.Second
	// lateEnd is how late the end of a run is recorded at most without a word.
	lateEnd = 10 * time.Second
	// endTime is how long a worker tries to record the end of a run. Otherwise the
	// run would count as lost, and might be retried.
	endTime = 24 * time.Hour
)

// Launch starts the program of a run and waits for its end. The run uses the scripts and
// the configuration of from. If ctx ends, Launch asks the program to stop, and kills it if
// it does not.
type Launch func(ctx context.Context, from *Loaded, r *history.Run, d schedule.Definition, out Output) history.End

// Output receives what a program says. Both functions are safe for concurrent use.
type Output struct {
	// Line gets each line of output, Progress how far the run is, now and then.
	Line     func(history.Line)
	Progress func(history.Progress)
}

// Worker makes runs. It is safe for concurrent use.
type Worker struct {
	db        *store.DB
	schedules *Schedules
	history   *history.History
	name      string
	// pin returns what is in effect, and keeps it in effect until release is called.
	pin       func() (from *Loaded, release func())
	dir       string
	launch    Launch
	lostAfter time.Duration
	meters    *meters
	log       *slog.Logger

	// watching is since when the store has answered every look for lost runs.
	watching time.Time

	// stops has the context.CancelCauseFunc of each run in progress, by number.
	stops sync.Map
}

// Why a run ends early. errNotOwn means that another worker may have it.
var (
	errStopping  = errors.New("the worker was stopped")
	errKilled    = errors.New("the worker was stopped at once")
	errCancelled = errors.New("it was cancelled")
	errNotOwn    = errors.New("the worker lost contact with the store, so its run was given up")
)

// Work makes one run.
func (w *Worker) Work(ctx context.Context, id int64) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	// A run must not have the settings of one release and the scripts of another.
	from, release := w.pin()
	r, d, err := w.claim(ctx, id)
	release()
	if err != nil || r == nil {
		return err
	}
	w.stops.Store(id, stop)
	defer w.stops.Delete(id)
	of, name := "schedule", r.Schedule
	if r.Cause == history.ByHook {
		of, name = "webhook", r.Definition.Name
	}
	log := w.log.With("run", id, of, name, "script", r.Script)
	log.Info("run started", "attempt", r.Attempt, "cause", r.Cause)
	done := make(chan struct{})
	var beat sync.WaitGroup
	var so reported
	beat.Go(func() { w.beat(id, &so, stop, done) })
	// The run counts as alive until its end is stored, however long that takes.
	defer beat.Wait()
	defer close(done)
	w.noteScript(ctx, from, r)
	w.noteFirst(ctx, r)
	lines := newLogWriter(w.history, id, log)
	end := w.launch(ctx, from, r, d, Output{Line: lines.add, Progress: so.set})
	lines.close()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		if errors.Is(cause, errNotOwn) {
			log.Warn("run given up", "reason", cause.Error())
			return nil
		}
		if end.Status != history.Succeeded && end.Status != history.Rejected {
			end.Status, end.Reason = history.Cancelled, cause.Error()
		}
	}
	stopping := errors.Is(context.Cause(ctx), errStopping) || errors.Is(context.Cause(ctx), errKilled)
	if err := w.finish(r, d, end, stopping, log); err != nil {
		// Its record will say that it was lost.
		log.Error("the end of the run could not be stored", "status", end.Status, "reason", err.Error())
	}
	return nil
}

// KillAll kills the runs in progress, and returns how many there were.
func (w *Worker) KillAll() (n int) {
	for _, stop := range w.stops.Range {
		stop.(context.CancelCauseFunc)(errKilled)
		n++
	}
	return n
}

// Busy returns how many runs are in progress.
func (w *Worker) Busy() (n int) {
	for range w.stops.Range {
		n++
	}
	return n
}

// claim assigns a queued run to this worker if no other run of its schedule is
// running. It returns nil if there is nothing to do.
func (w *Worker) claim(ctx context.Context, id int64) (run *history.Run, d schedule.Definition, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	var left *history.Run
	err = w.db.InTx(ctx, func(tx *store.Tx) error {
		run, left = nil, nil
		r, err := w.history.Get(ctx, tx, id)
		if errors.Is(err, history.ErrNoRun) || err == nil && r.Status != history.Queued {
			return nil
		}
		if err != nil {
			return err
		}
		if d, err = schedule.Settings(r.Definition, ""); err != nil {
			_, err = w.schedules.endQueued(ctx, tx, r, history.End{Status: history.Failed, Error: err.Error()})
			return err
		}
		// Dispatch has looked for other runs of the schedule. If one is running by
		// now, this one waits for it.
		if r.Schedule != "" {
			state, err := w.schedules.lock(ctx, tx, r.Schedule)
			if err != nil {
				return err
			}
			if late, err := w.schedules.late(ctx, tx, r, d, state); err != nil || late == lateMissed {
				left = r
				return err
			}
			if active, err := w.history.Active(ctx, tx, r.Schedule); err != nil || active {
				return errors.Join(err, w.history.HandBack(ctx, tx, r.ID))
			}
		}
		claimed, err := w.history.Claim(ctx, tx, id, w.name)
		if err == nil && claimed && r.Schedule != "" {
			err = w.schedules.begun(ctx, tx, r.Schedule, r.Tick)
		}
		if err == nil && claimed {
			r.Status, r.Worker, r.Started = history.Running, w.name, time.Now()
			run = r
		}
		return err
	})
	if err != nil {
		return nil, d, err
	}
	if left != nil {
		w.schedules.report(left)
	}
	return run, d, nil
}

// progressEvery is how often a heartbeat is sent while a run reports progress.
const progressEvery = time.Second

// beat sends heartbeats for a run to the store, with what it last reported. It ends the run
// if somebody cancelled it, or if it no longer belongs to this worker.
func (w *Worker) beat(id int64, so *reported, stop context.CancelCauseFunc, done <-chan struct{}) {
	every := w.lostAfter / 10
	tick := time.NewTicker(min(every, progressEvery))
	defer tick.Stop()
	failing, next := false, time.Now().Add(every)
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		latest := so.latest.Swap(nil)
		if latest == nil && time.Now().Before(next) {
			continue
		}
		next = time.Now().Add(every)
		ctx, cancel := context.WithTimeout(context.Background(), storeTime)
		own, wanted, err := w.history.Seen(ctx, id, w.name, latest)
		cancel()
		if err != nil && latest != nil {
			so.latest.CompareAndSwap(nil, latest) // it is stored later, unless the run has reported again
		}
		switch {
		case err != nil && !failing:
			w.log.Warn("the store is unreachable; the run continues", "run", id, "reason", err.Error())
		case err != nil:
		case !own:
			stop(errNotOwn)
			return
		case wanted:
			stop(errCancelled)
		}
		failing = err != nil
	}
}

// reported is what a run has reported and the store does not have yet.
type reported struct {
	latest atomic.Pointer[history.Progress]
}

func (r *reported) set(p history.Progress) { r.latest.Store(&p) }

func (w *Worker) noteScript(ctx context.Context, from *Loaded, r *history.Run) {
	text, err := sourcefile.Read(filepath.Join(cmp.Or(from.Dir, w.dir), filepath.FromSlash(r.Script)))
	if err != nil {
		return // the run reports that itself
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	sum := sha256.Sum256(text)
	if err := w.history.SetScriptHash(ctx, r.ID, hex.EncodeToString(sum[:])); err != nil {
		w.log.Warn("the script's version was not recorded", "run", r.ID, "reason", err.Error())
	}
}

// noteFirst finds the first attempt of a run, whose journal it continues.
func (w *Worker) noteFirst(ctx context.Context, r *history.Run) {
	err := store.Retry(ctx, func() (err error) {
		ctx, cancel := context.WithTimeout(ctx, storeTime)
		defer cancel()
		r.First, err = w.history.FirstAttempt(ctx, r)
		return err
	}, func(err error) {
		w.log.Warn("waiting to find the first attempt of the run", "run", r.ID, "reason", err.Error())
	})
	if err != nil {
		w.log.Warn("the first attempt of the run was not found, so rows that it sent may be sent again", "run", r.ID, "reason", err.Error())
	}
}

// finish stores how a run ended, and queues what follows.
func (w *Worker) finish(r *history.Run, d schedule.Definition, end history.End, stopping bool, log *slog.Logger) error {
	if end.Status == history.Cancelled && !stopping {
		if latest, err := w.history.Run(context.Background(), r.ID); err == nil && latest.Reason != "" {
			end.Reason = latest.Reason
		}
	}
	done, ended, reason := false, time.Now(), end.Reason
	err := w.persist(func(ctx context.Context, why error) error {
		if why != nil {
			end.Late = time.Since(ended)
			if reason == "" && end.Late > lateEnd {
				end.Reason = "its end was recorded " + end.Late.Round(time.Second).String() + " later, because the store could not be written: " + store.Trouble(why)
			}
		}
		return w.db.InTx(ctx, func(tx *store.Tx) error {
			state, err := w.schedules.lock(ctx, tx, r.Schedule)
			if err != nil {
				return err
			}
			if done, err = w.history.Finish(ctx, tx, r.ID, end, history.Running); err != nil || !done {
				return err
			}
			return w.schedules.after(ctx, tx, r, d, end, state, stopping)
		})
	})
	if err != nil {
		return err
	}
	if !done {
		log.Warn("the run was marked as lost before it ended", "status", end.Status)
		return nil
	}
	w.meters.note(r, end)
	level, attrs := slog.LevelInfo, []any{"status", end.Status, "seconds", float64((time.Since(r.Started) - end.Late).Milliseconds()) / 1000}
	if end.Status.Bad() {
		level = slog.LevelWarn
	}
	if why := history.Why(end.Reason, end.Error); why != "" {
		attrs = append(attrs, "reason", why)
	}
	log.Log(context.Background(), level, "run ended", attrs...)
	return nil
}

// persist retries until the store accepts something, for a long time.
// do gets the last error.
func (w *Worker) persist(do func(ctx context.Context, why error) error) error {
	long, cancel := context.WithTimeout(context.Background(), endTime)
	defer cancel()
	told := false
	var why error
	return store.Retry(long, func() error {
		ctx, cancel := context.WithTimeout(long, storeTime)
		defer cancel()
		err := do(ctx, why)
		if err != nil {
			why = err
		}
		return err
	}, func(err error) {
		if !told {
			w.log.Warn("the store is unreachable; waiting to record the end of a run", "reason", err.Error())
		}
		told = true
	})
}

// Lost marks runs as lost whose workers have been silent too long, and queues what
// follows. Every process calls it every few seconds. After the store was
// unreachable, workers get that time again.
func (w *Worker) Lost(ctx context.Context) error {
	if w.watching.IsZero() {
		w.watching = time.Now()
	}
	var silent []*history.Run
	began := time.Now()
	// In a transaction that may write, as heartbeats do: a locked SQLite file could
	// still be read.
	if err := w.history.LoseCommands(ctx); err != nil {
		w.watching = time.Time{}
		return err
	}
	err := w.db.InTx(ctx, func(tx *store.Tx) (err error) {
		silent, err = w.history.Silent(ctx, tx, w.lostAfter)
		return err
	})
	if err != nil || time.Since(began) > w.lostAfter/3 {
		w.watching = time.Time{}
		return err
	}
	if time.Since(w.watching) < w.lostAfter {
		return nil
	}
	var failed error
	for _, r := range silent {
		// After the machine slept, the runs of this process continue.
		if _, atWork := w.stops.Load(r.ID); !atWork && !r.Cause.Command() {
			failed = errors.Join(failed, w.lose(ctx, r))
		}
	}
	return failed
}

func (w *Worker) lose(ctx context.Context, r *history.Run) error {
	end := history.End{Status: history.Lost, Reason: "its worker, " + r.Worker + ", is gone; the run's progress is unknown"}.Unfinished()
	d, err := schedule.Settings(r.Definition, "")
	if err != nil {
		return err
	}
	lost := false
	err = w.db.InTx(ctx, func(tx *store.Tx) error {
		state, err := w.schedules.lock(ctx, tx, r.Schedule)
		if err != nil {
			return err
		}
		if lost, err = w.history.Lose(ctx, tx, r.ID, end, w.lostAfter); err != nil || !lost {
			return err
		}
		return w.schedules.after(ctx, tx, r, d, end, state, false)
	})
	if err == nil && lost {
		w.meters.note(r, end)
		w.log.Warn("run lost", "run", r.ID, "schedule", r.Schedule, "worker", r.Worker)
	}
	return err
}
