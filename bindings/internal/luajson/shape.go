package luajson

import (
	"maps"
	"slices"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// shape is the names of an object's members, in their order. Records of a list have them
// in common, so they share it.
type shape struct {
	names []string
	keys  []lua.LValue
	// marks are the names as compact JSON has them, each with its colon and the comma
	// before it.
	marks []string
	// simple is set if no name is written with an escape, and none occurs twice.
	simple bool
	// usual is the layout of tables of objects in which the same members are null.
	usual layout
}

// span is the place of a value in the JSON of an object.
type span struct{ from, to uint32 }

// layout is what tables with the same keys in the same order have in common. Their keys
// share memory. places are made for the second table.
type layout struct {
	keys   []lua.LValue
	places map[lua.LValue]int
}

// mostCompared is how many names are compared with each other.
const mostCompared = 100

// mostShapes is how many shapes are tried on an object. Records and the objects in them
// take turns.
const mostShapes = 4

// index finds the members of an object, if that was not done before.
func (c *Codec) index(r *lazy) {
	if r.shape != nil {
		return
	}
	for i, s := range c.shapes {
		if spans, ok := s.fit(r.raw, c.spans[:0]); ok {
			r.shape, r.spans, c.spans = s, slices.Clone(spans), spans
			if i > 0 { // the next object is probably like this one
				copy(c.shapes[1:i+1], c.shapes[:i])
				c.shapes[0] = s
			}
			return
		}
	}
	members := planhat.Record(r.raw).AppendMembers(c.members[:0])
	r.spans = make([]span, len(members))
	for i, m := range members {
		r.spans[i] = span{m.From, m.To}
	}
	r.shape = c.shapeOf(r.raw, members)
	if c.members = members; cap(members) > mostInterned {
		c.members = nil // a very large object was the exception
	}
}

// shapeOf makes a shape of the members of an object, and keeps it if others may have it.
func (c *Codec) shapeOf(raw []byte, members []planhat.Member) *shape {
	s := &shape{names: make([]string, len(members)), keys: make([]lua.LValue, len(members)), simple: len(members) <= mostCompared}
	size := 0
	for i, m := range members {
		s.keys[i], _ = c.intern(jsontext.Value(raw[m.Name-1 : m.NameEnd+1]))
		s.names[i] = string(s.keys[i].(lua.LString))
		size += len(s.names[i])
		s.simple = s.simple && !m.Escaped(raw) && !slices.Contains(s.names[:i], s.names[i])
	}
	if !s.simple || size > mostNamed {
		return s
	}
	text := make([]byte, 0, size+4*len(members))
	for i, name := range s.names {
		text = append(append(append(text, ",\""...), name...), "\":"...)
		if i == 0 {
			text[0] = '{'
		}
	}
	all, at := string(text), 0
	for _, name := range s.names {
		s.marks = append(s.marks, all[at:at+len(name)+4])
		at += len(name) + 4
	}
	if len(c.shapes) < mostShapes {
		c.shapes = append(c.shapes, nil)
	}
	copy(c.shapes[1:], c.shapes)
	c.shapes[0] = s
	return s
}

// mostNamed is how many bytes the names of a shape have that is kept.
const mostNamed = 1 << 13

// fit appends the places of the values of an object that is written compactly and has
// this shape. It reports whether that is so.
func (s *shape) fit(raw []byte, spans []span) ([]span, bool) {
	at := 0
	for _, mark := range s.marks {
		if len(raw)-at < len(mark) || string(raw[at:at+len(mark)]) != mark {
			return spans, false
		}
		from := at + len(mark)
		if raw[from] <= ' ' {
			return spans, false
		}
		at = planhat.Record(raw).ValueEnd(from)
		spans = append(spans, span{uint32(from), uint32(at)})
	}
	return spans, raw[at] == '}'
}

// place returns the position of the last member with a name that is not null, or -1. Of
// several members with one name that one counts, as for the decoder.
func (r *lazy) place(name string) int {
	for i := len(r.shape.names) - 1; i >= 0; i-- {
		if r.shape.names[i] == name && !r.isNull(i) {
			return i
		}
	}
	return -1
}

func (r *lazy) isNull(member int) bool { return r.raw[r.spans[member].from] == 'n' }

func (r *lazy) value(member int) jsontext.Value {
	s := r.spans[member]
	return jsontext.Value(r.raw[s.from:s.to:s.to])
}

// Next returns the field that follows another one in a table that is not filled. ok is
// false if the table has to be filled for that.
func (f objects) Next(t *lua.LTable, key lua.LValue) (next, value lua.LValue, ok bool) {
	r := f.lazy(t)
	if r == nil {
		return nil, nil, false
	}
	f.index(r)
	s, at := r.shape, 0
	if !s.simple {
		return nil, nil, false
	}
	if key != lua.LNil {
		name, isText := key.(lua.LString)
		if !isText {
			return nil, nil, false
		}
		// Loops ask for one field after another.
		if at = f.after; at >= len(s.names) || s.names[at] != string(name) {
			at = slices.Index(s.names, string(name))
		}
		if at < 0 || r.isNull(at) {
			return nil, nil, false
		}
		at++
	}
	for ; at < len(s.names); at++ {
		if !r.isNull(at) {
			f.after = at
			return s.keys[at], f.member(r, at), true
		}
	}
	return lua.LNil, lua.LNil, true
}

// fill puts the members of a lazy table into it. Parts that a script may hold stay the
// same tables.
func (c *Codec) fill(t *lua.LTable) {
	r := c.lazy(t)
	if r == nil {
		return
	}
	c.index(r)
	names, base := len(c.names), len(c.values)
	for i, key := range r.shape.keys {
		if r.isNull(i) {
			continue
		}
		t := r.part(i)
		v := lua.LValue(t)
		if t == nil {
			v = c.value(r.value(i))
		}
		c.names, c.values = append(c.names, key), append(c.values, v)
	}
	full := r.shape.object(c.l, c.names[names:], c.values[base:])
	if len(c.values) == base {
		c.MarkObject(full)
	} else if t.Metatable == lua.LValue(c.lazyRecords) {
		full.Metatable = c.records
	}
	c.names = c.names[:names]
	c.drop(base)
	*t = *full
	r.raw, r.shape, r.spans, r.parts = nil, nil, nil, nil
}

// object makes a table of the members that are not null. Copying the places of the keys
// takes a fraction of the time of adding each.
func (s *shape) object(L *lua.LState, keys, values []lua.LValue) *lua.LTable {
	if !s.simple || !LayoutKnown || len(keys) == 0 {
		return NewObject(L, keys, values)
	}
	if !slices.Equal(keys, s.usual.keys) {
		s.usual = layout{keys: slices.Clone(keys)}
		return NewObject(L, keys, values)
	}
	if s.usual.places == nil {
		s.usual.places = make(map[lua.LValue]int, len(keys))
		for i, key := range keys {
			s.usual.places[key] = i
		}
	}
	t := L.CreateTable(0, len(keys))
	p := (*tableParts)(unsafe.Pointer(t))
	p.keys, p.k2i = slices.Clip(s.usual.keys), maps.Clone(s.usual.places)
	for i, v := range values {
		p.strdict[string(keys[i].(lua.LString))] = v
	}
	return t
}
