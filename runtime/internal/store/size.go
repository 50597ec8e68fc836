package store

import (
	"context"
	"os"
)

// Size returns how many bytes the store takes: its file and what is not in that yet, or its
// tables in PostgreSQL.
func (db *DB) Size(ctx context.Context) (size int64, err error) {
	if db.pool != nil {
		reader, err := db.Reader()
		if err != nil {
			return 0, err
		}
		err = reader.QueryRowContext(ctx, `SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			WHERE c.relkind = 'r' AND n.nspname = ANY(current_schemas(false)) AND (c.relname LIKE 'phscript%' OR c.relname LIKE 'river%')`).Scan(&size)
		return size, err
	}
	for _, name := range []string{db.Location, db.Location + "-wal"} {
		info, err := os.Stat(name)
		if os.IsNotExist(err) && name != db.Location {
			continue
		}
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}
