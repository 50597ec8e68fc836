package history

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Past fills the database of a service with runs that have ended in the 90 days until
// now, in the order of time, with three lines of log each. They belong in turn to
// schedules named job-0, job-1 and so on. The program must have made its tables.
func Past(t testing.TB, db *sql.DB, schedules, runs int) {
	t.Helper()
	began := time.Now().Add(-90 * 24 * time.Hour)
	numbers := strings.NewReplacer(
		"{schedules}", fmt.Sprint(schedules), "{runs}", fmt.Sprint(runs),
		"{began}", fmt.Sprint(began.UnixMicro()), "{step}", fmt.Sprint(time.Since(began).Microseconds()/int64(runs)))
	for _, statement := range []string{pastRuns, pastLogs} {
		_, err := db.ExecContext(t.Context(), numbers.Replace(statement))
		require.NoError(t, err)
	}
}

const pastRuns = `INSERT INTO phscript_run (schedule, tick, attempt, cause, script, script_hash, definition, status, worker,
	due_at, started_at, seen_at, ended_at, exit_code, calls, size, summary)
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {runs})
	SELECT name, at, 1, 'schedule', 'jobs/' || name || '.lua', hash, '{"name":"' || name || '","script":"jobs/' || name || '.lua","cron":"0 2 * * *","time_zone":"UTC"}',
		CASE WHEN i % 97 = 0 THEN 'failed' WHEN i % 51 = 0 THEN 'timed_out' ELSE 'succeeded' END, 'host:1234',
		at, at + 200000, at + 400000, at + 500000, 0, 3, 900, summary
	FROM (SELECT i, 'job-' || (i % {schedules}) AS name, {began} + i * CAST({step} AS BIGINT) AS at,
		'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' AS hash,
		'{"script":"job.lua","seconds":0.3,"calls":3,"retries":0,"waited_seconds":0,"read":0,"created":0,"updated":0,"unchanged":0,"deleted":0,"planned":0,"rejected":0,"models":{"company":{"read":0,"created":0,"updated":0,"unchanged":0,"deleted":0,"planned":0,"rejected":0}},"reasons":[],"rejected_rows":[],"warnings":[]}' AS summary
		FROM n) AS past`

const pastLogs = `INSERT INTO phscript_run_log (run, seq, at, level, message, fields)
	SELECT id, seq, started_at, 'info', 'a line of a log, as runs write them', '{"rows":17}'
	FROM phscript_run, (SELECT 1 AS seq UNION ALL SELECT 2 UNION ALL SELECT 3) AS lines ORDER BY id, seq`
