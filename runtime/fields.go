package runtime

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

// itemsLookedAt is how many items of a list are looked at for their fields, mostNamed
// how many fields a message names.
const (
	itemsLookedAt = 100
	mostNamed     = 12
)

// explainMissing returns what may help where no item of a list has a field that a
// script names, to follow the message, or "". It takes the list and the name. Modules
// of phscript's own get it as their second argument.
func explainMissing(L *lua.LState) int {
	own, custom := fieldsOf(L.CheckTable(1))
	name := L.CheckString(2)
	candidates := slices.Clone(own)
	for _, field := range custom {
		candidates = append(candidates, "custom."+field, field)
	}
	near := catalog.Nearest(name, candidates)
	switch {
	case len(near) == 0 && len(own) == 0:
		L.Push(lua.LString(""))
	case len(near) == 0:
		text := "; they have: " + strings.Join(own[:min(len(own), mostNamed)], ", ")
		if len(own) > mostNamed {
			text += " and others"
		}
		L.Push(lua.LString(text))
	case slices.Contains(own, near[0]):
		L.Push(lua.LString(catalog.Aside(near[:1])))
	default:
		field := strings.TrimPrefix(near[0], "custom.")
		text := ""
		if name != "custom."+field {
			text = catalog.Aside([]string{"custom." + field})
		}
		access := "." + field
		if !spec.IsName(field) {
			access = "[" + strconv.Quote(field) + "]"
		}
		L.Push(lua.LString(fmt.Sprintf("%s; write function(item) return item.custom%s end", text, access)))
	}
	return 1
}

// fieldsOf returns the names of the fields of the first items of a list, and of those
// in the field custom, in alphabetical order.
func fieldsOf(list *lua.LTable) (own, custom []string) {
	seen, inCustom := map[string]struct{}{}, map[string]struct{}{}
	add := func(names map[string]struct{}, t lua.LValue) {
		if t, ok := t.(*lua.LTable); ok {
			bindings.Fill(t)
			t.ForEach(func(name, _ lua.LValue) {
				if text, ok := name.(lua.LString); ok {
					names[string(text)] = struct{}{}
				}
			})
		}
	}
	for i := 1; i <= min(list.Len(), itemsLookedAt); i++ {
		item, ok := list.RawGetInt(i).(*lua.LTable)
		if ok {
			add(seen, item)
			add(inCustom, item.RawGetString("custom"))
		}
	}
	return slices.Sorted(maps.Keys(seen)), slices.Sorted(maps.Keys(inCustom))
}
