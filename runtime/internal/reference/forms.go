package reference

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// FormsPath is the path of the page about JSON for programs.
const FormsPath = "listings.md"

// Form is the JSON that a command prints with --json.
type Form struct {
	Command string
	// Lines reports whether the command prints an object a line.
	Lines bool
	// Value has the type of the object. Its fields have the tag doc.
	Value any
}

// Field is a field of a JSON object.
type Field struct {
	Name, Type, Doc string
	// Optional reports whether it is left out when it is empty.
	Optional bool
}

// Forms returns the page that describes what commands print with --json.
func (r *Reference) Forms(forms []Form) Page {
	p := r.newPage(FormsPath)
	p.paragraph("# JSON output")
	p.paragraph("What commands print with `--json`. Every object has a `version`. A new version of phscript may add fields without changing it, so ignore " +
		"fields that you do not know. If a field is renamed or removed, `version` changes. Times are in RFC 3339 with their zone, such as " +
		"`2026-01-31T02:00:00+01:00`. Fields whose names end in `_seconds` are numbers. Optional fields are left out when they are empty.")
	var open []reflect.Type
	for _, f := range forms {
		p.printf("## phscript %s\n\n", f.Command)
		if f.Lines {
			p.paragraph("One object per line.")
		}
		open = append(open, p.formFields(reflect.TypeOf(f.Value))...)
	}
	seen := map[reflect.Type]bool{}
	for len(open) > 0 {
		t := open[0]
		if open = open[1:]; seen[t] {
			continue
		}
		seen[t] = true
		p.printf("## %s\n\n", objectName(t))
		open = append(open, p.formFields(t)...)
	}
	return Page{Path: FormsPath, Text: p.finish()}
}

// formFields writes the fields of an object, and returns the objects in them.
func (p *page) formFields(t reflect.Type) (objects []reflect.Type) {
	var rows [][]string
	fields, objects := FieldsOf(t)
	for _, f := range fields {
		optional := ""
		if f.Optional {
			optional = "optional"
		}
		rows = append(rows, []string{"`" + f.Name + "`", f.Type, optional, f.Doc})
	}
	p.table([]string{"Field", "Type", "", "Meaning"}, rows)
	return objects
}

// FieldsOf returns the fields of an object's JSON, and the types of the objects in
// them.
func FieldsOf(t reflect.Type) (fields []Field, objects []reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			inner, more := FieldsOf(f.Type)
			fields, objects = append(fields, inner...), append(objects, more...)
			continue
		case name == "-" || !f.IsExported():
			continue
		}
		kind, object := typeName(f.Type)
		if object != nil && f.Tag.Get("doc") != "" && !slices.Contains(objects, object) {
			objects = append(objects, object)
		}
		fields = append(fields, Field{Name: name, Type: kind, Doc: f.Tag.Get("doc"), Optional: strings.Contains(options, "omit")})
	}
	return fields, objects
}

// typeName names the JSON type of a Go type, and returns the object that it holds, if
// its fields are described.
func typeName(t reflect.Type) (string, reflect.Type) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "time", nil
	case reflect.TypeFor[json.RawMessage]():
		return "object", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		of, object := typeName(t.Elem())
		return "list of " + of, object
	case reflect.Struct:
		if t.NumField() == 0 || t.Field(0).Tag.Get("doc") == "" && !t.Field(0).Anonymous {
			return "object", nil
		}
		return "[" + objectName(t) + "](#" + strings.ToLower(objectName(t)) + ")", t
	case reflect.String:
		return "text", nil
	case reflect.Bool:
		return "true or false", nil
	case reflect.Float64:
		return "number", nil
	}
	return "whole number", nil
}

// objectName is the name of a Go type.
func objectName(t reflect.Type) string { return t.Name() }
