package spec

import (
	"fmt"
	"strings"
)

// The methods in this file return the messages about a wrong call, for running
// scripts as well as for the checker.

// Missing says that the argument at a place, counted from 0, is left out or nil.
func (p *Param) Missing(place int) string {
	return fmt.Sprintf("argument %d, '%s', is missing: %s expected", place+1, p.Name, p.Type.Expected())
}

// Mismatch says that the argument at a place does not fit; got describes it.
func (p *Param) Mismatch(place int, got string) string {
	return fmt.Sprintf("argument %d, '%s', must be %s, not %s", place+1, p.Name, p.Type.Expected(), got)
}

// TooMany says that a call has more arguments than the function takes.
func (f *Func) TooMany(given int) string {
	most := fmt.Sprintf("at most %d arguments", len(f.Params))
	switch len(f.Params) {
	case 0:
		most = "no arguments"
	case 1:
		most = "at most 1 argument"
	}
	return fmt.Sprintf("takes %s, not %d; call it as %s", most, given, f.Signature())
}

// Unnamed says that a table of options has a field without a name.
func (p *Param) Unnamed(key string) string {
	return fmt.Sprintf("'%s' takes named fields only, such as { %s = ... }, not the item %s", p.Name, p.Fields[0].Name, key)
}

// Unknown says that an option is unknown. suggest returns a suggestion of
// similar names, or "".
func (p *Param) Unknown(option string, suggest func(name string, known []string) string) string {
	names := make([]string, len(p.Fields))
	for i := range p.Fields {
		names[i] = p.Fields[i].Name
	}
	return fmt.Sprintf("unknown option '%s'%s; valid options: %s", option, suggest(option, names), strings.Join(names, ", "))
}

// Mismatch says that the value of an option does not fit; got describes it.
func (f *Field) Mismatch(got string) string {
	return fmt.Sprintf("option '%s' must be %s, not %s", f.Name, f.Type.Expected(), got)
}

// Missing says that a required option is left out.
func (f *Field) Missing() string {
	return fmt.Sprintf("option '%s' is missing. %s", f.Name, strings.ReplaceAll(f.Doc, "`", ""))
}

// Quote describes a string among the arguments: the string "abc". It leaves out
// the text of a long one.
func Quote(text string) string {
	const most = 40
	if len(text) > most {
		return "a string"
	}
	return fmt.Sprintf("the string %q", text)
}
