package hooks

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/phscript/phscript/runtime/internal/store"
)

// Bounds of a group of events that are stored together.
const (
	// gatherFor is how long a group waits for more events.
	gatherFor  = 2 * time.Millisecond
	mostGroup  = 128
	groupBytes = 8 << 20
	// storeTime is the time limit for storing a group.
	storeTime = 8 * time.Second
)

// arrival is an event that is about to be stored.
type arrival struct {
	*Event
	stored chan<- stored
}

// stored is what happened to it.
type stored struct {
	// again reports whether it is a repetition.
	again bool
	err   error
}

// writer stores events in groups, so that one wait for the disk serves all of a group.
type writer struct {
	db       *store.DB
	arrivals chan arrival
	// stopped is closed when the writer stores nothing more.
	stopped chan struct{}
}

var (
	errStopped = errors.New("the service is stopping")
	errBusy    = errors.New("the store does not answer")
	errMoved   = errors.New("the file of the store was deleted or replaced")
)

// store stores an event, and returns when that will survive a power failure.
func (w *writer) store(ctx context.Context, e *Event) (again bool, err error) {
	result := make(chan stored, 1)
	wait := time.NewTimer(storeTime)
	defer wait.Stop()
	select {
	case w.arrivals <- arrival{e, result}:
	case <-wait.C:
		return false, errBusy
	case <-w.stopped:
		return false, errStopped
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	select {
	case r := <-result:
		return r.again, r.err
	case <-ctx.Done():
		return false, context.Cause(ctx) // it may be stored all the same
	}
}

// run stores what arrives until ctx ends.
func (w *writer) run(ctx context.Context) {
	defer close(w.stopped)
	_ = w.db.Prepare(ctx, insertEvent)
	for {
		var group []arrival
		select {
		case first := <-w.arrivals:
			group = w.gather(first)
		case <-ctx.Done():
			return
		}
		again, err := w.insert(ctx, group)
		for i, a := range group {
			r := stored{err: err}
			if err == nil {
				r.again = again[i]
			}
			a.stored <- r
		}
	}
}

// gather returns a group that begins with an event.
func (w *writer) gather(first arrival) (group []arrival) {
	group = append(group, first)
	bytes := len(first.Body)
	over := time.NewTimer(gatherFor)
	defer over.Stop()
	for len(group) < mostGroup && bytes < groupBytes {
		select {
		case next := <-w.arrivals:
			group, bytes = append(group, next), bytes+len(next.Body)
		case <-over.C:
			return group
		}
	}
	return group
}

const insertEvent = `INSERT INTO phscript_hook_event (hook, delivery, content, order_key, received_at, address, method, path, headers, body, size, secret, due_at, digest)
	SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM phscript_hook_event WHERE hook = ? AND delivery = ? AND received_at > ?)
	ON CONFLICT DO NOTHING RETURNING id`

// insert stores a group in one transaction, and says which are repetitions.
func (w *writer) insert(ctx context.Context, group []arrival) (again []bool, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	if w.db.Moved() { // the service is about to notice that, too
		return nil, errMoved
	}
	insert := insertEach
	if w.db.Pool() != nil {
		insert = insertAtOnce
	}
	err = w.db.InTx(ctx, func(tx *store.Tx) error {
		if err := tx.Syncs(ctx); err != nil {
			return err
		}
		var now int64
		if err := tx.QueryRowContext(ctx, `SELECT `+w.db.Now()).Scan(&now); err != nil {
			return err
		}
		if again, err = insert(ctx, tx, group, now); err != nil {
			return err
		}
		counts, uses := map[string]*Totals{}, map[use]int64{}
		for i, a := range group {
			uses[use{a.Hook, a.Secret}]++
			t := counts[a.Hook]
			if t == nil {
				t = &Totals{}
				counts[a.Hook] = t
			}
			if again[i] {
				t.Repeated++
				if a.differs {
					t.Differing++
				}
			} else {
				t.Received++
			}
		}
		if err := count(ctx, tx, counts); err != nil {
			return err
		}
		return countUses(ctx, tx, uses, now)
	})
	return again, err
}

// insertEach stores events one after the other, and says which are repetitions.
func insertEach(ctx context.Context, tx *store.Tx, group []arrival, now int64) (again []bool, err error) {
	for _, e := range group {
		header, err := json.Marshal(e.Header)
		if err != nil {
			return nil, err
		}
		err = tx.QueryRowContext(ctx, insertEvent, e.Hook, e.Delivery, e.contentOrNull(), e.Key, now, e.Address, e.Method, e.Path, string(header), e.Body, len(e.Body), e.Secret, now, e.digest,
			e.Hook, e.before, now-repeatedWithin.Microseconds()).Scan(&e.ID)
		is := errors.Is(err, sql.ErrNoRows)
		if is {
			err = repeated(ctx, tx, e.Event)
		}
		if err != nil {
			return nil, err
		}
		if again = append(again, is); !is {
			e.Received = time.UnixMicro(now)
		}
	}
	return again, nil
}

// contentOrNull is what the database has of the content.
func (e *Event) contentOrNull() *string {
	if e.content == "" {
		return nil
	}
	return &e.content
}

// repeated notes that an event has come again, and whether it has another body than before.
func repeated(ctx context.Context, tx *store.Tx, e *Event) error {
	const same = ` WHERE hook = ? AND (delivery = ? OR delivery = ? OR content = ?)`
	known, others := 0, 0
	err := store.Each(ctx, tx, func(row *sql.Rows) error {
		var digest string
		err := row.Scan(&digest)
		known++
		if digest != "" && e.digest != "" && digest != e.digest {
			others++
		}
		return err
	}, `UPDATE phscript_hook_event SET repeats = repeats + 1`+same+` RETURNING digest`, e.Hook, e.Delivery, e.before, e.contentOrNull())
	if e.differs = known > 0 && others == known; err != nil || !e.differs {
		return err
	}
	return store.Exec(ctx, tx, `UPDATE phscript_hook_event SET differing = differing + 1`+same, e.Hook, e.Delivery, e.before, e.contentOrNull())
}

// count adds to the counts of webhooks, in the order of their names.
func count(ctx context.Context, tx store.Queryer, counts map[string]*Totals) error {
	for _, name := range sortedNames(counts) {
		t := counts[name]
		err := store.Exec(ctx, tx, `INSERT INTO phscript_hook (name, received, repeated, differing, refused) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET received = phscript_hook.received + excluded.received, repeated = phscript_hook.repeated + excluded.repeated,
				differing = phscript_hook.differing + excluded.differing, refused = phscript_hook.refused + excluded.refused`,
			name, t.Received, t.Repeated, t.Differing, t.Refused)
		if err != nil {
			return err
		}
	}
	return nil
}
