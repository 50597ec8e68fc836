package store

import (
	"cmp"
	"context"
	"fmt"
)

// Versions opens an existing store without updating its tables. It returns the version that
// they have, 0 for an empty store, and the version that this program writes.
func Versions(ctx context.Context, location string) (has, knows int, err error) {
	db, err := connect(location)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = db.Close() }()
	has, err = db.version(ctx)
	if err != nil {
		if failed := cmp.Or(db.unusable(err), unverified(db.Location, err)); failed != nil {
			return 0, 0, failed
		}
		return 0, 0, fmt.Errorf("the store %s: %w", db.Location, err)
	}
	return has, len(migrations), nil
}

func (db *DB) version(ctx context.Context) (version int, err error) {
	tables := "SELECT count(*) FROM sqlite_schema WHERE name = ?"
	if db.pool != nil {
		tables = "SELECT count(*) FROM pg_tables WHERE tablename = ? AND schemaname = ANY(current_schemas(false))"
	}
	var found int
	if err := db.QueryRowContext(ctx, tables, "phscript_schema").Scan(&found); err != nil || found == 0 {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(version), 0) FROM phscript_schema").Scan(&version)
	return version, err
}
