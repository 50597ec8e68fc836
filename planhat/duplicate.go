package planhat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Duplicate copies the records with the given ids, all in one request. The
// copies count as created, with their ids in Keys; ids that Planhat names no copy for are among the
// result's Errors, whose Index is the id's position. A request that may have
// been carried out is not repeated.
func (r *Resource) Duplicate(ctx context.Context, ids []string) (*BulkResult, error) {
	op, err := r.operation("duplicate")
	if err != nil {
		return nil, err
	}
	result := &BulkResult{Rows: len(ids), Chunks: 1}
	quotedIDs := make([]string, len(ids))
	for i, id := range ids {
		if strings.TrimSpace(id) == "" {
			err := r.fault(op, &Error{Kind: KindValidation, Message: fmt.Sprintf("id %d of the list is empty", i+1)})
			r.note(op, Outcome{Err: err})
			return nil, err
		}
		quotedIDs[i] = string(quoted(id))
	}
	if len(ids) == 0 {
		result.Chunks = 0
		return result, nil
	}
	var read *BulkResult
	q := &call{
		model: r.model, op: op, rows: len(ids), repeat: repeatUnsent, bulk: true,
		body: []byte(`{"ids":[` + strings.Join(quotedIDs, ",") + `]}`),
		decode: func(body []byte) (err error) {
			read, err = r.readDuplicates(ids, body)
			return err
		},
	}
	a, failed := r.client.do(ctx, q)
	if failed != nil && (failed.Status == http.StatusBadRequest || failed.Status == http.StatusForbidden) && isBulkAnswer(a.body) {
		// The answer lists the ids that were refused, as that of an upsert does.
		_ = q.decode(a.body)
	}
	switch {
	case failed != nil && read == nil:
		result.FailedChunks = 1
		for i, id := range ids {
			result.Errors = append(result.Errors, RowError{
				Index: i, Row: Record(quotedIDs[i]), Key: "_id " + id, Message: failed.Message, Kind: failed.Kind, Uncertain: failed.Uncertain,
			})
		}
		called(ctx, result.Errors)
		failed.Items, failed.Result = result.Errors, result
		r.note(op, Outcome{Rejected: result.Errors, Err: failed})
		return result, failed
	case a.leftOut != "":
		for i, id := range ids {
			result.Errors = append(result.Errors, RowError{
				Index: i, Row: Record(quotedIDs[i]), Key: "_id " + id, Message: a.leftOut, Kind: KindNetwork, Uncertain: true,
			})
		}
		r.note(op, Outcome{Rejected: result.Errors})
		return result, nil
	case a.withheld:
		result.Planned = len(ids)
		r.note(op, Outcome{Planned: len(ids)})
		return result, nil
	}
	result.add(read)
	result.sort()
	if a.planned {
		result.Planned = result.Created
	}
	if failed != nil && failed.Kind == KindPermission && result.Created == 0 {
		result.FailedChunks = 1
		called(ctx, result.Errors)
		failed.Items, failed.Result = result.Errors, result
		r.note(op, Outcome{Rejected: result.Errors, Err: failed})
		return result, failed
	}
	called(ctx, result.Errors)
	r.note(op, a.counts(Outcome{Created: result.Created, Rejected: result.Errors}))
	return result, nil
}

// readDuplicates reads an answer whose shape is not documented: the bulk answer
// or a list of the copies.
func (r *Resource) readDuplicates(ids []string, body []byte) (*BulkResult, error) {
	lines := make([]*line, len(ids))
	for i, id := range ids {
		lines[i] = &line{index: i, given: Record(quoted(id)), keys: []key{{Name: "_id", Value: id}}}
	}
	m, out := newMatcher(lines, r.client.redact), &BulkResult{}
	var copied []string
	message := "Planhat did not copy this row: the id is probably unknown"
	if copies, err := splitArray[jsontext.Value](body); err == nil {
		for _, entry := range copies {
			if members, err := readObject(entry); err == nil && carriedError(members, m.redact) != nil {
				m.reject(entry, KindValidation)
			} else {
				out.Created++
				copied = append(copied, Record(entry).ID())
			}
		}
		message = "Planhat made fewer copies than there were ids: some ids are probably unknown"
	} else if members, err := readObject(body); err == nil && isBulkAnswer(body) {
		if n := members.get("created"); n != nil && !countable(n) {
			return nil, fmt.Errorf("created is %s, not a count", m.redact.line(string(n)))
		}
		out.Created = count(members.get("created"))
		m.rejectAll(members)
		for entry := range items(members.get("insertsKeys")) {
			if entry.Kind() == '{' {
				copied = append(copied, Record(entry).ID())
			}
		}
	} else {
		return nil, errors.New("it is neither a bulk result nor a list of the copies")
	}
	if err := m.settle(out); err != nil {
		return nil, err
	}
	m.unanswered(len(ids)-out.Created-m.rejectedRows(), KindNotFound, message, nil)
	out.Errors = m.errors
	copied = slices.DeleteFunc(copied, func(id string) bool { return id == "" })
	switch {
	case len(copied) != out.Created:
	case out.Created == len(ids): // in their order
		for i, id := range copied {
			out.Keys = append(out.Keys, RowKey{Index: i, ID: id, Created: true})
		}
	default:
		out.Unmatched = copied
	}
	return out, nil
}
