package planhat

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"weak"

	"github.com/phscript/phscript/planhat/catalog"
)

// assumedPage is the page size if the catalog knows no maximum.
const assumedPage = 10_000

// Pager reads a list page by page, for callers that can't use Each. It holds
// no goroutine and needs no closing. It is not safe for concurrent use.
type Pager struct {
	resource *Resource
	op       *catalog.Operation
	query    url.Values
	// keep drops records that don't belong to the list, if it is set.
	keep func(Record) bool
	// silent keeps the observer from being told.
	silent bool

	walk *walk
	// limited says that only left more records are wanted.
	limited bool
	left    int
	done    bool
	err     error
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
	w.read = p.request
	w.repairable = query.Has("sort") && offset == 0 && limit == 0
	p.walk = w
	return p
}

// Next returns the next page, empty at the end of the list. Its records share
// memory with each other, and none with other pages. After an error the list
// has ended.
func (p *Pager) Next(ctx context.Context) ([]Record, error) {
	for p.walk != nil && !p.done && p.err == nil {
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
	want := p.walk.size
	if p.limited && p.keep == nil {
		want = min(want, p.left)
	}
	page, more, err := p.walk.next(ctx, want)
	if err != nil {
		return nil, err
	}
	p.done = !more
	page = p.wanted(page)
	if !p.done {
		p.resource.client.open.enter(p.resource.model, p.walk)
	}
	return page, nil
}

// request reads a part of the list, in the order of the list or in another.
func (p *Pager) request(ctx context.Context, sort string, offset, limit int) ([]Record, error) {
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
	if p.walk != nil {
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
