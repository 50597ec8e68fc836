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
	// written are the properties that records show under another name, by that name.
	written map[string]*catalog.Property
	records []record
	byKey   map[[16]byte]int
	buf     []byte
	// companies are the _ids of companies by their other ids, once they were read.
	companies map[string]string
	matching  *matching
}

// record is a record that is there.
type record struct {
	id, key string
	cells   []cell
	// several is set on the first of the records that have the same key.
	several, archived, seen bool
	// own is set if the rows' own system is known to have given the record its key.
	own bool
	// doubtful is set if a row was sent that may not have arrived.
	doubtful bool
	// round is the call that saw a row of it last.
	round int32
}

// cell is the hash of a value that is not empty.
type cell struct {
	column uint32
	hash   uint64
}

func newIndex(m *catalog.Model, key string, by *matching) *index {
	x := &index{
		model: m, key: key, scoped: key == m.ExternalID() && m.CompanyRef() != "",
		seed: maphash.MakeSeed(), columns: make(map[string]uint32), byKey: make(map[[16]byte]int), written: make(map[string]*catalog.Property), matching: by,
	}
	for _, p := range m.Properties {
		if p.ReadAs != "" {
			x.written[p.ReadAs] = p
		}
	}
	return x
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
		if p != nil && p.ReadAs != "" {
			return // it shows something else
		}
		if written := x.written[name]; written != nil {
			name, p = written.Name, written
		}
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
		x.matching.note(name, value, len(x.records))
		rec.cells = append(rec.cells, cell{x.column(name), x.sum(x.buf)})
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

// find returns the position of a row's record, -1 if there is none. sure is false if it may
// be any of several, or if its values are not known.
func (x *index) find(key, company string) (at int, sure bool) {
	scope := ""
	if x.scoped {
		scope = company
	}
	i, found := x.byKey[x.hash(key, scope)]
	if !found {
		return -1, true
	}
	return i, (!x.records[i].several || scope != "") && !x.records[i].doubtful
}

// learn adds the record that a row creates, without its values.
func (x *index) learn(key, company string, round int32) int {
	x.records = append(x.records, record{key: key, seen: true, round: round})
	scope := ""
	if x.scoped {
		scope = company
	}
	x.byKey[x.hash(key, scope)] = len(x.records) - 1
	return len(x.records) - 1
}

// set makes the text in x.buf the value of a property.
func (x *index) set(rec *record, name string) {
	c := cell{x.column(name), x.sum(x.buf)}
	i := slices.IndexFunc(rec.cells, func(old cell) bool { return old.column == c.column })
	switch {
	case i < 0 && len(x.buf) > 0:
		rec.cells = append(rec.cells, c)
	case i >= 0 && len(x.buf) > 0:
		rec.cells[i] = c
	case i >= 0:
		rec.cells = slices.Delete(rec.cells, i, i+1)
	}
}

// doubt forgets the values of a record.
func (x *index) doubt(at int) {
	if at >= 0 {
		x.records[at].doubtful, x.records[at].cells = true, nil
	}
}

// has reports whether a record has the value in x.buf.
func (x *index) has(rec *record, name string) bool { return x.cell(rec, name) == x.sum(x.buf) }

// cell returns the hash of a record's value, 0 if it has none.
func (x *index) cell(rec *record, name string) uint64 {
	if column, known := x.columns[name]; known {
		if i := slices.IndexFunc(rec.cells, func(c cell) bool { return c.column == column }); i >= 0 {
			return rec.cells[i].hash
		}
	}
	return 0
}

// sum returns the hash of a value, 0 for nothing. What later runs compare with is the
// same in each run.
func (x *index) sum(value []byte) uint64 {
	switch {
	case len(value) == 0:
		return 0
	case x.matching.By != "":
		return stableSum(value)
	}
	return max(1, maphash.Bytes(x.seed, value))
}
