// Package catalog holds the Planhat API as data: every model, operation,
// property, key and limit that is known, with how sure that knowledge is.
//
// It has no behaviour. The client builds requests from it, the simulator
// checks them against it, and help, reference pages and editor types are
// printed from it, so that a model is written down in one place only.
package catalog

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
)

//go:embed models.json
var source []byte

// Host names one of the two hosts that Planhat serves.
type Host string

// The hosts of the API: records are read and written on Main, metrics and
// activities are written to Analytics.
const (
	Main      Host = "main"
	Analytics Host = "analytics"
)

// Type is the type of a property or of a query parameter.
type Type string

// The property types. Days is an integer that counts days since 1970-01-01,
// Date is ISO 8601 text, ObjectID is 24 hexadecimal digits.
const (
	String   Type = "string"
	Number   Type = "number"
	Integer  Type = "integer"
	Boolean  Type = "boolean"
	Date     Type = "date"
	Days     Type = "days"
	ObjectID Type = "objectId"
	Array    Type = "array"
	Object   Type = "object"
)

// Confidence says how sure a fact is. An empty value means high.
type Confidence string

// The degrees of confidence.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
)

// Catalog is the whole API.
type Catalog struct {
	About            string          `json:"about"`
	Types            map[Type]string `json:"types"`
	Hosts            map[Host]string `json:"hosts"`
	BulkResultFields []string        `json:"bulk_result_fields"`
	Models           []*Model        `json:"models"`

	bySnake map[string]*Model
}

// Model is one kind of record.
type Model struct {
	// Name is Planhat's name (Time_Entry), Snake the one used in Lua and in
	// errors (time_entry), Path the collection's path (/timeentries).
	Name  string `json:"name"`
	Snake string `json:"snake"`
	Path  string `json:"path"`
	Base  Host   `json:"base"`

	Confidence Confidence `json:"confidence"`
	Doc        string     `json:"doc"`
	Keyables   Keyables   `json:"keyables"`

	// RequiredOnCreate must all be present to create a record,
	// RequiredOneOf at least one of; SuggestedOnCreate are recommended.
	RequiredOnCreate     []string `json:"required_on_create"`
	RequiredOneOf        []string `json:"required_one_of"`
	SuggestedOnCreate    []string `json:"suggested_on_create"`
	RequiredOnBulkCreate []string `json:"required_on_bulk_create"`

	Operations        []*Operation `json:"operations"`
	Properties        []*Property  `json:"properties"`
	SegmentProperties []*Property  `json:"segment_properties"`
	Notes             []string     `json:"notes"`

	operations map[string]*Operation
	properties map[string]*Property
}

// Keyables lists the keys by which a record can be addressed. Get, Update and
// Delete hold "_id" and the id prefixes "extid-" and "srcid-"; Bulk holds the
// property names that an upsert matches on, in Planhat's order.
type Keyables struct {
	Get    []string `json:"get"`
	Update []string `json:"update"`
	Delete []string `json:"delete"`
	Bulk   []string `json:"bulk"`
}

// Operation is one request that a model knows.
type Operation struct {
	Name   string `json:"name"`
	Method string `json:"method"`
	// Path may hold {id} or {tenantUUID}.
	Path string `json:"path"`
	// Base is empty where the model's own host is used.
	Base Host `json:"base"`
	// Body is "object", "array", "object or array" or empty.
	Body         string            `json:"body"`
	BodyShape    map[string][]Type `json:"body_shape"`
	Query        []*Query          `json:"query"`
	Returns      []string          `json:"returns"`
	MaxItems     int               `json:"max_items"`
	MaxBodyBytes int               `json:"max_body_bytes"`
	Auth         string            `json:"auth"`
	Note         string            `json:"note"`
}

// Query is one query parameter of an operation. Default and Max are 0 where
// none is known.
type Query struct {
	Name       string     `json:"name"`
	Type       Type       `json:"type"`
	Doc        string     `json:"doc"`
	Default    int        `json:"default"`
	Max        int        `json:"max"`
	Confidence Confidence `json:"confidence"`
}

// Property is one field of a record.
type Property struct {
	Name     string   `json:"name"`
	Type     Type     `json:"type"`
	Required bool     `json:"required"`
	ReadOnly bool     `json:"readonly"`
	Ref      string   `json:"ref"`
	Enum     []string `json:"enum"`
	Doc      string   `json:"doc"`
	// Confidence is empty for high; Origin is "observed" where the property
	// was seen in use but is not in the documentation.
	Confidence Confidence `json:"confidence"`
	Origin     string     `json:"origin"`
}

// Load returns the catalog. It is read once; the result is shared and must not
// be changed. Load is safe for concurrent use.
func Load() *Catalog { return load() }

var load = sync.OnceValue(newCatalog)

func newCatalog() *Catalog {
	c := new(Catalog)
	if err := json.Unmarshal(source, c); err != nil {
		panic(fmt.Sprintf("catalog: embedded models.json is broken: %v", err))
	}
	c.bySnake = make(map[string]*Model, len(c.Models))
	for _, m := range c.Models {
		c.bySnake[m.Snake] = m
		m.index()
	}
	return c
}

func (m *Model) index() {
	m.operations = make(map[string]*Operation, len(m.Operations))
	for _, op := range m.Operations {
		if op.Base == "" {
			op.Base = m.Base
		}
		m.operations[op.Name] = op
	}
	m.properties = make(map[string]*Property, len(m.Properties))
	for _, p := range m.Properties {
		m.properties[p.Name] = p
	}
}

// Model returns the model with the given snake_case name, or nil.
func (c *Catalog) Model(snake string) *Model { return c.bySnake[snake] }

// ModelNamed returns the model with Planhat's own name (as in Property.Ref),
// or nil.
func (c *Catalog) ModelNamed(name string) *Model { return c.bySnake[strings.ToLower(name)] }

// Operation returns the named operation, or nil where the model has none.
func (m *Model) Operation(name string) *Operation { return m.operations[name] }

// Property returns the named property, or nil where the catalog has none.
// A tenant may still have such a field.
func (m *Model) Property(name string) *Property { return m.properties[name] }

// ExternalID returns the name of the property that the extid- prefix matches
// ("externalId", on invoices "extId"), or "" where the model has none.
func (m *Model) ExternalID() string {
	if m.Snake == "invoice" {
		return "extId"
	}
	if p := m.Property("externalId"); p != nil && !p.ReadOnly {
		return p.Name
	}
	return ""
}

// CompanyRef returns the name of the property that points to the owning
// company ("companyId", on some models "cId"), or "" where there is none.
func (m *Model) CompanyRef() string {
	for _, name := range []string{"companyId", "cId"} {
		if p := m.Property(name); p != nil && p.Ref == "Company" {
			return name
		}
	}
	return ""
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
