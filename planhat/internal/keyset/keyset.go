// Package keyset holds a set of keys that may outgrow memory.
package keyset

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Hash stands for a key. Two keys never have the same hash in practice: it has 128
// bits of a SHA-256.
type Hash [16]byte

// Of returns the hash of a key. Bit 0 is always set, so that no hash is zero.
func Of(key []byte) Hash {
	sum := sha256.Sum256(key)
	h := Hash(sum[:16])
	h[15] |= 1
	return h
}

// Value is what a set keeps with a key.
type Value [16]byte

const (
	slotSize  = 32
	blockSize = 4096
	perBlock  = blockSize / slotSize
	// inMemory is how many slots a set has in memory, 4 MiB of them. Half of them are
	// used at most.
	inMemory = 1 << 17
	smallest = 9 // bits
)

// Set holds the keys that were added last in memory. When these are many, it moves them
// to a temporary file, in the order of the file. Its zero value is an empty set. It serves
// one goroutine at a time, and must be closed.
type Set struct {
	// Dir is the folder of the file; "" is the system's folder for temporary files.
	Dir string
	// Failed is told why keys stay in memory although there are many of them.
	Failed func(error)
	// Memory is how many slots stay in memory; 0 is the usual number.
	Memory int

	recent, moved table
	filter        filter
}

// Get returns the value of a key, and whether the set has the key.
func (s *Set) Get(h Hash) (v Value, found bool, err error) {
	v, found, err = s.recent.get(h)
	if found || err != nil || !s.filter.may(h) {
		return v, found, err
	}
	return s.moved.get(h)
}

// Add adds a key that the set does not have; the value of one that it has remains.
func (s *Set) Add(h Hash, v Value) error {
	_, _, err := s.Claim(h, v)
	return err
}

// Claim adds a key, or returns the value that the set has for it.
func (s *Set) Claim(h Hash, v Value) (held Value, found bool, err error) {
	if s.filter.may(h) {
		if held, found, err = s.moved.get(h); found || err != nil {
			return held, found, err
		}
	}
	if 2*(s.recent.used+1) > cmp.Or(s.Memory, inMemory) {
		if held, found, err = s.recent.get(h); found || err != nil {
			return held, found, err
		}
		if err := s.move(); err != nil {
			return held, false, err
		}
	}
	if err := s.recent.reserve(1); err != nil {
		return held, false, err
	}
	slot, found, err := s.recent.find(h)
	switch {
	case err != nil:
		return held, false, err
	case found:
		return Value(slot[16:slotSize]), true, nil
	}
	s.recent.fill(slot, h, v)
	return held, false, nil
}

// move moves the keys in memory to the file.
func (s *Set) move() error {
	s.moved.temporary, s.moved.dir, s.moved.failed = true, s.Dir, s.Failed
	before := s.moved.bits
	if err := s.moved.reserve(s.recent.used); err != nil {
		return err
	}
	if s.moved.bits != before {
		s.filter = make(filter, max(1, 1<<s.moved.bits/16))
		if err := s.moved.each(func(h Hash, _ Value) error { s.filter.add(h); return nil }); err != nil {
			return err
		}
	}
	err := s.recent.each(func(h Hash, v Value) error {
		s.filter.add(h)
		return s.moved.put(h, v)
	})
	if err == nil {
		err = s.moved.flush()
	}
	clear(s.recent.memory)
	s.recent.used = 0
	return err
}

// Spilled reports whether keys are in a file.
func (s *Set) Spilled() bool { return s.moved.file != nil }

// Close removes the file.
func (s *Set) Close() {
	if s.moved.file != nil {
		s.moved.file.remove()
	}
	*s = Set{Dir: s.Dir, Failed: s.Failed, Memory: s.Memory}
}

// filter is a Bloom filter: it knows most of the keys that are not in a table. It has
// at least 8 bits for each key, so it is wrong about 2 in 100.
type filter []uint64

func (f filter) add(h Hash) {
	f.bits(h, func(word *uint64, bit uint64) bool {
		*word |= bit
		return true
	})
}

// may reports whether the table may have the key.
func (f filter) may(h Hash) bool {
	return len(f) > 0 && f.bits(h, func(word *uint64, bit uint64) bool { return *word&bit != 0 })
}

// bits passes the bits of a key while do returns true.
func (f filter) bits(h Hash, do func(word *uint64, bit uint64) bool) bool {
	a, b := binary.BigEndian.Uint64(h[:]), binary.BigEndian.Uint64(h[8:])
	for i := range uint64(4) {
		at := (a + i*b) % uint64(64*len(f))
		if !do(&f[at/64], 1<<(at%64)) {
			return false
		}
	}
	return true
}

// table is a hash table with open addressing, in memory or in a temporary file, of
// which it holds one block at a time.
type table struct {
	temporary bool
	dir       string
	failed    func(error)

	used   int
	bits   uint // there are 1<<bits slots
	memory []byte
	// stuck is set when a temporary table has to stay in memory.
	stuck bool

	file *tempFile
	// block is the block of the file that is loaded; dirty if it must be written.
	block  [blockSize]byte
	loaded int64
	dirty  bool
}

func (s *table) get(h Hash) (v Value, found bool, err error) {
	if s.bits == 0 {
		return v, false, nil
	}
	slot, found, err := s.find(h)
	if found {
		v = Value(slot[16:slotSize])
	}
	return v, found, err
}

// put writes a key that the table does not have to its slot.
func (s *table) put(h Hash, v Value) error {
	slot, found, err := s.find(h)
	if found || err != nil {
		return err
	}
	s.fill(slot, h, v)
	return nil
}

// fill writes a key into the free slot that it gets.
func (s *table) fill(slot []byte, h Hash, v Value) {
	copy(slot, h[:])
	copy(slot[16:], v[:])
	s.dirty = s.file != nil
	s.used++
}

// find returns the slot of a key, or the free one that it would get. The slot of a
// key follows from its first bits, so that a larger table has the keys in the same order.
func (s *table) find(h Hash) (slot []byte, found bool, err error) {
	mask := uint64(1)<<s.bits - 1
	for i := binary.BigEndian.Uint64(h[:]) >> (64 - s.bits); ; i = (i + 1) & mask {
		if slot, err = s.slot(i); err != nil {
			return nil, false, err
		}
		if slot[15] == 0 {
			return slot, false, nil
		}
		if bytes.Equal(slot[:16], h[:]) {
			return slot, true, nil
		}
	}
}

// slot returns a slot, which may be changed until the next call.
func (s *table) slot(i uint64) ([]byte, error) {
	if s.file == nil {
		return s.memory[i*slotSize : (i+1)*slotSize], nil
	}
	if block := int64(i / perBlock); block != s.loaded {
		if err := s.flush(); err != nil {
			return nil, err
		}
		if s.file == nil {
			return s.slot(i)
		}
		if err := s.file.read(s.block[:], block*blockSize); err != nil {
			s.loaded = -1
			return nil, fmt.Errorf("the keys of earlier rows can't be read back from %s: %w", s.file.name, err)
		}
		s.loaded = block
	}
	at := i % perBlock * slotSize
	return s.block[at : at+slotSize], nil
}

// flush writes the loaded block. If the file can't take it, everything moves back to
// memory.
func (s *table) flush() error {
	if !s.dirty {
		return nil
	}
	err := s.file.write(s.block[:], s.loaded*blockSize)
	if err == nil {
		s.dirty = false
		return nil
	}
	return s.keep(err)
}

// keep moves the table from its file to memory, where it stays.
func (s *table) keep(cause error) error {
	memory := make([]byte, slotSize<<s.bits)
	if err := s.file.read(memory, 0); err != nil {
		return fmt.Errorf("the keys of earlier rows can't be read back from %s: %w", s.file.name, err)
	}
	if s.loaded >= 0 {
		copy(memory[s.loaded*blockSize:], s.block[:])
	}
	s.file.remove()
	s.file, s.memory, s.dirty, s.loaded = nil, memory, false, -1
	s.stay(cause)
	return nil
}

func (s *table) stay(cause error) {
	s.stuck = true
	if s.failed != nil {
		s.failed(cause)
	}
}

// reserve makes the table large enough for some keys more: half of its slots stay free.
func (s *table) reserve(more int) error {
	bits := max(s.bits, smallest)
	for 2*(s.used+more) > 1<<bits {
		bits++
	}
	if bits == s.bits {
		return nil
	}
	larger := table{temporary: s.temporary, dir: s.dir, failed: s.failed, bits: bits, loaded: -1, stuck: s.stuck}
	if s.temporary && !s.stuck {
		var err error
		if larger.file, err = openTemp(s.dir); err != nil {
			larger.stay(err)
		}
	}
	if larger.file == nil {
		larger.memory = make([]byte, slotSize<<bits)
	}
	err := s.each(larger.put)
	if err == nil {
		err = larger.flush()
	}
	if err != nil {
		if larger.file != nil {
			larger.file.remove()
		}
		return err
	}
	if s.file != nil {
		s.file.remove()
	}
	larger.stuck = larger.stuck || s.stuck
	*s = larger
	return nil
}

// each passes all keys in the order of their slots.
func (s *table) each(do func(Hash, Value) error) error {
	if s.bits == 0 {
		return nil
	}
	for i := range uint64(1) << s.bits {
		slot, err := s.slot(i)
		if err != nil {
			return err
		}
		if slot[15] == 0 {
			continue
		}
		if err := do(Hash(slot[:16]), Value(slot[16:slotSize])); err != nil {
			return err
		}
	}
	return nil
}
