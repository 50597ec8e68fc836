package simulator

import (
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// OthersDo is what another client does.
type OthersDo string

// What others do. An update lets two records exchange the property by which the
// list is sorted, or else their names. A model without archived records has its
// records deleted in place.
const (
	OthersCreate  OthersDo = "create"
	OthersUpdate  OthersDo = "update"
	OthersArchive OthersDo = "archive"
	OthersDelete  OthersDo = "delete"
)

var othersDo = []OthersDo{OthersCreate, OthersUpdate, OthersArchive, OthersDelete}

// othersChange is one change that another client makes: what, and the records
// that it is about, as shares of the way through the list.
type othersChange struct {
	do    OthersDo
	first float64
	other float64
}

// changes returns what others do on one occasion.
func (a *armedFault) changes() []othersChange {
	out := make([]othersChange, max(1, a.Rows))
	for i := range out {
		do := a.Do
		if do == "" {
			do = othersDo[a.chance.IntN(len(othersDo))]
		}
		out[i] = othersChange{do, a.chance.Float64(), a.chance.Float64()}
	}
	return out
}

// letOthers makes the changes of others in the model of a call.
func (x *exchange) letOthers(changes []othersChange) {
	s, m := x.server, x.route.model
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.others = true
	defer func() { s.store.others = false }()
	c := s.store.of(m)
	by := strings.TrimPrefix(x.r.URL.Query().Get("sort"), "-")
	if by == "" || by == "_id" {
		by = "name"
	}
	for _, change := range changes {
		mine := slices.DeleteFunc(slices.Clone(c.order), func(r *record) bool { return !holds(m, r.fields) })
		if len(mine) == 0 {
			return
		}
		pick := func(share float64) *record { return mine[int(share*float64(len(mine)))] }
		s.letOther(c, change.do, by, pick(change.first), pick(change.other))
	}
	s.settle()
}

func (s *Server) letOther(c *collection, do OthersDo, by string, r, other *record) {
	switch {
	case do == OthersCreate:
		s.copyOf(c, r)
	case do == OthersUpdate && r != other:
		mine, theirs := r.get(by), other.get(by)
		give := func(v jsontext.Value) func(*fields) {
			return func(f *fields) {
				f.set(by, v)
				if v == nil {
					f.remove(by)
				}
			}
		}
		c.rewrite(r, give(theirs))
		c.rewrite(other, give(mine))
	case do == OthersArchive && c.archivedName != "":
		c.rewrite(r, func(f *fields) { f.set(c.archivedName, raw("true")) })
	case do == OthersArchive, do == OthersDelete:
		c.remove(r)
		s.touch(c.model, r.fields)
	}
}

// copyOf stores a copy of a record without its keys.
func (s *Server) copyOf(c *collection, r *record) {
	f := slices.Clone(r.fields)
	for _, key := range []string{"sourceId", c.externalName, "email", "domains"} {
		f.remove(key)
	}
	f.setText("_id", s.store.newID())
	c.put(c.freeze(f))
	s.touch(c.model, f)
}
