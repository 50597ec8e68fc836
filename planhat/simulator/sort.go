package simulator

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// sortKey is a value as MongoDB orders it: first by type, then within it.
type sortKey struct {
	rank   int
	number float64
	text   string
}

// sortRecords orders records by a property, a leading - reverses. Names are
// case sensitive; records that tie keep the order of their _id.
func sortRecords(records []*record, by string) {
	name, descending := strings.CutPrefix(by, "-")
	if name == "" {
		return
	}
	if name == "_id" {
		slices.SortStableFunc(records, func(a, b *record) int { return strings.Compare(a.id, b.id) })
		if descending {
			slices.Reverse(records)
		}
		return
	}
	type keyed struct {
		key    sortKey
		record *record
	}
	list := make([]keyed, len(records))
	for i, r := range records {
		list[i] = keyed{keyOf(r.dotted(name)), r}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		order := a.key.compare(b.key)
		if descending {
			return -order
		}
		return order
	})
	for i := range list {
		records[i] = list[i].record
	}
}

// dotted returns a property; a name with a dot reaches into custom.
func (r *record) dotted(name string) jsontext.Value {
	if v := r.get(name); v != nil {
		return v
	}
	outer, inner, nested := strings.Cut(name, ".")
	if !nested {
		return nil
	}
	return members(r.get(outer)).get(inner)
}

func keyOf(v jsontext.Value) sortKey {
	switch v.Kind() {
	case '0':
		n, _ := numberOf(v)
		return sortKey{rank: 1, number: n}
	case '"':
		return sortKey{rank: 2, text: textOf(v)}
	case '{':
		return sortKey{rank: 3, text: string(v)}
	case '[':
		return sortKey{rank: 4, text: string(v)}
	case 'f':
		return sortKey{rank: 5}
	case 't':
		return sortKey{rank: 6}
	}
	return sortKey{}
}

func (k sortKey) compare(other sortKey) int {
	return cmp.Or(cmp.Compare(k.rank, other.rank), cmp.Compare(k.number, other.number), strings.Compare(k.text, other.text))
}

// chance puts lists in an order by chance, repeatable with the seed. It is safe
// for concurrent use.
type chance struct {
	mu sync.Mutex
	*rand.Rand
}

func newChance(seed int64) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 0)) }

func (c *chance) shuffle(records []*record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
}

// hasTies reports whether two records can have the same place in a list.
func hasTies(sort string) bool { return sort != "" && strings.TrimPrefix(sort, "-") != "_id" }
