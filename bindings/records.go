package bindings

import (
	"context"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
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
			{Name: "id", Type: "string", Doc: "Which record: " + b.idForms(b.model.Keyables.Update) + "."},
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
		Params:  []Param{{Name: "id", Type: "string", Doc: "Which record: " + b.idForms(b.model.Keyables.Get) + "."}},
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
		Params:  []Param{{Name: "id", Type: "string", Doc: "Its `_id`."}},
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
