package planhat

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// Create stores a new record and returns it as Planhat stored it. The record
// may be a Record, JSON bytes, or a struct or map that becomes a JSON object.
//
// A create that failed in a way that leaves open whether it was carried out is
// not blindly repeated: if the record carries an externalId or sourceId
// that Planhat can be asked for, or an enduser's or user's email, it is looked
// up first and returned when it is there. Otherwise the error's Uncertain is
// true.
func (r *Resource) Create(ctx context.Context, record any) (Record, error) {
	op, err := r.operation("create")
	if err != nil {
		return nil, err
	}
	row, err := toRecord(record, "the record")
	if err == nil {
		err = r.loses(row)
	}
	var out Record
	var o Outcome
	if err != nil {
		err = r.fault(op, err)
	} else {
		out, o, err = r.create(ctx, &call{model: r.model, op: op, body: row, rows: 1, repeat: repeatUnsent, keyed: len(r.lookupsFor(row)) > 0})
	}
	r.noteOne(ctx, op, row, o, err)
	return out, err
}

func (r *Resource) create(ctx context.Context, q *call) (out Record, o Outcome, err error) {
	q.decode = decodeRecord(&out, r.client.redact)
	a, failed := r.client.do(ctx, q)
	switch {
	case failed != nil && failed.Uncertain:
		out, failed = r.recover(ctx, q, failed)
		if failed != nil {
			return nil, Outcome{}, failed
		}
		q.end(ctx, &answer{body: out}, nil)
		return out, Outcome{Created: 1}, nil
	case failed != nil:
		return nil, Outcome{}, failed
	case a.leftOut != "":
		return q.body, r.leftOutRow(ctx, q.body, a.leftOut), nil
	case a.withheld:
		if refused := r.refusedCreate(q); refused != nil {
			return nil, Outcome{}, refused
		}
		return r.client.dryRecord(q.body), Outcome{Planned: 1}, nil
	}
	return out, a.counts(Outcome{Created: 1}), nil
}

// counts returns what a call did that was answered.
func (a *answer) counts(o Outcome) Outcome {
	if a.planned {
		return o.planned()
	}
	return o
}

// dryRecord answers a create that was withheld.
func (c *Client) dryRecord(row Record) Record {
	members, err := readObject(row)
	if err != nil {
		return row
	}
	id := member{"_id", quoted(fmt.Sprintf("dry-run-%d", c.dryRuns.Add(1)))}
	return append(object{id}, members.without("_id")...).record()
}

// Update changes the given properties of a record, leaves the others as they
// are and returns the record. The id is an _id, or an externalId or sourceId
// after "extid-" or "srcid-" if the model knows them.
func (r *Resource) Update(ctx context.Context, id string, changes any) (Record, error) {
	op, err := r.operation("update")
	if err != nil {
		return nil, err
	}
	row, err := toRecord(changes, "the changes")
	if err == nil {
		row, err = withoutID(row, id)
	}
	if err != nil {
		err = r.fault(op, err)
		r.noteOne(ctx, op, row, Outcome{}, err)
		return nil, err
	}
	if id, err = r.address(ctx, op, id); err != nil {
		r.noteOne(ctx, op, row, Outcome{}, err)
		return nil, err
	}
	var out Record
	q := &call{model: r.model, op: op, id: id, body: row, rows: 1, decode: decodeRecord(&out, r.client.redact)}
	a, failed := r.client.do(ctx, q)
	if failed != nil && failed.Uncertain && failed.Status/100 == 2 {
		out, failed = r.recoverUpdate(ctx, id, row, failed)
	}
	if failed != nil {
		r.noteOne(ctx, op, row, Outcome{}, failed)
		return nil, failed
	}
	if a != nil && a.withheld {
		r.noteOne(ctx, op, row, Outcome{Planned: 1}, nil)
		members, _ := readObject(row)
		return append(object{{"_id", quoted(id)}}, members...).record(), nil
	}
	o := Outcome{Updated: 1}
	if a != nil {
		o = a.counts(o)
	}
	r.noteOne(ctx, op, row, o, nil)
	return out, nil
}

// withoutID takes the _id out of changes, since Planhat may refuse it there.
func withoutID(row Record, id string) (Record, error) {
	members, err := readObject(row)
	if err != nil {
		return nil, &Error{Kind: KindValidation, Message: "the changes can't be read: " + err.Error()}
	}
	own := members.get("_id")
	if own == nil {
		return row, nil
	}
	if prefix, _ := splitID(id); prefix == "" && text(own) != id {
		return nil, &Error{
			Kind: KindValidation, Message: "the changes contain the _id of another record",
			Hint: "remove _id from the changes: an _id can't be changed",
		}
	}
	return members.without("_id").record(), nil
}

// GetByID returns one record, or an *Error of KindNotFound. The id is as in
// Update.
func (r *Resource) GetByID(ctx context.Context, id string) (Record, error) {
	op, err := r.operation("get_by_id")
	if err != nil {
		return nil, err
	}
	out, err := r.fetch(ctx, id)
	if err != nil {
		r.note(op, Outcome{Err: err})
		return nil, err
	}
	r.note(op, Outcome{Read: 1})
	return out, nil
}

// fetch is GetByID without telling the observer about its outcome.
func (r *Resource) fetch(ctx context.Context, id string) (Record, error) {
	op, err := r.operation("get_by_id")
	if err != nil {
		return nil, err
	}
	if id, err = r.address(ctx, op, id); err != nil {
		return nil, err
	}
	var out Record
	q := &call{model: r.model, op: op, id: id, decode: decodeRecord(&out, r.client.redact)}
	if _, failed := r.client.do(ctx, q); failed != nil {
		if failed.Kind == KindNotFound {
			failed.Message = r.missing(id, bodyMessage(&answer{status: failed.Status, body: failed.Body}, r.client.redact))
		}
		return nil, failed
	}
	return out, nil
}

// Delete removes a record and returns what Planhat answered, {} if that is
// empty. The id is as in Update; one that Planhat doesn't take for deletes is
// looked up first. An answer that does not say that the record is gone is checked
// by asking for the record.
func (r *Resource) Delete(ctx context.Context, id string) (Record, error) {
	op, err := r.operation("delete")
	if err != nil {
		return nil, err
	}
	if id, err = r.address(ctx, op, id); err != nil {
		r.note(op, Outcome{Err: err})
		return nil, err
	}
	q := &call{model: r.model, op: op, id: id, rows: 1, decode: decodeDeletion(r.client.redact)}
	a, failed := r.client.do(ctx, q)
	for again := 1; failed == nil && !a.withheld && !saysDeleted(a); again++ {
		gone, err := r.gone(ctx, id)
		switch {
		case err != nil:
			failed = r.client.describe(q, &Error{
				Kind: KindServer, Status: a.status, Header: a.header, Body: a.body, Uncertain: true, Err: err,
				Message: "Planhat's answer does not say whether the record was deleted, and looking for it failed: " + err.Error(),
			}, a.attempts)
		case gone:
			r.note(op, Outcome{Deleted: 1})
			return anyAnswer(a.body, r.client.redact), nil
		case again == fewAttempts:
			failed = r.client.describe(q, &Error{
				Kind: KindServer, Status: a.status, Header: a.header, Body: a.body, Retryable: true,
				Message: "Planhat answered " + statusText(a.status) + ", but the record is still there",
			}, a.attempts)
		default:
			if a, failed = r.client.do(ctx, q); failed != nil && failed.Kind == KindNotFound {
				failed.Uncertain = true // the first request may have got through since
			}
		}
	}
	switch {
	case failed != nil && failed.Kind == KindNotFound && failed.Uncertain:
		// An earlier attempt got through although its answer was lost.
		r.note(op, Outcome{Deleted: 1})
		return Record(`{"deletedCount":1}`), nil
	case failed != nil:
		if failed.Kind == KindNotFound {
			failed.Message = r.missing(id, bodyMessage(&answer{status: failed.Status, body: failed.Body}, r.client.redact))
		}
		r.note(op, Outcome{Err: failed})
		return nil, failed
	case a.withheld:
		r.note(op, Outcome{Planned: 1})
		return Record(`{"deletedCount":0,"dryRun":true}`), nil
	}
	if deletedNone(a.body) && !a.uncertain {
		failed = r.client.describe(&call{model: r.model, op: op, id: id}, &Error{
			Kind: KindNotFound, Status: a.status, Header: a.header, Body: a.body,
			Message: r.missing(id, ""),
		}, a.attempts)
		r.note(op, Outcome{Err: failed})
		return nil, failed
	}
	r.note(op, a.counts(Outcome{Deleted: 1}))
	return anyAnswer(a.body, r.client.redact), nil
}

// saysDeleted reports whether an answer speaks of a deletion: by its status, with
// counts or with the record.
func saysDeleted(a *answer) bool {
	if a.status == http.StatusNoContent {
		return true
	}
	members, err := readObject(a.body)
	return err == nil && slices.ContainsFunc([]string{"deletedCount", "n", "ok", "_id"}, func(name string) bool { return members.get(name) != nil })
}

// gone reports whether there is no record with an id, as far as its model can be
// asked.
func (r *Resource) gone(ctx context.Context, id string) (bool, error) {
	if r.model.Operation("get_by_id") == nil {
		return true, nil
	}
	_, err := r.fetch(ctx, id)
	if KindOf(err) == KindNotFound {
		return true, nil
	}
	return false, err
}

// notFound is the part of a message that says no more than that.
var notFound = regexp.MustCompile(`(?i)^.*?\bnot found(?:[.!]+\s*|$)`)

// missing words that there is no record with an id, and what else Planhat said
// about it, which often tells why.
func (r *Resource) missing(id, said string) string {
	message := "there is no " + r.model.Snake + " with the id " + quote(id)
	if said = notFound.ReplaceAllString(said, ""); said != "" {
		message += ": " + said
	}
	return message
}

// deletedNone reports whether an answer says in so many words that nothing was
// deleted.
func deletedNone(body []byte) bool {
	members, err := readObject(body)
	return err == nil && text(members.get("deletedCount")) == "0"
}

// decodeRecord reads an answer that holds one record. Anything else says nothing
// about the record, whatever its status.
func decodeRecord(into *Record, secrets *Redactor) func([]byte) error {
	return func(body []byte) error {
		body = bytes.TrimSpace(body)
		if len(body) == 0 {
			return errEmpty
		}
		members, err := readObject(body)
		if err != nil {
			return err
		}
		if text(members.get("_id")) == "" {
			return cmp.Or(carriedError(members, secrets), errors.New("it is not a record: it has no _id"))
		}
		*into = body
		return nil
	}
}

// errEmpty is the cause of an error about an answer without a body.
var errEmpty = errors.New("it is empty")

// carriedError returns the error that an answer with a good status reports, or
// nil.
func carriedError(members object, secrets *Redactor) error {
	status := count(members.get("statusCode"))
	said := members.get("error")
	if status < 400 && (said == nil || slices.Contains([]string{"null", "false", `""`, "{}", "[]"}, string(said))) {
		return nil
	}
	return fmt.Errorf("it reports an error: %s", cmp.Or(secrets.line(messageIn(jsontext.Value(members.record()), 0)), statusText(status)))
}

// decodeDeletion reads the answer to a delete, whose shape is not the same for
// all models.
func decodeDeletion(secrets *Redactor) func([]byte) error {
	return func(body []byte) error {
		switch v := jsontext.Value(bytes.TrimSpace(body)); {
		case v.Kind() == '[' || v.Kind() == 'n':
			return errors.New("it is " + kindName(v.Kind()) + ", not an object")
		case v.Kind() == '{':
			members, err := readObject(v)
			if err != nil {
				return err
			}
			return carriedError(members, secrets)
		default:
			return nil
		}
	}
}

// anyAnswer returns an answer of unknown shape as JSON.
func anyAnswer(body []byte, secrets *Redactor) Record {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return Record("{}")
	}
	if v := jsontext.Value(body); v.IsValid(lenient) {
		return Record(v)
	}
	return object{{"message", quoted(secrets.line(string(body)))}}.record()
}
