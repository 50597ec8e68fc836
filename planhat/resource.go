package planhat

import (
	"context"
	"errors"
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

// noteOne tells the observer how a write of one record ended. A record whose
// data was refused counts as rejected.
func (r *Resource) noteOne(ctx context.Context, op *catalog.Operation, row Record, o Outcome, err error) {
	if err != nil {
		o = Outcome{Err: err}
		if e, ok := errors.AsType[*Error](err); ok && e.Kind == KindValidation {
			o.Rejected = []RowError{{Row: row, Key: keyOf(r.model, row), Message: e.Message, Kind: KindValidation}}
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
