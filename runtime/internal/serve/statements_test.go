package serve

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
)

// statements are those that a SQLite store got, with arguments of one call.
type statements struct {
	mu   sync.Mutex
	seen map[string][]any
	// transactions is how many began.
	transactions int
}

func (s *statements) note(statement string, args []driver.NamedValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var values []any
	for _, a := range args {
		values = append(values, a.Value)
	}
	s.seen[statement] = values
}

// connector opens connections that note their statements.
type connector struct {
	opens  driver.Driver
	source string
	to     *statements
}

func (c connector) Driver() driver.Driver { return c.opens }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.opens.Open(c.source)
	return noting{conn, c.to}, err
}

type noting struct {
	driver.Conn
	to *statements
}

func (n noting) QueryContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Rows, error) {
	n.to.note(statement, args)
	return n.Conn.(driver.QueryerContext).QueryContext(ctx, statement, args)
}

func (n noting) ExecContext(ctx context.Context, statement string, args []driver.NamedValue) (driver.Result, error) {
	n.to.note(statement, args)
	return n.Conn.(driver.ExecerContext).ExecContext(ctx, statement, args)
}

func (n noting) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	n.to.mu.Lock()
	n.to.transactions++
	n.to.mu.Unlock()
	return n.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

// noteStatements makes the store of a fixture, a SQLite file, note its statements.
func (w *fixture) noteStatements(location string) *statements {
	w.t.Helper()
	plain := w.db.DB
	seen := &statements{seen: map[string][]any{}}
	w.db.DB = sql.OpenDB(connector{plain.Driver(), "file:" + location + "?_txlock=immediate&_pragma=busy_timeout(5000)", seen})
	w.db.SetMaxOpenConns(1)
	w.t.Cleanup(func() { assert.NoError(w.t, plain.Close()) })
	return seen
}

// TestStatementsUseIndexes: nothing that a service or a listing asks for reads all
// runs, or sorts them, so the length of the history does not matter.
func TestStatementsUseIndexes(t *testing.T) {
	t.Parallel()
	location := t.TempDir() + "/state.db"
	w := newFixture(t, location)
	seen := w.noteStatements(location)
	stop := w.serve("a", succeed,
		w.define(config.Schedule{Name: "skips", Every: "1s"}),
		w.define(config.Schedule{Name: "queues", Every: "1s", Overlap: "queue", CatchUp: "once"}),
		w.define(config.Schedule{Name: "cancels", Every: "1s", Overlap: "cancel_previous", CatchUp: "all"}))
	w.await(history.Filter{}, over(4))
	require.NoError(t, w.schedules.Pause(t.Context(), "skips", Ask{}))
	stop()
	bad := []history.Status{history.Failed, history.TimedOut}
	for _, f := range []history.Filter{
		{}, {Statuses: bad[:1]}, {Statuses: bad}, {Schedule: "skips"}, {Schedule: "skips", Statuses: bad[:1]}, {Schedule: "skips", Statuses: bad},
		{Script: "a.lua"}, {Script: "a.lua", Statuses: bad}, {Since: time.Now()}, {Since: time.Now(), Statuses: bad}, {Schedule: "skips", Since: time.Now()},
	} {
		f.Due, f.Limit = true, 20
		_, err := w.history.List(t.Context(), f)
		require.NoError(t, err)
	}
	_, err := w.history.Prune(t.Context(), time.Now(), 1)
	require.NoError(t, err)
	_, err = w.schedules.LastTicks(t.Context())
	require.NoError(t, err)
	last, err := w.schedules.LastRuns(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, last)
	_, err = w.history.CountByStatus(t.Context(), history.Started...)
	require.NoError(t, err)

	looked := 0
	for statement, args := range maps.Clone(seen.seen) {
		if !strings.Contains(statement, "phscript_run ") {
			continue
		}
		looked++
		open, parts := strings.Contains(statement, "ended_at IS NULL"), strings.Contains(statement, "UNION ALL")
		chosen := strings.Contains(statement, "script = ?") || strings.Contains(statement, "status IN") || strings.Contains(statement, "schedule = ?")
		rows, err := w.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, args...)
		require.NoError(t, err)
		for rows.Next() {
			var id, parent, other int
			var step string
			require.NoError(t, rows.Scan(&id, &parent, &other, &step))
			if chosen || step != "SCAN phscript_run USING INDEX phscript_run_due" {
				assert.NotRegexp(t, `^SCAN (phscript_run|ahead|last)\b`, step, statement)
			}
			if open {
				assert.NotRegexp(t, `INDEX (phscript_run_(due|schedule|ended|script)|sqlite_autoindex\w+ \(schedule=\?\))`, step, statement)
			} else if !parts { // which are short
				assert.NotEqual(t, "USE TEMP B-TREE FOR ORDER BY", step, statement)
			}
		}
		require.NoError(t, rows.Close())
	}
	assert.Greater(t, looked, 25)
}
