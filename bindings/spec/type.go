package spec

import (
	"slices"
	"strings"
	"sync"
)

// Type is a Lua type in the notation of LuaCATS, the annotations that Lua's
// editors read: "string|number", "Company[]", "table<string, any>",
// "fun(row: table): boolean", "integer?".
//
// Declarations write it as a constant; use [Parse] for other text. A type is
// parsed once, when it is first used. An invalid type accepts every value, as ""
// does; [Module.Validate] reports it.
//
// The package is safe for concurrent use as long as declarations do not change.
type Type string

// Kind is a set of Lua types: those that a type accepts, or those that a value
// can be used as. 5 is a number and an integer, and Lua accepts it as a string.
type Kind uint16

// The kinds of values.
const (
	Nil Kind = 1 << iota
	Boolean
	Number
	// Integer is a number without a fraction.
	Integer
	String
	Table
	Function
	Userdata
	Thread

	// Any is every kind.
	Any = 1<<iota - 1
)

// kinds are the kinds of the types that Lua and LuaCATS name. Other names are
// tables.
var kinds = map[string]Kind{
	"any": Any, "unknown": Any, "nil": Nil, "boolean": Boolean, "true": Boolean, "false": Boolean, "number": Number, "integer": Integer,
	"string": String, "table": Table, "function": Function, "userdata": Userdata, "thread": Thread,
}

// parsed is what a type says.
type parsed struct {
	err   error
	kinds Kind
	// alternatives are the types of a union, nil excepted; a type that is not a
	// union is its own single alternative.
	alternatives []Type
	// element is set for lists, function for functions with a signature.
	element  Type
	function *Func
	// names are those of the tables it mentions.
	names []string
}

var cache sync.Map // Type to *parsed

func (t Type) parsed() *parsed {
	if p, ok := cache.Load(t); ok {
		return p.(*parsed)
	}
	p := parse(t)
	cache.Store(t, p)
	return p
}

// Parse returns the type that a text writes, without the space around it.
func Parse(text string) (Type, error) {
	t := Type(strings.TrimSpace(text))
	return t, t.parsed().err
}

// Accepts reports whether the type takes a value of one of the given kinds.
func (t Type) Accepts(value Kind) bool { return t.parsed().kinds&value != 0 }

// Nilable reports whether nil is one of the values.
func (t Type) Nilable() bool { return t.Accepts(Nil) }

// NonNil returns the type without nil: "string" for "string?" and "string|nil".
// "any" and "nil" are unchanged.
func (t Type) NonNil() Type {
	if !t.Nilable() || len(t.Alternatives()) == 0 {
		return t
	}
	return Union(t.Alternatives()...)
}

// Alternatives returns the types of a union without nil: "string" and "number"
// for "string|number?". "fun(): string|nil" is a single alternative.
func (t Type) Alternatives() []Type { return t.parsed().alternatives }

// Only returns the single alternative of the type, or "" when there are several
// or anything will do.
func (t Type) Only() Type {
	if all := t.Alternatives(); len(all) == 1 && !all[0].Accepts(Nil) {
		return all[0]
	}
	return ""
}

// Element returns the type of a list's items, or "" for other types.
func (t Type) Element() Type { return t.parsed().element }

// Function returns the parameters and results of a function type, or nil.
// "function" alone has none.
func (t Type) Function() *Func { return t.parsed().function }

// Result returns the type of what a function returns at a place, counted from 0,
// or "" when it returns nothing there or the type is not a function's.
func (t Type) Result(place int) Type {
	if f := t.Function(); f != nil && place < len(f.Returns) {
		return f.Returns[place].Type
	}
	return ""
}

// Names returns the names in the type that are not Lua's own types, such as
// "Company" in "Company[]|fun(): Company?".
func (t Type) Names() []string { return t.parsed().names }

// Union returns the type of values that have one of the types.
func Union(types ...Type) Type {
	var texts []string
	for i, one := range types {
		text := string(one)
		if i < len(types)-1 {
			// A function's results would take in what follows.
			text = one.enclosed()
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return Type(strings.Join(texts, "|"))
}

// enclosed returns the type's text, in parentheses for a function.
func (t Type) enclosed() string {
	if t.Function() != nil && t[0] != '(' {
		return "(" + string(t) + ")"
	}
	return string(t)
}
