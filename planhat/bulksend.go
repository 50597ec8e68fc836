package planhat

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/phscript/phscript/planhat/internal/rowkeys"
)

// bulkRun is a bulk call under way. Chunks are sent on goroutines of their own;
// everything else happens on the caller's.
type bulkRun struct {
	*bulk
	ctx               context.Context
	names             []string
	maxRows, maxBytes int
	total             *BulkResult
	claims            *rowkeys.Claims
	journal           Journal
	watch             WorkObserver
	scope             string
	// next is the chunk that is being built, row the row that is being read.
	next *chunk
	row  line
	// free are chunks that are not needed any more.
	free []*chunk
	// flying counts the chunks under way, whose outcomes come through landed.
	flying int
	landed chan flight
	// again are chunks that failed and may be sent once more.
	again []flight
	// ended is set when all rows were read, closed when the call has its result.
	ended, closed bool
	// done counts the chunks and rows that are dealt with.
	done     BulkProgress
	answered int
	// fatal ends the sending. first is the error of the first chunk that failed, failed
	// its number.
	fatal, first *Error
	failed       int
}

// flight is a chunk that was sent, and what became of it.
type flight struct {
	*chunk
	outcome  chunkOutcome
	panicked any
}

// newClaims returns the claims of a call.
func newClaims(ctx context.Context, r *Resource) *rowkeys.Claims {
	c := &rowkeys.Claims{Model: r.model, Place: func(h rowkeys.Holder) string {
		at := &Origin{File: h.File, Line: h.Line}
		if of, ok := ctx.Value(originsKey{}).(func(int) *Origin); ok {
			at = of(h.Index)
		}
		if at != nil && at.Line > 0 {
			return at.String()
		}
		return h.String()
	}}
	c.Set.Failed = func(err error) {
		r.client.log.WarnContext(ctx, "the keys of rows stay in memory, since they can't be kept in a temporary file", "error", r.client.redact.Text(err.Error()))
	}
	return c
}

func (b *bulk) begin(ctx context.Context) *bulkRun {
	r := &bulkRun{
		bulk: b, ctx: ctx, names: identityOf(b.resource.model), total: &BulkResult{Keyless: !b.options.Keys}, next: &chunk{},
		landed: make(chan flight, max(1, b.options.Parallel)),
	}
	r.maxRows, r.maxBytes = b.limits()
	r.watch = b.resource.begun(b.op, b.options.Rows)
	if r.journal = journalOf(ctx); r.journal != nil {
		r.scope = b.resource.client.scope(&call{op: b.op})
	}
	if b.unique {
		r.claims = newClaims(ctx, b.resource)
	}
	return r
}

// take adds a row to the chunk that is being built, or rejects it. It reports whether
// more rows are wanted.
func (r *bulkRun) take(row Row) bool {
	for r.flying > 0 && len(r.landed) > 0 {
		r.settle(<-r.landed)
	}
	if r.fatal == nil && r.options.Rows == 0 && r.total.Rows%fewRows == 0 {
		if err := stopped(r.ctx); err != nil {
			r.fatal = r.named(endedError(r.ctx, err))
		}
	}
	l := &r.row
	err := r.line(l, r.names, r.total.Rows, row)
	r.total.Rows++
	if row.Rejected != "" {
		err = &Error{Kind: KindValidation, Message: row.Rejected}
	}
	if err != nil {
		r.reject(l, KindOf(err), rowMessage(err))
		return r.more()
	}
	if r.claims != nil {
		message, err := r.claims.Reject(&rowkeys.Row{Index: l.index, File: l.file, Line: l.number, Keys: l.keys, Company: l.company})
		if err != nil && r.fatal == nil {
			r.fatal = r.named(&Error{Kind: KindConfig, Message: err.Error(), Err: err, Hint: "check the folder for temporary files"})
		}
		if message != "" {
			r.reject(l, KindValidation, message)
			return r.more()
		}
	}
	if len(l.sent)+2 > r.maxBytes {
		r.reject(l, KindValidation, fmt.Sprintf("the row is %d bytes long; a request can have at most %d", len(l.sent)+2, r.maxBytes))
		return r.more()
	}
	if r.recall(l) {
		return r.more()
	}
	if row.Unchanged {
		r.total.Unchanged++
		r.done.Rows++
		return r.more()
	}
	if r.journal != nil && !r.keyed(l) {
		l.at = l.origin(r.ctx)
	}
	if !r.next.fits(l, r.maxRows, r.maxBytes) {
		r.dispatch()
	}
	r.next.add(l)
	if r.next.number == 0 && r.options.Rows == 0 {
		r.next.foresee(r.maxRows, r.maxBytes)
	}
	return r.more()
}

// more reports whether rows are asked for: after a failure that ends the call only if
// all of them are there.
func (r *bulkRun) more() bool { return r.fatal == nil || r.options.Rows > 0 }

// reject reports a row that is not sent. Its text may change, so it is copied.
func (r *bulkRun) reject(l *line, kind Kind, message string) {
	e := l.fail(kind, message)
	e.Row = bytes.Clone(e.Row)
	e.Origin = l.origin(r.ctx)
	r.total.Errors = append(r.total.Errors, e)
	r.done.Rows++
}

// dispatch sends the chunk that was built, as soon as few enough are under way.
func (r *bulkRun) dispatch() {
	c := r.next
	c.complete()
	r.total.Chunks++
	for r.flying == cap(r.landed) {
		r.settle(<-r.landed)
	}
	r.flying++
	r.next = r.emptyChunk(c.number + 1)
	if r.fatal != nil {
		r.settle(flight{chunk: c, outcome: notSent(c.lines, r.fatal)})
		return
	}
	r.total.Sent += len(c.lines)
	go func() {
		f := flight{chunk: c}
		defer func() {
			f.panicked = recover()
			r.landed <- f
		}()
		f.outcome = r.send(r.ctx, c)
	}()
}

// emptyChunk returns a chunk for the rows that follow.
func (r *bulkRun) emptyChunk(number int) *chunk {
	for i, c := range r.free {
		if c.reading.Load() == 0 {
			r.free = slices.Delete(r.free, i, i+1)
			c.reset(number)
			return c
		}
	}
	c := &chunk{number: number}
	c.like(r.next)
	return c
}

// release keeps a chunk for later rows. A journal may keep the text of rows without keys.
func (r *bulkRun) release(c *chunk) {
	if (r.journal == nil || r.repeatable(c.lines)) && len(r.free) < cap(r.landed) {
		r.free = append(r.free, c)
	}
}

// settle takes the outcome of a chunk.
func (r *bulkRun) settle(f flight) {
	r.flying--
	if f.panicked != nil {
		panic(f.panicked)
	}
	if f.outcome.fatal && r.fatal == nil {
		r.fatal = f.outcome.err
	}
	if r.mayRepeat(f.chunk, f.outcome) {
		r.again = append(r.again, f)
	} else {
		r.count(f)
	}
	r.done.Chunks++
	r.done.Rows += len(f.lines)
	if r.done.TotalRows = r.options.Rows; r.ended {
		r.done.TotalRows, r.done.TotalChunks = r.total.Rows, r.total.Chunks
	}
	r.watch.Progress(r.done)
	if r.options.Progress != nil {
		r.options.Progress(r.done)
	}
}

// count adds the outcome of a chunk to the result. Afterwards nothing refers to the
// chunk, unless most of its rows failed.
func (r *bulkRun) count(f flight) {
	o := f.outcome
	if !r.options.Keys {
		o.result.Keys, o.result.Unmatched = nil, nil
	}
	few := 2*len(o.result.Errors) < len(f.lines)
	for i := range o.result.Errors {
		e := &o.result.Errors[i]
		if few {
			e.Row = bytes.Clone(e.Row)
		}
		if e.Index >= 0 {
			e.Origin = f.lineOf(e.Index).origin(r.ctx)
		}
	}
	r.total.add(o.result)
	if few {
		defer r.release(f.chunk)
	}
	if len(o.blind) > 0 {
		// They are reported for each request, so that a long dry run does not hold them all.
		if ifNew := r.foresee(r.ctx, o.blind, r.total); len(ifNew) > 0 {
			r.resource.note(r.op, Outcome{IfNew: ifNew})
		}
	}
	if o.answered {
		r.answered++
	}
	if o.err != nil {
		r.total.FailedChunks++
		if r.first == nil || f.number < r.failed {
			r.first, r.failed = o.err, f.number
		}
	}
}

// finish sends what is left, unless reading the rows failed, waits for what is under
// way, and returns the result.
func (r *bulkRun) finish(unread error) (*BulkResult, error) {
	if unread != nil {
		r.options.Progress = nil // the caller may not be able to run anything
		r.total.Unread = true
	}
	switch {
	case len(r.next.lines) == 0:
	case unread == nil:
		r.dispatch()
	case r.total.Sent > 0:
		left := r.next
		left.complete()
		cause := &Error{Kind: KindCancelled, Message: "a later row can't be read"}
		r.total.Errors = append(r.total.Errors, notSent(left.lines, cause).result.Errors...)
	}
	for r.flying > 0 {
		r.settle(<-r.landed)
	}
	r.sendAgain()
	if r.first == nil {
		r.first = r.fatal // no row was left that it kept from being sent
	}
	r.total.sort()
	err := bulkError(r.total, r.first, r.answered)
	if unread != nil {
		err = unreadable(r.total, unread)
	}
	r.note(err)
	return r.total, err
}

// note tells the observer how the call ended.
func (r *bulkRun) note(err error) {
	r.closed = true
	r.watch.Ended()
	if r.claims != nil {
		r.claims.Close()
	}
	t := r.total
	called(r.ctx, t.Errors)
	o := Outcome{
		Created: t.Created, Updated: t.Updated, Unchanged: t.Unchanged, UncertainOutcome: t.UncertainOutcome,
		Planned: t.Planned, Rejected: t.Errors, Err: err,
	}
	if t.Planned > 0 && r.resource.client.planner != nil {
		o.Created, o.Updated, o.Unchanged = 0, 0, 0
	}
	r.resource.note(r.op, o)
}

// close counts what was sent if the call ends in a panic.
func (r *bulkRun) close() {
	if r.closed {
		return
	}
	r.options.Progress = nil
	for r.flying > 0 {
		f := <-r.landed
		f.panicked = nil
		if f.outcome.result == nil {
			r.flying--
			continue
		}
		r.settle(f)
	}
	for _, f := range r.again {
		r.count(f)
	}
	r.note(&Error{Kind: KindCancelled, Message: "the call was broken off"})
}

// sendAgain sends the chunks once more that failed although they may be repeated:
// while the later ones were sent, Planhat may have come back.
func (r *bulkRun) sendAgain() {
	once := WithRetryFor(r.ctx, 0)
	for _, f := range r.again {
		if stopped(r.ctx) == nil {
			o := f.outcome
			again := r.sendAs(once, f.lines, sending{body: f.body, gated: true, reading: &f.reading, again: o.err.Uncertain, attempts: o.err.Attempts})
			if again.err == nil || again.err.Uncertain {
				f.outcome = again
			}
		}
		r.count(f)
	}
	r.again = nil
}
