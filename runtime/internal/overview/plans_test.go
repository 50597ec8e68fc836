package overview

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// noting notes the statements that a Source gets, with their arguments.
type noting struct {
	store.Source
	mu   sync.Mutex
	seen map[string][]any
}

func (n *noting) note(statement string, args []any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen[statement] = args
}

func (n *noting) QueryContext(ctx context.Context, statement string, args ...any) (*sql.Rows, error) {
	n.note(statement, args)
	return n.Source.QueryContext(ctx, statement, args...)
}

func (n *noting) QueryRowContext(ctx context.Context, statement string, args ...any) *sql.Row {
	n.note(statement, args)
	return n.Source.QueryRowContext(ctx, statement, args...)
}

// filters are those of a page of runs, by what they select.
func filters() map[string]history.Filter {
	now := time.Now()
	before := history.Key{Due: now.Add(-40 * 24 * time.Hour), ID: 5000}
	bad := []history.Status{history.Failed, history.TimedOut}
	return map[string]history.Filter{
		"all": {Due: true}, "next page": {Due: true, Before: &before}, "schedule": {Schedule: "job-7"}, "schedule, next page": {Schedule: "job-7", Before: &before},
		"script": {Script: "jobs/job-7.lua"}, "status": {Statuses: bad[:1]}, "statuses": {Statuses: bad}, "statuses, next page": {Statuses: bad, Before: &before},
		"schedule, status": {Schedule: "job-7", Statuses: bad[:1]}, "schedule, statuses": {Schedule: "job-7", Statuses: bad}, "script, statuses": {Script: "jobs/job-7.lua", Statuses: bad},
		"from, until": {Since: now.Add(-50 * 24 * time.Hour), Until: now.Add(-49 * 24 * time.Hour)}, "from, until, statuses": {Since: now.Add(-50 * 24 * time.Hour), Until: now.Add(-20 * 24 * time.Hour), Statuses: bad},
		"cause": {Causes: []history.Cause{history.ByTick}}, "worker": {Worker: "host"},
		"no such cause": {Causes: []history.Cause{history.ByEvent}}, "no such worker": {Worker: "elsewhere"}, "text": {Text: "job-7.lua"}, "no such text": {Text: "nowhere to be found"},
	}
}

// TestPagesUseIndexes: nothing that pages read goes through all runs or all lines, except
// what looks for a text, a cause or a worker: that goes through runs in the order of the list.
func TestPagesUseIndexes(t *testing.T) {
	for name, location := range locations(t) {
		t.Run(name, func(t *testing.T) {
			db := large(t, location)
			o, err := New(db, nil)
			require.NoError(t, err)
			n := &noting{Source: o.reader, seen: map[string][]any{}}
			s := &Snapshot{At: time.Now()}
			for _, part := range []func(context.Context, store.Source, *Snapshot) error{readDay, readOpen, readFinished, o.readSchedules} {
				require.NoError(t, part(t.Context(), n, s))
			}
			h := history.Of(n)
			for _, f := range filters() {
				_, err := h.Page(t.Context(), f)
				require.NoError(t, err)
			}
			for _, l := range []history.Lines{{After: 1, Limit: 9}, {Before: 9, Limit: 9, Last: true}, {Levels: history.LevelsFrom("warn")}, {Text: "x"}} {
				l.Run = 17
				_, err := h.Lines(t.Context(), l)
				require.NoError(t, err)
				_, err = h.CountLines(t.Context(), l)
				require.NoError(t, err)
			}
			explain, column := "EXPLAIN QUERY PLAN ", 3
			scan := regexp.MustCompile(`SCAN (phscript_run|phscript_run_log)\b`)
			inOrder := "SCAN phscript_run USING INDEX phscript_run_due"
			if db.Pool() != nil {
				explain, column = "EXPLAIN ", 0
				scan = regexp.MustCompile(`Seq Scan on (phscript_run|phscript_run_log)\b`)
			}
			looked := 0
			for statement, args := range n.seen {
				if !strings.Contains(statement, "phscript_run") {
					continue
				}
				looked++
				rows, err := db.QueryContext(t.Context(), explain+statement, args...)
				require.NoError(t, err, statement)
				columns, err := rows.Columns()
				require.NoError(t, err)
				for rows.Next() {
					values := make([]any, len(columns))
					for i := range values {
						values[i] = new(any)
					}
					require.NoError(t, rows.Scan(values...))
					step := fmt.Sprint(*values[column].(*any))
					searches := strings.Contains(statement, "LIKE") || strings.Contains(statement, "cause IN")
					if searches || strings.HasPrefix(step, inOrder) && inOrder != "" && db.Pool() == nil {
						continue
					}
					assert.NotRegexp(t, scan, step, statement)
				}
				require.NoError(t, rows.Close())
			}
			assert.Greater(t, looked, 20)
		})
	}
}

// BenchmarkPages measures pages of runs on a store with 200 schedules and 10,000 runs, and a
// log of 50,000 lines.
func BenchmarkPages(b *testing.B) {
	for name, location := range locations(b) {
		db := large(b, location)
		_, err := db.ExecContext(b.Context(), `INSERT INTO phscript_run_log (run, seq, at, level, message, fields)
			WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
			SELECT 5000, i, 0, CASE WHEN i % 100 = 0 THEN 'warn' ELSE 'info' END, 'upserted 500 companies in batch ' || i, '{"created":3,"updated":485,"unchanged":12}' FROM n`)
		require.NoError(b, err)
		r, err := db.Reader()
		require.NoError(b, err)
		h := history.Of(r)
		measure := func(what string, read func() error) {
			b.Run(name+"/"+what, func(b *testing.B) {
				least := time.Hour
				for b.Loop() {
					began := time.Now()
					require.NoError(b, read())
					least = min(least, time.Since(began))
				}
				b.ReportMetric(float64(least.Microseconds())/1000, "least-ms")
			})
		}
		for what, f := range filters() {
			measure("runs: "+what, func() error { _, err := h.Page(b.Context(), f); return err })
		}
		measure("one run", func() error { _, err := h.Run(b.Context(), 5000); return err })
		for what, l := range map[string]history.Lines{
			"last": {Limit: 1000, Last: true}, "after": {After: 30_000, Limit: 500}, "warnings": {Levels: history.LevelsFrom("warn"), Limit: 500}, "text": {Text: "batch 499", Limit: 500},
		} {
			l.Run = 5000
			measure("log: "+what, func() error { _, err := h.Lines(b.Context(), l); return err })
			if len(l.Levels) > 0 || l.Text != "" {
				measure("log: count of "+what, func() error { _, err := h.CountLines(b.Context(), l); return err })
			}
		}
		measure("log: around", func() error { _, err := h.Around(b.Context(), 5000, 30_000, 20); return err })
	}
}
