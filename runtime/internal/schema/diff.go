package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
)

// Change is a difference between two schemas.
type Change struct {
	// Sign is "+", "-" or "~".
	Sign string `json:"sign" doc:"+ for added, - for removed, ~ for changed"`
	// What is the kind of thing: "custom field", "phase", "user" or "workflow".
	What string `json:"what" doc:"custom field, phase, user or workflow"`
	Name string `json:"name" doc:"the name, with the model if it is a custom field; the id of a user"`
	// Detail says what is different.
	Detail string `json:"detail,omitempty" doc:"what is different"`
}

// String is the change in one line.
func (c Change) String() string {
	text := c.Sign + " " + c.What + " " + c.Name
	if c.Detail != "" {
		text += ": " + c.Detail
	}
	return text
}

// Diff returns what is different in a schema, compared with an older one. emails says
// whether addresses count: a schema that was pulled without them does not say that there
// are none.
func Diff(older, newer *Schema, emails bool) []Change {
	out := differ("custom field", older.Fields, newer.Fields, Field.label, Field.describe, Field.changed)
	texts := func(what string, older, newer []string) []Change {
		same := func(text string) string { return text }
		return differ(what, older, newer, same, func(string) string { return "" }, func(string, string) string { return "" })
	}
	out = append(out, texts("phase", older.Phases, newer.Phases)...)
	out = append(out, differ("user", older.Users, newer.Users, func(u User) string { return u.ID }, User.describe, func(u, after User) string { return u.changed(after, emails) })...)
	return append(out, texts("workflow", older.Workflows, newer.Workflows)...)
}

func differ[T any](what string, older, newer []T, key, describe func(T) string, changed func(T, T) string) []Change {
	before, after := map[string]T{}, map[string]T{}
	var keys []string
	for _, one := range older {
		before[key(one)] = one
		keys = append(keys, key(one))
	}
	for _, one := range newer {
		after[key(one)] = one
		keys = append(keys, key(one))
	}
	slices.Sort(keys)
	var out []Change
	for _, k := range slices.Compact(keys) {
		was, had := before[k]
		is, has := after[k]
		switch {
		case !had:
			out = append(out, Change{"+", what, k, describe(is)})
		case !has:
			out = append(out, Change{"-", what, k, describe(was)})
		default:
			if detail := changed(was, is); detail != "" {
				out = append(out, Change{"~", what, k, detail})
			}
		}
	}
	return out
}

// label is how a field is called in a list of several models.
func (f Field) label() string { return f.Model + "." + Access(f.Name) }

// Marks are what is special about a field.
func (f Field) Marks() (marks []string) {
	for _, one := range []struct {
		set  bool
		name string
	}{{f.Mandatory, "mandatory"}, {f.Formula, "formula"}, {f.Locked, "locked"}} {
		if one.set {
			marks = append(marks, one.name)
		}
	}
	return marks
}

func (f Field) describe() string {
	text := strings.Join(append([]string{f.Type}, f.Marks()...), ", ")
	if len(f.Values) > 0 {
		text += ", " + english.Plural(len(f.Values), "value", "")
	}
	return text
}

// changed says what is different in a field.
func (f Field) changed(after Field) string {
	var parts []string
	if f.Type != after.Type {
		parts = append(parts, fmt.Sprintf("type %s → %s", f.Type, after.Type))
	}
	for _, mark := range after.Marks() {
		if !slices.Contains(f.Marks(), mark) {
			parts = append(parts, "now "+mark)
		}
	}
	for _, mark := range f.Marks() {
		if !slices.Contains(after.Marks(), mark) {
			parts = append(parts, "no longer "+mark)
		}
	}
	added, gone := without(after.Values, f.Values), without(f.Values, after.Values)
	if len(added) > 0 {
		parts = append(parts, "added "+quoted(added))
	}
	if len(gone) > 0 {
		parts = append(parts, "removed "+quoted(gone))
	}
	return strings.Join(parts, "; ")
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(text string) bool { return slices.Contains(others, text) })
}

// quoted lists texts in quotes, the first ones of many.
func quoted(list []string) string {
	const most = 5
	var out []string
	for _, text := range list[:min(len(list), most)] {
		out = append(out, fmt.Sprintf("%q", text))
	}
	if more := len(list) - most; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(out, ", ")
}

func (u User) describe() string {
	if u.Inactive {
		return u.Name + " (inactive)"
	}
	return u.Name
}

func (u User) changed(after User, emails bool) string {
	var parts []string
	if u.Name != after.Name {
		parts = append(parts, fmt.Sprintf("%q → %q", u.Name, after.Name))
	}
	if u.Inactive != after.Inactive {
		parts = append(parts, map[bool]string{true: "now inactive", false: "now active"}[after.Inactive])
	}
	if emails && u.Email != after.Email {
		parts = append(parts, "another e-mail address")
	}
	return strings.Join(parts, "; ")
}
