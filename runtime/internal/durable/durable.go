// Package durable stores the values that scripts keep between runs.
package durable

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/store"
)

// OfScript names the space of a script, by its path. All its runs share it, also those
// of schedules.
func OfScript(path string) string { return "script " + path }

// Get returns a value and its version, nil and 0 if there is none.
func Get(ctx context.Context, db *store.DB, space, key string) (value []byte, version int64, err error) {
	return get(db.QueryRowContext(ctx, selectOne, space, key))
}

const selectOne = `SELECT value, version FROM phscript_state WHERE space = ? AND name = ?`

func get(row *sql.Row) ([]byte, int64, error) {
	var value string
	var version int64
	err := row.Scan(&value, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	return []byte(value), version, err
}

// Set stores values of a space, all or none; a nil value deletes its key. It fails with
// bindings.ErrChanged if a key that must have a version has another one.
func Set(ctx context.Context, db *store.DB, space string, changes []bindings.StateChange) error {
	return db.InTx(ctx, func(tx *store.Tx) error {
		for _, c := range changes {
			if c.Version != nil {
				value, version, err := get(tx.QueryRowContext(ctx, selectOne+db.Locking(), space, c.Key))
				if err != nil {
					return err
				}
				if version != *c.Version {
					if bytes.Equal(value, c.Value) {
						continue // an earlier attempt made the change before its connection died
					}
					return bindings.ErrChanged
				}
			}
			if err := change(ctx, tx, space, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func change(ctx context.Context, tx *store.Tx, space string, c bindings.StateChange) error {
	if c.Value == nil {
		return store.Exec(ctx, tx, `DELETE FROM phscript_state WHERE space = ? AND name = ?`, space, c.Key)
	}
	// A key that was deleted and comes back must not have an earlier version again.
	version := 1 + rand.Int64N(1<<53-1)
	const insert = `INSERT INTO phscript_state (space, name, value, version) VALUES (?, ?, ?, ?) ON CONFLICT (space, name) DO `
	if c.Version != nil && *c.Version == 0 {
		// Two writers may both have seen that there is no value.
		added, err := store.Changed(ctx, tx, insert+`NOTHING`, space, c.Key, string(c.Value), version)
		if err == nil && !added {
			err = bindings.ErrChanged
		}
		return err
	}
	return store.Exec(ctx, tx, insert+`UPDATE SET value = excluded.value, version = excluded.version`, space, c.Key, string(c.Value), version)
}

// Keys returns the keys of a space in alphabetical order.
func Keys(ctx context.Context, db *store.DB, space string) ([]string, error) {
	var keys []string
	err := store.Each(ctx, db, func(row *sql.Rows) error {
		var key string
		err := row.Scan(&key)
		keys = append(keys, key)
		return err
	}, `SELECT name FROM phscript_state WHERE space = ? ORDER BY name`, space)
	return keys, err
}
