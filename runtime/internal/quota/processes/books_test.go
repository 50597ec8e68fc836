package processes

import (
	"database/sql"
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
		`CREATE TABLE books (id BIGINT PRIMARY KEY, starts_at BIGINT, booked_at BIGINT, returned BIGINT DEFAULT 0)`,
		`CREATE TRIGGER books AFTER UPDATE ON phscript_quota BEGIN
			UPDATE books SET returned = 1 WHERE starts_at + 1900000 > CAST(unixepoch('subsec') * 1000000 AS INTEGER)
				AND id NOT IN (SELECT new.last_start + json_extract(value, '$[1]') FROM json_each(new.starts));
			INSERT INTO books (id, starts_at, booked_at) SELECT new.last_start + json_extract(value, '$[1]'), new.booked_at + json_extract(value, '$[0]'), new.booked_at
				FROM json_each(new.starts) WHERE true ON CONFLICT (id) DO UPDATE SET starts_at = excluded.starts_at; END`,
	}
	if store.IsPostgres(db.Location) {
		statements = []string{
			`CREATE TABLE books (id BIGINT PRIMARY KEY, starts_at BIGINT, booked_at BIGINT, returned BIGINT DEFAULT 0)`,
			`CREATE FUNCTION books() RETURNS trigger AS $$ BEGIN
				UPDATE books SET returned = 1 WHERE starts_at + 1900000 > (extract(epoch from clock_timestamp()) * 1000000)::bigint
					AND id NOT IN (SELECT new.last_start + (value->>1)::bigint FROM json_array_elements(new.starts::json));
				INSERT INTO books (id, starts_at, booked_at) SELECT new.last_start + (value->>1)::bigint, new.booked_at + (value->>0)::bigint, new.booked_at
					FROM json_array_elements(new.starts::json) ON CONFLICT (id) DO UPDATE SET starts_at = excluded.starts_at;
				RETURN new; END $$ LANGUAGE plpgsql`,
			`CREATE TRIGGER books AFTER UPDATE ON phscript_quota FOR EACH ROW EXECUTE FUNCTION books()`,
		}
	}
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
}

// booking is a start in the books: its number, its time, and when it was asked for.
type booking struct{ id, at, asked int64 }

// booked returns the times of all starts that were booked and used.
func booked(t *testing.T, db *store.DB) (times []int64) {
	t.Helper()
	for _, b := range bookings(t, db, `WHERE returned = 0`) {
		times = append(times, b.at)
	}
	return times
}

// allBooked returns the starts that were given back, too.
func allBooked(t *testing.T, db *store.DB) []booking { return bookings(t, db, "") }

func bookings(t *testing.T, db *store.DB, where string) (list []booking) {
	t.Helper()
	require.NoError(t, store.Each(t.Context(), db, func(row *sql.Rows) error {
		var b booking
		err := row.Scan(&b.id, &b.at, &b.asked)
		list = append(list, b)
		return err
	}, `SELECT id, starts_at, booked_at FROM books `+where+` ORDER BY starts_at, booked_at, id`))
	return list
}

// share is the part of the quota that was used between the first start and the
// last, of what whole windows allow.
func share(times []int64, length time.Duration) float64 {
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
