package planhat

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/phscript/phscript/planhat/catalog"
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
	return r.BulkInsertMetricsSeq(ctx, inList(rows), o.list(len(rows)))
}

// BulkInsertMetricsSeq is BulkInsertMetrics for values that are made one after another, as
// BulkUpsertSeq is for records.
func (r *Resource) BulkInsertMetricsSeq(ctx context.Context, rows iter.Seq2[Row, error], o BulkOptions) (*BulkResult, error) {
	op, err := r.operation("bulk_insert_metrics")
	if err != nil {
		return nil, err
	}
	b := &bulk{
		resource: r, op: op, options: o, prepare: func(row Row) (Record, object, error) { return r.prepareMetric(row.Record) },
		keyed: func(*line) bool { return false }, read: readMetrics,
	}
	return b.run(ctx, rows)
}

// readMetrics reads the answer to metrics, which says how many were processed.
func readMetrics(r *Resource, lines []*line, a *answer) (*BulkResult, error) {
	return readProcessed(r, lines, a, true)
}

// readActivities reads the answer to activities, which is not documented: one
// that reports no error counts as a yes to all rows.
func readActivities(r *Resource, lines []*line, a *answer) (*BulkResult, error) {
	return readProcessed(r, lines, a, false)
}

func readProcessed(r *Resource, lines []*line, a *answer, documented bool) (*BulkResult, error) {
	members, err := readObject(a.body)
	m := newMatcher(lines, r.client.redact)
	if entries, notList := splitArray[jsontext.Value](a.body); notList == nil && len(entries) == len(lines) {
		m.rejectEach(entries)
	} else if err != nil && documented && a.status/100 == 2 {
		return nil, err
	}
	for _, entry := range listed(members.get("errors")) {
		m.reject(entry, KindValidation)
	}
	kind, message := KindValidation, "Planhat did not process this row"
	accepted := len(lines) - m.rejectedRows()
	processed := members.get("processed")
	failed := carriedError(members, r.client.redact)
	switch {
	case processed != nil && count(processed) > len(lines):
		return nil, fmt.Errorf("it counts %d rows, and %d were sent", count(processed), len(lines))
	case processed != nil:
		accepted = min(accepted, count(processed))
	case a.status/100 != 2:
		accepted = 0
		kind, message = refusal(a.status)
	case failed != nil:
		return nil, failed
	case err == nil && documented && m.rejectedRows() == 0:
		return nil, errors.New("it does not say how many rows were processed")
	}
	missing := len(lines) - m.rejectedRows() - accepted
	if processed != nil && count(processed)+m.rejectedRows() == len(lines) {
		m.placeLoose(0, accepted)
		m.placeShared()
	}
	m.unanswered(missing, kind, message, nil)
	m.nameCandidates()
	return &BulkResult{Created: max(0, accepted), Errors: m.errors}, nil
}

// CreateActivity records one activity of an enduser, who is named by email or
// externalId, and returns Planhat's answer, {} if that is empty. An activity
// that Planhat drops counts as rejected, and is not an error.
//
// The names event, userId and timestamp are understood as action, externalId
// and date, and companyId as "extid-…" as companyExternalId. A request that may
// have been carried out is not repeated.
func (r *Resource) CreateActivity(ctx context.Context, activity any) (Record, error) {
	op, err := r.operation("create_activity")
	if err != nil {
		return nil, err
	}
	given, err := toRecord(activity, "the activity")
	sent := given
	if err == nil {
		sent, _, err = r.prepareActivity(given)
	}
	return r.post(ctx, op, given, sent, err)
}

// post sends one object to the analytics host, as it was given or with other names.
// One that Planhat drops is not an error, as with several: the observer is told that
// it was rejected.
func (r *Resource) post(ctx context.Context, op *catalog.Operation, given, sent Record, err error) (Record, error) {
	if err != nil {
		err = r.fault(op, err)
		r.noteOne(ctx, op, given, Outcome{}, err)
		return nil, err
	}
	lines := []*line{{given: given, sent: sent}}
	if members, err := readObject(sent); err == nil {
		lines[0].keys = keysIn(identityOf(r.model), members)
	}
	var result *BulkResult
	q := &call{model: r.model, op: op, body: sent, rows: 1, repeat: repeatUnsent, decode: func(body []byte) (err error) {
		result, err = readActivities(r, lines, &answer{status: http.StatusOK, body: body})
		return err
	}}
	a, failed := r.client.do(ctx, q)
	if failed != nil {
		if failed.Uncertain {
			failed.Retryable = false
			failed.Message += "; the activity may have been recorded anyway"
		}
		r.noteOne(ctx, op, given, Outcome{}, failed)
		return nil, failed
	}
	if a.leftOut != "" {
		r.note(op, r.leftOutRow(ctx, given, a.leftOut))
		return Record("{}"), nil
	}
	if a.withheld {
		r.noteOne(ctx, op, given, Outcome{Planned: 1}, nil)
		return r.client.dryRecord(sent), nil
	}
	locate(ctx, result.Errors)
	r.note(op, a.counts(Outcome{Created: result.Created, Rejected: result.Errors}))
	return anyAnswer(a.body, r.client.redact), nil
}

// BulkCreateActivity records many activities, with the same names as
// CreateActivity, in requests of up to 32 MB. It returns as BulkUpsert does;
// activities that were accepted count as created. Planhat's answer is not
// documented, so that rows it drops later are not known here.
func (r *Resource) BulkCreateActivity(ctx context.Context, rows []Record, o BulkOptions) (*BulkResult, error) {
	return r.BulkCreateActivitySeq(ctx, inList(rows), o.list(len(rows)))
}

// BulkCreateActivitySeq is BulkCreateActivity for activities that are made one after another, as
// BulkUpsertSeq is for records.
func (r *Resource) BulkCreateActivitySeq(ctx context.Context, rows iter.Seq2[Row, error], o BulkOptions) (*BulkResult, error) {
	op, err := r.operation("bulk_create_activity")
	if err != nil {
		return nil, err
	}
	b := &bulk{
		resource: r, op: op, options: o, prepare: func(row Row) (Record, object, error) { return r.prepareActivity(row.Record) },
		keyed: func(*line) bool { return false }, read: readActivities,
	}
	return b.run(ctx, rows)
}

// Segment sends one identify or track call in Segment's form, whose user may
// be named by user_id or userId, and returns Planhat's answer.
func (r *Resource) Segment(ctx context.Context, call any) (Record, error) {
	op, err := r.operation("segment")
	if err != nil {
		return nil, err
	}
	row, err := toRecord(call, "the call")
	if err == nil {
		err = checkSegment(row)
	}
	return r.post(ctx, op, row, row, err)
}

// checkSegment refuses calls that Planhat would ignore silently.
func checkSegment(row Record) error {
	members, err := readObject(row)
	if err != nil {
		return &Error{Kind: KindValidation, Message: "the call can't be read: " + err.Error()}
	}
	kind := text(members.get("type"))
	if !slices.Contains([]string{"identify", "track"}, kind) {
		return &Error{Kind: KindValidation, Message: "Planhat ignores calls of type " + quote(kind), Hint: "use identify or track"}
	}
	for _, name := range []string{"user_id", "userId", "email"} {
		if text(members.get(name)) != "" {
			return nil
		}
	}
	for _, name := range []string{"traits", "properties"} {
		if inner, err := readObject(members.get(name)); err == nil && text(inner.get("email")) != "" {
			return nil
		}
	}
	return &Error{Kind: KindValidation, Message: "Planhat ignores calls without a user", Hint: "set user_id, or an email in traits"}
}
