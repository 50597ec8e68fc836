package planhat

import (
	"context"
	"iter"
)

// Pager reads a list page by page, for callers that cannot use Each. It is not
// safe for concurrent use.
type Pager struct {
	next func() (Record, error, bool)
	each func(context.Context) iter.Seq2[Record, error]
}

// Pages returns a pager over the records that the options choose.
func (r *Resource) Pages(o ListOptions) *Pager {
	return &Pager{each: func(ctx context.Context) iter.Seq2[Record, error] { return r.Each(ctx, o) }}
}

// PagesDimensionData returns a pager over the metrics that the options choose.
func (r *Resource) PagesDimensionData(o DimensionOptions) *Pager {
	return &Pager{each: func(ctx context.Context) iter.Seq2[Record, error] { return r.EachDimensionData(ctx, o) }}
}

// Next returns the next page, empty at the end.
func (p *Pager) Next(ctx context.Context) ([]Record, error) {
	if p.next == nil {
		p.next, _ = iter.Pull2(p.each(ctx))
	}
	r, err, ok := p.next()
	if !ok || err != nil {
		return nil, err
	}
	return []Record{r}, nil
}
