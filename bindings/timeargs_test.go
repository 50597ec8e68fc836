package bindings

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	lua "github.com/yuin/gopher-lua"
)

func TestTimesAndSpansAsArguments(t *testing.T) {
	h := newTestHost(t)
	L := newState(t, h, &Module{Name: "m", Funcs: []*Func{{
		Name:   "after",
		Params: []Param{{Name: "t", Type: "number|string"}, {Name: "span", Type: "string|number|table"}},
		Call: func(a *Args) (int, error) {
			at, err := a.Time(0)
			if err != nil {
				return 0, err
			}
			if at, err = a.After(1, at); err != nil {
				return 0, err
			}
			return a.Push(lua.LString(at.Format(time.RFC3339)))
		},
	}}})
	runCases(t, L, []luaCase{
		{"text", `return m.after("2024-01-31", "2h")`, []string{"2024-01-31T02:00:00Z"}},
		{"numbers", `return m.after(0, 90)`, []string{"1970-01-01T00:01:30Z"}},
		{"months", `return m.after("2024-01-31T10:00:00+02:00", { months = 1 })`, []string{"2024-02-29T08:00:00Z"}},
	})
	text, _ := raised(t, L, `m.after("soon", 1)`)
	assert.Contains(t, text, "soon")
}

func TestShowBreaksWideTables(t *testing.T) {
	L := newState(t, newTestHost(t))
	table := L.NewTable()
	table.RawSetString("name", lua.LString("Acme"))
	table.RawSetString("tier", lua.LString("gold"))
	assert.Equal(t, `{ name = "Acme", tier = "gold" }`, Show(L, table, 40))
	assert.Equal(t, "{\n  name = \"Acme\",\n  tier = \"gold\",\n}", Show(L, table, 20))
	assert.Equal(t, "json.null", Show(L, CodecOf(L).Null(), 20))
}
