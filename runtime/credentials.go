package runtime

import (
	"context"
	"net/url"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/likeness"
	"github.com/phscript/phscript/runtime/internal/network"
	"github.com/phscript/phscript/stdlib"
)

// newTokens finds the tokens of other systems: in the caller's store, or in memory while
// the Runtime lasts. What stubs issue is worth nothing elsewhere.
func (r *Runtime) newTokens(o *Options) bindings.TokenStore {
	if o.Tokens == nil || o.Stubs != nil {
		return &r.tokens
	}
	return o.Tokens
}

// privateKey reads a private key for a module, which does not give it to the script.
func (h *host) privateKey(_ context.Context, file, variable string) ([]byte, error) {
	if file != "" {
		text, err := h.box.ReadKey(file)
		if err != nil {
			return nil, bindings.FileError(h.box, "read", file, err)
		}
		return text, nil
	}
	text, _, err := h.env.LookupKey(variable)
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, &planhat.Error{Kind: planhat.KindConfig, Message: "the environment variable " + variable + ", which holds the private key, is not set", Hint: h.opts.MissingEnv}
	}
	return []byte(text), nil
}

// privileges are what only built-in modules may do: reach a system, and get its
// credentials, as secrets that are sent nowhere else. name is the module's; a connector
// gets only what begins with the name of its system.
func (r *run) privileges(L *lua.LState, name string) *lua.LTable {
	var hosts []network.Rule
	t := L.CreateTable(0, 8)
	t.RawSetString("letters", L.NewFunction(letters))
	t.RawSetString("reach", L.NewFunction(func(L *lua.LState) int {
		rule, err := r.network.Allow(L.CheckString(1))
		if err != nil {
			L.RaiseError("%s", err.Error())
		}
		hosts = append(hosts, rule)
		return 0
	}))
	// Which script this is, as a short text, and its name.
	t.RawSetString("script", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(likeness.Short(r.modules.State.Own())))
		L.Push(lua.LString(r.script.Name))
		return 2
	}))
	// Sums a value up, also functions, as a short text. Built-in modules count only as such.
	t.RawSetString("sum", L.NewFunction(func(L *lua.LState) int {
		modules := map[lua.LValue]bool{L.G.Global: true, L.G.Registry: true}
		r.loaded().ForEach(func(k, v lua.LValue) {
			name := strings.TrimPrefix(k.String(), builtinKey)
			if _, ok := stdlib.Source(name); ok || name != k.String() {
				modules[v] = true
			}
		})
		L.Push(lua.LString(likeness.Of(L.CheckAny(1), func(v lua.LValue) bool { return modules[v] })))
		return 1
	}))
	// Ends the call because credentials are not set.
	t.RawSetString("unset", L.NewFunction(func(L *lua.LState) int {
		bindings.Raise(L, &planhat.Error{Kind: planhat.KindConfig, Message: L.CheckString(1), Hint: r.opts.MissingEnv})
		return 0
	}))
	r.namePrivileges(L, t)
	own := strings.ToUpper(strings.TrimPrefix(name, "connectors.")) + "_"
	lookup := func(L *lua.LState) string {
		variable := L.CheckString(1)
		if !strings.HasPrefix(variable, own) || !strings.HasPrefix(name, "connectors.") {
			L.RaiseError("the module %s cannot get %s", name, variable)
		}
		value, _ := r.opts.Env(variable)
		if value == "" && r.opts.Credential != nil {
			var err error
			if value, err = r.opts.Credential(L.Context(), variable); err != nil {
				L.RaiseError("cannot read the stored %s: %s", variable, err.Error())
			}
		}
		return value
	}
	t.RawSetString("credential", L.NewFunction(func(L *lua.LState) int {
		value := lookup(L)
		if value == "" {
			return 0
		}
		r.network.Hide(value)
		L.Push(bindings.NewSecret(L, value, func(u *url.URL) error { return r.network.MayGo(u, hosts) }))
		return 1
	}))
	// For what is not secret, such as the address of a user.
	t.RawSetString("variable", L.NewFunction(func(L *lua.LState) int {
		value := lookup(L)
		for _, word := range []string{"TOKEN", "SECRET", "KEY", "PASSWORD"} {
			if strings.Contains(L.CheckString(1), word) {
				L.RaiseError("%s is a credential", L.CheckString(1))
			}
		}
		if value == "" {
			return 0
		}
		L.Push(lua.LString(value))
		return 1
	}))
	return t
}

// namePrivileges let built-in modules check names before they send anything.
func (r *run) namePrivileges(L *lua.LState, t *lua.LTable) {
	// Of a property of a model: the one that a wrong name means, or nil, and the values that it can have, or nil.
	t.RawSetString("property", L.NewFunction(func(L *lua.LState) int {
		m, name := r.model(L.CheckString(1)), L.CheckString(2)
		L.SetTop(0)
		if m == nil || m.Open || m.Alias(name) {
			return 0
		}
		p := m.Property(name)
		if p == nil {
			names := slices.Clone(catalog.CommonProperties)
			for _, p := range m.Properties {
				names = append(names, p.Name)
			}
			if meant := catalog.Misspelt(name, names); meant != "" {
				L.Push(lua.LString(meant))
			}
			return L.GetTop()
		}
		if len(p.Enum) == 0 {
			return 0
		}
		values := L.CreateTable(len(p.Enum), 0)
		for _, value := range p.Enum {
			values.Append(lua.LString(value))
		}
		L.Push(lua.LNil)
		L.Push(values)
		return 2
	}))
	// The name of a list that another one certainly means, or nil.
	t.RawSetString("meant", L.NewFunction(func(L *lua.LState) int {
		var names []string
		L.CheckTable(2).ForEach(func(_, v lua.LValue) { names = append(names, v.String()) })
		if meant := catalog.Misspelt(L.CheckString(1), names); meant != "" {
			L.Push(lua.LString(meant))
			return 1
		}
		return 0
	}))
}

// model finds a model of the catalog, or one that was declared.
func (r *run) model(name string) *catalog.Model {
	if m := catalog.Load().Model(name); m != nil {
		return m
	}
	for _, m := range r.opts.Models {
		if m.Snake == name {
			return m
		}
	}
	return nil
}
