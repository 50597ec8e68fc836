package catalog

import (
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json/jsontext"
)

// Model is one kind of record.
type Model struct {
	// Name is Planhat's name (Time_Entry), Snake the name in Lua and in errors
	// (time_entry), Path the path of the collection (/timeentries). Noun names
	// one record in a sentence (time entry), Plural several.
	Name   string `json:"name"`
	Snake  string `json:"snake"`
	Path   string `json:"path"`
	Noun   string `json:"noun"`
	Plural string `json:"plural"`

	Base       Host       `json:"base"`
	Confidence Confidence `json:"confidence"`
	Doc        string     `json:"doc"`
	Keyables   Keyables   `json:"keyables"`

	// RequiredOnCreate must all be present to create a record,
	// RequiredOneOf at least one of; SuggestedOnCreate are recommended.
	RequiredOnCreate     []string `json:"required_on_create"`
	RequiredOneOf        []string `json:"required_one_of"`
	SuggestedOnCreate    []string `json:"suggested_on_create"`
	RequiredOnBulkCreate []string `json:"required_on_bulk_create"`

	// Open is true for a declared model, whose records may have any property.
	Open bool `json:"-"`
	// Part is set if the records are stored among those of another model (§11).
	Part *Part `json:"part"`
	// Traits name behaviour that needs code and not just data.
	Traits []Trait `json:"traits"`
	// Planhat silently drops a record that has none of the properties in
	// DroppedWithout (§9, §11).
	DroppedWithout []string `json:"dropped_without"`
	// DroppedWithoutCompany is true if Planhat silently drops a bulk row that
	// it cannot tie to a company (§6).
	DroppedWithoutCompany bool `json:"dropped_without_company"`
	// Aliases maps other names of properties, as the examples use them, to the
	// names that the API takes (§8, §9).
	Aliases map[string]string `json:"aliases"`
	// CompanyKey names the property that takes a company's externalId, on models
	// that do not know companies by _id. The client puts the X of a companyId
	// "extid-X" there (§8, §9).
	CompanyKey string `json:"company_key"`

	Operations []*Operation `json:"operations"`
	// UndocumentedOperations are used by other clients, but are not part of
	// Planhat's documentation. The client does not offer them.
	UndocumentedOperations []*Operation `json:"undocumented_operations"`
	Properties             []*Property  `json:"properties"`
	SegmentProperties      []*Property  `json:"segment_properties"`
	Notes                  []string     `json:"notes"`

	operations map[string]*Operation
	properties map[string]*Property
}

// Part says how the records of a model are told apart from the other records of
// the model that stores them: one of the properties in By has the value Value.
type Part struct {
	// Of is the snake_case name of the model that stores the records.
	Of    string   `json:"of"`
	By    []string `json:"by"`
	Value string   `json:"value"`
}

// Keyables lists the keys by which a record can be addressed. Get, Update and
// Delete hold "_id" and the id prefixes "extid-" and "srcid-"; Bulk holds the
// property names that an upsert matches on, in Planhat's order (§4, §6).
type Keyables struct {
	Get    []string `json:"get"`
	Update []string `json:"update"`
	Delete []string `json:"delete"`
	Bulk   []string `json:"bulk"`
}

// Operation is one request that a model supports.
type Operation struct {
	Name   string `json:"name"`
	Method string `json:"method"`
	// Path may contain {id} or {tenantUUID}.
	Path string `json:"path"`
	// Base is the host; Load fills in the model's own if the operation has none.
	Base Host `json:"base"`
	// Body is "object", "array", "object or array" or empty.
	Body      string            `json:"body"`
	BodyShape map[string][]Type `json:"body_shape"`
	Query     []*Query          `json:"query"`
	// Fixed holds query parameters that every request sends. Listed records
	// with another value in the property of that name do not belong to the list.
	Fixed map[string]string `json:"fixed"`
	// Abbreviations are short query names that old examples use without saying
	// what they stand for.
	Abbreviations []string `json:"abbreviations"`
	// Returns names the members of the answer; "record" means the whole record.
	Returns      []string `json:"returns"`
	MaxItems     int      `json:"max_items"`
	MaxBodyBytes int      `json:"max_body_bytes"`
	Auth         string   `json:"auth"`
	Note         string   `json:"note"`
}

// Query is one query parameter of an operation. Default and Max are 0 if
// unknown.
type Query struct {
	Name       string     `json:"name"`
	Type       Type       `json:"type"`
	Doc        string     `json:"doc"`
	Default    int        `json:"default"`
	Max        int        `json:"max"`
	Confidence Confidence `json:"confidence"`
	// Several is true if the documentation allows several values, separated by
	// commas.
	Several bool `json:"several"`
	// Filter says which records the parameter selects, nil if it selects none.
	Filter *Filter `json:"filter"`
}

// Filter compares the properties in By with the value of a query parameter.
type Filter struct {
	Match Match    `json:"match"`
	By    []string `json:"by"`
}

// Match is how a Filter compares.
type Match string

// The ways to compare. MatchCompany compares ids of companies. MatchIDs selects
// records whose list shares an id with the value, a comma-separated list.
// MatchContains ignores case and looks in all properties. MatchFrom and MatchTo
// compare days, both ends included. MatchOnlyOrExcluded takes "only" or
// "excluded" for a boolean property. MatchInclude also lists records where the
// property is true, which are left out otherwise. MatchMaxAge selects records
// whose first known date is at most that many days old.
const (
	MatchEqual          Match = "equal"
	MatchIgnoreCase     Match = "ignore-case"
	MatchCompany        Match = "company"
	MatchIDs            Match = "ids"
	MatchContains       Match = "contains"
	MatchFrom           Match = "from"
	MatchTo             Match = "to"
	MatchOnlyOrExcluded Match = "only-or-excluded"
	MatchInclude        Match = "include"
	MatchMaxAge         Match = "max-age"
)

// Property is one field of a record.
type Property struct {
	Name     string   `json:"name"`
	Type     Type     `json:"type"`
	Required bool     `json:"required"`
	ReadOnly bool     `json:"readonly"`
	Ref      string   `json:"ref"`
	Enum     []string `json:"enum"`
	Doc      string   `json:"doc"`
	// Default is the value in a new record that does not set the property.
	Default jsontext.Value `json:"default"`
	// Builtin lists the values of a fresh tenant. Planhat replaces a value that
	// the tenant does not have with Default.
	Builtin []string `json:"builtin"`
	// Substitute names a property that can take the place of a required one.
	Substitute string `json:"substitute"`
	// Filled is true for a required property that Planhat may fill in: its
	// documentation says both.
	Filled bool `json:"filled"`
	// ObjectInLists is true if lists may show an object with id and nickName in
	// place of an id (§11).
	ObjectInLists bool `json:"object_in_lists"`
	// ReadAs names the property in which Planhat returns what was written to this one,
	// if that is another.
	ReadAs string `json:"read_as"`
	// Confidence is empty for high. Origin is "observed" for a property that is
	// in use but not in the documentation.
	Confidence Confidence `json:"confidence"`
	Origin     string     `json:"origin"`

	company bool
}

// NamesCompany reports whether the property refers to companies.
func (p *Property) NamesCompany() bool { return p.company }

func (m *Model) index() {
	if m.Noun == "" {
		m.Noun = strings.ToLower(strings.ReplaceAll(m.Name, "_", " "))
	}
	if m.Plural == "" {
		m.Plural = english.PluralWord(2, m.Noun, "")
	}
	m.operations = make(map[string]*Operation, len(m.Operations))
	for _, op := range slices.Concat(m.Operations, m.UndocumentedOperations) {
		if op.Base == "" {
			op.Base = m.Base
		}
	}
	for _, op := range m.Operations {
		m.operations[op.Name] = op
	}
	m.properties = make(map[string]*Property, len(m.Properties))
	for _, p := range m.Properties {
		m.properties[p.Name] = p
	}
}

// Has reports whether the model has the trait.
func (m *Model) Has(t Trait) bool { return slices.Contains(m.Traits, t) }

// Operation returns the named operation, or nil if the model has none.
func (m *Model) Operation(name string) *Operation { return m.operations[name] }

// Property returns the named property, or nil if the catalog has none.
// A tenant may still have such a field.
func (m *Model) Property(name string) *Property { return m.properties[name] }

// ExternalID returns the name of the property that the extid- prefix matches
// ("externalId", on some models "extId"), or "" if the model has none (§11).
func (m *Model) ExternalID() string {
	for _, name := range []string{"externalId", "extId"} {
		if p := m.Property(name); p != nil && !p.ReadOnly {
			return name
		}
	}
	return ""
}

// CompanyRef returns the name of the property that points to the owning
// company ("companyId", on some models "cId"), or "" if there is none (§11).
func (m *Model) CompanyRef() string {
	for _, name := range []string{"companyId", "cId"} {
		if p := m.Property(name); p != nil && p.NamesCompany() {
			return name
		}
	}
	return ""
}

// Alias reports whether records may use the name in place of one of the model's
// properties: the client translates it.
func (m *Model) Alias(name string) bool {
	return m.Aliases[name] != "" || m.CompanyKey != "" && name == "companyId"
}

// AliasNames returns the names for which Alias is true, sorted.
func (m *Model) AliasNames() []string {
	var names []string
	for name := range m.Aliases {
		names = append(names, name)
	}
	if m.CompanyKey != "" {
		names = append(names, "companyId")
	}
	slices.Sort(names)
	return names
}

// Lacks returns the properties that a new record needs and does not have, in an upsert
// of many rows or by itself. It leaves aside RequiredOneOf and what Planhat may fill in.
func (m *Model) Lacks(has func(property string) bool, bulk bool) []string {
	required := m.RequiredOnCreate
	if bulk {
		required = m.RequiredOnBulkCreate
	}
	var lacks []string
	for _, name := range required {
		p := m.Property(name)
		substitutes := []string{name, p.Substitute}
		if name == m.CompanyRef() {
			substitutes = append(substitutes, "companyExternalId")
		}
		if !p.Filled && !slices.ContainsFunc(substitutes, has) {
			lacks = append(lacks, name)
		}
	}
	return lacks
}

// Parameter returns the named query parameter, or nil.
func (o *Operation) Parameter(name string) *Query {
	for _, q := range o.Query {
		if q.Name == name {
			return q
		}
	}
	return nil
}

// longAgo is an age in days that no record has.
const longAgo = "36500"

// Views returns the parameters of lists that together have every record, also those
// that a list leaves out by default: archived and old ones.
func (o *Operation) Views() []map[string]string {
	all := map[string]string{}
	var archived bool
	for _, q := range o.Query {
		switch {
		case q.Filter != nil && q.Filter.Match == MatchMaxAge:
			all[q.Name] = longAgo
		case q.Name == "archived": // these as well
			all[q.Name] = "true"
		case q.Name == "isArchived":
			archived = true
		}
	}
	if !archived {
		return []map[string]string{all}
	}
	only := maps.Clone(all)
	only["isArchived"] = "true"
	return []map[string]string{all, only}
}

// paging are the query parameters that choose a page, an order or properties.
var paging = []string{"limit", "offset", "sort", "select"}

// Filters returns the query parameters that select records.
func (o *Operation) Filters() []*Query {
	var out []*Query
	for _, q := range o.Query {
		if !slices.Contains(paging, q.Name) {
			out = append(out, q)
		}
	}
	return out
}
