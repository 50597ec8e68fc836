package serve

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Work makes one run. An error means that the run could not begin; it is tried
// again. ctx ends with errCancelled when somebody cancels the run, and with
// errStopping when the workers stop.
type Work func(ctx context.Context, run int64) error

// Engine hands each queued run to one worker, in this process or in another one that
// uses the same store. It does not know what a run is or how it ended.
type Engine interface {
	// Enqueue queues a run that is due, within a transaction, and returns the
	// engine's number for it. limit is the run's time limit.
	Enqueue(ctx context.Context, tx *store.Tx, run int64, limit time.Duration) (job int64, err error)
	// Cancel cancels a job, or asks the worker that has it, in any process, to end
	// its run.
	Cancel(ctx context.Context, tx *store.Tx, job int64) error
	// Holds reports whether a worker will take a job, or took it a moment before
	// now, the store's time.
	Holds(ctx context.Context, tx *store.Tx, job int64, now time.Time) (bool, error)
	// Start calls work for at most that many runs at once, until Stop. The name
	// identifies this process.
	Start(ctx context.Context, name string, workers int, work Work) error
	// Stop starts no more runs and waits for those in progress until ctx ends.
	// StopAndCancel also ends their contexts.
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
}

// runArgs are what River stores of a run.
type runArgs struct {
	Run int64 `json:"run"`
	// Limit is the time limit in seconds.
	Limit int64 `json:"limit"`
}

// Kind names the jobs. It must never change: River discards jobs of unknown kinds.
func (runArgs) Kind() string { return "phscript_run" }

// Times for River. It gives up a job whose worker is gone after the job's time limit;
// the run's record is marked as lost long before.
const (
	rescueAfter = 90 * time.Second
	keepJobs    = time.Hour
	slack       = 2 * time.Minute
	// afterError is the pause before a run that could not begin is tried again.
	afterError = 2 * time.Second
)

// riverEngine is River. The type of transaction depends on the driver for the store.
type riverEngine[Tx any] struct {
	driver riverdriver.Driver[Tx]
	// join lets River take part in a transaction of the store.
	join func(tx *store.Tx, work func(tx Tx) error) error
	log  *slog.Logger
	// inserts queues jobs. client works on them; it is nil until Start.
	inserts, client *river.Client[Tx]
}

// NewEngine returns the engine on a store, and updates its tables.
func NewEngine(ctx context.Context, db *store.DB, log *slog.Logger) (Engine, error) {
	if pool := db.Pool(); pool != nil {
		return newEngine(ctx, riverpgxv5.New(pool), (*store.Tx).Postgres, log)
	}
	return newEngine(ctx, riversqlite.New(db.DB), func(tx *store.Tx, work func(tx *sql.Tx) error) error { return work(tx.Tx) }, log)
}

func newEngine[Tx any](ctx context.Context, driver riverdriver.Driver[Tx], join func(*store.Tx, func(Tx) error) error, log *slog.Logger) (Engine, error) {
	e := &riverEngine[Tx]{driver: driver, join: join, log: log}
	err := e.migrate(ctx)
	if err == nil {
		e.inserts, err = river.NewClient(e.driver, &river.Config{Logger: quiet(log), Middleware: []rivertype.Middleware{&early{}}})
	}
	if err != nil {
		return nil, fmt.Errorf("preparing the queue: %w", err)
	}
	return e, nil
}

// migrate updates River's tables. If two processes do that at the same time, one
// fails and tries again.
func (e *riverEngine[Tx]) migrate(ctx context.Context) error {
	migrator, err := rivermigrate.New(e.driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		if err == nil || try == 5 {
			return err
		}
		select {
		case <-time.After(time.Duration(try) * 200 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// early makes jobs due an hour before they are queued. River uses the clock of the
// machine that queues them, which may be ahead of the store's. The run is due by
// the store's clock.
type early struct {
	river.JobInsertMiddlewareDefaults
}

func (*early) InsertMany(ctx context.Context, jobs []*rivertype.JobInsertParams, insert func(context.Context) ([]*rivertype.JobInsertResult, error)) ([]*rivertype.JobInsertResult, error) {
	at := time.Now().Add(-time.Hour)
	for _, job := range jobs {
		job.ScheduledAt = &at
	}
	return insert(ctx)
}

func (e *riverEngine[Tx]) Enqueue(ctx context.Context, tx *store.Tx, run int64, limit time.Duration) (job int64, err error) {
	err = e.join(tx, func(tx Tx) error {
		result, err := e.inserts.InsertTx(ctx, tx, runArgs{Run: run, Limit: int64(limit / time.Second)}, &river.InsertOpts{MaxAttempts: 1})
		if err != nil {
			return fmt.Errorf("queueing run %d: %w", run, err)
		}
		job = result.Job.ID
		return nil
	})
	return job, err
}

func (e *riverEngine[Tx]) Cancel(ctx context.Context, tx *store.Tx, job int64) error {
	return e.join(tx, func(tx Tx) error {
		_, err := e.inserts.JobCancelTx(ctx, tx, job)
		if errors.Is(err, rivertype.ErrNotFound) {
			return nil
		}
		return err
	})
}

// takenLately is how long a worker may have a job before the run has begun.
const takenLately = 30 * time.Second

func (e *riverEngine[Tx]) Holds(ctx context.Context, tx *store.Tx, job int64, now time.Time) (held bool, err error) {
	err = e.join(tx, func(tx Tx) error {
		row, err := e.inserts.JobGetTx(ctx, tx, job)
		switch {
		case errors.Is(err, rivertype.ErrNotFound):
			return nil
		case err != nil:
			return err
		case row.State == rivertype.JobStateRunning:
			held = row.AttemptedAt == nil || now.Sub(*row.AttemptedAt) < takenLately
		default:
			held = row.FinalizedAt == nil
		}
		return nil
	})
	return held, err
}

// worker calls work for River.
type worker struct {
	river.WorkerDefaults[runArgs]
	work Work
}

func (w *worker) Timeout(job *river.Job[runArgs]) time.Duration {
	return time.Duration(job.Args.Limit)*time.Second + slack
}

func (w *worker) Work(ctx context.Context, job *river.Job[runArgs]) error {
	// A run has its own time limit. River's only matters while the run's end waits
	// for the store.
	run, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	defer context.AfterFunc(ctx, func() {
		switch cause := context.Cause(ctx); {
		case errors.Is(cause, river.ErrJobCancelledRemotely):
			end(errCancelled)
		case !errors.Is(cause, context.DeadlineExceeded):
			end(errStopping)
		}
	})()
	if w.work(run, job.Args.Run) != nil {
		return river.JobSnooze(afterError) // River would discard a failed job
	}
	return nil
}

func (e *riverEngine[Tx]) Start(ctx context.Context, name string, workers int, work Work) error {
	known := river.NewWorkers()
	river.AddWorker(known, &worker{work: work})
	client, err := river.NewClient(e.driver, &river.Config{
		ID: name, Logger: quiet(e.log), Workers: known,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		RescueStuckJobsAfter: rescueAfter, JobTimeout: time.Minute,
		CompletedJobRetentionPeriod: keepJobs, CancelledJobRetentionPeriod: keepJobs, DiscardedJobRetentionPeriod: keepJobs,
	})
	if err == nil {
		err = client.Start(ctx)
	}
	if err != nil {
		return fmt.Errorf("starting the workers: %w", err)
	}
	e.client = client
	return nil
}

func (e *riverEngine[Tx]) Stop(ctx context.Context) error {
	if e.client == nil {
		return nil
	}
	return e.client.Stop(ctx)
}

func (e *riverEngine[Tx]) StopAndCancel(ctx context.Context) error {
	if e.client == nil {
		return nil
	}
	return e.client.StopAndCancel(ctx)
}
