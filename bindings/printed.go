package bindings

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// printField is a field of metatables, PrintField in the runtime's Lua library.
// It holds the function that returns a table's text for print and tostring.
// getmetatable hides these metatables from scripts.
const printField = "phscript.print"

// printed makes the metatable of tables that print shows in their own way.
func printed(L *lua.LState, text func(t *lua.LTable) string) *lua.LTable {
	meta := L.CreateTable(0, 1)
	meta.RawSetString(printField, L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(text(L.CheckTable(1))))
		return 1
	}))
	return meta
}

// record decodes a Planhat record. print shows its contents.
func (c *Codec) record(raw planhat.Record) (lua.LValue, error) {
	v, err := c.DecodeBytes(raw, DecodeOptions{})
	if t, ok := v.(*lua.LTable); ok && t.Metatable == lua.LNil {
		t.Metatable = c.records
	}
	return v, err
}

// resultText says what happened to the rows of a bulk call.
func resultText(t *lua.LTable) string {
	count := func(name string) int { return int(lua.LVAsNumber(t.RawGetString(name))) }
	var parts []string
	for _, name := range []string{outcomeCreated, outcomeUpdated, outcomeUnchanged, outcomeRejected, outcomePlanned} {
		if n := count(name); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, name))
		}
	}
	if n := count("failed_chunks"); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d requests failed", n, count("chunks")))
	}
	text := english.Plural(count("rows"), "row", "")
	if len(parts) == 0 {
		return text
	}
	return text + ": " + strings.Join(parts, ", ")
}
