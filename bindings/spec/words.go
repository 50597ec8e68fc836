package spec

import (
	"slices"
	"strings"
)

// LuaCATS returns the type as an annotation for editors: functions are in
// parentheses, so that what follows is not taken for more of their results.
func (t Type) LuaCATS() string {
	texts := make([]string, 0, 1)
	for _, one := range t.Alternatives() {
		texts = append(texts, one.enclosed())
	}
	switch {
	case len(texts) == 0 || t.parsed().err != nil:
		return string(t)
	case !t.Nilable() || slices.ContainsFunc(t.Alternatives(), Type.Nilable):
		// Nil needs no mention, as in any.
	case len(texts) == 1:
		return texts[0] + "?"
	default:
		texts = append(texts, "nil")
	}
	return strings.Join(texts, "|")
}

// Type returns the type of a function with these parameters and results:
// "fun(name: string, options?: table): boolean".
func (f *Func) Type() Type {
	var params, returns []string
	for _, p := range f.Annotations() {
		params = append(params, p.Name+": "+string(p.Type))
	}
	for _, r := range f.Returns {
		returns = append(returns, r.Type.LuaCATS())
	}
	text := "fun(" + strings.Join(params, ", ") + ")"
	if len(returns) > 0 {
		text += ": " + strings.Join(returns, ", ")
	}
	return Type(text)
}

// Annotations returns the parameters as annotations for editors write them: the
// name of an optional one ends in "?" and its type does not say so again, and
// the last one of a variadic function is "...".
func (f *Func) Annotations() []Param {
	params := slices.Clone(f.Params)
	for i := range params {
		p := &params[i]
		typ := p.Type
		switch {
		case f.Variadic && i == len(params)-1:
			p.Name, typ = "...", typ.NonNil()
		case p.Optional:
			p.Name, typ = p.Name+"?", typ.NonNil()
		}
		p.Type = Type(typ.LuaCATS())
	}
	return params
}

// Readable returns the type in words for documentation, without nil: "string or
// list of strings", "function(item) → boolean".
func (t Type) Readable() string {
	return t.words(func(one Type) string {
		if f := one.Function(); f != nil {
			return f.readable()
		}
		switch item := one.Element(); item {
		case "":
			return string(one)
		case "string", "number", "integer", "boolean", "table":
			return "list of " + string(item) + "s"
		default:
			return "list of " + item.Readable()
		}
	})
}

// readable returns a function's type in words.
func (f *Func) readable() string {
	var names, results []string
	for _, p := range f.Params {
		if p.Name != "self" {
			names = append(names, p.Name)
		}
	}
	for _, r := range f.Returns {
		results = append(results, r.Type.Readable())
	}
	text := "function"
	if len(names) > 0 {
		text += "(" + strings.Join(names, ", ") + ")"
	}
	if len(results) > 0 {
		text += " → " + strings.Join(results, ", ")
	}
	return text
}

// Expected returns what an error message expects, without nil: "a string or a
// whole number", "a list (table)".
func (t Type) Expected() string {
	return t.words(func(one Type) string {
		kind := one.parsed().kinds
		switch {
		case kind == Any:
			return "a value"
		case kind == Integer:
			return "a whole number"
		case one.Element() != "":
			return "a list (table)"
		}
		for name, of := range kinds {
			if of == kind && name != "true" && name != "false" {
				return "a " + name
			}
		}
		return "a table"
	})
}

// words joins what there is to say about the alternatives.
func (t Type) words(of func(Type) string) string {
	var words []string
	for _, one := range t.Alternatives() {
		if word := of(one); !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	return strings.Join(words, " or ")
}
