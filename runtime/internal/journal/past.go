package journal

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
)

// leftOut is the outcome of a row that is open and must not be sent again.
const leftOut planhat.JournalOutcome = 'l'

// past is what earlier attempts have recorded: which rows, as a multiset, and what
// became of each. It takes about 20 bytes a row.
type past struct {
	// rows are sorted by their IDs; of equal ones, those come first that are not open.
	rows []pastRow
	// next has how many of equal rows were taken, by the place of the first.
	next    map[int]int
	taken   []uint64
	entries []pastEntry
	// leftOut counts the rows that were taken and must not be sent again.
	leftOut int
	// skipped and sent count the rows that are not open: those that were taken, and
	// all of them.
	skipped, sent int

	// loaded is the entry whose ids, errors and answer are in memory.
	loaded int
	ids    []string
	errors rejected
	answer []byte
}

type pastRow struct {
	id         uint64
	entry, row uint32
}

// pastEntry is one request. Its outcomes are nil if it was never answered.
type pastEntry struct {
	of       *Unfinished
	seq      int64
	outcomes []byte
	// loose counts the rejected rows that were taken and have no error of their own.
	loose int
}

func (e *pastEntry) outcome(row uint32) planhat.JournalOutcome {
	if e.outcomes == nil {
		return planhat.JournalOpen
	}
	return planhat.JournalOutcome(e.outcomes[row])
}

// open reports whether a row may have been carried out.
func (p *past) open(r pastRow) bool {
	o := p.entries[r.entry].outcome(r.row)
	return o == planhat.JournalOpen || o == leftOut
}

func newPast() *past { return &past{next: map[int]int{}, loaded: -1} }

// load reads what an earlier attempt has recorded, and returns the number of its last
// entry. With keyless, it reads only requests that had rows without a key.
func (p *past) load(ctx context.Context, q store.Queryer, u *Unfinished, keyless bool) (last int64, err error) {
	which := `FROM phscript_journal_entry WHERE journal = ?`
	if keyless {
		which += ` AND keyless > 0`
	}
	total := 0
	if err := q.QueryRowContext(ctx, `SELECT CAST(coalesce(sum(row_count), 0) AS BIGINT) `+which, u.id).Scan(&total); err != nil {
		return 0, err
	}
	p.rows = slices.Grow(p.rows, total)
	return last, store.Each(ctx, q, func(row *sql.Rows) error {
		e := pastEntry{of: u}
		var hashes []byte
		if err := row.Scan(&e.seq, &hashes, &e.outcomes); err != nil {
			return err
		}
		n := len(hashes) / 8
		if e.outcomes != nil && len(e.outcomes) != n {
			return &store.Error{Message: errDamaged.Error()}
		}
		last = e.seq
		at := uint32(len(p.entries))
		p.entries = append(p.entries, e)
		for i := range n {
			if o := e.outcome(uint32(i)); o != planhat.JournalUnsent {
				p.rows = append(p.rows, pastRow{binary.LittleEndian.Uint64(hashes[8*i:]), at, uint32(i)})
			}
		}
		return nil
	}, `SELECT seq, hashes, outcomes `+which+` ORDER BY seq`, u.id)
}

// sort prepares the rows to be recalled.
func (p *past) sort() {
	slices.SortFunc(p.rows, func(a, b pastRow) int {
		if c := cmp.Compare(a.id, b.id); c != 0 {
			return c
		}
		if x, y := p.open(a), p.open(b); x != y {
			if x {
				return 1
			}
			return -1
		}
		return cmp.Or(cmp.Compare(a.entry, b.entry), cmp.Compare(a.row, b.row))
	})
	for _, r := range p.rows {
		if !p.open(r) {
			p.sent++
		}
	}
	p.taken = make([]uint64, (len(p.rows)+63)/64)
}

// take recalls a row that was not recalled yet.
func (p *past) take(ctx context.Context, s *store.Persistent, id uint64) (planhat.Recalled, bool, error) {
	first, found := slices.BinarySearchFunc(p.rows, id, func(r pastRow, id uint64) int { return cmp.Compare(r.id, id) })
	if !found {
		return planhat.Recalled{}, false, nil
	}
	at := first + p.next[first]
	if at >= len(p.rows) || p.rows[at].id != id || p.took(at) {
		return planhat.Recalled{}, false, nil
	}
	r := p.rows[at]
	out := planhat.Recalled{JournalRow: planhat.JournalRow{Outcome: p.entries[r.entry].outcome(r.row)}, Began: p.entries[r.entry].of.Began}
	switch out.Outcome {
	case leftOut:
		out.Outcome, out.LeftOut = planhat.JournalOpen, true
		p.leftOut++
	case planhat.JournalOpen:
	default:
		if err := p.read(ctx, s, int(r.entry)); err != nil {
			return out, false, err
		}
		p.fill(&out, r)
		p.skipped++
	}
	p.taken[at/64] |= 1 << (at % 64)
	if at+1 < len(p.rows) && p.rows[at+1].id == id {
		p.next[first] = at + 1 - first
	}
	return out, true, nil
}

func (p *past) took(at int) bool { return p.taken[at/64]&(1<<(at%64)) != 0 }

// fill adds the details of a row, whose entry is loaded.
func (p *past) fill(out *planhat.Recalled, r pastRow) {
	out.Answer = p.answer
	if int(r.row) < len(p.ids) {
		out.ID = p.ids[r.row]
	}
	if out.Outcome != planhat.JournalRejected {
		return
	}
	if e, ok := p.errors.Of[int(r.row)]; ok {
		out.Error = e.rowError()
		return
	}
	e := &p.entries[r.entry]
	out.Error = &planhat.RowError{Message: "the row was rejected", Kind: planhat.KindValidation}
	if e.loose < len(p.errors.Loose) {
		out.Error = p.errors.Loose[e.loose].rowError()
		e.loose++
	}
	out.Error.Index = -1
}

// read loads the details of an entry.
func (p *past) read(ctx context.Context, s *store.Persistent, entry int) error {
	if p.loaded == entry {
		return nil
	}
	return s.Do(ctx, func(ctx context.Context, db *store.DB) error {
		var ids, errors, answer []byte
		err := db.QueryRowContext(ctx, `SELECT ids, errors, answer FROM phscript_journal_entry WHERE journal = ? AND seq = ?`, p.entries[entry].of.id, p.entries[entry].seq).Scan(&ids, &errors, &answer)
		if err != nil {
			return err
		}
		p.ids, p.errors, p.answer, p.loaded = nil, rejected{}, answer, entry
		if len(ids) > 0 {
			p.ids = strings.Split(string(ids), "\n")
		}
		if len(errors) > 0 && json.Unmarshal(errors, &p.errors) != nil {
			return &store.Error{Message: errDamaged.Error()}
		}
		return nil
	})
}
