package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
)

// entry is the record of one request.
type entry struct {
	journal *Journal
	seq     int64
	rows    int
	// keyless are the rows without keys.
	keyless []planhat.KeylessRow
}

// rejected is why rows of a request were rejected, as it is stored.
type rejected struct {
	// Of are the errors of rows by their place. Loose are those of the other rejected
	// rows, of which it is not known which.
	Of    map[int]rowError `json:"of,omitempty"`
	Loose []rowError       `json:"loose,omitempty"`
}

// rowError is a planhat.RowError without its row, which the next attempt has.
type rowError struct {
	Message string          `json:"message"`
	Kind    planhat.Kind    `json:"kind"`
	Raw     json.RawMessage `json:"raw,omitempty"`
}

func toRowError(e *planhat.RowError) rowError {
	out := rowError{Message: e.Message, Kind: e.Kind}
	if json.Valid(e.Raw) {
		out.Raw = json.RawMessage(e.Raw)
	}
	return out
}

func (e rowError) rowError() *planhat.RowError {
	return &planhat.RowError{Message: e.Message, Kind: e.Kind, Raw: planhat.Record(e.Raw)}
}

func (r rejected) text() []byte {
	if len(r.Of)+len(r.Loose) == 0 {
		return nil
	}
	text, _ := json.Marshal(r) // all of it is valid
	return text
}

// answered is what an entry has once its request has ended.
type answered struct {
	outcomes, doubts, ids, errors []byte
	doubtful                      int
}

func (a *answered) size() int64 {
	return int64(len(a.outcomes) + len(a.doubts) + len(a.ids) + len(a.errors))
}

func (e *entry) answered(rows []planhat.JournalRow) answered {
	a := answered{outcomes: make([]byte, len(rows))}
	r := rejected{Of: map[int]rowError{}}
	ids := make([][]byte, len(rows))
	known := false
	for i, row := range rows {
		a.outcomes[i] = byte(row.Outcome)
		ids[i] = []byte(row.ID)
		known = known || row.ID != ""
		switch {
		case row.Error != nil && row.Error.Index < 0:
			r.Loose = append(r.Loose, toRowError(row.Error))
		case row.Error != nil:
			r.Of[i] = toRowError(row.Error)
		}
	}
	if known {
		a.ids = bytes.Join(ids, []byte{'\n'})
	}
	a.errors = r.text()
	var open []planhat.KeylessRow
	for _, k := range e.keyless {
		if rows[k.Place].Outcome == planhat.JournalOpen {
			open = append(open, k)
		}
	}
	a.doubts, a.doubtful = packRows(open), len(open)
	return a
}

// End implements planhat.JournalEntry.
func (e *entry) End(ctx context.Context, rows []planhat.JournalRow, answer []byte) {
	j := e.journal
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	var size int64
	do := func(tx *store.Tx) error {
		return store.Exec(ctx, tx, `DELETE FROM phscript_journal_entry WHERE journal = ? AND seq = ?`, j.id, e.seq)
	}
	if len(rows) > 0 {
		a := e.answered(rows)
		size = a.size() + int64(len(answer))
		do = func(tx *store.Tx) error {
			return store.Exec(ctx, tx, `UPDATE phscript_journal_entry SET outcomes = ?, doubts = ?, doubtful = ?, ids = ?, errors = ?, answer = ? WHERE journal = ? AND seq = ?`,
				a.outcomes, a.doubts, a.doubtful, a.ids, a.errors, answer, j.id, e.seq)
		}
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	if err := j.write(ctx, false, do); err != nil {
		// The entry stays open, so its rows are sent again or asked about.
		j.log.WarnContext(ctx, "the answer to a request could not be recorded", "reason", err.Error())
		return
	}
	j.size += size
}
