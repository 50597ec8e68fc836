package serve

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/history"
	"github.com/phscript/phscript/runtime/schedule"
	"github.com/phscript/phscript/runtime/store"
)

// Times of a worker.
const (
	// heartbeat is how often a worker tells that it is alive, lostAfter the
	// silence after which a run counts as lost.
	heartbeat = 3 * time.Second
	lostAfter = 30 * time.Second
	// waitForOther is the pause before another look at a run that has to wait
	// for one of its schedule.
	waitForOther = time.Second
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
	notify    *Notifier
	meters    *meters
	log       *slog.Logger

	mu sync.Mutex
	// stops end the runs at work, by their number.
	stops map[int64]context.CancelCauseFunc
}

// errStopping is why a run ends when its worker shuts down, errCancelled when
// somebody asked for it, errNotOwn when it was given to somebody else.
var (
	errStopping  = errors.New("the worker was stopped")
	errCancelled = errors.New("it was cancelled")
	errNotOwn    = errors.New("the worker had lost touch with the store, so the run was given up")
)

// Work makes one run.
func (w *Worker) Work(_ context.Context, id int64) (again time.Duration, err error) {
	// The engine's context ends when it shuts down; a run ends in its own way.
	ctx, stop := context.WithCancelCause(context.Background())
	defer stop(nil)
	r, d, again, err := w.claim(ctx, id)
	if err != nil || r == nil {
		return again, err
	}
	w.track(id, stop)
	defer w.untrack(id)
	log := w.log.With("run", id, "schedule", r.Schedule, "script", r.Script)
	log.Info("run started", "attempt", r.Attempt, "cause", r.Cause)
	done := make(chan struct{})
	var beat sync.WaitGroup
	beat.Go(func() { w.beat(id, stop, done) })
	w.noteScript(ctx, r)
	lines := newLogWriter(w.history, id, log)
	end := w.launch(ctx, r, d, lines.add)
	lines.close()
	close(done)
	beat.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		if errors.Is(cause, errNotOwn) {
			log.Warn("run given up", "reason", cause.Error())
			return 0, nil
		}
		if end.Status != history.Succeeded && end.Status != history.Rejected {
			end.Status, end.Reason = history.Cancelled, cause.Error()
		}
	}
	return 0, w.finish(r, d, end, errors.Is(context.Cause(ctx), errStopping), log)
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

// StopAll asks all runs at work to end, since the worker does.
func (w *Worker) StopAll() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, stop := range w.stops {
		stop(errStopping)
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
// schedule is in its way. Without a run there is nothing to do, or a time after
// which to ask again.
func (w *Worker) claim(ctx context.Context, id int64) (run *history.Run, d schedule.Definition, again time.Duration, err error) {
	err = w.db.InTx(ctx, func(tx *sql.Tx) error {
		run, again = nil, 0
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
		if r.Schedule != "" {
			ready, wait, err := w.overlap(ctx, tx, r, d)
			if err != nil || !ready {
				again = wait
				return err
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
		return nil, d, 0, err
	}
	return run, d, again, nil
}

// overlap looks for another run of the schedule that goes on. The schedule's
// row is locked, so that two workers do not look at the same time.
func (w *Worker) overlap(ctx context.Context, tx *sql.Tx, r *history.Run, d schedule.Definition) (ready bool, wait time.Duration, err error) {
	var name string
	err = tx.QueryRowContext(ctx, w.db.Bind(`SELECT name FROM phscript_schedule WHERE name = ?`+w.db.Locking()), r.Schedule).Scan(&name)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, 0, err
	}
	active, err := w.history.Active(ctx, tx, r.Schedule)
	if err != nil {
		return false, 0, err
	}
	if len(active) == 0 {
		return true, 0, nil
	}
	switch d.Overlap {
	case schedule.OverlapQueue:
		return false, waitForOther, nil
	case schedule.OverlapCancel:
		for _, other := range active {
			if _, err := w.history.WantEnd(ctx, tx, other.ID, "the next run of its schedule was due"); err != nil {
				return false, 0, err
			}
		}
		return false, waitForOther, nil
	}
	_, err = w.history.Finish(ctx, tx, r.ID, history.End{
		Status: history.Skipped, Reason: "run " + itoa(active[0].ID) + " of the same schedule was still going on",
	}, history.Queued)
	return false, 0, err
}

// beat tells the store that the run is alive, and ends it where somebody wants
// that, or where the store has given it up.
func (w *Worker) beat(id int64, stop context.CancelCauseFunc, done <-chan struct{}) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(context.Background(), lostAfter)
		own, wanted, err := w.history.Seen(ctx, id, w.name)
		cancel()
		switch {
		case err != nil:
			w.log.Warn("the store cannot be reached", "run", id, "reason", err.Error())
		case !own:
			stop(errNotOwn)
			return
		case wanted:
			stop(errCancelled)
		}
	}
}

// noteScript stores which version of the script is run.
func (w *Worker) noteScript(ctx context.Context, r *history.Run) {
	text, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(r.Script)))
	if err != nil {
		return // running it will say so
	}
	sum := sha256.Sum256(text)
	if err := w.history.SetScriptHash(ctx, r.ID, hex.EncodeToString(sum[:])); err != nil {
		w.log.Warn("the script's version was not noted", "run", r.ID, "reason", err.Error())
	}
}

// finish stores how a run ended, queues another attempt where there is one, and
// tells those who want to know.
func (w *Worker) finish(r *history.Run, d schedule.Definition, end history.End, stopping bool, log *slog.Logger) error {
	if end.Status == history.Cancelled && !stopping {
		if latest, err := w.history.Run(context.Background(), r.ID); err == nil && latest.Reason != "" {
			end.Reason = latest.Reason
		}
	}
	var event *Event
	err := w.persist(func(ctx context.Context) error {
		return w.db.InTx(ctx, func(tx *sql.Tx) error {
			done, err := w.history.Finish(ctx, tx, r.ID, end, history.Running)
			if err != nil || !done {
				return err
			}
			event, err = w.schedules.after(ctx, tx, r, d, end, stopping)
			return err
		})
	})
	w.meters.note(r, end)
	log.Info("run ended", "status", end.Status, "seconds", time.Since(r.Started).Seconds(), "reason", end.Reason)
	if event != nil {
		w.notify.Send(*event)
	}
	return err
}

// persist tries until the store takes it, for as long as a run may be silent.
func (w *Worker) persist(do func(ctx context.Context) error) error {
	deadline := time.Now().Add(10 * lostAfter)
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		ctx, cancel := context.WithTimeout(context.Background(), lostAfter)
		err := do(ctx)
		cancel()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		w.log.Warn("the store cannot be reached", "reason", err.Error())
		time.Sleep(pause)
	}
}

// Lost marks runs as lost whose worker was not seen for a while, and goes on
// after them. Every process calls it every few seconds.
func (w *Worker) Lost(ctx context.Context) error {
	silent, err := w.history.Silent(ctx, w.db, lostAfter)
	if err != nil {
		return err
	}
	for _, r := range silent {
		end := history.End{Status: history.Lost, Reason: "its worker, " + r.Worker + ", is gone; how far the run came is not known"}
		d, err := schedule.Settings(r.Definition, "")
		if err != nil {
			return err
		}
		var event *Event
		lost := false
		err = w.db.InTx(ctx, func(tx *sql.Tx) error {
			event = nil
			if lost, err = w.history.Finish(ctx, tx, r.ID, end, history.Running); err != nil || !lost {
				return err
			}
			event, err = w.schedules.after(ctx, tx, r, d, end, false)
			return err
		})
		if err != nil {
			return err
		}
		if lost {
			w.log.Warn("run lost", "run", r.ID, "schedule", r.Schedule, "worker", r.Worker)
		}
		if event != nil {
			w.notify.Send(*event)
		}
	}
	return nil
}
