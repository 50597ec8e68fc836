package suite

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

func raises() *matcher {
	m := newMatcher("to_raise",
		"Calls a function and expects it to raise an error. You can give part of the error's message, a Lua "+
			"pattern that matches it, or fields of the error object. Returns the error.",
		`expect(function() error("no rows") end).to_raise("no rows")
expect(function() planhat.company.get_by_id("extid-nobody") end).to_raise{ kind = "not_found" }`,
		[]bindings.Param{{Name: "error", Type: "string|table", Optional: true, Doc: "Part of the message, a pattern, or a table of fields (default any error)."}},
		raised)
	m.Returns = []bindings.Return{{Type: "any", Doc: "The error that was raised."}}
	return m
}

func raised(m *match) (bool, error) {
	fn, ok := m.got.(*lua.LFunction)
	if !ok {
		return false, m.Errorf("to_raise calls a function, but the value is %s; write expect(function() ... end)", aType(m.got))
	}
	_, err := m.Host.Call(m.L, fn)
	failure, ok := asType[*lua.ApiError](err)
	if err != nil && !ok {
		return false, err
	}
	m.failed.GotLabel = "raised"
	if failure == nil {
		m.failed.Message = "the function should raise an error but did not"
		if m.Given(0) {
			m.failed.Expected, m.failed.Got = bindings.Show(m.L, m.Get(0), wide), "nothing"
		}
		return false, nil
	}
	m.results = []lua.LValue{failure.Object}
	message := messageOf(failure.Object)
	if !m.Given(0) {
		m.failed.Message = "the function should not raise an error"
		m.failed.Got = message
		return true, nil
	}
	m.failed.Message = "the function should raise a different error"
	if m.never {
		m.failed.Message = "the function should not raise this error"
	}
	want, isTable := m.Get(0).(*lua.LTable)
	if !isTable {
		m.failed.Expected, m.failed.Got = bindings.Show(m.L, m.Get(0), wide), bindings.Show(m.L, lua.LString(message), wide)
		if strings.Contains(message, m.String(0)) {
			return true, nil
		}
		fits, err := matches(m, lua.LString(message), lua.LString(m.String(0)))
		return fits && err == nil, nil
	}
	got := failure.Object
	if _, isTable := got.(*lua.LTable); !isTable {
		t := m.L.NewTable()
		t.RawSetString("message", lua.LString(message))
		got = t
	}
	m.show(want, projected(m.L, got, want))
	return hasFields(m, got.(*lua.LTable), want), nil
}

// hasFields reports whether an error has the expected fields. Part of the
// message is enough.
func hasFields(m *match, got, want *lua.LTable) bool {
	all := true
	want.ForEach(func(k, v lua.LValue) {
		have := got.RawGet(k)
		part, isText := v.(lua.LString)
		if k == lua.LString("message") && isText && strings.Contains(lua.LVAsString(have), string(part)) {
			return
		}
		all = all && includes(have, v)
	})
	return all
}

func messageOf(v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		if bindings.ErrorFrom(t) != nil {
			return bindings.ErrorLine(t)
		}
		if message, ok := t.RawGetString("message").(lua.LString); ok {
			return string(message)
		}
	}
	return v.String()
}
