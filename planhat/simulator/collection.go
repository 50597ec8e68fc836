package simulator

import (
	"cmp"
	"slices"
	"sync"

	"github.com/phscript/phscript/planhat/catalog"
)

// collection holds the records of one model, ordered by _id, with an index for
// each key. Changes need the store's lock for writing.
type collection struct {
	model *catalog.Model

	externalName, companyName, archivedName string
	byEmail, byDomain                       bool

	order []*record
	byID  map[string]*record

	source, external, email, company, domain index

	archived int // how many records are archived
	version  uint64
	views    viewCache

	tell func(Change)
}

func newCollection(m *catalog.Model) *collection {
	c := &collection{
		model: m, byID: map[string]*record{},
		externalName: m.ExternalID(), companyName: m.CompanyRef(),
		source: index{}, external: index{}, email: index{}, company: index{}, domain: index{},
	}
	if list := m.Operation("get_list"); list != nil {
		for _, p := range list.Filters() {
			if p.Type == catalog.Boolean {
				c.archivedName = p.Filter.By[0]
			}
		}
	}
	c.byEmail = slices.Contains(m.Keyables.Bulk, "email")
	c.byDomain = m.Has(catalog.Account)
	return c
}

// index finds the ids of the records that carry a value.
type index map[string][]string

func (x index) add(value, id string) {
	if value != "" {
		x[value] = append(x[value], id)
	}
}

func (x index) remove(value, id string) {
	if value == "" {
		return
	}
	ids := slices.DeleteFunc(x[value], func(have string) bool { return have == id })
	if len(ids) == 0 {
		delete(x, value)
		return
	}
	x[value] = ids
}

// keyed adds a record to the indexes, or removes it.
func (c *collection) keyed(r *record, change func(x index, value, id string), archived int) {
	change(c.source, r.source, r.id)
	change(c.external, r.external, r.id)
	change(c.email, r.email, r.id)
	change(c.company, r.company, r.id)
	for _, d := range r.domains {
		change(c.domain, d, r.id)
	}
	if r.archived {
		c.archived += archived
	}
}

func (c *collection) addKeys(r *record) { c.keyed(r, index.add, 1) }

func (c *collection) removeKeys(r *record) { c.keyed(r, index.remove, -1) }

func (k keys) same(other keys) bool {
	return k.source == other.source && k.external == other.external && k.email == other.email &&
		k.company == other.company && slices.Equal(k.domains, other.domains)
}

func (c *collection) position(id string) (int, bool) {
	if n := len(c.order); n > 0 && c.order[n-1].id < id {
		return n, false
	}
	return slices.BinarySearchFunc(c.order, id, func(r *record, id string) int { return cmp.Compare(r.id, id) })
}

// put stores a record, in place of the one with its id.
func (c *collection) put(r *record) {
	c.version++
	at, found := c.position(r.id)
	c.tellOf(r, found)
	if !found {
		c.order = slices.Insert(c.order, at, r)
		c.byID[r.id] = r
		c.addKeys(r)
		return
	}
	old := c.order[at]
	c.order[at] = r
	c.byID[r.id] = r
	if !old.same(r.keys) || old.archived != r.archived {
		c.removeKeys(old)
		c.addKeys(r)
	}
}

func (c *collection) remove(r *record) {
	at, found := c.position(r.id)
	if !found {
		return
	}
	c.version++
	c.order = slices.Delete(c.order, at, at+1)
	delete(c.byID, r.id)
	c.removeKeys(r)
	if c.tell != nil {
		c.tell(Change{Model: c.model.Snake, ID: r.id})
	}
}

// Change is one change of a stored record.
type Change struct {
	Model, ID string
	// Created is true for a new record, Others for a change that the fault others
	// made.
	Created, Others bool
	// Record is the record as it is now, in JSON; nil if it was deleted.
	Record []byte
}

func (c *collection) tellOf(r *record, known bool) {
	if c.tell != nil {
		c.tell(Change{Model: c.model.Snake, ID: r.id, Created: !known, Record: r.raw})
	}
}

// first returns the first record of an index entry, or nil.
func (c *collection) first(x index, value string) *record {
	if value == "" || len(x[value]) == 0 {
		return nil
	}
	return c.byID[x[value][0]]
}

// viewCache keeps the latest filtered or sorted lists, so that paging through
// one does not compute it for each page.
type viewCache struct {
	mu      sync.Mutex
	entries []view
}

type view struct {
	key     string
	version uint64
	records []*record
}

const maxViews = 8

func (v *viewCache) get(key string, version uint64) ([]*record, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, e := range v.entries {
		if e.key == key && e.version == version {
			return e.records, true
		}
	}
	return nil, false
}

func (v *viewCache) put(key string, version uint64, records []*record) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.entries = slices.DeleteFunc(v.entries, func(e view) bool { return e.key == key || e.version != version })
	if len(v.entries) >= maxViews {
		v.entries = slices.Delete(v.entries, 0, 1)
	}
	v.entries = append(v.entries, view{key, version, records})
}
