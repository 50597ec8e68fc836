package manual

import (
	"strings"

	"github.com/phscript/phscript/runtime/internal/pattern"
)

// readable writes a LuaCATS type for people: "string|string[]" is "string or
// list of strings", "fun(): Company?" is "function → Company".
func readable(typ string) string {
	var kinds []string
	for _, one := range alternatives(typ) {
		if one == "nil" {
			continue
		}
		kinds = append(kinds, readableOne(one))
	}
	return strings.Join(kinds, " or ")
}

// alternatives splits a type where "|" stands outside of all brackets. What a
// function returns belongs to it to the end.
func alternatives(typ string) []string {
	var list []string
	depth, start := 0, 0
	for i, c := range typ {
		switch c {
		case '(', '<', '{':
			depth++
		case ')', '>', '}':
			depth--
		case '|':
			if depth == 0 && !strings.HasPrefix(strings.TrimSpace(typ[start:]), "fun(") {
				list = append(list, strings.TrimSpace(typ[start:i]))
				start = i + 1
			}
		}
	}
	return append(list, strings.TrimSpace(typ[start:]))
}

// functionType takes a function's type apart: parameters and results.
var functionType = pattern.Lazy(`^fun\(([^()]*)\)(?:: *(.+))?$`)

func readableOne(typ string) string {
	if m := functionType().FindStringSubmatch(typ); m != nil {
		var names []string
		for param := range strings.SplitSeq(m[1], ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(param), ":")
			if name != "" && name != "self" {
				names = append(names, name)
			}
		}
		text := "function"
		if len(names) > 0 {
			text += "(" + strings.Join(names, ", ") + ")"
		}
		if m[2] != "" {
			text += " → " + readable(strings.ReplaceAll(m[2], "?", ""))
		}
		return text
	}
	typ = strings.TrimSuffix(typ, "?")
	if item, ok := strings.CutSuffix(typ, "[]"); ok && !strings.ContainsAny(item, "(|") {
		return "list of " + several(item)
	}
	return typ
}

// several writes the type of a list's items.
func several(item string) string {
	switch item {
	case "string", "number", "integer", "boolean", "table":
		return item + "s"
	}
	return readableOne(item)
}
