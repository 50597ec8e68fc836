package planhat

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// Resource gives the operations of one model. Each model has some of them
// only; the others return an *Error of KindConfig that names those it has. A
// Resource is safe for concurrent use.
type Resource struct {
	client *Client
	model  *catalog.Model
}

// Model returns the model's entry in the catalog, which must not be changed.
func (r *Resource) Model() *catalog.Model {
	if r == nil {
		return nil
	}
	return r.model
}

// operation returns the model's operation, or an error that names those that
// it has.
func (r *Resource) operation(name string) (*catalog.Operation, error) {
	if r == nil || r.client == nil {
		return nil, errUnmade()
	}
	if op := r.model.Operation(name); op != nil {
		return op, nil
	}
	names := make([]string, 0, len(r.model.Operations))
	for _, op := range r.model.Operations {
		names = append(names, op.Name)
	}
	return nil, &Error{
		Kind: KindConfig, Model: r.model.Snake, Operation: name,
		Message: "this model has no such operation", Hint: "it has " + strings.Join(names, ", "),
	}
}

// fault returns a local error that knows its operation.
func (r *Resource) fault(op *catalog.Operation, err error) error {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	named := *e
	named.Model, named.Operation = r.model.Snake, op.Name
	named.Message = r.client.redact.Text(named.Message)
	return &named
}

// note tells the observer what an operation did.
func (r *Resource) note(op *catalog.Operation, o Outcome) {
	if r.client.observer == nil {
		return
	}
	o.Model, o.Operation = r.model.Snake, op.Name
	r.client.observer.Outcome(o)
}

// noteOne tells the observer how a write of one record ended. A record whose data was
// refused counts as rejected, and a new one that may be stored is named.
func (r *Resource) noteOne(ctx context.Context, op *catalog.Operation, row Record, o Outcome, err error) {
	if err != nil {
		o = Outcome{Err: err}
		e, ok := errors.AsType[*Error](err)
		if ok && (e.Kind == KindValidation || e.Uncertain && op.Name != "update") {
			o.Rejected = []RowError{{Row: row, Key: keyOf(r.model, row), Message: e.Message, Kind: e.Kind, Uncertain: e.Uncertain}}
			locate(ctx, o.Rejected)
		}
	}
	r.note(op, o)
}

// quote puts a name in quotes for a message, shortened if it is long.
func quote(s string) string {
	const longest = 80
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest]) + "…"
	}
	return strconv.Quote(s)
}

// Prefixes of ids that are not Planhat's own.
const (
	externalPrefix = "extid-"
	sourcePrefix   = "srcid-"
)

// splitID returns an id's prefix, or "", and what follows it.
func splitID(id string) (prefix, rest string) {
	for _, p := range []string{externalPrefix, sourcePrefix} {
		if rest, ok := strings.CutPrefix(id, p); ok {
			return p, rest
		}
	}
	return "", id
}

// address returns the id to send for an operation. Where Planhat takes an id
// with a prefix for reading only, it reads the record to learn its _id.
func (r *Resource) address(ctx context.Context, op *catalog.Operation, id string) (string, error) {
	if err := RefusedID(r.model, op.Name, id); err != nil {
		return "", r.fault(op, err)
	}
	prefix, _ := splitID(id)
	if prefix == "" || slices.Contains(idsOf(r.model, op.Name), prefix) {
		return id, nil
	}
	record, err := r.fetch(ctx, id)
	if err != nil {
		return "", r.fault(op, err) // the look-up is no call of the caller's
	}
	members, err := readObject(record)
	if found := text(members.get("_id")); err == nil && found != "" {
		return found, nil
	}
	return "", r.fault(op, &Error{Kind: KindServer, Message: "the record " + quote(id) + " came back without its _id"})
}

// idsOf returns the forms of ids that Planhat takes for an operation.
func idsOf(m *catalog.Model, operation string) []string {
	switch operation {
	case "update":
		return m.Keyables.Update
	case "delete":
		return m.Keyables.Delete
	}
	return m.Keyables.Get
}

// RefusedID returns why the client does not send an id for an operation, nil if it does.
func RefusedID(m *catalog.Model, operation, id string) error {
	prefix, rest := splitID(id)
	switch {
	case strings.TrimSpace(rest) == "":
		return &Error{Kind: KindValidation, Message: "the id is empty", Hint: "check where the id comes from"}
	case rest == "." || rest == "..":
		return &Error{Kind: KindValidation, Message: "the id " + quote(id) + " is not valid"}
	}
	k, known := m.Keyables, idsOf(m, operation)
	if prefix == "" || slices.Contains(known, prefix) || operation != "get_by_id" && slices.Contains(k.Get, prefix) {
		return nil
	}
	return &Error{
		Kind: KindValidation, Message: "this model does not support ids with " + prefix + "…",
		Hint: "use " + strings.Join(idForms(k, known), " or "),
	}
}

// idForms lists the ids that work, those that need a look-up first included.
func idForms(k catalog.Keyables, known []string) []string {
	var forms []string
	for _, form := range []string{"_id", externalPrefix, sourcePrefix} {
		if form == "_id" || slices.Contains(known, form) || slices.Contains(k.Get, form) {
			forms = append(forms, form)
		}
	}
	return forms
}

// compareIDs orders ids as Planhat does: those of MongoDB rise with time.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// idOf returns the _id of a record, "" if it has none.
func idOf(record Record) string {
	const first = `{"_id":"`
	if rest, found := bytes.CutPrefix(record, []byte(first)); found {
		if end := bytes.IndexByte(rest, '"'); end >= 0 && bytes.IndexByte(rest[:end], '\\') < 0 {
			return string(rest[:end])
		}
	}
	members, err := readObject(record)
	if err != nil {
		return ""
	}
	return text(members.get("_id"))
}
