package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations are the steps from an empty database to today's tables. A step
// that was released is never changed: another one follows it.
var migrations = []string{
	`CREATE TABLE phscript_quota (
		tenant TEXT PRIMARY KEY,
		host TEXT NOT NULL,
		blocked_until BIGINT NOT NULL DEFAULT 0,
		blocked_at BIGINT NOT NULL DEFAULT 0,
		blocked_by TEXT NOT NULL DEFAULT ''
	);
	CREATE TABLE phscript_quota_start (
		id BIGINT PRIMARY KEY,
		tenant TEXT NOT NULL,
		starts_at BIGINT NOT NULL,
		booked_at BIGINT NOT NULL,
		run TEXT NOT NULL,
		script TEXT NOT NULL
	);
	CREATE INDEX phscript_quota_start_time ON phscript_quota_start (tenant, starts_at);`,
}

// migrationLock is the PostgreSQL advisory lock under which one process at a
// time changes the tables: "phscript" in digits of a telephone.
const migrationLock = 74727478

// migrate runs the steps that the database lacks. A database that has more
// steps than this program knows is left alone.
func (db *DB) migrate(ctx context.Context) error {
	return db.InTx(ctx, func(tx *sql.Tx) error {
		if db.postgres {
			if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", migrationLock); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS phscript_schema (version BIGINT NOT NULL)"); err != nil {
			return err
		}
		var version int
		if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM phscript_schema").Scan(&version); err != nil {
			return err
		}
		if version > len(migrations) {
			return &Error{
				Message: fmt.Sprintf("it was written by a newer phscript: its tables have version %d, this program knows %d", version, len(migrations)),
				Hint:    "update phscript, or name another place with --state or PHSCRIPT_STATE",
			}
		}
		for ; version < len(migrations); version++ {
			if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
				return fmt.Errorf("step %d of its tables: %w", version+1, err)
			}
			if _, err := tx.ExecContext(ctx, db.Bind("INSERT INTO phscript_schema (version) VALUES (?)"), version+1); err != nil {
				return err
			}
		}
		return nil
	})
}
