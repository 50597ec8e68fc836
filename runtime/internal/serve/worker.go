package serve

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Times of a worker.
const (
	// DefaultLostAfter is the silence of a worker after which its runs count as
	// lost; it tells ten times as often that it is alive.
	DefaultLostAfter = 30 * time.Second
	// storeTime is how long one thing with the store may take.
	storeTime = 30 * time.Second
	// endTime is how long the end of a run is offered to a store that does not
	// take it: it would count as lost, and might be repeated.
	endTime = 24 * time.Hour
)

// Launch starts the program of a run and waits for its end. The lines of its
// output go to emit as they come. Where ctx ends, the program is asked to stop,
// and killed where it does not.
type Launch func(ctx context.Context, r *history.Run, d schedule.Definition, emit func(history.Line)) history.End

// Worker makes runs. It is safe for concurrent use.
type Worker struct {
	db        *store.DB
	schedules *Schedules
	history   *history.History
	name      string
	dir       string
	launch    Launch
	lostAfter time.Duration
	meters    *meters
	log       *slog.Logger

	// watching is since when the store answered each look for lost runs.
	watching time.Time

	mu sync.Mutex
	// stops end the runs at work, by their number.
	stops map[int64]context.CancelCauseFunc
}

// errStopping is why a run ends when its worker shuts down, errKilled when that
// has to be at once, errCancelled when
// somebody asked for it, errNotOwn when it was given to somebody else.
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
	r, d, err := w.claim(ctx, id)
	if err != nil || r == nil {
		return err
	}
	w.track(id, stop)
	defer w.untrack(id)
	log := w.log.With("run", id, "schedule", r.Schedule, "script", r.Script)
	log.Info("run started", "attempt", r.Attempt, "cause", r.Cause)
	done := make(chan struct{})
	var beat sync.WaitGroup
	beat.Go(func() { w.beat(id, stop, done) })
	// It counts as alive until its end is stored, however long that takes.
	defer beat.Wait()
	defer close(done)
	w.noteScript(ctx, r)
	lines := newLogWriter(w.history, id, log)
	end := w.launch(ctx, r, d, lines.add)
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
		// Its record will say that it is lost.
		log.Error("the end of the run could not be stored", "status", end.Status, "reason", err.Error())
	}
	return nil
}

func (w *Worker) track(id int64, stop context.CancelCauseFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stops[id] = stop
}

func (w *Worker) untrack(id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.stops, id)
}

func (w *Worker) atWork(id int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stops[id] != nil
}

// KillAll ends all runs in progress at once, and returns how many there were.
func (w *Worker) KillAll() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, stop := range w.stops {
		stop(errKilled)
	}
	return len(w.stops)
}

// Busy is how many runs are at work.
func (w *Worker) Busy() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.stops)
}

// claim makes a queued run this worker's own, where no other run of its
// schedule is in its way. Without a run there is nothing to do.
func (w *Worker) claim(ctx context.Context, id int64) (run *history.Run, d schedule.Definition, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	err = w.db.InTx(ctx, func(tx *store.Tx) error {
		run = nil
		r, err := w.history.Get(ctx, tx, id)
		if errors.Is(err, history.ErrNoRun) || err == nil && r.Status != history.Queued {
			return nil
		}
		if err != nil {
			return err
		}
		if d, err = schedule.Settings(r.Definition, ""); err != nil {
			_, err = w.history.Finish(ctx, tx, id, history.End{Status: history.Failed, Error: err.Error()}, history.Queued)
			return err
		}
		// Dispatch has looked for others of the schedule. Where one is running all
		// the same, this one waits for it.
		if r.Schedule != "" {
			if _, err := w.schedules.lock(ctx, tx, r.Schedule); err != nil {
				return err
			}
			if absent, err := w.schedules.absent(ctx, tx, r, d); err != nil || absent {
				return err // it was handed over, and then nobody was there
			}
			if active, err := w.history.Active(ctx, tx, r.Schedule); err != nil || len(active) > 0 {
				return errors.Join(err, w.history.HandBack(ctx, tx, r.ID))
			}
		}
		claimed, err := w.history.Claim(ctx, tx, id, w.name)
		if err == nil && claimed {
			r.Status, r.Worker, r.Started = history.Running, w.name, time.Now()
			run = r
		}
		return err
	})
	if err != nil {
		return nil, d, err
	}
	return run, d, nil
}

// beat tells the store that the run is alive, and ends it where somebody wants
// that, or where the store has given it up.
func (w *Worker) beat(id int64, stop context.CancelCauseFunc, done <-chan struct{}) {
	tick := time.NewTicker(w.lostAfter / 10)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), storeTime)
		own, wanted, err := w.history.Seen(ctx, id, w.name)
		cancel()
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

// noteScript stores which version of the script is run.
func (w *Worker) noteScript(ctx context.Context, r *history.Run) {
	text, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(r.Script)))
	if err != nil {
		return // running it will say so
	}
	ctx, cancel := context.WithTimeout(ctx, storeTime)
	defer cancel()
	sum := sha256.Sum256(text)
	if err := w.history.SetScriptHash(ctx, r.ID, hex.EncodeToString(sum[:])); err != nil {
		w.log.Warn("the script's version was not recorded", "run", r.ID, "reason", err.Error())
	}
}

// finish stores how a run ended, and what follows.
func (w *Worker) finish(r *history.Run, d schedule.Definition, end history.End, stopping bool, log *slog.Logger) error {
	if end.Status == history.Cancelled && !stopping {
		if latest, err := w.history.Run(context.Background(), r.ID); err == nil && latest.Reason != "" {
			end.Reason = latest.Reason
		}
	}
	done := false
	err := w.persist(func(ctx context.Context) error {
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
	level, attrs := slog.LevelInfo, []any{"status", end.Status, "seconds", time.Since(r.Started).Round(time.Millisecond).Seconds()}
	if end.Status.Bad() {
		level = slog.LevelWarn
	}
	if end.Reason != "" {
		attrs = append(attrs, "reason", end.Reason)
	}
	if first, _, _ := strings.Cut(end.Error, "\n"); first != "" {
		attrs = append(attrs, "error", strings.TrimPrefix(first, "error: "))
	}
	log.Log(context.Background(), level, "run ended", attrs...)
	return nil
}

// persist tries until the store takes it, for a long while.
func (w *Worker) persist(do func(ctx context.Context) error) error {
	deadline := time.Now().Add(endTime)
	failing := false
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		ctx, cancel := context.WithTimeout(context.Background(), storeTime)
		err := do(ctx)
		cancel()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		if !failing {
			w.log.Warn("the store is unreachable; waiting to record the end of a run", "reason", err.Error())
		}
		failing = true
		time.Sleep(pause)
	}
}

// Lost marks runs as lost whose worker was not seen for a while, and goes on
// after them. Every process calls it every few seconds. After a time in which
// the store was away, workers get their time again to be seen.
func (w *Worker) Lost(ctx context.Context) error {
	if w.watching.IsZero() {
		w.watching = time.Now()
	}
	var silent []*history.Run
	began := time.Now()
	// In a transaction of the kind that workers need to be seen: a file that is
	// locked can be read all the same.
	err := w.db.InTx(ctx, func(tx *store.Tx) error {
		var err error
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
		// After a sleep of the machine, what is at work here is still at work.
		if !w.atWork(r.ID) {
			failed = errors.Join(failed, w.lose(ctx, r))
		}
	}
	return failed
}

// lose marks one run as lost.
func (w *Worker) lose(ctx context.Context, r *history.Run) error {
	end := history.End{Status: history.Lost, Reason: "its worker, " + r.Worker + ", is gone; the run's progress is unknown"}
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
