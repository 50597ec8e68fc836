// Package likeness sums Lua values up as short texts that differ if the values do.
package likeness

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// most is how many tables and functions a value can have. More do not count.
const most = 10_000

// Of returns a text for a value. Two functions have the same one if their code and the values that
// they use from outside are the same, wherever they are written. Values that opaque reports, such as
// modules, count only as such.
func Of(v lua.LValue, opaque func(lua.LValue) bool) string {
	w := walk{sum: sha256.New(), opaque: opaque, seen: map[lua.LValue]int{}}
	w.value(v)
	return hex.EncodeToString(w.sum.Sum(nil)[:8])
}

type walk struct {
	sum    hash.Hash
	opaque func(lua.LValue) bool
	seen   map[lua.LValue]int
}

func (w *walk) text(kind byte, s string) {
	w.sum.Write([]byte{kind})
	w.number(uint64(len(s)))
	w.sum.Write([]byte(s))
}

func (w *walk) number(n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	w.sum.Write(b[:])
}

func (w *walk) value(v lua.LValue) {
	switch v := v.(type) {
	case *lua.LTable:
		if w.enter(v) {
			w.table(v)
		}
	case *lua.LFunction:
		if w.enter(v) {
			w.function(v)
		}
	case lua.LString, lua.LNumber, lua.LBool, *lua.LNilType:
		w.text('v', v.Type().String()+" "+v.String())
	default:
		w.text('o', v.Type().String())
	}
}

// enter reports whether to look into a table or a function. Those that were seen before
// count by their number.
func (w *walk) enter(v lua.LValue) bool {
	if at, ok := w.seen[v]; ok {
		w.text('s', "")
		w.number(uint64(at))
		return false
	}
	if len(w.seen) >= most || w.opaque(v) {
		w.text('o', v.Type().String())
		return false
	}
	w.seen[v] = len(w.seen)
	return true
}

// table adds the fields of a table that have a simple key, in the order of the keys.
func (w *walk) table(t *lua.LTable) {
	type field struct {
		key   string
		value lua.LValue
	}
	var fields []field
	t.ForEach(func(k, v lua.LValue) {
		switch k.(type) {
		case lua.LString, lua.LNumber, lua.LBool:
			fields = append(fields, field{k.Type().String() + " " + k.String(), v})
		}
	})
	slices.SortFunc(fields, func(a, b field) int { return cmp.Compare(a.key, b.key) })
	w.text('t', "")
	w.number(uint64(len(fields)))
	for _, f := range fields {
		w.text('k', f.key)
		w.value(f.value)
	}
}

func (w *walk) function(f *lua.LFunction) {
	if f.IsG {
		w.text('g', "")
		return
	}
	w.code(f.Proto)
	for _, up := range f.Upvalues {
		if up == nil {
			w.value(lua.LNil)
		} else {
			w.value(up.Value())
		}
	}
}

// code adds what a function does, without where it is written.
func (w *walk) code(p *lua.FunctionProto) {
	w.text('f', "")
	w.number(uint64(p.NumParameters)<<16 | uint64(p.IsVarArg)<<8 | uint64(p.NumUpvalues))
	w.number(uint64(len(p.Code)))
	for _, instruction := range p.Code {
		w.number(uint64(instruction))
	}
	for _, constant := range p.Constants {
		w.value(constant)
	}
	w.number(uint64(len(p.FunctionPrototypes)))
	for _, inner := range p.FunctionPrototypes {
		w.code(inner)
	}
}

// Short returns a short text for a long one.
func Short(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
