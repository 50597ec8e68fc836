package reconcile

import (
	"context"
	"crypto/sha256"
	"hash/maphash"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// index is what is there: of each record its _id, its key, and a hash of each value
// that rows may be compared with.
type index struct {
	model *catalog.Model
	key   string
	// scoped is set if the key is unique only within a company.
	scoped  bool
	seed    maphash.Seed
	columns map[string]uint32
	names   []string
	records []record
	byKey   map[[16]byte]int
	buf     []byte
	// companies are the _ids of companies by their other ids, once they were read.
	companies map[string]string
}

// record is a record that is there.
type record struct {
	id, key string
	cells   []cell
	// several is set on the first of the records that have the same key.
	several, archived, seen bool
}

// cell is the hash of a value that is not empty.
type cell struct {
	column uint32
	hash   uint64
}

func newIndex(m *catalog.Model, key string) *index {
	return &index{
		model: m, key: key, scoped: key == m.ExternalID() && m.CompanyRef() != "",
		seed: maphash.MakeSeed(), columns: make(map[string]uint32), byKey: make(map[[16]byte]int),
	}
}

// read adds the records of a list.
func (x *index) read(ctx context.Context, r *planhat.Resource, o planhat.ListOptions, archived string) error {
	for text, err := range r.Each(ctx, o) {
		if err != nil {
			return err
		}
		x.add(text, archived)
	}
	return nil
}

func (x *index) add(text planhat.Record, archived string) {
	rec := record{}
	company := ""
	x.visit(text, func(name string, p *catalog.Property, value []byte) {
		x.buf = appendCanonical(x.buf[:0], p, value)
		switch {
		case len(x.buf) == 0:
			return
		case name == "_id":
			rec.id = string(x.buf)
		case name == archived:
			rec.archived = string(x.buf) == "true"
		}
		if name == x.key {
			rec.key = string(x.buf)
		}
		if name == x.model.CompanyRef() {
			company = string(x.buf)
		}
		rec.cells = append(rec.cells, cell{x.column(name), maphash.Bytes(x.seed, x.buf)})
	})
	rec.cells = slices.Clip(rec.cells)
	x.records = append(x.records, rec)
	if rec.key == "" {
		return
	}
	places := [][16]byte{x.hash(rec.key, "")}
	if x.scoped && company != "" {
		places = append(places, x.hash(rec.key, company))
	}
	for _, at := range places {
		if first, twice := x.byKey[at]; twice {
			x.records[first].several = true
			continue
		}
		x.byKey[at] = len(x.records) - 1
	}
}

// visit passes the properties of a record, those in custom one by one, with their
// properties.
func (x *index) visit(text []byte, do func(name string, p *catalog.Property, value []byte)) {
	for _, f := range fieldsOf(text) {
		if f.name != "custom" || f.value[0] != '{' {
			do(f.name, x.model.Property(f.name), f.value)
			continue
		}
		for _, own := range fieldsOf(f.value) {
			do("custom."+own.name, nil, own.value)
		}
	}
}

func (x *index) column(name string) uint32 {
	n, known := x.columns[name]
	if !known {
		n = uint32(len(x.names))
		x.columns[name] = n
		x.names = append(x.names, name)
	}
	return n
}

// hash returns the hash of a key, and of the company if the key is unique only there.
func (x *index) hash(key, company string) [16]byte {
	if x.key == "email" {
		key = strings.ToLower(key)
	}
	sum := sha256.Sum256([]byte(key + "\x00" + company))
	return [16]byte(sum[:16])
}

// find returns the record of a row. sure is false if it may be any of several.
func (x *index) find(key, company string) (rec *record, sure bool) {
	scope := ""
	if x.scoped {
		scope = company
	}
	i, found := x.byKey[x.hash(key, scope)]
	if !found {
		return nil, true
	}
	return &x.records[i], !x.records[i].several || scope != ""
}

// has reports whether a record has the value in x.buf.
func (x *index) has(rec *record, name string) bool {
	column, known := x.columns[name]
	if known {
		if i := slices.IndexFunc(rec.cells, func(c cell) bool { return c.column == column }); i >= 0 {
			return len(x.buf) > 0 && rec.cells[i].hash == maphash.Bytes(x.seed, x.buf)
		}
	}
	return len(x.buf) == 0
}
