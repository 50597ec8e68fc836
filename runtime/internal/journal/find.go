package journal

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Unfinished is the journal of work that did not end well.
type Unfinished struct {
	Work
	// Began is when its first attempt began to write, Used when something was last
	// recorded.
	Began, Used time.Time
	// Holder is the process that used it last, "" if that process ended in an orderly way.
	Holder string
	// Gap is why something that was sent is not recorded, or "".
	Gap string
	// Sent counts the rows whose request was answered, Keyless those of them without a
	// key.
	Sent, Keyless int
	// Doubtful counts the rows without a key that may have been carried out.
	Doubtful int

	id int64
}

// Same reports whether the journal belongs to work with the same arguments and tenant.
func (u *Unfinished) Same(w Work) bool {
	return u.Owner == w.Owner && u.Arguments == w.Arguments && u.Tenant == w.Tenant
}

// Find returns the unfinished journals of an owner, the latest first.
func Find(ctx context.Context, q store.Queryer, owner string) (list []*Unfinished, err error) {
	return find(ctx, q, "owner = ?", owner)
}

// FindLike returns those of the owners that begin and end with these texts.
func FindLike(ctx context.Context, q store.Queryer, begin, end string) ([]*Unfinished, error) {
	return find(ctx, q, "substr(owner, 1, ?) = ? AND substr(owner, length(owner) - ? + 1) = ?",
		utf8.RuneCountInString(begin), begin, utf8.RuneCountInString(end), end)
}

func find(ctx context.Context, q store.Queryer, which string, values ...any) (list []*Unfinished, err error) {
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		u := &Unfinished{}
		var began, used int64
		if err := row.Scan(&u.id, &u.Owner, &u.Arguments, &u.Tenant, &u.Command, &began, &used, &u.Holder, &u.Gap, &u.Sent, &u.Keyless, &u.Doubtful); err != nil {
			return err
		}
		u.Began, u.Used = time.UnixMicro(began), time.UnixMicro(used)
		list = append(list, u)
		return nil
	}, `SELECT id, owner, arguments, tenant, command, began_at, used_at, holder, gap,
			CAST(coalesce(sum(CASE WHEN outcomes IS NULL THEN 0 ELSE row_count END), 0) AS BIGINT),
			CAST(coalesce(sum(CASE WHEN outcomes IS NULL THEN 0 ELSE keyless - doubtful END), 0) AS BIGINT),
			CAST(coalesce(sum(doubtful), 0) AS BIGINT)
		FROM phscript_journal LEFT JOIN phscript_journal_entry ON journal = id WHERE `+which+`
		GROUP BY id, owner, arguments, tenant, command, began_at, used_at, holder, gap ORDER BY used_at DESC, id DESC`, values...)
	return list, err
}

// Doubt is a row without a key that may have been carried out.
type Doubt struct {
	Model, Operation string
	planhat.KeylessRow
}

// Doubts returns the rows without a key that may have been carried out.
func (u *Unfinished) Doubts(ctx context.Context, q store.Queryer) (rows []Doubt, err error) {
	entries, err := u.doubtful(ctx, q)
	for _, e := range entries {
		for _, k := range e.rows {
			rows = append(rows, Doubt{e.model, e.operation, k})
		}
	}
	return rows, err
}

// doubtfulEntry is a request with rows that may have been carried out.
type doubtfulEntry struct {
	seq              int64
	model, operation string
	outcomes         []byte
	rows             []planhat.KeylessRow
}

func (u *Unfinished) doubtful(ctx context.Context, q store.Queryer) (list []doubtfulEntry, err error) {
	err = store.Each(ctx, q, func(row *sql.Rows) error {
		var e doubtfulEntry
		var count int
		var doubts []byte
		if err := row.Scan(&e.seq, &e.model, &e.operation, &count, &e.outcomes, &doubts); err != nil {
			return err
		}
		if e.outcomes == nil {
			e.outcomes = bytes.Repeat([]byte{byte(planhat.JournalOpen)}, count)
		}
		var err error
		if e.rows, err = unpackRows(doubts); err != nil || slices.ContainsFunc(e.rows, func(k planhat.KeylessRow) bool { return k.Place >= len(e.outcomes) }) {
			return &store.Error{Message: errDamaged.Error()}
		}
		list = append(list, e)
		return nil
	}, `SELECT seq, model, operation, row_count, outcomes, doubts FROM phscript_journal_entry WHERE journal = ? AND doubtful > 0 ORDER BY seq`, u.id)
	return list, err
}

// settle decides about the rows without a key that may have been carried out: they are
// sent again, or left out.
func (u *Unfinished) settle(ctx context.Context, tx *store.Tx, send bool) error {
	decided := leftOut
	if send {
		decided = planhat.JournalUnsent
	}
	entries, err := u.doubtful(ctx, tx)
	for _, e := range entries {
		for _, k := range e.rows {
			e.outcomes[k.Place] = byte(decided)
		}
		if err == nil {
			err = store.Exec(ctx, tx, `UPDATE phscript_journal_entry SET outcomes = ?, doubts = NULL, doubtful = 0 WHERE journal = ? AND seq = ?`, e.outcomes, u.id, e.seq)
		}
	}
	return err
}

// ErrHeld is returned by Resume if another process has begun to use the journal.
var ErrHeld = errors.New("another process has resumed it")

// Resume lets the journal continue unfinished work, the latest of it first. Of the
// others, which somebody began anew, only rows without a key count: the latest may have
// been meant to send rows with a key again. Rows without a key that may have been
// carried out are sent again or left out.
func (j *Journal) Resume(ctx context.Context, all []*Unfinished, send bool) error {
	latest := all[0]
	return j.store.Do(ctx, func(ctx context.Context, db *store.DB) error {
		return db.InDurableTx(ctx, func(tx *store.Tx) error {
			held, err := store.Changed(ctx, tx, `UPDATE phscript_journal SET holder = ?, gap = '' WHERE id = ? AND holder = ?`, j.holder, latest.id, latest.Holder)
			if err != nil {
				return err
			}
			if !held {
				return &store.Error{Message: ErrHeld.Error()}
			}
			p := newPast()
			var last int64
			for i, u := range all {
				if err := u.settle(ctx, tx, send); err != nil {
					return err
				}
				seq, err := p.load(ctx, tx, u, i > 0)
				if err != nil {
					return err
				}
				if i == 0 {
					last = seq
				}
			}
			p.sort()
			j.mu.Lock()
			defer j.mu.Unlock()
			j.id, j.seq, j.past = latest.id, last, p
			return tx.QueryRowContext(ctx, `SELECT CAST(coalesce(sum(`+entrySize+`), 0) AS BIGINT) FROM phscript_journal_entry WHERE journal = ?`, latest.id).Scan(&j.size)
		})
	})
}

// entrySize is the SQL expression for what an entry takes.
const entrySize = `length(hashes) + coalesce(length(doubts), 0) + coalesce(length(ids), 0) + coalesce(length(errors), 0) + coalesce(length(answer), 0)`

// keptDays is how long journals are kept.
const keptDays = 30

// mostKept is how much the journals of a store may hold together.
const mostKept = 2 << 30

// Prune deletes journals that were not used for 30 days, and then the oldest ones until
// those of the store are small enough together.
func Prune(ctx context.Context, db *store.DB) error {
	var old []int64
	var total int64
	err := store.Each(ctx, db, func(row *sql.Rows) error {
		var id, size int64
		var stale bool
		if err := row.Scan(&id, &size, &stale); err != nil {
			return err
		}
		if total += size; stale || total > mostKept {
			old = append(old, id)
		}
		return nil
	}, `SELECT id, CAST(coalesce(sum(`+entrySize+`), 0) AS BIGINT), used_at < `+db.Now()+` - ?
		FROM phscript_journal LEFT JOIN phscript_journal_entry ON journal = id GROUP BY id, used_at ORDER BY used_at DESC`, (keptDays * 24 * time.Hour).Microseconds())
	for _, id := range old {
		if err == nil {
			err = remove(ctx, db, id)
		}
	}
	if err != nil {
		return err
	}
	// What is left of those whose removal was interrupted.
	var left []int64
	err = store.Each(ctx, db, func(row *sql.Rows) error {
		var id int64
		err := row.Scan(&id)
		left = append(left, id)
		return err
	}, `SELECT DISTINCT journal FROM phscript_journal_entry WHERE NOT EXISTS (SELECT 1 FROM phscript_journal WHERE id = journal)`)
	for _, id := range left {
		if err == nil {
			err = removeEntries(ctx, db, id)
		}
	}
	return err
}

// mostRemoved is how many entries one transaction deletes, so that other users of the
// store get their turn in between.
const mostRemoved = 500

// remove deletes a journal. It is gone at once; its entries follow in parts.
func remove(ctx context.Context, db *store.DB, id int64) error {
	if err := store.Exec(ctx, db, `DELETE FROM phscript_journal WHERE id = ?`, id); err != nil {
		return err
	}
	return removeEntries(ctx, db, id)
}

func removeEntries(ctx context.Context, db *store.DB, id int64) error {
	for {
		more, err := store.Changed(ctx, db, `DELETE FROM phscript_journal_entry WHERE journal = ? AND seq < (SELECT min(seq) + ? FROM phscript_journal_entry WHERE journal = ?)`, id, mostRemoved, id)
		if err != nil || !more {
			return err
		}
	}
}
