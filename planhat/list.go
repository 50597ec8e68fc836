package planhat

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/url"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// GetList returns the records that the options choose, all pages of them.
func (r *Resource) GetList(ctx context.Context, o ListOptions) ([]Record, error) {
	return gather(r.Each(ctx, o))
}

// gather collects a sequence.
func gather(seq iter.Seq2[Record, error]) ([]Record, error) {
	out := []Record{}
	for record, err := range seq {
		if err != nil {
			return nil, err
		}
		out = append(out, record)
	}
	return out, nil
}

// Each iterates over the records that the options choose, a page at a time,
// and stops reading when the loop ends. An error is the last thing that it
// yields. Records that are created or deleted meanwhile may shift later pages:
// collect what you want to delete first.
func (r *Resource) Each(ctx context.Context, o ListOptions) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { r.Pages(o).records(ctx)(yield) }
}

func listQuery(m *catalog.Model, op *catalog.Operation, o ListOptions) (url.Values, error) {
	if o.Offset < 0 || o.Limit < 0 || o.PageSize < 0 {
		return nil, &Error{Kind: KindConfig, Message: "offset, limit and page size can't be negative"}
	}
	query, err := filterQuery(op, o.Filter)
	if err != nil {
		return nil, err
	}
	query.Set("sort", "_id")
	if o.Sort != "" {
		query.Set("sort", o.Sort)
	}
	if err := selectable(m, append(slices.Clone(o.Select), strings.TrimPrefix(o.Sort, "-"))); err != nil {
		return nil, err
	}
	if len(o.Select) > 0 {
		names := o.Select
		if !slices.Contains(names, "_id") {
			names = append([]string{"_id"}, names...)
		}
		query.Set("select", strings.Join(names, ","))
	}
	for name, value := range op.Fixed {
		query.Set(name, value)
	}
	return query, nil
}

// selectable refuses names that are misspelt properties. Records may have
// properties that the catalog does not know, so other unknown names pass.
func selectable(m *catalog.Model, names []string) error {
	var known []string
	for _, p := range m.Properties {
		known = append(known, p.Name)
	}
	for name := range strings.SplitSeq(strings.Join(names, ","), ",") {
		if meant := catalog.Misspelt(strings.TrimSpace(name), known); meant != "" {
			return &Error{
				Kind: KindConfig, Message: catalog.WithArticle(m.Noun) + " has no property " + quote(strings.TrimSpace(name)),
				Hint: catalog.Question([]string{meant}),
			}
		}
	}
	return nil
}

// filterQuery checks filters against the operation's query parameters.
func filterQuery(op *catalog.Operation, filter map[string]string) (url.Values, error) {
	var names []string
	for _, q := range op.Filters() {
		names = append(names, q.Name)
	}
	query := url.Values{}
	for name, value := range filter {
		if slices.Contains(names, name) {
			query.Set(name, value)
			continue
		}
		e := &Error{Kind: KindConfig, Message: "this list can't be filtered by " + quote(name), Hint: "it has no filters: read the list and pick from it"}
		if len(names) > 0 {
			e.Hint = cmp.Or(catalog.Question(catalog.Nearest(name, names)), "its filters are "+strings.Join(names, ", "))
		}
		return nil, e
	}
	return query, nil
}

// readList sends one request that answers a list.
func (r *Resource) readList(ctx context.Context, op *catalog.Operation, query url.Values) ([]Record, error) {
	var out []Record
	q := &call{model: r.model, op: op, query: query, decode: func(body []byte) (err error) {
		if len(bytes.TrimSpace(body)) == 0 {
			return errEmpty
		}
		if out, err = splitArray[Record](body); err != nil {
			return err
		}
		return listsRecords(out, r.client.redact)
	}}
	if _, failed := r.client.do(ctx, q); failed != nil {
		return nil, failed
	}
	return out, nil
}

// listsRecords refuses a list that holds something else, such as errors.
func listsRecords(list []Record, secrets *Redactor) error {
	for _, entry := range list {
		if idOf(entry) != "" {
			continue
		}
		members, err := readObject(entry)
		if err != nil {
			return fmt.Errorf("it lists something that is not a record: %w", err)
		}
		if err := carriedError(members, secrets); err != nil {
			return err
		}
	}
	return nil
}

// again reports whether a page is the last one again because the server ignores
// the offset. That is the end if it gave the whole list at once, and an error if
// it did not. In a small page, others may have brought the same records again, so
// that a far offset has to tell.
func (w *walk) again(ctx context.Context, page []Record, limit int) (bool, error) {
	if !samePage(page, w.previous) {
		return false, nil
	}
	if w.whole && w.pages == 1 {
		return true, nil
	}
	if len(page) <= w.asked {
		far, err := w.read(ctx, "", w.offset+farAway, limit)
		if err != nil || !samePage(far, page) {
			return false, err
		}
	}
	if len(page) != w.asked {
		return true, nil
	}
	return true, &Error{
		Kind: KindServer, Message: "Planhat returned the same page twice, so the rest of the list can't be read",
		Hint: "this list seems to ignore the offset: use a filter or a limit",
	}
}

func samePage(a, b []Record) bool {
	n := len(a)
	return n > 0 && n == len(b) && sameRecord(a[0], b[0]) && sameRecord(a[n-1], b[n-1])
}

func sameRecord(a, b Record) bool {
	if id := idOf(a); id != "" {
		return id == idOf(b)
	}
	return bytes.Equal(a, b)
}

// GetLeanList returns companies with their ids and names only. Planhat's
// documentation knows no pages of this list, so the first request asks for all of
// it. A server that returns pages all the same is asked for the rest.
func (r *Resource) GetLeanList(ctx context.Context, o LeanOptions) ([]Record, error) {
	op, err := r.operation("get_lean_list")
	if err != nil {
		return nil, err
	}
	query, err := filterQuery(op, o.Filter)
	if err != nil {
		err = r.fault(op, err)
	}
	if err != nil {
		r.note(op, Outcome{Err: err})
		return nil, err
	}
	p := r.pager(op, query, 0, 0, 0)
	p.walk.order, p.walk.whole = byID, true
	p.walk.read = func(ctx context.Context, _ string, offset, limit int) ([]Record, error) {
		if offset == 0 {
			return r.readList(ctx, op, query)
		}
		page, err := p.read(ctx, "", offset, limit)
		if KindOf(err) == KindValidation {
			return p.walk.previous, nil // it knows no offset: that was all
		}
		return page, err
	}
	return gather(p.records(ctx))
}

// planned asks the planner about the list, once.
func (p *Pager) planned(ctx context.Context) error {
	if p.view != nil {
		return nil
	}
	var view View
	if p.resource.client.planner != nil {
		var err error
		if view, err = p.resource.client.planner.List(ctx, Call{Model: p.resource.model, Operation: p.op, Query: p.query}); err != nil {
			return err
		}
	}
	p.view = &view
	if view.Query != nil {
		p.query = view.Query
	}
	if view.Changes && p.walk.offset > 0 {
		// Planhat's offset counts records that the list no longer has.
		p.skip, p.walk.offset = p.walk.offset, 0
	}
	if view.Changes && p.limited {
		p.walk.ahead.Pages = 1 // how many pages hold that many records is not known
	}
	return nil
}

// amended returns a page as the planner would have it.
func (p *Pager) amended(page []Record, first bool) []Record {
	if p.view.Page == nil {
		return page
	}
	page = p.view.Page(page, first, p.done)
	skipped := min(p.skip, len(page))
	p.skip -= skipped
	return page[skipped:]
}
