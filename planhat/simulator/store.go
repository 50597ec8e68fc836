package simulator

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// store holds everything that was written. Reading takes mu for reading,
// writing takes it for writing; the methods say nothing more about locks.
type store struct {
	mu          sync.RWMutex
	collections map[string]*collection // by snake_case name
	traits      map[catalog.Trait]*collection
	// metrics and activities are written by operations of their own.
	metrics, activities *collection

	// others is true while the fault others makes its changes.
	others bool

	idBase  uint64 // the seed's part of new ids
	idCount uint64

	// touched are companies whose figures must be added up again, deals
	// likewise; see settle.
	touchedCompanies, touchedDeals map[string]bool
}

func newStore(seed int64, models []*catalog.Model) *store {
	st := &store{
		collections:      map[string]*collection{},
		traits:           map[catalog.Trait]*collection{},
		touchedCompanies: map[string]bool{}, touchedDeals: map[string]bool{},
	}
	for _, m := range models {
		if m.Part != nil {
			continue
		}
		c := newCollection(m)
		st.collections[m.Snake] = c
		for _, t := range m.Traits {
			st.traits[t] = c
		}
		switch {
		case writesMetrics(m):
			st.metrics = c
		case writesActivities(m):
			st.activities = c
		}
	}
	// The five bytes that MongoDB fills with a random machine value.
	st.idBase = (uint64(seed)*0x9e3779b97f4a7c15 ^ 0x626) & 0xff_ffff_ffff
	return st
}

// of returns the collection that holds a model's records.
func (st *store) of(m *catalog.Model) *collection {
	if m.Part != nil {
		return st.collections[m.Part.Of]
	}
	return st.collections[m.Snake]
}

// with returns the collection of the model that has a trait.
func (st *store) with(t catalog.Trait) *collection { return st.traits[t] }

func writesMetrics(m *catalog.Model) bool { return m.Operation("bulk_insert_metrics") != nil }

func writesActivities(m *catalog.Model) bool { return m.Operation("create_activity") != nil }

// newID makes an id that looks like MongoDB's and sorts by age. It depends on
// the seed only, so that runs can be repeated.
func (st *store) newID() string {
	st.idCount++
	return fmt.Sprintf("%08x%010x%06x", firstSecond+st.idCount>>24, st.idBase, st.idCount&0xffffff)
}

// firstSecond begins the first id.
const firstSecond = 0x65920080

// keep makes new ids follow one that a loaded record has, if it is one that newID makes: a
// snapshot of a simulated Planhat has such ids.
func (st *store) keep(id string) {
	var second, base, count uint64
	if _, err := fmt.Sscanf(strings.ToLower(id), "%08x%010x%06x", &second, &base, &count); err != nil || !isID(id) {
		return
	}
	const most = 1 << 20 // ids in the far future are not reached
	if base != st.idBase || second < firstSecond || second-firstSecond > most {
		return
	}
	st.idCount = max(st.idCount, (second-firstSecond)<<24|count)
}

// isID reports whether a text has the form of an id.
func isID(text string) bool {
	return len(text) == 24 && strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// find returns the record that an id of a path means: an _id, or one of the
// prefixes if the model has them.
func (st *store) find(c *collection, id string, allowed []string) *record {
	prefix, value := splitPrefix(id)
	switch {
	case prefix == "":
		return c.byID[strings.ToLower(id)]
	case !slices.Contains(allowed, prefix):
		return nil
	case prefix == "extid-":
		return c.first(c.external, value)
	}
	return c.first(c.source, value)
}

// splitPrefix splits "extid-7" into its prefix and the key. An _id has no
// prefix.
func splitPrefix(id string) (prefix, value string) {
	for _, p := range []string{"extid-", "srcid-"} {
		if rest, found := strings.CutPrefix(id, p); found {
			return p, rest
		}
	}
	return "", id
}

// company returns the company that a reference means, or nil.
func (st *store) company(reference string) *record {
	return st.find(st.with(catalog.Account), reference, []string{"extid-", "srcid-"})
}

// companyOfEmail returns the one company that the domain of an email belongs
// to, or nil.
func (st *store) companyOfEmail(email string) *record {
	_, domain, found := strings.Cut(email, "@")
	if !found {
		return nil
	}
	return st.companyOfDomain(domain)
}

func (st *store) companyOfDomain(domain string) *record {
	c := st.with(catalog.Account)
	return c.first(c.domain, strings.ToLower(strings.TrimPrefix(domain, "@")))
}

// reference returns what other records store about this one.
func (r *record) reference() jsontext.Value {
	name := r.get("name")
	if !present(name) {
		name = quote("")
	}
	return object("_id", quote(r.id), "name", name)
}

// stamp writes a time as Planhat does.
func stamp(t time.Time) jsontext.Value {
	return quote(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// holds reports whether a stored record belongs to the model, which may be a
// part of the records that are stored with it.
func holds(m *catalog.Model, f fields) bool { return m.Part == nil || partHas(m.Part, f.text) }

func partHas(p *catalog.Part, text func(property string) string) bool {
	return slices.ContainsFunc(p.By, func(name string) bool { return text(name) == p.Value })
}

// sharesPath reports whether a part is served under the path of the model that
// stores it, so that a request does not tell the two apart.
func sharesPath(part, whole *catalog.Model) bool {
	return part != nil && whole != nil && part.Part != nil && part.Part.Of == whole.Snake && part.Path == whole.Path
}

// called names the part that a call to the model's path turned out to be about.
func (x *exchange) called(text func(property string) string) {
	for _, part := range catalog.Load().Models {
		if sharesPath(part, x.route.model) && partHas(part.Part, text) {
			x.call.Model = part.Snake
		}
	}
}
