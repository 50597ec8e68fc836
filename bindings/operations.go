package bindings

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

// binding is one operation of one model, for one client.
type binding struct {
	model  *catalog.Model
	op     *catalog.Operation
	client clientOf
}

const (
	listErrors  = "`auth`, `permission`, `rate_limited`, `server`, `network`, `timeout`."
	oneErrors   = "`not_found` when the record does not exist; `auth`, `permission`, `rate_limited`, `server`, `network`, `timeout`."
	writeErrors = "`validation` when Planhat rejects the data; `auth`, `permission`, `rate_limited`, `server`, `network`, `timeout`."
	bulkErrors  = "`partial` when only some requests failed: `err.result` and `err.items` say what happened. " +
		"When all failed, the kind of the failure. Rejected rows raise an error only with `strict` or `--strict`."
)

// operations are the functions that each operation becomes: itself and, for lists,
// an iterator.
var operations = map[string][]func(binding) *Func{
	"create": {binding.create}, "update": {binding.update}, "get_by_id": {binding.getByID}, "delete": {binding.delete},
	"get_list": {binding.getList, binding.each, binding.export}, "get_lean_list": {binding.leanList}, "bulk_upsert": {binding.bulkUpsert, binding.importing}, "duplicate": {binding.duplicate},
	"get_dimension_data": {binding.dimensionData, binding.eachDimension}, "bulk_insert_metrics": {binding.insertMetrics},
	"create_activity": {binding.createActivity}, "bulk_create_activity": {binding.bulkActivities}, "segment": {binding.segment},
}

// typ is the type of the model's records.
func (b binding) typ() spec.Type { return spec.Type(b.model.Name) }

// noun returns the model's name in a sentence, with its article.
func (b binding) noun() string { return catalog.WithArticle(b.model.Noun) }

func (b binding) endpoint() string {
	host := ""
	if b.op.Base == catalog.Analytics {
		host = " on the analytics host"
	}
	return "`" + b.op.Method + " " + b.op.Path + "`" + host
}

func (b binding) lua(call string) string { return modelName("planhat", b.model) + "." + call }

// required describes what a new record needs.
func (b binding) required() string {
	var s string
	if len(b.model.RequiredOnCreate) > 0 {
		s += " A new record needs `" + strings.Join(b.model.RequiredOnCreate, "`, `") + "`."
	}
	if len(b.model.RequiredOneOf) > 0 {
		s += " It needs one of `" + strings.Join(b.model.RequiredOneOf, "`, `") + "`."
	}
	if len(b.model.SuggestedOnCreate) > 0 {
		s += " Planhat recommends `" + strings.Join(b.model.SuggestedOnCreate, "`, `") + "`."
	}
	return s
}

// idForms describes the ids that an operation takes.
func (b binding) idForms(keyables []string) string {
	forms := []string{"its `_id`"}
	for _, k := range keyables {
		switch k {
		case "extid-":
			external := "external id"
			if name := b.model.ExternalID(); name != "" {
				external = "`" + name + "`"
			}
			forms = append(forms, "`extid-` and its "+external)
		case "srcid-":
			forms = append(forms, "`srcid-` and its `sourceId`")
		}
	}
	return strings.Join(forms, ", or ")
}

func (b binding) exampleID(keyables []string) string {
	for _, k := range keyables {
		if k == "extid-" {
			return `"extid-a-17"`
		}
	}
	return `"67d08140557181002fd170dd"`
}

func (b binding) exampleFields() string { return b.exampleOf(b.model.RequiredOnCreate) }

// exampleRow is a row for a bulk call: with a key, so that a second run finds
// the record again.
func (b binding) exampleRow() string {
	names := b.model.RequiredOnBulkCreate
	if len(names) == 0 {
		names = b.model.RequiredOnCreate
	}
	if len(names) == 0 {
		names = b.model.SuggestedOnCreate
	}
	for _, key := range []string{"externalId", "extId", "sourceId", "email"} {
		if slices.Contains(b.model.Keyables.Bulk, key) {
			if !slices.Contains(names, key) {
				names = append([]string{key}, names...)
			}
			break
		}
	}
	return b.exampleOf(names)
}

// exampleOf writes a record with some properties, and one of those of which a
// new record needs one.
func (b binding) exampleOf(names []string) string {
	if len(names) == 0 {
		names = b.model.SuggestedOnCreate
	}
	if one := b.model.RequiredOneOf; len(one) > 0 && !slices.ContainsFunc(one, func(name string) bool { return slices.Contains(names, name) }) {
		names = append([]string{one[0]}, names...)
	}
	if len(names) == 0 {
		return "..."
	}
	var fields []string
	for _, name := range names {
		fields = append(fields, name+" = "+b.exampleValue(name))
	}
	return strings.Join(fields, ", ")
}

func (b binding) exampleValue(name string) string {
	p := b.model.Property(name)
	switch {
	case p.NamesCompany() && p.Type == catalog.Array:
		return `{ "extid-a-17" }`
	case p.NamesCompany():
		return `"extid-a-17"`
	case len(p.Enum) > 0:
		return fmt.Sprintf("%q", p.Enum[0])
	case strings.Contains(strings.ToLower(name), "currency"):
		return `"EUR"`
	case name == "externalId", name == "extId", name == "sourceId":
		return `"a-17"`
	case name == "email":
		return `"ada@example.com"`
	}
	switch p.Type {
	case catalog.Number, catalog.Integer:
		return "9"
	case catalog.Date, catalog.Days:
		return `"2024-01-15"`
	case catalog.Array:
		return `{ "example.com" }`
	}
	return `"Example"`
}
