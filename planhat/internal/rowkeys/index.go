package rowkeys

import "hash/maphash"

// Index knows which rows of a request have a key. It compares keys that are folded.
type Index struct {
	seed maphash.Seed
	// slots has the number of an entry and 1, by the hash of its key; 0 is free.
	slots   []int32
	entries []entry
	// all has the rows of keys that several rows have, by the first entry of each.
	all map[int32][]int
}

// entry is a row that has a key. next is the number of the next one that has it, -1 if
// there is none; last, in the first of them, that of the last.
type entry struct {
	key        Key
	row        int32
	next, last int32
}

// NewIndex returns an index with room for a number of keys.
func NewIndex(keys int) *Index {
	size := 16
	for size < 2*keys {
		size *= 2
	}
	return &Index{seed: maphash.MakeSeed(), slots: make([]int32, size), entries: make([]entry, 0, keys)}
}

// Add notes that a row has a key. Rows are added in their order, and not more keys than
// the index has room for.
func (x *Index) Add(k Key, row int) {
	k = k.Folded()
	at := x.slot(k)
	n := int32(len(x.entries))
	x.entries = append(x.entries, entry{key: k, row: int32(row), next: -1, last: n})
	if x.slots[at] == 0 {
		x.slots[at] = n + 1
		return
	}
	first := &x.entries[x.slots[at]-1]
	x.entries[first.last].next = n
	first.last = n
}

// slot returns the place of a key among the slots, or the free one that it would get.
func (x *Index) slot(k Key) int {
	mask := len(x.slots) - 1
	for at := int(maphash.String(x.seed, k.Value)) & mask; ; at = (at + 1) & mask {
		if n := x.slots[at]; n == 0 || x.entries[n-1].key == k {
			return at
		}
	}
}

// Find returns the first row that has a key, and whether others have it as well; -1 if
// none has it.
func (x *Index) Find(k Key) (row int, several bool) {
	n := x.slots[x.slot(k.Folded())]
	if n == 0 {
		return -1, false
	}
	e := &x.entries[n-1]
	return int(e.row), e.next >= 0
}

// All returns the rows that have a key, in their order. It is called after the last Add.
func (x *Index) All(k Key) []int {
	first := x.slots[x.slot(k.Folded())] - 1
	if first < 0 {
		return nil
	}
	rows, known := x.all[first]
	if known {
		return rows
	}
	for n := first; n >= 0; n = x.entries[n].next {
		rows = append(rows, int(x.entries[n].row))
	}
	if x.all == nil {
		x.all = make(map[int32][]int)
	}
	x.all[first] = rows
	return rows
}

// ByValue returns the rows of each value of a key, whatever the key's name.
func (x *Index) ByValue() map[string][]int {
	out := make(map[string][]int, len(x.entries))
	for i := range x.entries {
		e := &x.entries[i]
		out[e.key.Value] = append(out[e.key.Value], int(e.row))
	}
	return out
}
