package planhat

import (
	"context"
	"slices"
	"time"
)

// A Journal records writes before they are sent and after they are answered, so that a
// later attempt at the same work does not send them again. Its methods are called from
// several goroutines.
type Journal interface {
	// ID returns by what the journal recognizes a row: its content and its scope, which
	// says where it is written to.
	ID(scope string, row []byte) uint64
	// Recall returns what earlier attempts recorded of a row, or false. Each of several
	// identical rows is recalled once.
	Recall(ctx context.Context, id uint64) (Recalled, bool, error)
	// Begin records rows that are about to be sent. It fails only if ctx ends: rows
	// that cannot be recorded are sent nevertheless.
	Begin(ctx context.Context, i Intent) (JournalEntry, error)
}

// Intent is what a request is going to write.
type Intent struct {
	Model, Operation string
	// IDs are those of the rows, in their order.
	IDs []uint64
	// Keyless are those of the rows that would be stored twice if they were sent twice.
	Keyless []KeylessRow
}

// KeylessRow is a row that nothing identifies in Planhat.
type KeylessRow struct {
	// Place is its position in Intent.IDs, Index that in its call.
	Place, Index int
	Origin       *Origin
	Data         Record
}

// JournalEntry is the record of one request.
type JournalEntry interface {
	// End records what happened to the rows, in the order of Intent.IDs. Without rows,
	// none of them was carried out. An entry that is never ended counts as open: its
	// rows may have been carried out.
	End(ctx context.Context, rows []JournalRow, answer []byte)
}

// JournalOutcome is what happened to a row.
type JournalOutcome byte

// The outcomes. Rows that are Open may have been carried out, those that are Unsent were
// surely not. Stored is for rows of which it is open how they were stored, Answered for
// a write of one record, whose answer is kept.
const (
	JournalOpen      JournalOutcome = '?'
	JournalUnsent    JournalOutcome = 'x'
	JournalCreated   JournalOutcome = 'c'
	JournalUpdated   JournalOutcome = 'u'
	JournalUnchanged JournalOutcome = 'n'
	JournalStored    JournalOutcome = 's'
	JournalRejected  JournalOutcome = 'r'
	JournalAnswered  JournalOutcome = 'a'
)

// JournalRow is what happened to one row.
type JournalRow struct {
	Outcome JournalOutcome
	// ID is the _id of the record, if it is known.
	ID string
	// Error is why the row was rejected. Its Index is -1 if it is not known which of
	// the rows of its request was.
	Error *RowError
}

// Recalled is what a Journal knows of a row.
type Recalled struct {
	JournalRow
	// Answer is Planhat's answer to the write of one record.
	Answer []byte
	// Began is when the attempt began that sent the row.
	Began time.Time
	// LeftOut is true for a row that is Open and must not be sent again.
	LeftOut bool
}

type journalKey struct{}

// WithJournal returns a context under which writes are recorded in a journal; nil
// records nothing.
func WithJournal(ctx context.Context, j Journal) context.Context {
	return context.WithValue(ctx, journalKey{}, j)
}

func journalOf(ctx context.Context) Journal {
	j, _ := ctx.Value(journalKey{}).(Journal)
	return j
}

// scope says where a call writes to: the tenant, the operation and the record.
func (c *Client) scope(q *call) string {
	return c.host(q).Host + "\n" + c.apiToken + "\n" + c.tenantToken + "\n" + q.op.Method + " " + c.path(q, c.tenantToken)
}

// recall answers a write of one record that an earlier attempt has made. Without an
// answer and an error, the call is to be made.
func (c *Client) recall(ctx context.Context, q *call) (*answer, *Error) {
	j := journalOf(ctx)
	if j == nil || q.rows == 0 || q.rowwise || q.journal != nil {
		return nil, nil
	}
	id := j.ID(c.scope(q), q.body)
	asked := q.recalled
	q.recalled = true
	q.journal, q.intent = j, Intent{Model: q.model.Snake, Operation: q.op.Name, IDs: []uint64{id}}
	if q.repeat == repeatUnsent && !q.keyed {
		row := KeylessRow{Data: q.body}
		if of, ok := ctx.Value(originsKey{}).(func(int) *Origin); ok {
			row.Origin = of(0)
		}
		q.intent.Keyless = []KeylessRow{row}
	}
	if asked {
		return nil, nil
	}
	past, ok, err := j.Recall(ctx, id)
	switch {
	case err != nil:
		return nil, unreadableJournal(err)
	case !ok:
		return nil, nil
	case past.Outcome == JournalAnswered:
		if q.decode != nil {
			if err := q.decode(past.Answer); err != nil {
				return nil, unreadableJournal(err)
			}
		}
		return &answer{status: statusOf(past.Answer), body: past.Answer}, nil
	case past.LeftOut || len(q.intent.Keyless) > 0:
		return &answer{leftOut: leftOut(past)}, nil
	case q.keyed && q.repeat == repeatUnsent:
		// It is looked up by its key.
		q.journal = nil // the next attempt is recorded anew
		return nil, &Error{Kind: KindNetwork, Uncertain: true, Message: "the run that began at " + began(past) + " ended while it sent this"}
	}
	q.again = true
	return nil, nil
}

func began(past Recalled) string { return past.Began.Format("2006-01-02 15:04:05") }

// leftOut is the message for a row that is not sent again.
func leftOut(past Recalled) string {
	return "the run that began at " + began(past) + " ended while it sent this row, so it may be stored; it was not sent again"
}

// leftOutRow is the outcome of a write of one record that was left out.
func (r *Resource) leftOutRow(ctx context.Context, row Record, message string) Outcome {
	rows := []RowError{{Row: row, Key: keyOf(r.model, row), Message: message, Kind: KindNetwork, Uncertain: true}}
	locate(ctx, rows)
	return Outcome{Rejected: rows}
}

// statusOf is the status of a recorded answer.
func statusOf(body []byte) int {
	if len(body) == 0 {
		return 204
	}
	return 200
}

func unreadableJournal(err error) *Error {
	return &Error{Kind: KindConfig, Message: "what an earlier run has sent cannot be read: " + err.Error(), Err: err}
}

// begin records what is about to be sent, once.
func (q *call) begin(ctx context.Context) (err error) {
	if q.journal != nil && q.entry == nil {
		q.entry, err = q.journal.Begin(ctx, q.intent)
	}
	return err
}

// end records how a write of one record ended. A failure that leaves it open is not
// recorded: the entry then stays open.
func (q *call) end(ctx context.Context, a *answer, failed *Error) {
	switch {
	case q.rowwise:
	case failed == nil:
		q.ended(ctx, []JournalRow{{Outcome: JournalAnswered}}, a.body)
	case !failed.Uncertain:
		q.ended(ctx, nil, nil)
	}
}

// ended tells all that keep records how a write ended.
func (q *call) ended(ctx context.Context, rows []JournalRow, answer []byte) {
	for _, e := range []JournalEntry{q.entry, q.recorded} {
		if e != nil {
			e.End(ctx, rows, answer)
		}
	}
}

// recall settles a row that an earlier attempt has sent, and reports whether it did.
func (r *bulkRun) recall(l *line) bool {
	if r.journal == nil {
		return false
	}
	l.id = r.journal.ID(r.scope, l.sent)
	past, ok, err := r.journal.Recall(r.ctx, l.id)
	if err != nil && r.fatal == nil {
		r.fatal = r.named(unreadableJournal(err))
	}
	if !ok {
		return false
	}
	t := r.total
	switch past.Outcome {
	case JournalOpen:
		if r.keyed(l) && !past.LeftOut {
			l.again = true
			return false
		}
		r.reject(l, KindNetwork, leftOut(past))
		t.Errors[len(t.Errors)-1].Uncertain = true
		return true
	case JournalRejected:
		e := past.Error
		r.reject(l, e.Kind, e.Message)
		last := &t.Errors[len(t.Errors)-1]
		last.Raw = e.Raw
		if e.Index < 0 {
			*last = RowError{Index: -1, Message: e.Message, Kind: e.Kind, Raw: e.Raw}
		}
		return true
	case JournalCreated:
		t.Created++
	case JournalUpdated:
		t.Updated++
	case JournalUnchanged:
		t.Unchanged++
	default:
		t.UncertainOutcome++
	}
	if past.ID != "" && r.options.Keys {
		t.Keys = append(t.Keys, RowKey{Index: l.index, ID: past.ID, Created: past.Outcome == JournalCreated})
	}
	r.done.Rows++
	return true
}

// intent returns the record of rows that are about to be sent.
func (b *bulk) intent(lines []*line) Intent {
	i := Intent{Model: b.resource.model.Snake, Operation: b.op.Name, IDs: make([]uint64, len(lines))}
	for place, l := range lines {
		i.IDs[place] = l.id
		if !b.keyed(l) {
			i.Keyless = append(i.Keyless, KeylessRow{Place: place, Index: l.index, Origin: l.at, Data: l.sent})
		}
	}
	return i
}

// recordEnd records what happened to the rows of a request: what the answer says of them, or
// that they were not carried out. Of a request that may have been carried out nothing is
// known.
func recordEnd(ctx context.Context, q *call, lines []*line, result *BulkResult, failed *Error) {
	switch {
	case q.entry == nil && q.recorded == nil:
	case result != nil:
		q.ended(ctx, journalRows(lines, result), nil)
	case !failed.Uncertain:
		q.ended(ctx, nil, nil)
	}
}

// journalRows says what happened to each row. If the answer does not say which rows it
// counts, they are told apart in the order of the rows: only the sums are right.
func journalRows(lines []*line, result *BulkResult) []JournalRow {
	rows := make([]JournalRow, len(lines))
	placeOf := func(index int) int {
		i, ok := slices.BinarySearchFunc(lines, index, func(l *line, index int) int { return l.index - index })
		if !ok {
			return -1
		}
		return i
	}
	var loose []*RowError
	for i := range result.Errors {
		e := &result.Errors[i]
		at := placeOf(e.Index)
		switch state := e.State(); {
		case at < 0:
			loose = append(loose, e)
		case state == RowUnknown:
			rows[at].Outcome = JournalOpen
		case state == RowUnsent:
			rows[at].Outcome = JournalUnsent
		default:
			rows[at] = JournalRow{Outcome: JournalRejected, Error: e}
		}
	}
	counts := []struct {
		outcome JournalOutcome
		left    int
	}{
		{JournalCreated, result.Created}, {JournalUpdated, result.Updated},
		{JournalUnchanged, result.Unchanged}, {JournalStored, result.UncertainOutcome},
	}
	for _, k := range result.Keys {
		which := 1
		if k.Created {
			which = 0
		}
		if at := placeOf(k.Index); at >= 0 && rows[at].Outcome == 0 && counts[which].left > 0 {
			rows[at] = JournalRow{Outcome: counts[which].outcome, ID: k.ID}
			counts[which].left--
		}
	}
	news := result.Unmatched
	for i := range rows {
		for c := range counts {
			if rows[i].Outcome == 0 && counts[c].left > 0 {
				rows[i].Outcome = counts[c].outcome
				counts[c].left--
				if rows[i].Outcome == JournalCreated && len(news) > 0 {
					rows[i].ID, news = news[0], news[1:]
				}
			}
		}
		if rows[i].Outcome != 0 {
			continue
		}
		rows[i].Outcome = JournalOpen
		if len(loose) > 0 {
			if !loose[0].Uncertain {
				rows[i] = JournalRow{Outcome: JournalRejected, Error: loose[0]}
			}
			loose = loose[1:]
		}
	}
	return rows
}
