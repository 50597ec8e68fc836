package planhat

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"

	"github.com/phscript/phscript/planhat/catalog"
)

// Planhat's bounds on one bulk request.
const (
	maxChunkRows  = 5_000
	maxChunkBytes = 32 << 20
)

// fewRows are prepared before a bulk call looks again whether it was stopped.
const fewRows = 64

// BulkUpsert creates and updates many records. It splits the rows by count
// and size and sends one request after another.
//
// Every row that was not taken is in the result's Errors, whether Planhat
// refused it, its request failed, or it was rejected before sending: for a key
// that an earlier row has, for an empty id, or because Planhat is known to drop
// such rows silently.
//
// The error is nil when every request was answered, rejected rows or not.
// When some requests failed it is an *Error of KindPartial, and when all did,
// one of the first failure's kind; both carry the result, which is returned as
// well. A failed request does not keep later ones from being sent, except if
// the token is refused, the call was cancelled, or the gate refused the write.
func (r *Resource) BulkUpsert(ctx context.Context, rows []Record, o BulkOptions) (*BulkResult, error) {
	return r.BulkUpsertSeq(ctx, inList(rows), o.list(len(rows)))
}

// BulkUpsertSeq is BulkUpsert for rows that are made one after another, however many
// they are. While one request is under way it builds the next. It holds the requests
// that it builds and sends, and of the rows before them only those that failed.
//
// It asks for rows, and calls Progress, on the caller's goroutine. The first request is
// sent when a row follows that does not fit into it. A failure that ends the call stops
// the reading, unless BulkOptions.Rows is set: the error then says how many rows were
// read. If the sequence delivers an error, the call waits for the requests under way and
// returns an *Error that wraps it and says what was sent before.
func (r *Resource) BulkUpsertSeq(ctx context.Context, rows iter.Seq2[Row, error], o BulkOptions) (*BulkResult, error) {
	op, err := r.operation("bulk_upsert")
	if err != nil {
		return nil, err
	}
	b := &bulk{
		resource: r, op: op, options: o, unique: true, maxRows: maxChunkRows,
		prepare: preparation(r.model),
		keyed: func(l *line) bool {
			_, ok := l.matching(r.model)
			return ok
		},
		read: readUpsert,
	}
	return b.run(ctx, rows)
}

// inList passes the rows of a list.
func inList(rows []Record) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for _, row := range rows {
			if !yield(Row{Record: row}, nil) {
				return
			}
		}
	}
}

// list returns the options of a call whose rows are all there.
func (o BulkOptions) list(rows int) BulkOptions {
	o.Rows, o.Keys = rows, true
	return o
}

// preparation returns what checks the rows of a bulk upsert. The members that it returns
// are valid until it is called again.
func preparation(m *catalog.Model) func(Row) (Record, object, error) {
	var members object
	names := identityOf(m)
	return func(row Row) (Record, object, error) {
		sent := row.Record
		if !row.Valid {
			var err error
			if sent, err = toRecord(row.Record, "the row"); err != nil {
				return nil, nil, err
			}
		}
		members = appendMembers(members[:0], sent)
		return sent, members, losesMembers(m, names, members)
	}
}

// bulk is what a bulk call does, whatever its rows are.
type bulk struct {
	resource *Resource
	op       *catalog.Operation
	options  BulkOptions
	maxRows  int
	// unique rejects rows with the same key as an earlier one.
	unique bool
	// prepare checks a row and returns what to send.
	prepare func(Row) (Record, object, error)
	// keyed reports whether sending the row twice stores it once.
	keyed func(*line) bool
	// read understands an answer. It fails if the body is not such an answer.
	read func(r *Resource, lines []*line, a *answer) (*BulkResult, error)
}

// run makes the call. If the sequence of rows panics, the requests under way are
// awaited and counted all the same.
func (b *bulk) run(ctx context.Context, rows iter.Seq2[Row, error]) (*BulkResult, error) {
	r := b.begin(ctx)
	defer r.close()
	for row, err := range rows {
		if err != nil {
			return r.finish(err)
		}
		if !r.take(row) {
			r.total.Unread = true
			return r.finish(nil)
		}
	}
	r.ended = true
	return r.finish(nil)
}

// named returns a local error that knows its operation.
func (r *bulkRun) named(err *Error) *Error {
	e, _ := errors.AsType[*Error](r.resource.fault(r.op, err))
	return e
}

// limits returns how many rows and bytes a request may have; 0 rows are no limit.
func (b *bulk) limits() (rows, size int) {
	rows, size = b.maxRows, maxChunkBytes
	if b.op.MaxItems > 0 {
		rows = b.op.MaxItems
	}
	if b.op.MaxBodyBytes > 0 {
		size = b.op.MaxBodyBytes
	}
	if n := b.options.ChunkRows; n > 0 && (n < rows || rows == 0) {
		rows = n
	}
	if n := b.options.ChunkBytes; n > 0 {
		size = min(size, n)
	}
	return rows, size
}

// line prepares a row. Its text is that of the row, which may change after the call. The
// keys have the room that l had for them.
func (b *bulk) line(l *line, names []string, index int, row Row) error {
	*l = line{index: index, given: row.Record, file: row.File, number: row.Line, source: row.Source, keys: l.keys[:0]}
	if b.options.Made != nil && row.Source == nil {
		l.made, l.read = row.Made, b.options.Made
	}
	sent, members, err := b.prepare(row)
	l.sent, l.keys, l.company = sent, appendKeys(l.keys, names, members), companyOf(b.resource.model, members)
	return err
}

// rowMessage joins an error's message and hint, since a row has no hint.
func rowMessage(err error) string {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err.Error()
	}
	if e.Hint != "" {
		return e.Message + ": " + e.Hint
	}
	return e.Message
}

// chunkOutcome is what became of one request's rows.
type chunkOutcome struct {
	result *BulkResult
	err    *Error
	// answered is false if no row of the chunk got through.
	answered bool
	// blind are the rows of a dry run of which it is not known whether their record
	// exists.
	blind []*line
	// fatal keeps the chunks that follow from being sent.
	fatal bool
}

// merge joins the outcomes of the two parts of a chunk.
func merge(a, b chunkOutcome) chunkOutcome {
	out := chunkOutcome{result: &BulkResult{}, err: a.err, answered: a.answered || b.answered, fatal: a.fatal || b.fatal}
	out.result.add(a.result)
	out.result.add(b.result)
	if out.err == nil {
		out.err = b.err
	}
	return out
}

// failAll reports every row of a request that failed.
func failAll(lines []*line, failed *Error, more string) *BulkResult {
	out := &BulkResult{Errors: make([]RowError, 0, len(lines))}
	for _, l := range lines {
		e := l.fail(failed.Kind, failed.Message+more)
		e.Uncertain = failed.Uncertain
		out.Errors = append(out.Errors, e)
	}
	return out
}

// notSent reports the rows of a chunk that came after a fatal failure.
func notSent(lines []*line, cause *Error) chunkOutcome {
	message := cause.Message
	if message != errStopped.Error() { // which says so
		message = "not sent: " + message
	}
	out := &BulkResult{Errors: make([]RowError, 0, len(lines))}
	for _, l := range lines {
		out.Errors = append(out.Errors, l.fail(cause.Kind, message))
	}
	return chunkOutcome{result: out, err: cause}
}

// mayRepeat reports whether a chunk that failed may be stored if it is sent once more:
// while later ones are sent, Planhat may come back.
func (b *bulk) mayRepeat(c *chunk, o chunkOutcome) bool {
	return o.err != nil && !o.answered && !o.fatal && o.err.Retryable && o.err.Status != http.StatusInternalServerError && b.repeatable(c.lines)
}

// repeatable reports whether a chunk that is sent twice is stored once.
func (b *bulk) repeatable(lines []*line) bool {
	return !slices.ContainsFunc(lines, func(l *line) bool { return !b.keyed(l) })
}

// add sums up another part of the call.
func (t *BulkResult) add(part *BulkResult) {
	t.Created += part.Created
	t.Updated += part.Updated
	t.Unchanged += part.Unchanged
	t.UncertainOutcome += part.UncertainOutcome
	t.Planned += part.Planned
	t.Errors = append(t.Errors, part.Errors...)
	t.Keys = append(t.Keys, part.Keys...)
	t.Unmatched = append(t.Unmatched, part.Unmatched...)
}

// sort puts rows in the order of the input, those of unknown position last.
func (t *BulkResult) sort() {
	place := func(i int) int {
		if i < 0 {
			return t.Rows
		}
		return i
	}
	slices.SortStableFunc(t.Errors, func(a, b RowError) int { return place(a.Index) - place(b.Index) })
	slices.SortStableFunc(t.Keys, func(a, b RowKey) int { return a.Index - b.Index })
}

// bulkError returns the error of a call with failed chunks, or nil.
func bulkError(t *BulkResult, first *Error, answered int) error {
	if first == nil {
		return nil
	}
	e := *first
	e.Items, e.Result = t.Errors, t
	if answered > 0 {
		e.Kind = KindPartial
		e.Message = fmt.Sprintf("%d of %d requests failed, and %d of %d rows did not get through: %s",
			t.FailedChunks, t.Chunks, len(t.Errors), t.Rows, first.Message)
		e.Hint = "the rows are in the error's items; resend those that are not marked uncertain"
		e.Err = first
	}
	if t.Unread {
		e.Message += fmt.Sprintf("; reading stopped after row %d, and no row after it was sent", t.Rows)
	}
	return &e
}

// unreadable returns the error of a call whose rows could not be read to the end.
func unreadable(t *BulkResult, cause error) error {
	e := Error{Kind: KindCancelled, Message: cause.Error()}
	if own, ok := errors.AsType[*Error](cause); ok {
		e = *own
	}
	what := "nothing was sent"
	if t.Sent > 0 {
		what = fmt.Sprintf("of the %d rows before it, %d were sent", t.Rows, t.Sent)
	}
	e.Message = fmt.Sprintf("row %d can't be read, and %s: %s", t.Rows+1, what, e.Message)
	e.Err, e.Items, e.Result = cause, t.Errors, t
	return &e
}
