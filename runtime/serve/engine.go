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
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/phscript/phscript/runtime/store"
)

// Work does one run. A positive duration means that it could not start yet and
// is to be tried again after it.
type Work func(ctx context.Context, run int64) (again time.Duration, err error)

// Engine hands queued runs to workers, in this process and in others that use
// the same store, each run to one of them. What a run is and how it ended is
// none of its business.
type Engine interface {
	// Enqueue queues a run within a transaction, for a time, and returns the
	// engine's number for it. limit is how long the run may take.
	Enqueue(ctx context.Context, tx *sql.Tx, run int64, due time.Time, limit time.Duration) (job int64, err error)
	// Dequeue takes a run back that no worker has.
	Dequeue(ctx context.Context, tx *sql.Tx, job int64) error
	// Start lets work do at most so many runs at once, until Stop.
	Start(ctx context.Context, workers int, work Work) error
	// Stop takes on no further runs and waits for those at work, as long as
	// ctx lasts.
	Stop(ctx context.Context) error
}

// runArgs are what River keeps of a run.
type runArgs struct {
	Run int64 `json:"run"`
	// Limit is how long it may take, in seconds.
	Limit int64 `json:"limit"`
}

// Kind names the jobs. It must never change: River throws away what it does not
// know.
func (runArgs) Kind() string { return "phscript_run" }

// Times that River needs. A job whose worker is gone is given up after its own
// limit; the run's record is marked as lost long before.
const (
	rescueAfter = 90 * time.Second
	keepJobs    = time.Hour
	slack       = 2 * time.Minute
)

// riverEngine is River, on SQLite and on PostgreSQL.
type riverEngine struct {
	driver riverdriver.Driver[*sql.Tx]
	log    *slog.Logger
	// inserts queues, client works where it was started.
	inserts, client *river.Client[*sql.Tx]
}

// NewEngine returns the engine on a store, and brings its tables up to date.
func NewEngine(ctx context.Context, db *store.DB, log *slog.Logger) (Engine, error) {
	e := &riverEngine{driver: riversqlite.New(db.DB), log: log}
	if store.IsPostgres(db.Location) {
		e.driver = riverdatabasesql.New(db.DB)
	}
	migrator, err := rivermigrate.New(e.driver, &rivermigrate.Config{Logger: quiet(log)})
	if err == nil {
		_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("preparing the queue: %w", err)
	}
	if e.inserts, err = river.NewClient(e.driver, &river.Config{Logger: quiet(log)}); err != nil {
		return nil, fmt.Errorf("preparing the queue: %w", err)
	}
	return e, nil
}

// quiet passes on what an operator has to know of the engine.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(atLeast{log.Handler(), slog.LevelWarn}) }

// atLeast is a handler that drops what lies below a level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}

func (e *riverEngine) Enqueue(ctx context.Context, tx *sql.Tx, run int64, due time.Time, limit time.Duration) (int64, error) {
	result, err := e.inserts.InsertTx(ctx, tx, runArgs{Run: run, Limit: int64(limit / time.Second)}, &river.InsertOpts{
		MaxAttempts: 1, ScheduledAt: due,
	})
	if err != nil {
		return 0, fmt.Errorf("queueing run %d: %w", run, err)
	}
	return result.Job.ID, nil
}

func (e *riverEngine) Dequeue(ctx context.Context, tx *sql.Tx, job int64) error {
	_, err := e.inserts.JobCancelTx(ctx, tx, job)
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil
	}
	return err
}

// worker lets River call work.
type worker struct {
	river.WorkerDefaults[runArgs]
	work Work
}

func (w *worker) Timeout(job *river.Job[runArgs]) time.Duration {
	return time.Duration(job.Args.Limit)*time.Second + slack
}

func (w *worker) Work(ctx context.Context, job *river.Job[runArgs]) error {
	again, err := w.work(ctx, job.Args.Run)
	if err == nil && again > 0 {
		return river.JobSnooze(again)
	}
	return err
}

func (e *riverEngine) Start(ctx context.Context, workers int, work Work) error {
	known := river.NewWorkers()
	river.AddWorker(known, &worker{work: work})
	client, err := river.NewClient(e.driver, &river.Config{
		Logger: quiet(e.log), Workers: known,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}},
		FetchPollInterval:    500 * time.Millisecond,
		RescueStuckJobsAfter: rescueAfter, JobTimeout: time.Minute,
		CompletedJobRetentionPeriod: keepJobs, CancelledJobRetentionPeriod: keepJobs, DiscardedJobRetentionPeriod: keepJobs,
	})
	if err != nil {
		return fmt.Errorf("starting the workers: %w", err)
	}
	e.client = client
	return client.Start(ctx)
}

func (e *riverEngine) Stop(ctx context.Context) error {
	if e.client == nil {
		return nil
	}
	return e.client.Stop(ctx)
}
