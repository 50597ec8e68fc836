package planhat

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"
	"weak"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/internal/ahead"
)

// assumedPage is the page size if the catalog knows no maximum.
const assumedPage = 10_000

// Pager reads a list page by page, for callers that can't use Each. It requests
// pages ahead if its caller is faster than Planhat. It needs no closing: requests
// that nobody waits for end by themselves. It is not safe for concurrent use.
type Pager struct {
	resource *Resource
	op       *catalog.Operation
	query    url.Values
	// keep drops records that don't belong to the list, if it is set.
	keep func(Record) bool
	// silent keeps the observer from being told.
	silent bool

	walk *walk
	// view is what a Planner changes in the list, nil before it was asked. skip counts
	// the records that are left out at the beginning.
	view *View
	skip int
	// begun is set once a page was asked for.
	begun bool
	// limited says that only left more records are wanted.
	limited bool
	left    int
	done    bool
	err     error
	// watch is told how far the list is, from the first page on.
	watch    WorkObserver
	progress BulkProgress
}

// Pages returns a pager over the records that the options choose.
func (r *Resource) Pages(o ListOptions) *Pager {
	op, err := r.operation("get_list")
	if err != nil {
		return &Pager{err: err}
	}
	query, err := listQuery(r.model, op, o)
	if err != nil {
		return &Pager{err: r.fault(op, err)}
	}
	p := r.pager(op, query, o.Offset, o.Limit, o.PageSize)
	if len(op.Fixed) > 0 {
		p.keep = func(record Record) bool { return belongs(record, op.Fixed) }
		if p.limited {
			p.walk.ahead.Pages = 1 // how many pages hold that many records is not known
		}
	}
	return p
}

func (r *Resource) pager(op *catalog.Operation, query url.Values, offset, limit, size int) *Pager {
	p := &Pager{resource: r, op: op, query: query, limited: limit > 0, left: limit}
	w := &walk{order: orderOf(query.Get("sort")), offset: offset, size: assumedPage}
	if q := op.Parameter("limit"); q != nil {
		w.usual = q.Default
		if q.Max > 0 {
			w.size = q.Max
		}
	}
	if size > 0 && size < w.size {
		w.size, w.sized = max(smallestPage, size), true
	}
	w.read = p.read
	w.ahead = ahead.Queue[part]{Read: w.request, Spare: r.client.spare, Pages: ahead.Most, Bytes: min(ahead.Bytes, int(r.client.maxAnswer/4))}
	w.repairable = query.Has("sort") && offset == 0 && limit == 0
	p.walk = w
	return p
}

// Next returns the next page, empty at the end of the list. Its records share
// memory with each other, and none with other pages. After an error the list
// has ended.
func (p *Pager) Next(ctx context.Context) ([]Record, error) {
	for p.walk != nil && !p.done && p.err == nil {
		if p.watch == nil && !p.silent {
			p.watch = p.resource.begun(p.op, p.left)
		}
		page, err := p.page(ctx)
		if err != nil {
			p.err = p.resource.fault(p.op, err)
		}
		if !p.silent {
			o := Outcome{Read: len(page), Err: p.err}
			if o.Late, o.Unseen = p.walk.notes(); o.Unseen > 0 {
				p.resource.client.log.WarnContext(ctx, "the list changed while it was read, so records may be missing; to get all of them, leave out sort, limit and offset",
					"at_least", o.Unseen, "model", p.resource.model.Snake)
			}
			p.resource.note(p.op, o)
			p.progress.Chunks, p.progress.Rows = p.progress.Chunks+1, p.progress.Rows+len(page)
			p.watch.Progress(p.progress)
		}
		if len(page) > 0 {
			return page, nil
		}
	}
	p.leave()
	err := p.err
	p.done, p.err = true, nil
	return nil, err
}

// page returns the next records of the list that are wanted.
func (p *Pager) page(ctx context.Context) ([]Record, error) {
	if err := p.planned(ctx); err != nil {
		return nil, err
	}
	first := !p.begun
	p.begun = true
	var page []Record
	more := false
	if !p.view.Local {
		var err error
		if page, more, err = p.walk.next(ctx, p.want()); err != nil {
			return nil, err
		}
	}
	p.done = !more
	page = p.wanted(p.amended(page, first))
	if !p.done {
		p.resource.client.open.enter(p.resource.model, p.walk)
	}
	return page, nil
}

// want is how many more records of the list are wanted.
func (p *Pager) want() int {
	if p.limited && p.keep == nil && (p.view == nil || !p.view.Changes) {
		return p.left
	}
	return unbounded
}

// Ahead requests the next page, and does not wait for it. Pages that were requested
// under a ctx that has ended are requested again when they are needed.
func (p *Pager) Ahead(ctx context.Context) {
	if p.walk != nil && !p.done && p.err == nil && p.planned(ctx) == nil && !p.view.Local {
		p.walk.begin(ctx, p.want())
	}
}

// read reads a part of the list, in the order of the list or in another.
func (p *Pager) read(ctx context.Context, sort string, offset, limit int) ([]Record, error) {
	query := make(url.Values, len(p.query)+2)
	for name, values := range p.query {
		query[name] = values
	}
	if sort != "" {
		query.Set("sort", sort)
	}
	query.Set("limit", strconv.Itoa(limit))
	query.Set("offset", strconv.Itoa(offset))
	return p.resource.readList(ctx, p.op, query)
}

// wanted keeps the records of a page that belong to the list.
func (p *Pager) wanted(page []Record) []Record {
	if p.keep != nil {
		kept := page[:0]
		for _, record := range page {
			if p.keep(record) {
				kept = append(kept, record)
			}
		}
		page = kept
	}
	if !p.limited {
		return page
	}
	page = page[:min(p.left, len(page))]
	p.left -= len(page)
	p.done = p.done || p.left == 0
	return page
}

// records returns the pager's records one by one.
func (p *Pager) records(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		defer p.leave()
		for {
			page, err := p.Next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 {
				return
			}
			for _, record := range page {
				if !yield(record, nil) {
					return
				}
			}
		}
	}
}

// leave tells the client that no more of the list will be read.
func (p *Pager) leave() {
	if p.watch != nil {
		p.watch.Ended()
		p.watch = unwatched{}
	}
	if p.walk != nil {
		p.walk.quit()
		p.resource.client.open.leave(p.resource.model, p.walk)
	}
}

// belongs reports whether a record agrees with the fixed query of its list: an
// API that ignores the query lists other records as well.
func belongs(record Record, fixed map[string]string) bool {
	members, err := readObject(record)
	if err != nil {
		return true
	}
	for name, want := range fixed {
		if have := text(members.get(name)); have != "" && have != want {
			return false
		}
	}
	return true
}

// part is a part of a list, and the answer that brought it.
type part struct {
	records  []Record
	response Response
}

func bytesOf(records []Record) (n int) {
	for _, record := range records {
		n += len(record)
	}
	return n
}

// unbounded is how many records are wanted of a list without a limit.
const unbounded = 1 << 30

// request reads a part of the list. It is safe for concurrent use.
func (w *walk) request(ctx context.Context, s ahead.Span) (p part, err error) {
	if _, ok := ctx.Value(responseKey{}).(*responses); ok {
		ctx = WithResponse(ctx, &p.response)
	}
	p.records, err = w.read(ctx, "", s.Offset, s.Limit)
	return p, err
}

// page returns the part of the list that begins with s, and requests those that
// will probably follow it.
func (w *walk) page(ctx context.Context, s ahead.Span, want int) ([]Record, error) {
	w.ahead.Request(ctx, w.spans(s, want))
	p, err := w.ahead.Take(ctx, s)
	if r, ok := ctx.Value(responseKey{}).(*responses); ok {
		r.keep(p.response)
	}
	return p.records, err
}

// spans returns s and the spans after it that are worth requesting at once, if each
// page is full. In the order of ids, a page shows whether it continues the list. In
// another order, the repair finds what is missing.
func (w *walk) spans(s ahead.Span, want int) (out []ahead.Span) {
	overlap := w.overlap()
	if overlap == 0 || w.whole || w.order == byOther && !w.repairable {
		return nil
	}
	known := w.offset - s.Offset
	for range w.ahead.Depth() {
		out = append(out, s)
		full := min(s.Limit, w.longest)
		want -= full - known
		if want <= 0 || full <= overlap {
			break
		}
		known = overlap
		s = ahead.Span{Offset: s.Offset + full - overlap, Limit: min(w.size, want+overlap)}
	}
	return out
}

// begin requests the records that next will return, and does not wait for them.
func (w *walk) begin(ctx context.Context, want int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	active := w
	if w.repair != nil {
		active = w.repair
	}
	s := ahead.Span{Offset: active.following()}
	s.Limit = active.limit(s.Offset, want)
	spans := active.spans(s, want)
	if len(spans) == 0 {
		spans = []ahead.Span{s}
	}
	active.ahead.Request(ctx, spans)
}

// quit drops what was requested.
func (w *walk) quit() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead.Drop()
	if w.repair != nil {
		w.repair.ahead.Drop()
	}
}

// promptly is the longest wait for the quota under which several pages are
// requested at once.
const promptly = 100 * time.Millisecond

// spare returns how many calls may be made that may turn out to be in vain: fewer, the
// more of the quota is used, and one while calls wait.
func (c *Client) spare(ctx context.Context) int {
	state, err := c.limiter.State(ctx)
	switch {
	case err != nil:
		return 0
	case state.Blocked > 0 || state.Next > promptly:
		return 1
	case state.Limit > 0:
		return (state.Limit - state.Used) / ahead.Most
	}
	return ahead.Most
}

// openLists are the lists that a client has begun to read, by the path of their
// model. Those that a caller has dropped leave by themselves.
type openLists struct {
	mu     sync.Mutex
	byPath map[string][]weak.Pointer[walk]
}

func (o *openLists) enter(m *catalog.Model, w *walk) {
	o.mu.Lock()
	defer o.mu.Unlock()
	p := weak.Make(w)
	if slices.Contains(o.byPath[m.Path], p) {
		return
	}
	if o.byPath == nil {
		o.byPath = make(map[string][]weak.Pointer[walk])
	}
	o.byPath[m.Path] = append(o.byPath[m.Path], p)
}

func (o *openLists) leave(m *catalog.Model, w *walk) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.byPath[m.Path]) == 0 {
		return
	}
	gone := weak.Make(w)
	o.byPath[m.Path] = slices.DeleteFunc(o.byPath[m.Path], func(p weak.Pointer[walk]) bool {
		return p == gone || p.Value() == nil
	})
}

// bind binds the lists of a model before records are added to it. If a list
// can't be bound, it may deliver the new records as well.
func (o *openLists) bind(ctx context.Context, m *catalog.Model) {
	o.mu.Lock()
	open := slices.Clone(o.byPath[m.Path])
	o.mu.Unlock()
	for _, p := range open {
		if w := p.Value(); w != nil {
			w.bind(ctx)
		}
	}
}
