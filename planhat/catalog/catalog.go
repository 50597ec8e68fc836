// Package catalog holds the Planhat API as data: every known model, operation,
// property, key, limit and oddity, and how certain each fact is.
//
// [Load] returns the catalog, which is read once from an embedded file:
//
//	m := catalog.Load().Model("license")
//	for _, p := range m.Properties {
//		fmt.Println(p.Name, p.Type, p.Doc)
//	}
//
// The catalog has no behaviour. The client builds requests from it, the
// simulator checks them against it, and help, reference pages and editor types
// are generated from it, so each model is declared in one place. What sets a
// model apart is a field here (Part, DroppedWithout, Aliases, Filter and so on)
// or, where it needs code, a [Trait]. No other package names a model.
//
// Sections such as §6 in the comments refer to docs/planhat-api.md.
package catalog

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
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
	account := c.With(Account)
	for _, m := range c.Models {
		for _, p := range m.Properties {
			p.company = c.ModelNamed(p.Ref) == account
		}
	}
	return c
}

// Model returns the model with the given snake_case name, or nil.
func (c *Catalog) Model(snake string) *Model { return c.bySnake[snake] }

// CommonProperties are properties that each record has, whatever its model declares.
var CommonProperties = []string{"_id", "__v", "custom", "createdAt", "updatedAt"}

// ModelNamed returns the model with Planhat's own name (as in Property.Ref),
// or nil.
func (c *Catalog) ModelNamed(name string) *Model { return c.bySnake[strings.ToLower(name)] }

// With returns the first model that has the trait, or nil.
func (c *Catalog) With(t Trait) *Model {
	for _, m := range c.Models {
		if m.Has(t) {
			return m
		}
	}
	return nil
}

// Hash returns the SHA-256 of the catalog's text, which differs between versions of it.
func Hash() string {
	sum := sha256.Sum256(source)
	return hex.EncodeToString(sum[:])
}
