package reference

import (
	"encoding/json"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
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
	// Object is the object that it holds, nil if that is not described. Its name follows
	// Type.
	Object reflect.Type
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
	objects := objectsOf(forms)
	names := objectNames(objects)
	for _, f := range forms {
		p.printf("## phscript %s\n\n", f.Command)
		if f.Lines {
			p.paragraph("One object per line.")
		}
		p.formFields(reflect.TypeOf(f.Value), names)
	}
	for _, t := range objects {
		p.printf("## %s\n\n", names[t])
		p.formFields(t, names)
	}
	return Page{Path: FormsPath, Text: p.finish()}
}

// formFields writes the fields of an object. names are those of the objects in it.
func (p *page) formFields(t reflect.Type, names map[reflect.Type]string) {
	var rows [][]string
	fields, _ := FieldsOf(t)
	for _, f := range fields {
		optional, kind := "", f.Type
		if f.Optional {
			optional = "optional"
		}
		if f.Object != nil {
			kind += "[" + names[f.Object] + "](#" + strings.ToLower(names[f.Object]) + ")"
		}
		rows = append(rows, []string{"`" + f.Name + "`", kind, optional, f.Doc})
	}
	p.table([]string{"Field", "Type", "", "Meaning"}, rows)
}

// objectsOf returns the objects in forms, those of the first form first.
func objectsOf(forms []Form) (objects []reflect.Type) {
	var open []reflect.Type
	for _, f := range forms {
		_, more := FieldsOf(reflect.TypeOf(f.Value))
		open = append(open, more...)
	}
	for len(open) > 0 {
		t := open[0]
		if open = open[1:]; slices.Contains(objects, t) {
			continue
		}
		objects = append(objects, t)
		_, more := FieldsOf(t)
		open = append(open, more...)
	}
	return objects
}

// objectNames names objects after their Go types. Names that several packages have begin
// with the package.
func objectNames(objects []reflect.Type) map[reflect.Type]string {
	counts, names := map[string]int{}, map[reflect.Type]string{}
	for _, t := range objects {
		counts[t.Name()]++
	}
	for _, t := range objects {
		names[t] = t.Name()
		if counts[t.Name()] > 1 {
			from := path.Base(t.PkgPath())
			names[t] = strings.ToUpper(from[:1]) + from[1:] + t.Name()
		}
	}
	return names
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
		fields = append(fields, Field{Name: name, Type: kind, Doc: f.Tag.Get("doc"), Object: object, Optional: strings.Contains(options, "omit")})
	}
	return fields, objects
}

// typeName names the JSON type of a Go type, and returns the object that it holds, if
// its fields are described. The name of that object follows the type's.
func typeName(t reflect.Type) (string, reflect.Type) {
	switch t {
	case reflect.TypeFor[time.Time]():
		return "time", nil
	case reflect.TypeFor[json.RawMessage]():
		return "object", nil
	case reflect.TypeFor[jsontext.Value]():
		return "any value", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		of, object := typeName(t.Elem())
		return "list of " + of, object
	case reflect.Map:
		of, object := typeName(t.Elem())
		return "object of " + of, object
	case reflect.Struct:
		if t.NumField() == 0 || t.Field(0).Tag.Get("doc") == "" && !t.Field(0).Anonymous {
			return "object", nil
		}
		return "", t
	case reflect.String:
		return "text", nil
	case reflect.Bool:
		return "true or false", nil
	case reflect.Float64:
		return "number", nil
	}
	return "whole number", nil
}
