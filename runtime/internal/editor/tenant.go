package editor

import (
	"fmt"
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

// customClass is the name of the class of a model's custom fields.
func customClass(model *catalog.Model) string { return model.Name + "Custom" }

// tenantType is the type that a property has in the account, or "" if that is not known.
// Other values stay possible: the account may have changed.
func (d *definer) tenantType(model *catalog.Model, name string) spec.Type {
	if d.known == nil {
		return ""
	}
	if name == customProperty && len(d.known.Custom(model)) > 0 {
		return spec.Type(customClass(model) + "?")
	}
	if values := union(d.known.Known(model, name)); values != "" {
		return spec.Type(values + "|string?")
	}
	return ""
}

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

// custom writes the class of a model's custom fields.
func (d *definer) custom(s *source, model *catalog.Model) {
	if d.known == nil || len(d.known.Custom(model)) == 0 {
		return
	}
	s.printf("\n---The custom fields of %s in your account, as 'phscript schema pull' read them.\n", catalog.WithArticle(model.Noun))
	s.printf("---@class %s\n", customClass(model))
	for _, f := range d.known.Custom(model) {
		if !writable(f.Name) {
			continue
		}
		doc := strings.ToUpper(f.Type[:min(1, len(f.Type))]) + f.Type[min(1, len(f.Type)):]
		if marks := f.Marks(); len(marks) > 0 {
			doc += ", " + strings.Join(marks, ", ")
		}
		if !writable(doc) {
			doc = ""
		}
		s.field(f.Name, fieldType(f), true, doc)
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
