package apply

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// call sends rows in one request, and returns what happened to each. stop is an error after
// which nothing more should be sent.
func (a *applier) call(ctx context.Context, s *step, rows []row) (out []settled, stop error) {
	client := a.Accounts[s.Client]
	if s.model == nil {
		return a.request(ctx, client, s, rows[0])
	}
	resource, err := client.Model(s.Model)
	if err != nil {
		return allOf(rows, changes.Failed, err.Error()), err
	}
	var answer planhat.Record
	switch one := rows[0]; s.Operation {
	case "bulk_upsert":
		return a.bulk(ctx, s, rows, resource.BulkUpsert)
	case "bulk_insert_metrics":
		return a.bulk(ctx, s, rows, resource.BulkInsertMetrics)
	case "bulk_create_activity":
		return a.bulk(ctx, s, rows, resource.BulkCreateActivity)
	case "duplicate":
		return a.duplicate(ctx, resource, rows)
	case "create":
		answer, err = resource.Create(ctx, planhat.Record(one.body))
		if id, again := a.found(ctx, s, one, err); again {
			return []settled{newSettled(one, changes.Done, id, plan.Create, "")}, nil
		}
	case "update":
		answer, err = resource.Update(ctx, one.id, planhat.Record(one.body))
	case "delete":
		if _, err = resource.Delete(ctx, one.id); planhat.KindOf(err) == planhat.KindNotFound {
			err = nil // it is gone
		}
	case "create_activity":
		_, err = resource.CreateActivity(ctx, planhat.Record(one.body))
	case "segment":
		_, err = resource.Segment(ctx, planhat.Record(one.body))
	default:
		err = &planhat.Error{Kind: planhat.KindConfig, Message: "apply can't send " + s.Model + "." + s.Operation}
	}
	if err != nil {
		return failed(rows, err)
	}
	id := rows[0].id
	if answer != nil {
		id = answer.ID()
	}
	return []settled{newSettled(rows[0], changes.Done, id, rows[0].Action, "")}, nil
}

// found returns the record of a create that was refused because an earlier, interrupted apply
// had sent it.
func (a *applier) found(ctx context.Context, s *step, r row, err error) (id string, ok bool) {
	if planhat.KindOf(err) != planhat.KindValidation || !a.again(s, r) || !plan.Keyed(s.model, r.body) {
		return "", false
	}
	id, _, err = a.find(ctx, s, r)
	return id, err == nil && id != ""
}

// again reports whether an earlier apply may have sent a row.
func (a *applier) again(s *step, r row) bool { return a.Resumed && a.earlier[s.at(r.StepRow)] }

func allOf(rows []row, state changes.State, why string) []settled {
	out := make([]settled, len(rows))
	for i, r := range rows {
		out[i] = newSettled(r, state, "", "", why)
	}
	return out
}

// failed says what the failure of a request of one row means.
func failed(rows []row, err error) ([]settled, error) {
	e, ok := errors.AsType[*planhat.Error](err)
	if !ok {
		return allOf(rows, changes.Failed, err.Error()), err
	}
	switch one := (planhat.RowError{Kind: e.Kind, Uncertain: e.Uncertain}); one.State() {
	case planhat.RowUnknown:
		return allOf(rows, changes.Doubtful, e.Message), err
	case planhat.RowRejected:
		return allOf(rows, changes.Rejected, e.Message), nil
	}
	return allOf(rows, changes.Failed, e.Message), err
}

// request sends a request that is not an operation of a model.
func (a *applier) request(ctx context.Context, client *planhat.Client, s *step, r row) ([]settled, error) {
	path, query, _ := strings.Cut(s.Path, "?")
	text, missing := a.ids.in([]byte(path))
	if missing != "" {
		return allOf([]row{r}, changes.Skipped, "it needs "+number(missing)), nil
	}
	request := planhat.Request{Method: s.Method, Path: string(text), Body: r.body}
	if values, err := url.ParseQuery(query); err == nil && len(values) > 0 {
		request.Query = map[string]string{}
		for name := range values {
			value, _ := a.ids.in([]byte(values.Get(name)))
			request.Query[name] = string(value)
		}
	}
	_, err := client.Request(ctx, request)
	if s.Method == http.MethodDelete && planhat.KindOf(err) == planhat.KindNotFound {
		err = nil // it is gone
	}
	if err != nil {
		return failed([]row{r}, err)
	}
	return allOf([]row{r}, changes.Done, ""), nil
}

type bulkCall func(ctx context.Context, rows []planhat.Record, o planhat.BulkOptions) (*planhat.BulkResult, error)

// bulk sends rows in one bulk request. Rows about a record that is known go out with its _id, so
// they can't become new records.
func (a *applier) bulk(ctx context.Context, s *step, rows []row, send bulkCall) ([]settled, error) {
	byID := s.Operation == "bulk_upsert" && slices.Contains(s.model.Keyables.Bulk, "_id")
	meant := map[string]int{} // two rows may name a record by different keys, and only one may have its _id
	for _, r := range rows {
		meant[r.id]++
	}
	bodies := make([]planhat.Record, len(rows))
	for i, r := range rows {
		bodies[i] = r.body
		if byID && r.Action == plan.Update && r.id != "" && meant[r.id] == 1 {
			bodies[i] = withID(r.body, r.id)
		}
	}
	result, err := send(ctx, bodies, planhat.BulkOptions{})
	if result == nil {
		return failed(rows, err)
	}
	out := allOf(rows, changes.Done, "")
	for i := range out {
		out[i].id, out[i].action = rows[i].id, rows[i].Action
	}
	unplaced := ""
	for _, e := range result.Errors {
		if e.Index < 0 || e.Index >= len(out) {
			unplaced = e.Message
			continue
		}
		one := &out[e.Index]
		one.why, one.id = e.Message, ""
		switch e.State() {
		case planhat.RowRejected:
			one.state = changes.Rejected
		case planhat.RowUnknown:
			one.state = changes.Doubtful
		default:
			one.state = changes.Failed
		}
	}
	named := map[int]planhat.RowKey{}
	for _, k := range result.Keys {
		named[k.Index] = k
	}
	var lost []int
	for i := range out {
		k, known := named[i]
		one := &out[i]
		switch {
		case one.state != changes.Done:
		case known:
			one.id, one.action = k.ID, plan.Update
			if k.Created {
				one.action = plan.Create
			}
		case unplaced != "" && rows[i].Action != plan.Send:
			one.state, one.why = changes.Doubtful, unplaced
		case unplaced != "":
			one.state, one.why = changes.Rejected, unplaced
		case s.defined[rows[i].ID] && plan.Keyed(s.model, rows[i].body):
			lost = append(lost, i)
		}
	}
	if len(lost) > 0 {
		a.lookUp(ctx, s, rows, out, lost)
	}
	// Of new records without a key, the answer tells the ids, but not whose they are.
	for i, news := 0, result.Unmatched; i < len(out) && len(news) > 0; i++ {
		if one := &out[i]; one.state == changes.Done && one.id == "" && s.defined[rows[i].ID] {
			one.id, one.loose, one.why, one.action, news = news[0], true, looseID, plan.Create, news[1:]
		}
	}
	if err != nil && planhat.KindOf(err) == planhat.KindPartial && result.FailedChunks == 0 {
		err = nil
	}
	if planhat.KindOf(err) == planhat.KindValidation || planhat.KindOf(err) == planhat.KindPermission && result.Sent > 0 {
		err = nil // each row says so
	}
	return out, err
}

// lookUp finds the ids of records that the answer to a bulk request did not tell.
func (a *applier) lookUp(ctx context.Context, s *step, rows []row, out []settled, lost []int) {
	c := a.newChecker()
	var bodies []planhat.Record
	for _, i := range lost {
		bodies = append(bodies, rows[i].body)
	}
	p, send := c.planners[s.Client], a.read(s.Client)
	if p.Know(ctx, s.model, bodies, send) != nil {
		return
	}
	for _, i := range lost {
		if id, _, err := p.Find(ctx, s.model, rows[i].body, send); err == nil {
			out[i].id = id
		}
	}
}

// duplicate copies records.
func (a *applier) duplicate(ctx context.Context, resource *planhat.Resource, rows []row) ([]settled, error) {
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	result, err := resource.Duplicate(ctx, ids)
	if result == nil {
		return failed(rows, err)
	}
	out := allOf(rows, changes.Done, "")
	for i := range out {
		out[i].action = plan.Create
	}
	for _, e := range result.Errors {
		if e.Index < 0 || e.Index >= len(out) {
			continue
		}
		out[e.Index].why, out[e.Index].state = e.Message, changes.Rejected
		switch e.State() {
		case planhat.RowUnknown:
			out[e.Index].state = changes.Doubtful
		case planhat.RowUnsent:
			out[e.Index].state = changes.Failed
		}
	}
	for _, k := range result.Keys {
		if k.Index >= 0 && k.Index < len(out) {
			out[k.Index].id = k.ID
		}
	}
	if planhat.KindOf(err) == planhat.KindValidation {
		err = nil
	}
	return out, err
}

// withID returns a row with the _id of its record.
func withID(body []byte, id string) planhat.Record {
	if planhat.Record(body).ID() != "" {
		return body
	}
	name, err := jsontext.AppendQuote(nil, id)
	if err != nil {
		return body
	}
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) < 2 || trimmed[0] != '{' {
		if len(trimmed) == 0 {
			return planhat.Record(`{"_id":` + string(name) + `}`)
		}
		return body
	}
	rest := bytes.TrimSpace(trimmed[1:])
	out := append([]byte(`{"_id":`), name...)
	if len(rest) > 0 && rest[0] != '}' {
		out = append(out, ',')
	}
	return append(out, rest...)
}
