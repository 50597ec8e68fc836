// Package checkpoint keeps how far a script came, in the store, so that the run
// after one that failed can go on from there.
package checkpoint

import (
	"context"
	"database/sql"
	"errors"

	"github.com/phscript/phscript/runtime/internal/store"
)

// OfSchedule names the checkpoint of a schedule.
func OfSchedule(name string) string { return "schedule " + name }

// OfScript names the checkpoint of a script that is run by hand, by its path.
func OfScript(path string) string { return "script " + path }

// Save stores the checkpoint of an owner, in the place of an earlier one.
func Save(ctx context.Context, db *store.DB, owner string, value []byte) error {
	_, err := db.ExecContext(ctx, db.Bind(`INSERT INTO phscript_checkpoint (owner, value, saved_at) VALUES (?, ?, `+db.Now()+`)
		ON CONFLICT (owner) DO UPDATE SET value = excluded.value, saved_at = excluded.saved_at`), owner, string(value))
	return err
}

// Load returns the checkpoint of an owner, nil where there is none.
func Load(ctx context.Context, db *store.DB, owner string) ([]byte, error) {
	var value string
	err := db.QueryRowContext(ctx, db.Bind(`SELECT value FROM phscript_checkpoint WHERE owner = ?`), owner).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return []byte(value), err
}

// Clear drops the checkpoint of an owner.
func Clear(ctx context.Context, db *store.DB, owner string) error {
	_, err := db.ExecContext(ctx, db.Bind(`DELETE FROM phscript_checkpoint WHERE owner = ?`), owner)
	return err
}
