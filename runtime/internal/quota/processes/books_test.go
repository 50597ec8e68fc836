package processes

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
)

// crowd returns the most times in any half-open stretch of that length.
func crowd(times []int64, length int64) int {
	slices.Sort(times)
	best := 0
	for first, last := 0, 0; last < len(times); last++ {
		for times[last]-times[first] >= length {
			first++
		}
		best = max(best, last-first+1)
	}
	return best
}

// keepBooks lets the database itself note every start that is booked, and which
// of them were given back, by triggers that the program knows nothing of.
func keepBooks(t *testing.T, db *store.DB) {
	t.Helper()
	statements := []string{
		`CREATE TABLE books (id BIGINT, starts_at BIGINT, booked_at BIGINT, returned BIGINT DEFAULT 0)`,
		`CREATE TRIGGER books_in AFTER INSERT ON phscript_quota_start BEGIN
			INSERT INTO books (id, starts_at, booked_at) VALUES (new.id, new.starts_at, new.booked_at); END`,
		`CREATE TRIGGER books_out AFTER DELETE ON phscript_quota_start WHEN old.starts_at + 1000000 * 1.9 > CAST(unixepoch('subsec') * 1000000 AS INTEGER) BEGIN
			UPDATE books SET returned = 1 WHERE id = old.id; END`,
	}
	if store.IsPostgres(db.Location) {
		statements = []string{
			`CREATE TABLE books (id BIGINT, starts_at BIGINT, booked_at BIGINT, returned BIGINT DEFAULT 0)`,
			`CREATE FUNCTION books_in() RETURNS trigger AS $$ BEGIN
				INSERT INTO books (id, starts_at, booked_at) VALUES (new.id, new.starts_at, new.booked_at); RETURN new; END $$ LANGUAGE plpgsql`,
			`CREATE TRIGGER books_in AFTER INSERT ON phscript_quota_start FOR EACH ROW EXECUTE FUNCTION books_in()`,
			`CREATE FUNCTION books_out() RETURNS trigger AS $$ BEGIN
				IF old.starts_at + 1900000 > (extract(epoch from clock_timestamp()) * 1000000)::bigint THEN
					UPDATE books SET returned = 1 WHERE id = old.id; END IF; RETURN old; END $$ LANGUAGE plpgsql`,
			`CREATE TRIGGER books_out AFTER DELETE ON phscript_quota_start FOR EACH ROW EXECUTE FUNCTION books_out()`,
		}
	}
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
}

// booked returns the times of all starts that were booked and used.
func booked(t *testing.T, db *store.DB) []int64 {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT starts_at FROM books WHERE returned = 0 ORDER BY starts_at`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var times []int64
	for rows.Next() {
		var at int64
		require.NoError(t, rows.Scan(&at))
		times = append(times, at)
	}
	require.NoError(t, rows.Err())
	return times
}

// share is the part of the quota that was used between the first start and the
// last, of what whole windows allow.
func share(times []int64) float64 {
	windows := int(time.Duration(times[len(times)-1]-times[0]) * time.Microsecond / length)
	within := times[0] + int64(windows)*length.Microseconds()
	used := 0
	for _, at := range times {
		if at < within {
			used++
		}
	}
	return float64(used) / float64(windows*limit)
}
