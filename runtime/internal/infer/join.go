package infer

import (
	"slices"

	"github.com/phscript/phscript/bindings/spec"
)

// mostChoices is how many different values are remembered one by one. Of more, the
// type is known.
const mostChoices = 16

// Joiner adds up what a value may be. It is empty at first.
type Joiner struct {
	n       *Inference
	seen    map[Value]bool
	values  []Value
	types   []spec.Type
	nilable bool
	unknown bool
}

// Joiner makes a joiner.
func (n *Inference) Joiner() *Joiner { return &Joiner{n: n} }

// Add adds a value, and reports whether more values can tell more: once one
// is unknown, all of them are.
func (j *Joiner) Add(v Value) bool {
	for _, choice := range v.Choices() {
		j.add(choice)
	}
	j.nilable = j.nilable || v.Maybe
	if (v == Value{}) {
		j.unknown = true
	}
	return !j.unknown
}

func (j *Joiner) add(v Value) {
	if v.Type == "nil" || v.Type == Nothing {
		j.nilable = true
	} else if !slices.Contains(j.types, v.Type) {
		j.types = append(j.types, v.Type)
	}
	if len(j.values) <= mostChoices && !j.seen[v] {
		if j.seen == nil {
			j.seen = map[Value]bool{}
		}
		j.seen[v] = true
		j.values = append(j.values, v)
	}
}

// Value returns what one of the added values is.
func (j *Joiner) Value() Value {
	switch {
	case j.unknown || len(j.values) == 0:
		return Value{}
	case len(j.values) == 1:
		v := j.values[0]
		v.Maybe = v.Maybe || j.nilable && v.Type != "nil" && v.Type != Nothing
		return v
	}
	var some *Value
	v := Value{Maybe: j.nilable}
	for i := range j.values {
		one := &j.values[i]
		if one.Type == "nil" || one.Type == Nothing {
			continue
		}
		if some == nil {
			some = one
			v.Topic, v.Property, v.Selected = one.Topic, one.Property, one.Selected
			continue
		}
		if one.Topic != v.Topic && (one.Type == "" || some.Type == "") {
			return Value{} // different modules or functions
		}
		if one.Property != v.Property {
			v.Property = nil
		}
		if one.Selected != v.Selected {
			v.Selected = nil
		}
		if one.Topic != v.Topic {
			v.Topic = nil
		}
	}
	if some == nil {
		return Value{Type: "nil"}
	}
	if some.Type != "" {
		typed := j.n.typed(spec.Union(j.types...))
		v.Type = typed.Type
		if typed.Type == "" {
			return Value{}
		}
	}
	if len(j.values) <= mostChoices {
		v.choices = &j.values
	}
	return v
}
