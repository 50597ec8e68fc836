// Package checkpoint stores how far a script got, so that the run after a failed
// one can continue from there.
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

// Save stores the checkpoint of an owner, and replaces an earlier one.
func Save(ctx context.Context, db *store.DB, owner string, value []byte) error {
	return store.Exec(ctx, db, `INSERT INTO phscript_checkpoint (owner, value, saved_at) VALUES (?, ?, `+db.Now()+`)
		ON CONFLICT (owner) DO UPDATE SET value = excluded.value, saved_at = excluded.saved_at`, owner, string(value))
}

// Load returns the checkpoint of an owner, or nil.
func Load(ctx context.Context, db *store.DB, owner string) ([]byte, error) {
	var value string
	err := db.QueryRowContext(ctx, `SELECT value FROM phscript_checkpoint WHERE owner = ?`, owner).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return []byte(value), err
}

// Clear deletes the checkpoint of an owner.
func Clear(ctx context.Context, db *store.DB, owner string) error {
	return store.Exec(ctx, db, `DELETE FROM phscript_checkpoint WHERE owner = ?`, owner)
}
