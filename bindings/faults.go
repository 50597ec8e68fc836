package bindings

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

// What can be wrong with a call, in words. A running call and a check of the
// script's text say the same.

// MissingArgument says that argument i, counted from 0, is left out.
func MissingArgument(i int, p *Param) string {
	return fmt.Sprintf("argument %d, '%s', is missing: %s expected", i+1, p.Name, p.Type.Expected())
}

// WrongArgument says that argument i does not fit; got describes it.
func WrongArgument(i int, p *Param, got string) string {
	return fmt.Sprintf("argument %d, '%s', must be %s, not %s", i+1, p.Name, p.Type.Expected(), got)
}

// TooManyArguments says that a call has more than the function takes.
func TooManyArguments(f *Func, n int) string {
	most := fmt.Sprintf("at most %d arguments", len(f.Params))
	switch len(f.Params) {
	case 0:
		most = "no arguments"
	case 1:
		most = "at most 1 argument"
	}
	return fmt.Sprintf("takes %s, not %d; it is called as %s", most, n, f.Signature())
}

// ItemInOptions says that a table of options holds an item without a name.
func ItemInOptions(p *Param, key string) string {
	return fmt.Sprintf("'%s' takes named fields only, such as { %s = ... }; it holds the item %s", p.Name, p.Fields[0].Name, key)
}

// UnknownOption says that there is no such option.
func UnknownOption(p *Param, name string) string {
	names := make([]string, len(p.Fields))
	for i := range p.Fields {
		names[i] = p.Fields[i].Name
	}
	return fmt.Sprintf("unknown option '%s'%s; it knows: %s", name, catalog.DidYouMean(name, names), strings.Join(names, ", "))
}

// WrongOption says that an option's value does not fit; got describes it.
func WrongOption(f *Field, got string) string {
	return fmt.Sprintf("option '%s' must be %s, not %s", f.Name, f.Type.Expected(), got)
}

// MissingOption says that an option that has to be given is not.
func MissingOption(f *Field) string { return fmt.Sprintf("option '%s' is missing: %s", f.Name, f.Doc) }

// Accepts reports whether a value fits a type of a spec.
func Accepts(t spec.Type, v lua.LValue) bool { return accepts(t, v) }

// DescribeValue names a value in a sentence, such as "the number 5".
func DescribeValue(v lua.LValue) string { return describeValue(v) }

// DescribeModel names a record of a model in a sentence, such as "an enduser".
func DescribeModel(m *catalog.Model) string {
	return catalog.WithArticle(m.Noun)
}
