package planhat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/phscript/phscript/planhat/catalog"
)

// Planhat's bounds on one bulk request.
const (
	maxChunkRows  = 5_000
	maxChunkBytes = 32 << 20
)

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
	op, err := r.operation("bulk_upsert")
	if err != nil {
		return nil, err
	}
	b := &bulk{
		resource: r, op: op, options: o, unique: true, maxRows: maxChunkRows,
		prepare: func(row Record) (Record, object, error) { return prepareRecord(r.model, row) },
		keyed: func(l *line) bool {
			_, ok := l.matching(r.model)
			return ok
		},
		read: readUpsert,
	}
	return b.run(ctx, rows)
}

// prepareRecord checks one row before it is sent.
func prepareRecord(m *catalog.Model, row Record) (Record, object, error) {
	sent, err := toRecord(row, "the row")
	if err != nil {
		return nil, nil, err
	}
	members, err := readObject(sent)
	if err != nil {
		return nil, nil, &Error{Kind: KindValidation, Message: "the row can't be read: " + err.Error()}
	}
	return sent, members, losesMembers(m, members)
}

// bulk is one bulk call, whatever its rows are.
type bulk struct {
	resource *Resource
	op       *catalog.Operation
	options  BulkOptions
	maxRows  int
	// unique rejects rows with the same key as an earlier one.
	unique bool
	// prepare checks a row and returns what to send.
	prepare func(Record) (Record, object, error)
	// keyed reports whether sending the row twice stores it once.
	keyed func(*line) bool
	// read understands an answer. It fails if the body is not such an answer.
	read func(r *Resource, lines []*line, a *answer) (*BulkResult, error)
}

// chunkOutcome is what became of one request's rows.
type chunkOutcome struct {
	result *BulkResult
	err    *Error
	// answered is false if no row of the chunk got through.
	answered bool
	// fatal keeps the chunks that follow from being sent.
	fatal bool
}

func (b *bulk) run(ctx context.Context, rows []Record) (*BulkResult, error) {
	total := &BulkResult{Rows: len(rows)}
	lines := b.lines(rows, total)
	if b.unique {
		var rejected []RowError
		lines, rejected = distinct(b.resource.model, lines, func(i int) string { return place(ctx, i) })
		total.Errors = append(total.Errors, rejected...)
	}
	chunks := b.split(lines, total)
	total.Chunks = len(chunks)
	outcomes := b.sendAll(ctx, chunks, len(rows))
	b.sendAgain(ctx, chunks, outcomes)
	answered := 0
	var first *Error
	var ifNew []RowError
	for i, o := range outcomes {
		total.add(o.result)
		if o.result.Planned > 0 {
			ifNew = append(ifNew, b.foresee(chunks[i], total)...)
		}
		if o.answered {
			answered++
		}
		if o.err != nil {
			total.FailedChunks++
			if first == nil {
				first = o.err
			}
		}
	}
	total.sort()
	locate(ctx, total.Errors)
	err := bulkError(total, first, answered)
	b.resource.note(b.op, Outcome{
		Created: total.Created, Updated: total.Updated, Unchanged: total.Unchanged,
		UncertainOutcome: total.UncertainOutcome, Planned: total.Planned, Rejected: total.Errors, IfNew: ifNew, Err: err,
	})
	return total, err
}

// lines prepares the rows and rejects those that can't be sent.
func (b *bulk) lines(rows []Record, total *BulkResult) []*line {
	out, names := make([]*line, 0, len(rows)), identityOf(b.resource.model)
	for i, row := range rows {
		l := &line{index: i, given: row}
		sent, members, err := b.prepare(row)
		l.sent, l.keys, l.company = sent, keysIn(names, members), companyOf(b.resource.model, members)
		if err != nil {
			total.Errors = append(total.Errors, l.fail(KindOf(err), rowMessage(err)))
			continue
		}
		out = append(out, l)
	}
	return out
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

// split cuts the rows into requests by their count and exact size.
func (b *bulk) split(lines []*line, total *BulkResult) [][]*line {
	maxRows, maxBytes := b.maxRows, maxChunkBytes
	if b.op.MaxItems > 0 {
		maxRows = b.op.MaxItems
	}
	if b.op.MaxBodyBytes > 0 {
		maxBytes = b.op.MaxBodyBytes
	}
	if n := b.options.ChunkRows; n > 0 && (n < maxRows || maxRows == 0) {
		maxRows = n
	}
	if n := b.options.ChunkBytes; n > 0 {
		maxBytes = min(maxBytes, n)
	}
	var chunks [][]*line
	var chunk []*line
	size := 2 // the brackets
	for _, l := range lines {
		if len(l.sent)+2 > maxBytes {
			total.Errors = append(total.Errors, l.fail(KindValidation,
				fmt.Sprintf("the row is %d bytes long; a request can have at most %d", len(l.sent)+2, maxBytes)))
			continue
		}
		if len(chunk) > 0 && (size+1+len(l.sent) > maxBytes || len(chunk) == maxRows) {
			chunks, chunk, size = append(chunks, chunk), nil, 2
		}
		if len(chunk) > 0 {
			size++ // the comma
		}
		chunk = append(chunk, l)
		size += len(l.sent)
	}
	if len(chunk) > 0 {
		chunks = append(chunks, chunk)
	}
	return chunks
}

// body joins the rows to a JSON array of exactly the size that split counted.
func body(lines []*line) []byte {
	size := 1 + max(1, len(lines))
	for _, l := range lines {
		size += len(l.sent)
	}
	out := append(make([]byte, 0, size), '[')
	for i, l := range lines {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, l.sent...)
	}
	return append(out, ']')
}

// sendAll sends the chunks, in order unless the caller allowed several at once.
func (b *bulk) sendAll(ctx context.Context, chunks [][]*line, rows int) []chunkOutcome {
	outcomes := make([]chunkOutcome, len(chunks))
	var (
		mu    sync.Mutex
		next  int
		fatal *Error
		done  BulkProgress
	)
	done.TotalChunks, done.TotalRows = len(chunks), rows
	for _, chunk := range chunks {
		done.Rows += len(chunk)
	}
	done.Rows = rows - done.Rows // those rejected before sending are dealt with
	take := func() (int, *Error, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == len(chunks) {
			return 0, nil, false
		}
		next++
		return next - 1, fatal, true
	}
	finish := func(i int, o chunkOutcome) {
		mu.Lock()
		defer mu.Unlock()
		outcomes[i] = o
		if o.fatal && fatal == nil {
			fatal = o.err
		}
		done.Chunks++
		done.Rows += len(chunks[i])
		if b.options.Progress != nil {
			b.options.Progress(done)
		}
	}
	var workers sync.WaitGroup
	work := func() {
		for {
			i, stop, ok := take()
			if !ok {
				return
			}
			if stop != nil {
				finish(i, notSent(chunks[i], stop))
				continue
			}
			finish(i, b.send(ctx, chunks[i]))
		}
	}
	for range min(b.options.Parallel, len(chunks)) - 1 {
		workers.Go(work)
	}
	work()
	workers.Wait()
	return outcomes
}

// sendAgain sends the chunks once more that failed although they may be repeated:
// while the later ones were sent, Planhat may have come back.
func (b *bulk) sendAgain(ctx context.Context, chunks [][]*line, outcomes []chunkOutcome) {
	once := WithRetryFor(ctx, 0)
	for i, o := range outcomes {
		if o.err == nil || o.answered || o.fatal || !o.err.Retryable || o.err.Status == http.StatusInternalServerError || stopped(ctx) != nil || !b.repeatable(chunks[i]) {
			continue
		}
		if again := b.sendAs(once, chunks[i], sending{gated: true, again: o.err.Uncertain, attempts: o.err.Attempts}); again.err == nil || again.err.Uncertain {
			outcomes[i] = again
		}
	}
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
	return &e
}
