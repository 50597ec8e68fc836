package planhat

import (
	"context"
	"iter"
	"net/url"
	"strconv"
)

// GetDimensionData reads stored values of metrics, all pages of them.
func (r *Resource) GetDimensionData(ctx context.Context, o DimensionOptions) ([]Record, error) {
	return gather(r.EachDimensionData(ctx, o))
}

// EachDimensionData iterates over stored values of metrics as Each does over
// records.
func (r *Resource) EachDimensionData(ctx context.Context, o DimensionOptions) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { r.PagesDimensionData(o).records(ctx)(yield) }
}

// PagesDimensionData returns a pager over stored values of metrics.
func (r *Resource) PagesDimensionData(o DimensionOptions) *Pager {
	op, err := r.operation("get_dimension_data")
	if err != nil {
		return &Pager{err: err}
	}
	if o.Offset < 0 || o.Limit < 0 || o.PageSize < 0 || (o.To != 0 && o.From > o.To) {
		return &Pager{err: r.fault(op, &Error{
			Kind: KindConfig, Message: "offset, limit and page size can't be negative, and the first day can't come after the last",
		})}
	}
	query := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			query.Set(name, value)
		}
	}
	set("cId", o.CompanyID)
	set("dimid", o.DimensionID)
	set("from", strconv.Itoa(o.From))
	set("to", strconv.Itoa(o.To))
	return r.pager(op, query, o.Offset, o.Limit, o.PageSize)
}

// BulkInsertMetrics stores values of metrics, in requests of up to 32 MB. It
// returns as BulkUpsert does; values that were accepted count as created.
//
// A row may carry companyId as "extid-…" in place of externalId, and time in
// place of date. It is not documented whether the same value sent twice counts
// twice, so a request that may have been carried out is not repeated: its rows
// are reported as uncertain.
func (r *Resource) BulkInsertMetrics(ctx context.Context, rows []Record, o BulkOptions) (*BulkResult, error) {
	op, err := r.operation("bulk_insert_metrics")
	if err != nil {
		return nil, err
	}
	b := &bulk{
		resource: r, op: op, options: o, prepare: r.prepareMetric,
		keyed: func(*line) bool { return false }, read: readProcessed,
	}
	return b.run(ctx, rows)
}

// readProcessed reads the answer to metrics and activities. Only that of
// metrics is documented; anything else with a good status counts as a yes to
// all rows, unless it names an error.
func readProcessed(r *Resource, lines []*line, a *answer) (*BulkResult, error) {
	members, _ := readObject(a.body) // none where the body is no object
	m := newMatcher(lines, r.client.redact)
	for _, entry := range listed(members.get("errors")) {
		m.reject(entry, KindValidation)
	}
	kind, message := KindValidation, "Planhat did not process this row"
	accepted := len(lines) - m.rejectedRows()
	switch failed := oneLine(messageIn(members.get("error"), 0)); {
	case members.get("processed") != nil:
		accepted = min(accepted, count(members.get("processed")))
	case a.status/100 != 2:
		accepted = 0
		kind, message = refusal(a.status)
	case failed != "":
		accepted = 0
		message += ": " + r.client.redact.text(failed)
	}
	m.unanswered(len(lines)-m.rejectedRows()-accepted, kind, message, nil)
	return &BulkResult{Created: max(0, accepted), Errors: m.errors}, nil
}
