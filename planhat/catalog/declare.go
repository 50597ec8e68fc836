package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Declaration describes a model that the catalog does not know, such as a
// tenant's custom model. With the name of a known model it replaces that model's
// keys and limit.
//
// Planhat does not document the REST paths of custom models (§15). A declared
// model has the operations that most models have: create, update, get_by_id,
// get_list, delete and bulk_upsert.
type Declaration struct {
	// Name is the model's snake_case name in scripts, such as contract.
	Name string
	// Path is the path of its collection, such as /contracts.
	Path string
	// Limit is the most records that one list request may ask for, 0 for 2,000.
	Limit int
	// Keys are the properties by which a bulk upsert finds a record, in Planhat's
	// order; empty means _id, sourceId and externalId. _id always counts.
	Keys []string
	// Filters are the query parameters of its list, beside companyId.
	Filters []string
}

const (
	usualPage  = 100
	usualLimit = 2_000
	usualRows  = 5_000
)

var (
	declaredName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	declaredPath = regexp.MustCompile(`^(/[A-Za-z0-9_.~-]+)+$`)
)

// Declare returns a model like those of the catalog. It fails if the declaration
// is incomplete or invalid; the error names the setting.
func Declare(d Declaration) (*Model, error) {
	known := Load().Model(d.Name)
	switch {
	case !declaredName.MatchString(d.Name):
		return nil, fmt.Errorf("name: %q is not the name of a model; write it in lower case, such as contract or work_order", d.Name)
	case known != nil && d.Path != "" && d.Path != known.Path:
		return nil, fmt.Errorf("path: %s is a model of Planhat's with the path %s; give your model another name", d.Name, known.Path)
	case known == nil && d.Path == "":
		return nil, fmt.Errorf("path: the path of %s is not known; Planhat does not document those of custom models, so ask its support and write it such as /contracts", d.Name)
	case known == nil && (!declaredPath.MatchString(d.Path) || strings.Contains(d.Path+"/", "/../") || strings.Contains(d.Path+"/", "/./")):
		return nil, fmt.Errorf("path: %q is not a path; write it without a host, such as /contracts", d.Path)
	case d.Limit < 0:
		return nil, fmt.Errorf("limit: must be at least 1, not %d", d.Limit)
	}
	for _, name := range slices.Concat(d.Keys, d.Filters) {
		if strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("keys: the model %s has an empty name among its keys or filters", d.Name)
		}
	}
	m := declared(d)
	if known != nil {
		m = known.with(d)
	} else if !slices.Contains(m.Keyables.Bulk, "_id") {
		m.Keyables.Bulk = append([]string{"_id"}, m.Keyables.Bulk...)
	}
	m.index()
	for _, p := range m.Properties {
		p.company = p.company || known == nil && p.Ref != ""
	}
	return m, nil
}

// with returns a copy of a known model with other keys and another limit.
func (m *Model) with(d Declaration) *Model {
	own := *m
	if len(d.Keys) > 0 {
		own.Keyables.Bulk = slices.Compact(append([]string{"_id"}, d.Keys...))
	}
	if d.Limit > 0 {
		own.Operations = slices.Clone(m.Operations)
		for i, op := range own.Operations {
			if op.Parameter("limit") == nil {
				continue
			}
			list := *op
			list.Query = slices.Clone(op.Query)
			for k, q := range list.Query {
				if q.Name == "limit" {
					limit := *q
					limit.Max, list.Query[k] = d.Limit, &limit
				}
			}
			own.Operations[i] = &list
		}
	}
	return &own
}

func declared(d Declaration) *Model {
	limit := d.Limit
	if limit == 0 {
		limit = usualLimit
	}
	one := d.Path + "/{id}"
	list := &Operation{Name: "get_list", Method: "GET", Path: d.Path, Query: []*Query{
		{Name: "companyId", Type: String, Doc: "Company id", Filter: &Filter{Match: MatchCompany, By: []string{"companyId"}}},
		{Name: "limit", Type: Integer, Default: min(usualPage, limit), Max: limit}, {Name: "offset", Type: Integer},
		{Name: "sort", Type: String}, {Name: "select", Type: String},
	}}
	for _, name := range d.Filters {
		if list.Parameter(name) == nil {
			list.Query = append(list.Query, &Query{Name: name, Type: String, Filter: &Filter{Match: MatchEqual, By: []string{name}}})
		}
	}
	ids := []string{"_id", "extid-", "srcid-"}
	m := &Model{
		Name: d.Name, Snake: d.Name, Path: d.Path, Noun: strings.ReplaceAll(d.Name, "_", " "),
		Base: Main, Confidence: Low, Open: true, Doc: "A model that was declared by its users.",
		Keyables: Keyables{Get: ids, Update: ids, Delete: ids[:1], Bulk: slices.Clone(d.Keys)},
		Operations: []*Operation{
			{Name: "create", Method: "POST", Path: d.Path, Body: "object"}, {Name: "update", Method: "PUT", Path: one, Body: "object"},
			{Name: "get_by_id", Method: "GET", Path: one}, list, {Name: "delete", Method: "DELETE", Path: one},
			{Name: "bulk_upsert", Method: "PUT", Path: d.Path, Body: "array", MaxItems: usualRows},
		},
		Properties: []*Property{
			{Name: "_id", Type: ObjectID, ReadOnly: true}, {Name: "externalId", Type: String}, {Name: "sourceId", Type: String},
			{Name: "companyId", Type: ObjectID, Ref: "Company"}, {Name: "custom", Type: Object},
			{Name: "createdAt", Type: Date, ReadOnly: true}, {Name: "updatedAt", Type: Date, ReadOnly: true},
		},
	}
	if len(d.Keys) == 0 {
		m.Keyables.Bulk = []string{"_id", "sourceId", "externalId"}
	}
	return m
}
