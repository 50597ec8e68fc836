package editor

import (
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// function writes one function, held by the given variable, "" for a global.
// Those of planhat and its parts can also be called with a colon.
func (d *definer) function(s *source, module, variable string, f *spec.Func) {
	name := spec.Qualify(variable, f.Name)
	f = d.withOptions(s, module, f)
	s.printf("\n")
	s.comment(f.Doc)
	if f.Errors != "" {
		s.printf("---\n")
		s.comment("Raises an error: " + f.Errors)
	}
	if f.Example != "" {
		s.printf("---\n")
		s.comment("```lua\n" + f.Example + "\n```")
	}
	if f.Deprecated != "" {
		s.printf("---@deprecated %s\n", f.Deprecated)
	}
	params := f.Annotations()
	for _, p := range params {
		s.printf("---@param %s %s%s\n", p.Name, p.Type, note(p.Doc))
	}
	for _, r := range f.Returns {
		s.printf("---@return %s%s\n", r.Type, note(r.Doc))
	}
	if module == "planhat" || strings.HasPrefix(module, "planhat.") {
		s.printf("---@overload %s\n", calledOn(module, f))
	}
	var names []string
	for _, p := range params {
		names = append(names, strings.TrimSuffix(p.Name, "?"))
	}
	if slices.Contains(names, variable) {
		s.printf("---@diagnostic disable-next-line: redefined-local\n")
	}
	s.printf("function %s(%s) end\n", name, strings.Join(names, ", "))
}

// withOptions writes the class of a function's options table, unless it is
// described elsewhere, and returns the function with that class as its type.
func (d *definer) withOptions(s *source, module string, f *spec.Func) *spec.Func {
	for i, p := range f.Params {
		if len(p.Fields) == 0 || p.Type != "table" {
			continue
		}
		function := spec.Qualify(module, f.Name)
		shape := &spec.Shape{Name: function + "." + p.Name, Doc: "The `" + p.Name + "` of `" + function + "`.", Fields: p.Fields}
		d.taken[shape.Name] = true
		d.shape(s, shape)
		typed := *f
		typed.Params = slices.Clone(f.Params)
		typed.Params[i].Type = spec.Type(shape.Name)
		return &typed
	}
	return f
}

// calledOn returns the type of a function that takes a module's table as its
// first argument.
func calledOn(module string, f *spec.Func) spec.Type {
	method := *f
	method.Params = append([]spec.Param{{Name: "self", Type: spec.Type(module)}}, f.Params...)
	return method.Type()
}

// link matches Markdown links, which do not work in an editor.
var link = pattern.Lazy(`\[([^\]]+)\]\([^)\s]*\)`)

func (s *source) comment(text string) {
	text = link().ReplaceAllString(strings.TrimSpace(text), "$1")
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "@") || strings.HasPrefix(line, "|") {
			line = " " + line // not an annotation
		}
		s.printf("---%s\n", strings.TrimRight(line, " \r"))
	}
}

// note is the text after a type, on one line.
func note(doc string) string {
	doc = link().ReplaceAllString(strings.Join(strings.Fields(doc), " "), "$1")
	if doc == "" {
		return ""
	}
	return " # " + doc
}
