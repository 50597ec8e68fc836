// Package tokens stores the tokens of other systems between runs, and lets one process
// at a time renew one. The values are encrypted by those who store them.
package tokens

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Load returns what is stored under a name, nil if nothing is.
func Load(ctx context.Context, db *store.DB, name string) ([]byte, error) {
	value, _, err := look(ctx, db, name, "")
	return value, err
}

// look returns what is stored under a name, and whether the holder could lock it.
func look(ctx context.Context, db *store.DB, name, holder string) (value []byte, free bool, err error) {
	err = db.QueryRowContext(ctx, `SELECT value, holder IN ('', ?) OR held_until < `+db.Now()+` FROM phscript_token WHERE name = ?`, holder, name).Scan(&value, &free)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, true, nil
	}
	return value, free, err
}

// TryLock returns what is stored under a name, and locks the name unless another holder
// has done so. The lock ends after the lease, because its holder may have been killed.
func TryLock(ctx context.Context, db *store.DB, name, holder string, lease time.Duration) (value []byte, locked bool, err error) {
	// Those that wait only read, so they do not disturb the holder.
	if value, free, err := look(ctx, db, name, holder); err != nil || !free {
		return value, false, err
	}
	err = db.InTx(ctx, func(tx *store.Tx) error {
		if err := store.Exec(ctx, tx, `INSERT INTO phscript_token (name) VALUES (?) ON CONFLICT (name) DO NOTHING`, name); err != nil {
			return err
		}
		now := tx.DB.Now()
		locked, err = store.Changed(ctx, tx, `UPDATE phscript_token SET holder = ?, held_until = `+now+` + ? WHERE name = ? AND (holder IN ('', ?) OR held_until < `+now+`)`,
			holder, lease.Microseconds(), name, holder)
		if err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, `SELECT value FROM phscript_token WHERE name = ?`, name).Scan(&value)
	})
	return value, locked, err
}

// Unlock ends a lock, unless somebody else has it by now.
func Unlock(ctx context.Context, db *store.DB, name, holder string) error {
	return store.Exec(ctx, db, `UPDATE phscript_token SET holder = '', held_until = 0 WHERE name = ? AND holder = ?`, name, holder)
}

// Replace stores a value in place of old, which is nil for none, and reports whether it
// did: another value may be there. The change survives a power failure.
func Replace(ctx context.Context, db *store.DB, name string, old, value []byte) (replaced bool, err error) {
	err = db.InDurableTx(ctx, func(tx *store.Tx) error {
		if err := store.Exec(ctx, tx, `INSERT INTO phscript_token (name) VALUES (?) ON CONFLICT (name) DO NOTHING`, name); err != nil {
			return err
		}
		// An earlier attempt may have stored the value before its connection was lost.
		if old == nil {
			replaced, err = store.Changed(ctx, tx, `UPDATE phscript_token SET value = ? WHERE name = ? AND (value IS NULL OR value = ?)`, value, name, value)
		} else {
			replaced, err = store.Changed(ctx, tx, `UPDATE phscript_token SET value = ? WHERE name = ? AND (value = ? OR value = ?)`, value, name, old, value)
		}
		return err
	})
	return replaced, err
}
