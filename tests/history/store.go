package history

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Open opens the database of a service, a SQLite file or a PostgreSQL address,
// beside the program, until the test ends.
func Open(t testing.TB, location string) *sql.DB {
	t.Helper()
	driver, source := "sqlite", "file:"+location+"?_pragma=busy_timeout(10000)&_txlock=immediate"
	if strings.Contains(location, "://") {
		driver, source = "pgx", location
	}
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	require.NoError(t, db.PingContext(t.Context()))
	return db
}
