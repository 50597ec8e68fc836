// Package journal records in the store what a run sends, before each request and after
// its answer, so that a later attempt at the same work continues where it ended.
//
// Rows are recognized by their content: a row of an earlier attempt is skipped as
// often as it was sent, wherever its request began and ended.
package journal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Work is what a journal belongs to. Attempts with the same work continue each other.
type Work struct {
	// Owner is whose work it is: that of a script, of a schedule's tick, or a named
	// part of one.
	Owner string
	// Arguments are those of the script, Tenant is where it writes to, as TenantOf
	// returns it. A journal is not used with others.
	Arguments, Tenant string
	// Command is the command line that resumes it, for people.
	Command string
}

// TenantOf identifies a tenant without revealing its tokens.
func TenantOf(host, apiToken, tenantToken string) string {
	sum := sha256.Sum256([]byte(host + "\n" + apiToken + "\n" + tenantToken))
	return hex.EncodeToString(sum[:8])
}

// mostBytes is how much a journal may hold, about 20 million rows.
const mostBytes = 512 << 20

// ErrFull is why a journal records no more.
var ErrFull = &store.Error{Message: "the record of what this run has sent has reached its limit of 512 MiB"}

// Journal records what one run sends. It implements planhat.Journal. The store is
// opened at the first write.
type Journal struct {
	store *store.Persistent
	work  Work
	log   *slog.Logger
	// holder is the process that uses the journal, see Holder.
	holder string
	// started, if set, is called once before the first entry is recorded.
	started func(ctx context.Context, db *store.DB)

	// writing keeps the entries in their order.
	writing sync.Mutex

	mu   sync.Mutex
	id   int64
	seq  int64
	size int64
	// gap is set once something could not be recorded.
	gap  bool
	past *past
}

// New returns a journal that records work from its beginning.
func New(open func(ctx context.Context) (*store.DB, error), w Work, log *slog.Logger) *Journal {
	return &Journal{
		store: &store.Persistent{Open: open, What: "the store", Waits: "waiting to record what is sent", Log: log},
		work:  w, log: log, holder: Holder(),
	}
}

// OnStart sets what is called once before the first entry of new work is recorded.
func (j *Journal) OnStart(do func(ctx context.Context, db *store.DB)) { j.started = do }

// ID implements planhat.Journal. Of a million rows, two that differ have the same ID
// with a probability of 1 in 10 million. The tokens in the scope keep anybody from
// making such rows.
func (j *Journal) ID(scope string, row []byte) uint64 {
	h := sha256.New()
	h.Write([]byte(scope))
	h.Write([]byte{0})
	h.Write(row)
	var sum [sha256.Size]byte
	return binary.LittleEndian.Uint64(h.Sum(sum[:0]))
}

// Recall implements planhat.Journal.
func (j *Journal) Recall(ctx context.Context, id uint64) (planhat.Recalled, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.past == nil {
		return planhat.Recalled{}, false, nil
	}
	return j.past.take(ctx, j.store, id)
}

// Skipped returns how many rows were not sent because an earlier attempt had sent them,
// and how many of those that it had sent were not met again.
func (j *Journal) Skipped() (skipped, unmet int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.past == nil {
		return 0, 0
	}
	return j.past.skipped, j.past.sent - j.past.skipped
}

// LeftOut returns how many rows were not sent although it is not known whether they are
// stored.
func (j *Journal) LeftOut() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.past == nil {
		return 0
	}
	return j.past.leftOut
}

// Used reports whether anything is recorded, by this attempt or an earlier one.
func (j *Journal) Used() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.id != 0
}

// Begin implements planhat.Journal.
func (j *Journal) Begin(ctx context.Context, i planhat.Intent) (planhat.JournalEntry, error) {
	j.writing.Lock()
	defer j.writing.Unlock()
	e := &entry{journal: j, rows: len(i.IDs), keyless: i.Keyless}
	hashes := make([]byte, 8*len(i.IDs))
	for n, id := range i.IDs {
		binary.LittleEndian.PutUint64(hashes[8*n:], id)
	}
	doubts, keyless := packRows(i.Keyless), len(i.Keyless)
	size := int64(len(hashes) + len(doubts))
	if j.started != nil && j.id == 0 {
		if db, err := j.store.Open(ctx); err == nil {
			j.started(ctx, db)
		}
		j.started = nil
	}
	err := j.write(ctx, true, func(tx *store.Tx) error {
		if j.size+size > mostBytes {
			return ErrFull
		}
		if j.id == 0 {
			if err := j.create(ctx, tx); err != nil {
				return err
			}
		}
		e.seq = j.seq + 1
		if err := store.Exec(ctx, tx, `UPDATE phscript_journal SET used_at = `+tx.DB.Now()+`, holder = ? WHERE id = ?`, j.holder, j.id); err != nil {
			return err
		}
		return store.Exec(ctx, tx, `INSERT INTO phscript_journal_entry (journal, seq, model, operation, row_count, keyless, doubtful, hashes, doubts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			j.id, e.seq, i.Model, i.Operation, e.rows, keyless, keyless, hashes, doubts)
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		j.lose(ctx, err, keyless > 0)
		return unrecorded{}, nil
	}
	j.mu.Lock()
	j.seq, j.size = e.seq, j.size+size
	j.mu.Unlock()
	return e, nil
}

// create adds the journal to the store.
func (j *Journal) create(ctx context.Context, tx *store.Tx) error {
	var id int64
	err := tx.QueryRowContext(ctx, `INSERT INTO phscript_journal (owner, arguments, tenant, command, began_at, used_at, holder)
		VALUES (?, ?, ?, ?, `+tx.DB.Now()+`, `+tx.DB.Now()+`, ?) RETURNING id`,
		j.work.Owner, j.work.Arguments, j.work.Tenant, j.work.Command, j.holder).Scan(&id)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.id = id
	return err
}

// write changes the store, and waits for it if it is locked or unreachable. It fails if
// waiting does not help.
func (j *Journal) write(ctx context.Context, durable bool, do func(tx *store.Tx) error) error {
	made := j.id
	return j.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		run := db.InTx
		if durable {
			run = db.InDurableTx
		}
		err := run(ctx, do)
		if err != nil && made == 0 {
			j.mu.Lock()
			j.id = 0 // it was rolled back
			j.mu.Unlock()
		}
		if err != nil && store.Unwritable(err) {
			return &store.Error{Message: "the store " + db.Location + " cannot be written: " + store.Trouble(err)}
		}
		return err
	})
}

// lose reports once that something could not be recorded, and marks the journal.
func (j *Journal) lose(ctx context.Context, err error, keyless bool) {
	j.mu.Lock()
	first := !j.gap
	j.gap = true
	id := j.id
	j.mu.Unlock()
	if first {
		consequence := "if it is interrupted, it cannot continue where it ended: rows with keys are sent again"
		if keyless {
			consequence = "if it is interrupted, it cannot continue where it ended: its rows have no keys, so sending them again would store them twice"
		}
		j.log.WarnContext(ctx, "this run does not record what it sends; "+consequence, "reason", err.Error())
	}
	if id != 0 && !errors.Is(err, ErrFull) || first && id != 0 {
		_ = j.store.Do(context.WithoutCancel(ctx), func(ctx context.Context, db *store.DB) error {
			failed := store.Exec(ctx, db, `UPDATE phscript_journal SET gap = ? WHERE id = ? AND gap = ''`, err.Error(), id)
			if failed != nil {
				return &store.Error{Message: failed.Error()}
			}
			return nil
		})
	}
}

// unrecorded is the entry of a request that could not be recorded.
type unrecorded struct{}

func (unrecorded) End(context.Context, []planhat.JournalRow, []byte) {}

// ending is how long the end of a run waits for the store.
const ending = 5 * time.Minute

// Finish deletes the journal of work that is done, and those of earlier attempts at it.
func (j *Journal) Finish(ctx context.Context) error {
	j.mu.Lock()
	id := j.id
	j.id, j.past = 0, nil
	j.mu.Unlock()
	if id == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ending)
	defer cancel()
	return j.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		found, err := Find(ctx, db, j.work.Owner)
		for _, u := range found {
			if _, running := u.AtWork(); err == nil && (u.id == id || u.Same(j.work) && !running) {
				err = remove(ctx, db, u.id)
			}
		}
		return err
	})
}

// Release ends the use of a journal whose work is not done.
func (j *Journal) Release(ctx context.Context) {
	if !j.Used() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	db, err := j.store.Open(ctx)
	if err == nil {
		_ = store.Exec(ctx, db, `UPDATE phscript_journal SET holder = '' WHERE id = ? AND holder = ?`, j.id, j.holder)
	}
}
