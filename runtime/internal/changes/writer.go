package changes

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/journal"
	"github.com/phscript/phscript/runtime/internal/store"
)

// HeldError is returned if another process works on the set.
type HeldError struct {
	Set *Set
	// Process is its number, 0 if it is on another machine.
	Process int
}

func (e *HeldError) Error() string {
	if e.Process == 0 {
		return "another machine is working on it"
	}
	return fmt.Sprintf("process %d is working on it", e.Process)
}

// ErrLost is returned by a Writer whose lease another process has taken.
var ErrLost = errors.New("another process has taken over")

// Lease is how long a process may be silent before another one takes its lease.
const Lease = time.Minute

// Journal is the record of changes in a store.
type Journal struct{ store *store.Persistent }

// New returns the journal in a store.
func New(open func(ctx context.Context) (*store.DB, error), log *slog.Logger) *Journal {
	return &Journal{&store.Persistent{Open: open, What: "the store", Waits: "waiting to record changes", Urgent: true, Log: log}}
}

// Read calls do with the store, for the functions of this package that read.
func (j *Journal) Read(ctx context.Context, do func(ctx context.Context, db *store.DB) error) error {
	return j.store.Do(ctx, do)
}

// final makes errors that waiting does not change end it.
type final struct{ err error }

func (j *Journal) do(ctx context.Context, durable bool, do func(tx *store.Tx) error) error {
	var failed *final
	err := j.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		failed = nil
		run := db.InTx
		if durable {
			run = db.InDurableTx
		}
		err := run(ctx, do)
		_, held := errors.AsType[*HeldError](err)
		switch {
		case err == nil:
		case held || errors.Is(err, ErrLost):
			failed = &final{err}
			return nil
		}
		return err
	})
	if err == nil && failed != nil {
		return failed.err
	}
	return err
}

// Writer is a lease on a set. It is safe for concurrent use. Close it after use.
type Writer struct {
	journal *Journal
	holder  string
	stop    context.CancelFunc
	done    chan struct{}

	mu  sync.Mutex
	set Set
	seq int64
}

// Begin returns a lease on a new set. If the plan of s has a set already, the lease is on
// that one, and resumed is true; it may have ended. It fails with a HeldError while another
// process works on it.
func (j *Journal) Begin(ctx context.Context, s Set) (w *Writer, resumed bool, err error) {
	w = &Writer{journal: j, holder: journal.Holder() + " " + rand.Text()[:8], done: make(chan struct{})}
	tenants, err := json.Marshal(s.Tenants)
	if err != nil {
		return nil, false, err
	}
	err = j.do(ctx, true, func(tx *store.Tx) error {
		resumed = false
		var found *Set
		if s.Plan != "" {
			// Of two processes that begin, the second waits here for the first.
			if err := store.Exec(ctx, tx, `INSERT INTO phscript_change_set (plan, run, kind, undoes, script, tenants, began_at, used_at, holder)
				VALUES (?, ?, ?, ?, ?, ?, `+tx.DB.Now()+`, `+tx.DB.Now()+`, ?) ON CONFLICT (plan) WHERE plan <> '' DO NOTHING`,
				s.Plan, s.Run, s.Kind, s.Undoes, s.Script, string(tenants), w.holder); err != nil {
				return err
			}
			if found, err = one(ctx, tx, `plan = ?`+tx.DB.Locking(), s.Plan); err != nil {
				return err
			}
		} else {
			var id int64
			err := tx.QueryRowContext(ctx, `INSERT INTO phscript_change_set (plan, run, kind, undoes, script, tenants, began_at, used_at, holder)
				VALUES ('', ?, ?, ?, ?, ?, `+tx.DB.Now()+`, `+tx.DB.Now()+`, ?) RETURNING id`,
				s.Run, s.Kind, s.Undoes, s.Script, string(tenants), w.holder).Scan(&id)
			if err != nil {
				return err
			}
			if found, err = one(ctx, tx, `id = ?`, id); err != nil {
				return err
			}
		}
		if found == nil {
			return errors.New("the set can't be found")
		}
		if found.holder != w.holder {
			if err := w.take(ctx, tx, found); err != nil {
				return err
			}
			resumed = true
		}
		w.set = *found
		return tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM phscript_change WHERE change_set = ?`, found.ID).Scan(&w.seq)
	})
	if err != nil {
		return nil, false, err
	}
	var beating context.Context
	beating, w.stop = context.WithCancel(context.WithoutCancel(ctx))
	go w.beat(beating)
	return w, resumed, nil
}

// take takes the lease of a set that others have used.
func (w *Writer) take(ctx context.Context, tx *store.Tx, s *Set) error {
	var quiet bool
	if err := tx.QueryRowContext(ctx, `SELECT used_at < `+tx.DB.Now()+` - ? FROM phscript_change_set WHERE id = ?`, Lease.Microseconds(), s.ID).Scan(&quiet); err != nil {
		return err
	}
	if s.holder != "" && !quiet {
		if pid, here, running := journal.Running(s.holder); running || !here {
			return &HeldError{s, pid}
		}
	}
	return store.Exec(ctx, tx, `UPDATE phscript_change_set SET holder = ?, used_at = `+tx.DB.Now()+` WHERE id = ?`, w.holder, s.ID)
}

// beat keeps the lease.
func (w *Writer) beat(ctx context.Context) {
	defer close(w.done)
	tick := time.NewTicker(Lease / 6)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = w.journal.do(ctx, false, func(tx *store.Tx) error { return w.hold(ctx, tx, 0) })
		}
	}
}

// hold fails unless the lease is still that of w.
func (w *Writer) hold(ctx context.Context, tx *store.Tx, size int64) error {
	ours, err := store.Changed(ctx, tx, `UPDATE phscript_change_set SET used_at = `+tx.DB.Now()+`, size = size + ? WHERE id = ? AND holder = ?`, size, w.set.ID, w.holder)
	if err == nil && !ours {
		err = ErrLost
	}
	return err
}

// Set returns the set as it was when the lease began.
func (w *Writer) Set() Set {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.set
}

// Add records rows before they are sent, or that they are not, and numbers them. Once it
// returns, they survive a power failure. Those without a state are Intended.
func (w *Writer) Add(ctx context.Context, rows []Change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	size := int64(0)
	for i := range rows {
		rows[i].Seq = w.seq + int64(i) + 1
		if rows[i].State == "" {
			rows[i].State = Intended
		}
		size += rows[i].size()
	}
	err := w.journal.do(ctx, true, func(tx *store.Tx) error {
		if err := w.hold(ctx, tx, size); err != nil {
			return err
		}
		// A transaction whose end was not heard of is repeated.
		add, err := tx.PrepareContext(ctx, `INSERT INTO phscript_change (change_set, seq, step_no, row_no, client, model, operation, action, line,
			record, placeholder, key_name, key_value, name, before, after, state, message, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, `+tx.DB.Now()+`) ON CONFLICT (change_set, seq) DO NOTHING`)
		if err != nil {
			return err
		}
		defer func() { _ = add.Close() }()
		for i := range rows {
			c := &rows[i]
			if _, err := add.ExecContext(ctx, w.set.ID, c.Seq, c.Step, c.Row, c.Client, c.Model, c.Operation, c.Action, c.Line,
				c.ID, c.Placeholder, c.KeyName, c.KeyValue, c.Name, bytesOf(c.Before), bytesOf(c.After), c.State, c.Message); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		w.seq += int64(len(rows))
	}
	return err
}

func bytesOf(text []byte) any {
	if text == nil {
		return nil
	}
	return text
}

// Settle records what happened to rows: their action, state, message, ID, Before and After.
// They must have a number.
func (w *Writer) Settle(ctx context.Context, rows []Change) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.journal.do(ctx, true, func(tx *store.Tx) error {
		if err := w.hold(ctx, tx, 0); err != nil {
			return err
		}
		set, err := tx.PrepareContext(ctx, `UPDATE phscript_change SET action = ?, state = ?, message = ?, record = ?, before = ?, after = ? WHERE change_set = ? AND seq = ?`)
		if err != nil {
			return err
		}
		defer func() { _ = set.Close() }()
		for i := range rows {
			c := &rows[i]
			if _, err := set.ExecContext(ctx, c.Action, c.State, c.Message, c.ID, bytesOf(c.Before), bytesOf(c.After), w.set.ID, c.Seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// Link names the run of the set in the history.
func (w *Writer) Link(ctx context.Context, run int64) error {
	return w.journal.do(ctx, false, func(tx *store.Tx) error {
		if err := w.hold(ctx, tx, 0); err != nil {
			return err
		}
		return store.Exec(ctx, tx, `UPDATE phscript_change_set SET run = ? WHERE id = ?`, run, w.set.ID)
	})
}

// Discard deletes a set that has no changes, so its plan can be applied later.
func (w *Writer) Discard(ctx context.Context) error {
	return w.journal.do(ctx, false, func(tx *store.Tx) error {
		return store.Exec(ctx, tx, `DELETE FROM phscript_change_set WHERE id = ? AND holder = ?
			AND NOT EXISTS (SELECT 1 FROM phscript_change WHERE change_set = id)`, w.set.ID, w.holder)
	})
}

// End records that everything is decided.
func (w *Writer) End(ctx context.Context, reason string) error {
	return w.journal.do(ctx, true, func(tx *store.Tx) error {
		if err := w.hold(ctx, tx, 0); err != nil {
			return err
		}
		return store.Exec(ctx, tx, `UPDATE phscript_change_set SET ended_at = `+tx.DB.Now()+`, reason = ? WHERE id = ?`, reason, w.set.ID)
	})
}

// Close ends the lease. The set can be resumed if it has not ended.
func (w *Writer) Close(ctx context.Context) {
	w.stop()
	<-w.done
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	db, err := w.journal.store.Open(ctx)
	if err == nil {
		_ = store.Exec(ctx, db, `UPDATE phscript_change_set SET holder = '' WHERE id = ? AND holder = ?`, w.set.ID, w.holder)
	}
}

// one returns the first set that fits, or nil.
func one(ctx context.Context, q store.Queryer, where string, values ...any) (found *Set, err error) {
	row := q.QueryRowContext(ctx, selectSets+` WHERE `+where, values...)
	found, err = scanSet(row)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return found, err
}
