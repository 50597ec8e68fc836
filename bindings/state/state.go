// Package state holds the Lua module state.
package state

import (
	"errors"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// most is how many bytes a value may have as JSON, and mostKey a key.
const (
	most    = 1 << 20
	mostKey = 500
)

const (
	keyDoc     = "The key, at most 500 bytes."
	valueDoc   = "A table, string, number or boolean that can be encoded as JSON, at most 1 MiB; nil deletes the key."
	versionDoc = "The version that the value must have, as `get` returned it; 0 if the key must not exist."
	setErrors  = "When a value cannot be encoded as JSON or is too large. With kind `validation` when the value has another version: another run changed it."
)

var (
	keyParam = bindings.Param{Name: "key", Type: "string", Doc: keyDoc}
	setting  = []bindings.Param{keyParam,
		{Name: "value", Type: "any", Optional: true, Doc: valueDoc},
		{Name: "version", Type: "integer", Optional: true, Doc: versionDoc}}
	getReturns = []bindings.Return{{Type: "any", Doc: "The value, or `nil` if there is none."}, {Type: "integer", Doc: "Its version, 0 if there is none."}}
)

var spaceShape = &bindings.Shape{Name: "StateSpace", Doc: "Values that scripts keep under one name.", Fields: []bindings.Field{
	{Name: "get", Type: "fun(self, key: string): any, integer", Doc: "Returns a value and its version."},
	{Name: "set", Type: "fun(self, key: string, value: any?, version: integer?)", Doc: "Stores a value; nil deletes the key."},
	{Name: "set_all", Type: "fun(self, values: table, versions: table?)", Doc: "Stores several values by key, all or none."},
	{Name: "keys", Type: "fun(self): string[]", Doc: "Returns the keys in alphabetical order."},
}}

// Module returns the module state, which keeps values between runs.
func Module() *bindings.Module {
	own := func(a *bindings.Args) (string, error) { return a.Host.State.Own(), nil }
	return &bindings.Module{
		Name: "state", Required: true,
		Doc: "Keeps values between runs, such as how far a script has read another system. In contrast to a checkpoint, they stay when a run succeeds. " +
			"All runs of a script share its values, also those of its schedules. `state.open(name)` returns values that several scripts share. " +
			"With `--dry-run`, changes last only as long as the run; with `--simulate` or without a store, all values do.\n\n" +
			"    local state = require \"state\"\n" +
			"    local since = state.get(\"since\") or \"2026-01-01\"\n" +
			"    -- ... read what is new ...\n" +
			"    state.set(\"since\", time.today())",
		Records: []*bindings.Shape{spaceShape},
		Funcs: append(functions(own), &bindings.Func{
			Name: "open", Doc: "Opens values that several scripts share by name.",
			Params:  []bindings.Param{{Name: "name", Type: "string", Doc: "The name, at most 500 bytes."}},
			Returns: []bindings.Return{{Type: "StateSpace", Doc: "The values."}},
			Example: `local crm = require("state").open("crm")`,
			Call: func(a *bindings.Args) (int, error) {
				name := a.String(0)
				if name == "" || len(name) > mostKey {
					return 0, a.Errorf("the name must have from 1 to %d bytes", mostKey)
				}
				t := a.L.NewTable()
				for _, f := range functions(func(*bindings.Args) (string, error) { return "name " + name, nil }) {
					t.RawSetString(f.Name, bindings.Method(a.L, a.Host, "state", f, t))
				}
				return a.Push(t)
			},
		}),
	}
}

// functions are the functions on a space.
func functions(space func(*bindings.Args) (string, error)) []*bindings.Func {
	return []*bindings.Func{
		{
			Name: "get", Doc: "Returns a value that an earlier run stored.",
			Params: []bindings.Param{keyParam}, Returns: getReturns,
			Example: `local cursor, version = require("state").get("cursor")`,
			Call: func(a *bindings.Args) (int, error) {
				name, err := space(a)
				if err != nil {
					return 0, err
				}
				text, version, err := a.Host.State.Get(a.Context(), name, a.String(0))
				if err != nil {
					return 0, err
				}
				if text == nil {
					return a.Push(lua.LNil, lua.LNumber(0))
				}
				v, err := bindings.CodecOf(a.L).DecodeBytes(text, bindings.DecodeOptions{Nulls: true, Numbers: true})
				if err != nil {
					return 0, err
				}
				return a.Push(v, lua.LNumber(version))
			},
		},
		{
			Name: "set", Doc: "Stores a value, which replaces the previous one. With a version, it does so only if no other run has changed the value since.",
			Params: setting, Errors: setErrors,
			Example: `require("state").set("cursor", { page = 7 })`,
			Call: func(a *bindings.Args) (int, error) {
				c, err := newChange(a, a.String(0), a.Get(1))
				if err != nil {
					return 0, err
				}
				if a.Given(2) {
					version := int64(a.Number(2))
					c.Version = &version
				}
				return store(a, space, []bindings.StateChange{c})
			},
		},
		{
			Name: "set_all", Doc: "Stores several values at once: all of them or, if the run ends in between, none.",
			Params: []bindings.Param{{Name: "values", Type: "table", Doc: "The values by key. `json.null` deletes a key."},
				{Name: "versions", Type: "table", Optional: true, Doc: "The versions that values must have, by key."}}, Errors: setErrors,
			Example: `require("state").set_all{ cursor = "abc", rows = 1200 }`,
			Call: func(a *bindings.Args) (int, error) {
				var changes []bindings.StateChange
				var err error
				a.Table(0).ForEach(func(k, v lua.LValue) {
					key, ok := k.(lua.LString)
					if !ok && err == nil {
						err = a.Errorf("the key %s must be a string", k.String())
					}
					if bindings.CodecOf(a.L).IsNull(v) {
						v = lua.LNil
					}
					c, bad := newChange(a, string(key), v)
					if version := a.Options(1).Get(string(key)); version != lua.LNil {
						n := int64(lua.LVAsNumber(version))
						c.Version = &n
					}
					if err == nil {
						err = bad
					}
					changes = append(changes, c)
				})
				if err != nil {
					return 0, err
				}
				slices.SortFunc(changes, func(x, y bindings.StateChange) int {
					if x.Key < y.Key { // always in the same order, so that two runs cannot wait for each other
						return -1
					}
					return 1
				})
				return store(a, space, changes)
			},
		},
		{
			Name: "keys", Doc: "Returns the keys that have values, in alphabetical order.",
			Returns: []bindings.Return{{Type: "string[]", Doc: "The keys."}},
			Example: `for _, key in ipairs(require("state").keys()) do print(key) end`,
			Call: func(a *bindings.Args) (int, error) {
				name, err := space(a)
				if err != nil {
					return 0, err
				}
				keys, err := a.Host.State.Keys(a.Context(), name)
				if err != nil {
					return 0, err
				}
				list := a.L.NewTable()
				bindings.CodecOf(a.L).MarkArray(list)
				for _, key := range keys {
					list.Append(lua.LString(key))
				}
				return a.Push(list)
			},
		},
	}
}

// newChange is the change of a key to a value, or its deletion.
func newChange(a *bindings.Args, key string, v lua.LValue) (bindings.StateChange, error) {
	c := bindings.StateChange{Key: key}
	if key == "" || len(key) > mostKey {
		return c, a.Errorf("a key must have from 1 to %d bytes", mostKey)
	}
	if v == lua.LNil {
		return c, nil
	}
	text, err := bindings.CodecOf(a.L).EncodeBytes(v, bindings.EncodeOptions{})
	if err != nil {
		return c, a.Errorf("the value of %q cannot be stored: %w", key, err)
	}
	if len(text) > most {
		return c, a.Errorf("the value of %q is %d bytes of JSON, but at most %d are allowed", key, len(text), most)
	}
	c.Value = text
	return c, nil
}

func store(a *bindings.Args, space func(*bindings.Args) (string, error), changes []bindings.StateChange) (int, error) {
	name, err := space(a)
	if err != nil {
		return 0, err
	}
	err = a.Host.State.Set(a.Context(), name, changes)
	if errors.Is(err, bindings.ErrChanged) {
		err = &planhat.Error{Kind: planhat.KindValidation, Message: "another run has changed the value meanwhile, so it was not replaced",
			Hint: "let only one run at a time use these values, or read the value again and repeat the change"}
	}
	return 0, err
}
