package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

// account is a Go object of an embedder.
type account struct {
	Seats  int
	Rate   float64
	Tags   []string
	Limits map[string]uint8
	Inner  *account
	ID     int64
	notes  string
}

func (a *account) Grow(by int) int { a.Seats += by; return a.Seats }

func (a account) Check(ctx context.Context, least int) (int, error) {
	if ctx.Err() != nil || a.Seats < least {
		return 0, fmt.Errorf("too few seats: %w", errMine)
	}
	return a.Seats, nil
}

func (a *account) Note(lines ...string) { a.notes += strings.Join(lines, ",") }

// offered runs a script with values.
func offered(t *testing.T, values map[string]any, source string) (*Result, error) {
	t.Helper()
	rt, err := New(Options{Values: values})
	require.NoError(t, err)
	return rt.Run(t.Context(), Script{Name: "t.lua", Source: []byte(source)})
}

func TestValuesRefuseWhatDoesNotFit(t *testing.T) {
	values := map[string]any{
		"set":  func(int, uint8) {},
		"text": func(string) {},
		"list": func([]int) {},
		"opts": func(struct {
			Name string
			Max  int `json:"max"`
		}) {
		},
		"ratio": func(float32) {}, "large": func() int64 { return 1<<53 + 1 },
		"nested":  func(map[string]map[string]int) {},
		"many":    func(string, ...int) {},
		"account": &account{Limits: map[string]uint8{}, Tags: []string{"a"}, ID: 1<<53 + 1, Inner: &account{}},
	}
	for source, want := range map[string]string{
		`set(1.7, 3)`:                  `set: argument 1: 1.7 is not a whole number`,
		`set(1, 300)`:                  `set: argument 2: 300 does not fit the Go type uint8`,
		`set(1, -1)`:                   `set: argument 2: -1 does not fit the Go type uint8`,
		`set(2^53 + 2, 1)`:             `set: argument 1: 9007199254740994 is beyond 2^53, where whole numbers of Lua are not exact, so it is not taken for the Go type int`,
		`set(0/0, 1)`:                  `set: argument 1: NaN is not a whole number`,
		`set(1)`:                       `set: argument 2: nil is not a whole number`,
		`set("1", 1)`:                  `set: argument 1: "1" is not a whole number`,
		`set(1, 2, 3)`:                 `set: takes 2 arguments, not 3`,
		`text(1)`:                      `text: argument 1: 1 is not a string`,
		`text({})`:                     `text: argument 1: a table is not a string`,
		`list{1, 2.5}`:                 `list: argument 1: item 2: 2.5 is not a whole number`,
		`list{a = 1}`:                  `list: argument 1: a table is not a list`,
		`opts{max = "x"}`:              `opts: argument 1: max: "x" is not a whole number`,
		`opts{min = 1}`:                `has no field min`,
		`ratio(1e300)`:                 `ratio: argument 1: 1e+300 does not fit the Go type float32`,
		`nested{a = {b = 1.5}}`:        `nested: argument 1: a: b: 1.5 is not a whole number`,
		`many("a", 1, 2.5)`:            `many: argument 3: 2.5 is not a whole number`,
		`large()`:                      `large: the Go integer 9007199254740993 does not fit`,
		`account.Seats = 1.5`:          `Seats: 1.5 is not a whole number`,
		`account.seats = "x"`:          `seats: "x" is not a whole number`,
		`account.Limits.a = 256`:       `a: 256 does not fit the Go type uint8`,
		`account.Tags[1] = 5`:          `5 is not a string`,
		`account.Tags[1.5] = "x"`:      `the index: 1.5 is not a whole number`,
		`local t = account.Tags + 5`:   `5 is not a string`,
		`account:Grow(0.5)`:            `Grow: argument 1: 0.5 is not a whole number`,
		`account.Inner:Grow(0.5)`:      `Grow: argument 1: 0.5 is not a whole number`,
		`account.Grow(1)`:              `Grow: call it with a colon`,
		`return account.ID`:            `the Go integer does not fit`,
		`local t = {} t.t = t list(t)`: `a table is not a list`,
	} {
		_, err := offered(t, values, source)
		assert.ErrorContains(t, err, want, source)
		assert.ErrorContains(t, err, "t.lua:1: ", source)
	}
	_, err := New(Options{Values: map[string]any{"n": int64(1<<53 + 1)}})
	assert.ErrorContains(t, err, "n: the Go integer 9007199254740993 does not fit")
}

func TestValuesConvert(t *testing.T) {
	a := &account{Limits: map[string]uint8{}, Tags: []string{"a"}, Inner: &account{Seats: 5}}
	type options struct {
		Since  time.Time
		Counts map[string]int
		Any    any
		Raw    []byte
		Max    *int
	}
	var got options
	var put map[string]any
	_, err := offered(t, map[string]any{
		"account": a,
		"opts":    func(o options) { got = o },
		"put":     func(m map[string]any) { put = m },
		"each":    func(f func(int) (string, error)) (string, error) { return f(3) },
		"raw":     func(v lua.LValue) string { return v.Type().String() },
		"state":   func(L *lua.LState) int { L.Push(lua.LNumber(L.GetTop())); return 1 },
		"pair":    func() (int, string) { return 1, "two" },
	}, `
		assert(account:Grow(2) == 2 and account:grow(1) == 3 and account.Seats == 3)
		account.Seats = 4
		account.Limits.a = 255
		account.Limits.b = 1
		account.Limits.b = nil
		account.Tags[1] = "b"
		account.Inner.Rate = 0.5
		account:Note("x", "y")
		for i, tag in account.Tags() do assert(i == 1 and tag == "b") end
		opts{ since = "2026-01-02T03:04:05Z", counts = {}, any = { {1}, x = { b = 1 } }, raw = "bytes", max = 3 }
		put{ a = { b = 1 }, list = { 1, 2 } }
		assert(each(function(n) return "n" .. n end) == "n3")
		local ok, err = pcall(each, function() error("inside") end)
		assert(not ok and tostring(err):find("inside"), tostring(err))
		assert(raw({}) == "table" and raw(nil) == "nil")
		assert(state(1, 2) == 2)
		local one, two = pair()
		assert(one == 1 and two == "two")`)
	require.NoError(t, err)
	three := 3
	assert.Equal(t, options{
		Since: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Counts: map[string]int{}, Raw: []byte("bytes"), Max: &three,
		Any: map[string]any{"1": []any{1.0}, "x": map[string]any{"b": 1.0}},
	}, got)
	text, err := json.Marshal(put)
	require.NoError(t, err)
	assert.JSONEq(t, `{"a":{"b":1},"list":[1,2]}`, string(text))
	assert.Equal(t, &account{Seats: 4, Limits: map[string]uint8{"a": 255}, Tags: []string{"b"}, Inner: &account{Seats: 5, Rate: 0.5}, notes: "x,y"}, a)
}

func TestValuesRaiseErrors(t *testing.T) {
	values := map[string]any{
		"fail":    func() error { return errMine },
		"account": &account{Seats: 3},
	}
	r, err := offered(t, values, `local ok, e = pcall(fail) return ok, e.kind, e.message, account:Check(1)`)
	require.NoError(t, err)
	assert.Equal(t, []any{false, "error", "mine", 3.0}, r.Values)
	for _, source := range []string{`fail()`, `account:Check(9)`, `local ok, e = pcall(fail) error(e)`} {
		_, err := offered(t, values, source)
		assert.ErrorIs(t, err, errMine, source)
		assert.ErrorContains(t, err, "t.lua:1: ", source)
	}
}

func TestValuesGetTheContextOfTheRun(t *testing.T) {
	rt, err := New(Options{})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(`wait(1) error("went on")`)})
	require.NoError(t, err)
	var waited error
	_, err = program.Run(t.Context(), RunOptions{
		Timeout: time.Second,
		Values: map[string]any{"wait": func(ctx context.Context, n int) error {
			<-ctx.Done()
			waited = context.Cause(ctx)
			return waited
		}},
	})
	var limit *LimitError
	require.ErrorAs(t, err, &limit)
	assert.ErrorAs(t, waited, &limit)
}

func TestValuesOfARun(t *testing.T) {
	rt, err := New(Options{Values: map[string]any{"a": 1, "b": 2}})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(`return a, b, c`)})
	require.NoError(t, err)
	for range 2 {
		r, err := program.Run(t.Context(), RunOptions{Values: map[string]any{"b": 3, "c": "x"}})
		require.NoError(t, err)
		assert.Equal(t, []any{1.0, 3.0, "x"}, r.Values)
		r, err = program.Run(t.Context(), RunOptions{})
		require.NoError(t, err)
		assert.Equal(t, []any{1.0, 2.0, nil}, r.Values)
	}
}

func TestDecodeIntoAStruct(t *testing.T) {
	type inner struct{ N int }
	type target struct {
		Counts map[string]int
		Inner  inner `json:"in"`
		List   []inner
		Day    time.Weekday
		At     time.Time
		ByID   map[int]string
	}
	for source, want := range map[string]target{
		`{ Counts = {}, list = {}, ["in"] = {}, unknown = 1 }`:                 {Counts: map[string]int{}, List: []inner{}},
		`{ counts = { a = 1 }, ["in"] = { n = 2 }, LIST = { {}, { N = 1 } } }`: {Counts: map[string]int{"a": 1}, Inner: inner{2}, List: []inner{{}, {1}}},
		`{ day = 3, at = "2026-01-02T00:00:00Z", byid = { [7] = "x" } }`:       {Day: 3, At: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), ByID: map[int]string{7: "x"}},
		`nil`: {}, `{}`: {},
	} {
		r, err := offered(t, nil, "return "+source)
		require.NoError(t, err)
		var got target
		require.NoError(t, r.Decode(&got), source)
		assert.Equal(t, want, got, source)
	}
	for source, want := range map[string]string{
		`{ counts = { a = 1.5 } }`:   "the script's value does not fit *runtime.target: counts: a: 1.5 is not a whole number",
		`{ list = { { n = "x" } } }`: `list: item 1: n: "x" is not a whole number`,
		`7`:                          "7 is not a table",
	} {
		r, err := offered(t, nil, "return "+source)
		require.NoError(t, err)
		assert.ErrorContains(t, r.Decode(&target{}), want)
	}
	assert.Error(t, (&Result{}).Decode(&target{}))
}
