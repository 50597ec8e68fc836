package editor

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// customProperty is the property that holds the custom fields of a record.
const customProperty = "custom"

// writable reports whether a text can be written into a definition. Others come from names
// that somebody chose in Planhat.
func writable(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r == '"' || r == '\\' || r == '`' || unicode.IsControl(r) })
}

// customClass is the name of a class of a model's custom fields.
func customClass(model *catalog.Model, to purpose) spec.Type {
	return spec.Type(model.Name + "Custom" + string(to))
}

// tenantType is the type that a property has in the account, or "" if that is not known:
// when it is read, when it is written, and in a new record that needs it.
// Other values stay possible: the account may have changed.
func (d *definer) tenantType(model *catalog.Model, name string, written, required bool) spec.Type {
	if d.known == nil {
		return ""
	}
	if name == customProperty && len(d.known.Custom(model)) > 0 {
		switch {
		case required && d.mandatory(model):
			return customClass(model, creating)
		case written && d.computed(model):
			return customClass(model, changing)
		}
		return customClass(model, "")
	}
	if values := union(d.known.Known(model, name)); values != "" {
		return spec.Type(values + "|string?")
	}
	return ""
}

// computed reports whether Planhat computes some of a model's custom fields.
func (d *definer) computed(model *catalog.Model) bool {
	return d.known != nil && slices.ContainsFunc(d.known.Custom(model), func(f *schema.Field) bool { return f.Formula })
}

// mandatory reports whether new records need some custom fields.
func (d *definer) mandatory(model *catalog.Model) bool {
	return d.known != nil && slices.ContainsFunc(d.known.Custom(model), needed)
}

// needed reports whether new records need a custom field, which definitions can name.
func needed(f *schema.Field) bool { return f.Mandatory && !f.Formula && writable(f.Name) }

// union is the type of texts that are one of some values, or "".
func union(values []string) string {
	var quoted []string
	for _, v := range values {
		if writable(v) {
			quoted = append(quoted, fmt.Sprintf(`"%s"`, v))
		}
	}
	return strings.Join(quoted, "|")
}

// custom writes the classes of a model's custom fields: as they are read, as they can be
// set, if that differs, and as new records need them.
func (d *definer) custom(s *source, model *catalog.Model) {
	if d.known == nil || len(d.known.Custom(model)) == 0 {
		return
	}
	fields, read := d.known.Custom(model), func(f *schema.Field) bool { return f.Formula }
	doc := "The custom fields of " + catalog.WithArticle(model.Noun) + " in your account, as 'phscript schema pull' read them."
	base := customClass(model, "")
	if d.computed(model) {
		base = customClass(model, changing)
		s.customFields(doc, customClass(model, ""), base, fields, false, read)
		doc = "The custom fields of " + catalog.WithArticle(model.Noun) + " that can be set."
	}
	s.customFields(doc, base, "", fields, false, func(f *schema.Field) bool { return !read(f) })
	if d.mandatory(model) {
		s.customFields("The custom fields of a new "+model.Noun+".", customClass(model, creating), base, fields, true, needed)
	}
}

// customFields writes a class of custom fields, with those that it has beyond its parent.
func (s *source) customFields(doc string, name, parent spec.Type, fields []*schema.Field, required bool, has func(*schema.Field) bool) {
	s.head(doc, string(name), string(parent))
	for _, f := range fields {
		if !writable(f.Name) || !has(f) {
			continue
		}
		doc := strings.ToUpper(f.Type[:min(1, len(f.Type))]) + f.Type[min(1, len(f.Type)):]
		if marks := f.Marks(); len(marks) > 0 {
			doc += ", " + strings.Join(marks, ", ")
		}
		if !writable(doc) {
			doc = ""
		}
		s.field(f.Name, fieldType(f), !required, doc)
	}
}

// fieldType is the type that a custom field has in scripts.
func fieldType(f *schema.Field) spec.Type {
	values := union(f.Values)
	switch form := f.Form(); {
	case form == "list" && values != "":
		return spec.Type("(" + values + "|string)[]")
	case form == "list":
		return "string[]"
	case form == "string" && values != "":
		return spec.Type(values + "|string")
	default:
		return spec.Type(form)
	}
}
