package planhat

import (
	"bytes"
	"context"
	"iter"
	"net/url"
	"strconv"

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

	offset int
	// limited says that only left more records are wanted.
	limited bool
	left    int
	// size is the page size and usual the server's default one.
	size, usual int
	first       Record
	// cut is true once a page was shorter than asked for, unasked once one was
	// longer.
	cut, unasked bool
	done         bool
	err          error
}

// Pages returns a pager over the records that the options choose.
func (r *Resource) Pages(o ListOptions) *Pager {
	op, err := r.operation("get_list")
	if err != nil {
		return &Pager{err: err}
	}
	query, err := r.listQuery(op, o)
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
	p := &Pager{resource: r, op: op, query: query, offset: offset, limited: limit > 0, left: limit, size: assumedPage}
	if q := op.Parameter("limit"); q != nil {
		p.usual = q.Default
		if q.Max > 0 {
			p.size = q.Max
		}
	}
	if size > 0 {
		p.size = min(p.size, size)
	}
	return p
}

// Next returns the next page, empty at the end of the list. Its records share
// memory with each other, and none with other pages. After an error the list
// has ended.
func (p *Pager) Next(ctx context.Context) ([]Record, error) {
	for !p.done && p.err == nil {
		page, err := p.page(ctx)
		if err != nil {
			p.err = err
		}
		if !p.silent {
			p.resource.note(p.op, Outcome{Read: len(page), Err: err})
		}
		if len(page) > 0 {
			return page, nil
		}
	}
	err := p.err
	p.done, p.err = true, nil
	return nil, err
}

// page reads one page and decides whether another one follows.
func (p *Pager) page(ctx context.Context) ([]Record, error) {
	want := p.size
	if p.limited && p.keep == nil {
		want = min(want, p.left)
	}
	query := make(url.Values, len(p.query)+2)
	for name, values := range p.query {
		query[name] = values
	}
	query.Set("limit", strconv.Itoa(want))
	query.Set("offset", strconv.Itoa(p.offset))
	page, err := p.resource.readList(ctx, p.op, query)
	if err != nil {
		return nil, err
	}
	if len(page) == 0 {
		p.done = true
		return nil, nil
	}
	if p.first != nil && bytes.Equal(p.first, page[0]) {
		p.done = true
		if p.cut || p.unasked {
			return nil, nil // the whole list came at once, whatever was asked for
		}
		return nil, p.resource.fault(p.op, &Error{
			Kind: KindServer, Message: "Planhat returned the same page twice, so the rest of the list can't be read",
			Hint: "this list seems to ignore the offset: use a filter or a limit",
		})
	}
	p.first = page[0]
	p.offset += len(page)
	p.unasked = p.unasked || len(page) > want
	if len(page) < want {
		// A page that the server's own maximum may have cut is not the end; how
		// long such pages are is known after the first one.
		p.done = p.cut || !capped(len(page), p.usual)
		p.cut = true
	}
	p.size = min(p.size, len(page))
	return p.wanted(page), nil
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

// capped reports whether a page of n records may have been cut by the server's
// own maximum, which is taken to be a round number.
func capped(n, usual int) bool { return n == usual || n%50 == 0 }

// records returns the pager's records one by one.
func (p *Pager) records(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
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
