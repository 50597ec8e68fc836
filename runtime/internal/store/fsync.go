package store

import (
	"context"
	"database/sql"
)

// Durable returns a store on the same database whose transactions survive a power failure
// once they are committed. On SQLite it has a connection that only its user waits for, which
// Close ends; on PostgreSQL it shares the connections.
//
// Somebody waits for each of its transactions. So on SQLite it leaves moving the journal into
// the file to the other connection, and while another one writes, it asks for its turn every
// millisecond. SQLite itself would sleep longer and longer, and miss its turn.
func (db *DB) Durable() (*DB, error) {
	if db.pool != nil {
		return &DB{DB: db.DB, pool: db.pool, Location: db.Location, shared: true}, nil
	}
	own, err := sql.Open("sqlite", fileURL(db.Location)+"?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(0)&_pragma=busy_timeout(1)")
	if err != nil {
		return nil, &Error{Message: "the store " + db.Location + " cannot be used: " + err.Error()}
	}
	own.SetMaxOpenConns(1)
	return &DB{DB: own, Location: db.Location, file: db.file, shared: true, eager: true}, nil
}

// Syncs makes a transaction of a Durable store wait for the disk, also if PostgreSQL is
// configured not to.
func (tx *Tx) Syncs(ctx context.Context) error {
	if tx.DB.pool == nil {
		return nil
	}
	return Exec(ctx, tx, "SET LOCAL synchronous_commit TO on")
}

// Unsafe says why committed transactions may not survive a power failure, or "": the server can
// be configured not to wait for its disk. On SQLite it cannot.
func (db *DB) Unsafe(ctx context.Context) (why string, err error) {
	if db.pool == nil {
		return "", nil
	}
	var off string
	err = db.QueryRowContext(ctx, "SELECT coalesce(string_agg(name, ', ' ORDER BY name), '') FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'").Scan(&off)
	if err != nil || off == "" {
		return "", err
	}
	return "PostgreSQL runs with " + off + " turned off, so a power failure can damage the store or undo what was committed", nil
}
