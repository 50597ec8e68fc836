package planhat

import (
	"context"
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
	// End records what became of the rows, in the order of Intent.IDs. Without rows,
	// none of them was carried out. An entry that is never ended counts as open: its
	// rows may have been carried out.
	End(ctx context.Context, rows []JournalRow, answer []byte)
}

// JournalOutcome is what became of a row.
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

// JournalRow is what became of one row.
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
func (c *Client) recall(ctx context.Context, j Journal, q *call) (*answer, *Error) {
	q.journalID = j.ID(c.scope(q), q.body)
	past, ok, err := j.Recall(ctx, q.journalID)
	switch {
	case err != nil:
		return nil, &Error{Kind: KindConfig, Message: "what an earlier run has sent cannot be read: " + err.Error(), Err: err}
	case !ok:
		return nil, nil
	case past.Outcome == JournalAnswered:
		if q.decode != nil {
			if err := q.decode(past.Answer); err != nil {
				return nil, &Error{Kind: KindConfig, Message: "the recorded answer of an earlier run cannot be read: " + err.Error(), Err: err}
			}
		}
		return &answer{status: statusOf(past.Answer), body: past.Answer}, nil
	case past.LeftOut:
		return &answer{leftOut: leftOut(past)}, nil
	case q.keyed && q.repeat == repeatUnsent:
		// It is looked up by its key.
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

// begin records a write of one record that is about to be sent.
func (c *Client) begin(ctx context.Context, j Journal, q *call) *Error {
	i := Intent{Model: q.model.Snake, Operation: q.op.Name, IDs: []uint64{q.journalID}}
	if q.repeat == repeatUnsent && !q.keyed {
		row := KeylessRow{Data: q.body}
		if of, ok := ctx.Value(originsKey{}).(func(int) *Origin); ok {
			row.Origin = of(0)
		}
		i.Keyless = []KeylessRow{row}
	}
	var err error
	if q.entry, err = j.Begin(ctx, i); err != nil {
		return endedError(ctx, err)
	}
	return nil
}

// end records how a write of one record ended. A failure that leaves it open is not
// recorded: the entry then stays open.
func (q *call) end(ctx context.Context, a *answer, failed *Error) {
	switch {
	case q.entry == nil:
	case failed == nil:
		q.entry.End(ctx, []JournalRow{{Outcome: JournalAnswered}}, a.body)
	case !failed.Uncertain:
		q.entry.End(ctx, nil, nil)
	}
}
