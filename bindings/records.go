package bindings

import (
	"context"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/precheck"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// resource finds the model's part of the client.
func (b binding) resource(a *Args) (*planhat.Resource, error) {
	c, err := b.client(a)
	if err != nil {
		return nil, err
	}
	return c.Resource(b.model), nil
}

// record encodes an argument as a record of the model.
func (b binding) record(a *Args, v lua.LValue) (planhat.Record, error) {
	doubts := doubts{a: a, model: b.model}
	raw, err := CodecOf(a.L).EncodeBytes(v, doubts.options())
	if err != nil {
		return nil, a.Errorf("the %s cannot be sent: %v", b.model.Snake, err)
	}
	doubts.warn()
	return planhat.Record(raw), nil
}

// call passes the model's part of the client to a call, and pushes the response. The
// call uses the Lua state in its turn only.
func (b binding) call(a *Args, call func(*planhat.Resource, Turn) (planhat.Record, error)) (int, error) {
	r, err := b.resource(a)
	if err != nil {
		return 0, err
	}
	var record planhat.Record
	a.Host.Wait(a.L, func(turn Turn) { record, err = call(r, turn) })
	if err != nil || len(record) == 0 {
		return a.give(a.L.NewTable(), err)
	}
	v, err := CodecOf(a.L).Record(record)
	return a.give(v, err)
}

// send encodes argument i as a record, passes it to a client call, and pushes
// the response.
func (b binding) send(a *Args, i int, call func(context.Context, *planhat.Resource, planhat.Record) (planhat.Record, error)) (int, error) {
	run, v := a.Context(), a.Get(i)
	return b.call(a, func(r *planhat.Resource, turn Turn) (body planhat.Record, err error) {
		turn.Take(func() { body, err = b.record(a, v) })
		if err != nil {
			return nil, err
		}
		return call(a.located(run, []lua.LValue{v}, turn), r, body)
	})
}

func (b binding) create() *Func {
	return &Func{
		Name: "create",
		Doc: "Creates " + b.noun() + ": " + b.endpoint() + "." + b.required() +
			"\n\nIf a request may or may not have been carried out, phscript looks the record up by its key before it sends it again. Without a key, the call fails and says so.",
		Params:  []Param{{Name: "record", Type: b.typ(), Doc: "The properties."}},
		Returns: []Return{{Type: b.typ(), Doc: "The stored record, with its `_id`."}},
		Errors:  writeErrors,
		Example: "local record = " + b.lua("create{ "+b.exampleFields()+" }") + "\nprint(record._id)",
		Source:  "§4 Single record operations",
		Call: func(a *Args) (int, error) {
			return b.send(a, 0, func(ctx context.Context, r *planhat.Resource, body planhat.Record) (planhat.Record, error) {
				return r.Create(ctx, body)
			})
		},
	}
}

func (b binding) update() *Func {
	return &Func{
		Name: "update",
		Doc:  "Changes " + b.noun() + ": " + b.endpoint() + ". Properties you leave out stay unchanged; `json.null` clears one.",
		Params: []Param{
			{Name: "id", Type: "string", Doc: "Which record: " + b.idForms(b.model.Keyables.Update) + ".", Text: b.refusedID},
			{Name: "changes", Type: b.typ(), Doc: "The properties to change."},
		},
		Returns: []Return{{Type: b.typ(), Doc: "The record after the change."}},
		Errors:  "`not_found` when the record does not exist; " + writeErrors,
		Example: b.lua("update(" + b.exampleID(b.model.Keyables.Update) + ", { custom = { Tier = \"Gold\" } })"),
		Source:  "§4 Single record operations",
		Call: func(a *Args) (int, error) {
			id := a.String(0)
			return b.send(a, 1, func(ctx context.Context, r *planhat.Resource, body planhat.Record) (planhat.Record, error) {
				return r.Update(ctx, id, body)
			})
		},
	}
}

func (b binding) getByID() *Func {
	return &Func{
		Name:    "get_by_id",
		Doc:     "Reads " + b.noun() + ": " + b.endpoint() + ".",
		Params:  []Param{{Name: "id", Type: "string", Doc: "Which record: " + b.idForms(b.model.Keyables.Get) + ".", Text: b.refusedID}},
		Returns: []Return{{Type: b.typ(), Doc: "The record. Properties that are null are absent."}},
		Errors:  oneErrors,
		Example: "local record = " + b.lua("get_by_id("+b.exampleID(b.model.Keyables.Get)+")"),
		Source:  "§4 Single record operations",
		Call: func(a *Args) (int, error) {
			ctx, id := a.Context(), a.String(0)
			return b.call(a, func(r *planhat.Resource, _ Turn) (planhat.Record, error) { return r.GetByID(ctx, id) })
		},
	}
}

func (b binding) delete() *Func {
	return &Func{
		Name:    "delete",
		Doc:     "Deletes " + b.noun() + ": " + b.endpoint() + ".",
		Params:  []Param{{Name: "id", Type: "string", Doc: "Its `_id`.", Text: b.refusedID}},
		Returns: []Return{{Type: "table", Doc: "Planhat's response, usually with `deletedCount`. It may be empty."}},
		Errors:  oneErrors,
		Example: b.lua(`delete("67d08140557181002fd170dd")`),
		Source:  "§4 Single record operations",
		Call: func(a *Args) (int, error) {
			ctx, id := a.Context(), a.String(0)
			return b.call(a, func(r *planhat.Resource, _ Turn) (planhat.Record, error) { return r.Delete(ctx, id) })
		},
	}
}

// refusedID returns why an id cannot be that of a record.
func (b binding) refusedID(id string) error {
	if err := planhat.RefusedID(b.model, b.op.Name, id); err != nil || b.model.Open {
		return err
	}
	if strings.HasPrefix(id, "extid-") || strings.HasPrefix(id, "srcid-") || precheck.IsID(id) {
		return nil
	}
	why := fmt.Sprintf("%q cannot be the id of %s: Planhat's own ids have 24 hexadecimal digits", id, b.noun())
	takes := func(prefix string) bool { return planhat.RefusedID(b.model, b.op.Name, prefix+id) == nil }
	list := b.model.Operation("get_list")
	switch {
	case strings.Contains(id, "@") && list != nil && list.Parameter("email") != nil:
		return invalid.Errorf(fmt.Sprintf("to find a record by its address, write %s[1]", b.lua(fmt.Sprintf("get_list{ email = %q }", id))), "%s", why)
	case strings.Contains(id, "@"):
		return invalid.Errorf("", "%s", why)
	case takes("extid-"):
		return invalid.Errorf(fmt.Sprintf("if it is your own id, put extid- before it: %q", "extid-"+id), "%s", why)
	case takes("srcid-"):
		return invalid.Errorf(fmt.Sprintf("if it is the sourceId, put srcid- before it: %q", "srcid-"+id), "%s", why)
	}
	return invalid.Errorf("", "%s", why)
}

// refusedFilter returns a check of a filter that takes ids, nil for others.
func refusedFilter(q *catalog.Query) func(string) error {
	if q.Name != "companyId" && q.Type != catalog.ObjectID {
		return nil
	}
	return func(ids string) error {
		for id := range strings.SplitSeq(ids, ",") {
			id = strings.TrimSpace(id)
			_, prefixed := strings.CutPrefix(id, "extid-")
			switch {
			case precheck.IsID(id):
			case prefixed && q.Name == "companyId":
				return invalid.Errorf(fmt.Sprintf("read the company first: planhat.company.get_by_id(%q)._id", id), "the filter '%s' takes only Planhat's own ids, not %q", q.Name, id)
			default:
				return invalid.Errorf("", "the filter '%s' takes Planhat's own ids, which have 24 hexadecimal digits, not %q", q.Name, id)
			}
		}
		return nil
	}
}
