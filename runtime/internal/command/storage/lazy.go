package storage

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// Lazy is a store that is opened when it is first needed. It is safe for
// concurrent use.
type Lazy struct {
	Location string
	Log      *slog.Logger
	// Trust is asked before a file that was replaced is opened.
	Trust trust.Rules

	mu sync.Mutex
	db *store.DB
	// replaced are those whose file was replaced; they may still be in use.
	replaced []*store.DB
}

// Open returns the store, and opens it again if its file was replaced.
func (l *Lazy) Open(ctx context.Context) (*store.DB, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.db != nil && !l.db.Moved() {
		return l.db, nil
	}
	if l.db != nil {
		if err := l.Trust.Store(l.Location); err != nil {
			return nil, err
		}
	}
	db, err := store.Open(ctx, l.Location)
	if err != nil {
		return nil, err
	}
	if l.db != nil {
		l.Log.WarnContext(ctx, "the store was replaced; the run continues with the new one", "state", l.Location)
		l.replaced = append(l.replaced, l.db)
	}
	l.db = db
	return db, nil
}

// Close closes the store if it was opened.
func (l *Lazy) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.db == nil {
		return nil
	}
	err := l.db.Close()
	for _, db := range l.replaced {
		err = errors.Join(err, db.Close())
	}
	return err
}
