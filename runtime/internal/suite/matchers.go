package suite

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/spec"
)

// matchers are all matchers of expect, in the order of the manual.
var matchers = sync.OnceValue(func() []*matcher {
	return slices.Concat(equality(), contents(), numbers())
})

func newMatcher(name, doc, example string, params []bindings.Param, holds func(m *match) (bool, error)) *matcher {
	return &matcher{Func: bindings.Func{Name: name, Doc: doc, Example: example, Params: params, Errors: "When the value does not match."}, holds: holds}
}

func wanted(typ spec.Type, doc string) []bindings.Param {
	return []bindings.Param{{Name: "expected", Type: typ, Doc: doc}}
}

// equality are the matchers on the whole value.
func equality() []*matcher {
	plain := func(name, doc, example, words string, holds func(lua.LValue) bool) *matcher {
		return newMatcher(name, doc, example, nil, func(m *match) (bool, error) {
			m.say(words)
			m.showGot()
			return holds(m.got), nil
		})
	}
	anything := []bindings.Param{{Name: "expected", Type: "any", Optional: true, Doc: "What the value should be."}}
	return []*matcher{
		newMatcher("to_equal", "Expects an equal value. Tables are equal if they have equal contents, at any depth.",
			`expect({ name = "Acme", tags = { "vip" } }).to_equal({ name = "Acme", tags = { "vip" } })`, anything,
			func(m *match) (bool, error) {
				m.say("equal the expected one")
				m.show(m.Get(0), m.got)
				ok := equal(m.got, m.Get(0))
				if !ok && !m.never && m.got.Type() == lua.LTTable && includes(m.got, m.Get(0)) {
					m.failed.Message += "; it has more fields: use to_include to check only the given ones"
				}
				return ok, nil
			}),
		newMatcher("to_be", "Expects the same value. Two tables are the same only if they are one table.",
			`expect(planhat).to_be(require "planhat")`, anything,
			func(m *match) (bool, error) {
				m.say("be the expected one")
				m.show(m.Get(0), m.got)
				if !same(m.got, m.Get(0)) && equal(m.got, m.Get(0)) {
					m.say("be the same table; it is a different table with equal contents: use to_equal to compare contents")
				}
				return same(m.got, m.Get(0)), nil
			}),
		plain("to_be_nil", "Expects `nil`.", `expect(planhat.new).never.to_be_nil()`, "be nil", func(v lua.LValue) bool { return v == lua.LNil }),
		plain("to_be_truthy", "Expects any value except `false` and `nil`.", `expect(("abc"):find("b")).to_be_truthy()`, "count as true", lua.LVAsBool),
		plain("to_be_falsy", "Expects `false` or `nil`.", `expect(("abc"):find("x")).to_be_falsy()`, "be false or nil", lua.LVIsFalse),
		newMatcher("to_be_a", "Expects a value of a type, as `type` returns it.", `expect("text").to_be_a("string")`,
			[]bindings.Param{{Name: "type", Type: "string", Doc: "`nil`, `boolean`, `number`, `string`, `table`, `function`, `thread` or `userdata`."}},
			func(m *match) (bool, error) {
				m.say("be a " + m.String(0) + ", and is " + aType(m.got))
				m.showGot()
				return m.got.Type().String() == m.String(0), nil
			}),
	}
}

func aType(v lua.LValue) string {
	if v == lua.LNil {
		return "nil"
	}
	return "a " + v.Type().String()
}

func (m *match) showGot() {
	m.failed.Got = bindings.Show(m.L, m.got, wide)
}

// contents are the matchers on what a value contains.
func contents() []*matcher {
	return []*matcher{
		newMatcher("to_contain", "Expects a string that contains another, or a list with an item equal to the expected one.",
			`expect("Acme Corp").to_contain("Corp")
expect({ "a", "b" }).to_contain("b")`, wanted("any", "The part."), contains),
		newMatcher("to_include", "Expects a table with at least these fields. Tables inside it are compared in the same way.",
			`expect({ name = "Acme", owner = { nickName = "Ada", active = true } }).to_include{ owner = { nickName = "Ada" } }`,
			wanted("table", "The fields."),
			func(m *match) (bool, error) {
				m.say("include the expected fields")
				m.show(m.Get(0), projected(m.L, m.got, m.Get(0)))
				return includes(m.got, m.Get(0)), nil
			}),
		newMatcher("to_have_length", "Expects a list with this many items, or a string with this many bytes.", `expect({ "a", "b" }).to_have_length(2)`,
			wanted("integer", "How many."),
			func(m *match) (bool, error) {
				var n int
				switch v := m.got.(type) {
				case lua.LString:
					n = len(v)
				case *lua.LTable:
					n = v.Len()
				default:
					return false, m.Errorf("only strings and lists have a length; the value is %s", aType(m.got))
				}
				m.say("have the length " + strconv.Itoa(m.Int(0)) + ", and has " + strconv.Itoa(n))
				m.showGot()
				return n == m.Int(0), nil
			}),
		newMatcher("to_match", "Expects a string that matches a Lua pattern anywhere.", `expect("A-1041").to_match("^A%-%d+$")`,
			[]bindings.Param{{Name: "pattern", Type: "string", Doc: "The pattern, as `string.find` takes it."}},
			func(m *match) (bool, error) {
				if m.got.Type() != lua.LTString {
					return false, m.Errorf("only strings match a pattern; the value is %s", aType(m.got))
				}
				m.say("match the pattern " + bindings.Show(m.L, m.Get(0), wide))
				m.showGot()
				return matches(m, m.got, m.Get(0))
			}),
		raises(),
	}
}

func contains(m *match) (bool, error) {
	m.say("contain " + bindings.Show(m.L, m.Get(0), wide))
	m.showGot()
	switch v := m.got.(type) {
	case lua.LString:
		if t := m.Get(0).Type(); t != lua.LTString && t != lua.LTNumber {
			return false, m.Errorf("a string contains strings, not a %s", t)
		}
		return strings.Contains(string(v), m.String(0)), nil
	case *lua.LTable:
		for i := 1; i <= v.Len(); i++ {
			if equal(v.RawGetInt(i), m.Get(0)) {
				return true, nil
			}
		}
		if first, _ := v.Next(lua.LNil); first != lua.LNil && v.Len() == 0 {
			return false, m.Errorf("the table is not a list; to check its fields, use to_include{ name = value }")
		}
		return false, nil
	}
	return false, m.Errorf("only strings and lists contain something; the value is %s", aType(m.got))
}

// matches calls string.find, so patterns mean what they mean in scripts.
func matches(m *match, text, pattern lua.LValue) (bool, error) {
	find := m.L.GetField(m.L.GetGlobal("string"), "find")
	fn, ok := find.(*lua.LFunction)
	if !ok {
		return false, m.Errorf("the script replaced string.find with something that is not a function")
	}
	results, err := m.Host.Call(m.L, fn, text, pattern)
	if err != nil {
		return false, err
	}
	return len(results) > 0 && results[0] != lua.LNil, nil
}

// number shows and returns the value, which must be a number.
func (m *match) number() (float64, error) {
	m.showGot()
	got, ok := m.got.(lua.LNumber)
	if !ok {
		return 0, m.Errorf("the value is not a number but %s: %s", aType(m.got), m.failed.Got)
	}
	return float64(got), nil
}

// numbers are the matchers on numbers.
func numbers() []*matcher {
	compare := func(name, doc, example, words string, holds func(got, want float64) bool) *matcher {
		return newMatcher(name, doc, example, wanted("number", "The bound."), func(m *match) (bool, error) {
			m.say("be " + words + " " + bindings.Show(m.L, m.Get(0), wide))
			got, err := m.number()
			return holds(got, m.Number(0)), err
		})
	}
	near := newMatcher("to_be_close_to", "Expects a number that is equal after rounding.", `expect(0.1 + 0.2).to_be_close_to(0.3)`,
		[]bindings.Param{
			{Name: "expected", Type: "number", Doc: "The number."},
			{Name: "digits", Type: "integer", Optional: true, Doc: "How many decimals must agree (default 2)."},
		},
		func(m *match) (bool, error) {
			digits := 2
			if m.Given(1) {
				digits = m.Int(1)
			}
			m.say("be close to " + bindings.Show(m.L, m.Get(0), wide) + ", to " + strconv.Itoa(digits) + " decimals")
			got, err := m.number()
			return math.Abs(got-m.Number(0)) < math.Pow(10, -float64(digits))/2, err
		})
	return []*matcher{
		near,
		compare("to_be_greater_than", "Expects a number above another one.", `expect(3).to_be_greater_than(2)`, "greater than", func(g, w float64) bool { return g > w }),
		compare("to_be_less_than", "Expects a number below another one.", `expect(2).to_be_less_than(3)`, "less than", func(g, w float64) bool { return g < w }),
		compare("to_be_at_least", "Expects a number that is not below another one.", `expect(3).to_be_at_least(3)`, "at least", func(g, w float64) bool { return g >= w }),
		compare("to_be_at_most", "Expects a number that is not above another one.", `expect(3).to_be_at_most(3)`, "at most", func(g, w float64) bool { return g <= w }),
	}
}

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
	failure, ok := errors.AsType[*lua.ApiError](err)
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
	message := messageOf(m.L, failure.Object)
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
		fits := strings.Contains(message, m.String(0))
		if !fits {
			found, err := matches(m, lua.LString(message), lua.LString(m.String(0)))
			fits = found && err == nil
		}
		m.expects(failure.Object, fits)
		return fits, nil
	}
	got := failure.Object
	if _, isTable := got.(*lua.LTable); !isTable {
		t := m.L.NewTable()
		t.RawSetString("message", lua.LString(message))
		got = t
	}
	m.show(want, projected(m.L, got, want))
	fits := hasFields(m, got.(*lua.LTable), want)
	m.expects(failure.Object, fits)
	return fits, nil
}

// expects notes that an error is what the test expects, if it fits: an expectation that
// fails in the function was meant to fail.
func (m *match) expects(raised lua.LValue, fits bool) {
	if w := environmentOf(m.Context()); w != nil && fits && !m.never {
		w.meant(bindings.ErrorFrom(raised))
	}
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

func messageOf(L *lua.LState, v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		if bindings.ErrorFrom(t) != nil {
			return L.ToStringMeta(t).String()
		}
		if message, ok := t.RawGetString("message").(lua.LString); ok {
			return string(message)
		}
	}
	return v.String()
}
