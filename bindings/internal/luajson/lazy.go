package luajson

import (
	"bytes"
	"slices"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// lazy is a table that holds the JSON of an object, and makes Lua values of its members
// when they are asked for. The table itself stays empty until somebody looks at it as a
// whole or changes it: then fill puts all members into it, and it is a table like
// others. Its metatable says that it is lazy.
type lazy struct {
	table lua.LTable // first, so that a pointer to it is one to the whole
	raw   []byte
	// shape and spans are the names and the values of the members, once one was asked
	// for.
	shape *shape
	spans []span
	// parts are the tables of members that were asked for.
	parts []part
}

// part is the table of a member.
type part struct {
	member int
	table  *lua.LTable
}

// part returns the table of a member, or nil.
func (r *lazy) part(member int) *lua.LTable {
	for _, p := range r.parts {
		if p.member == member {
			return p.table
		}
	}
	return nil
}

// FillField is a field of the metatable of a table whose contents are not there yet.
// It holds userdata with a [Filler].
const FillField = "phscript.fill"

// Filler knows the contents of tables.
type Filler interface {
	// Fill puts the contents of a table into it.
	Fill(t *lua.LTable)
	// Weight is how many bytes the contents of a table take before.
	Weight(t *lua.LTable) int64
}

// Fill puts the contents of a table that a script sees into it, if they are not there
// yet.
func Fill(t *lua.LTable) {
	if t == nil {
		return
	}
	meta, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return
	}
	if ud, ok := meta.RawGetString(FillField).(*lua.LUserData); ok {
		ud.Value.(Filler).Fill(t)
	}
}

// Whole fills all tables that a value holds.
func Whole(v lua.LValue) {
	if t, ok := v.(*lua.LTable); ok {
		whole(t, make(map[*lua.LTable]bool))
	}
}

func whole(t *lua.LTable, seen map[*lua.LTable]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	Fill(t)
	t.ForEach(func(_, v lua.LValue) {
		if inner, ok := v.(*lua.LTable); ok {
			whole(inner, seen)
		}
	})
}

// contents are those of lazy tables of one kind.
type contents interface {
	Filler
	// Field returns a field of a table that is not filled.
	Field(t *lua.LTable, name string) lua.LValue
}

// lazies makes the metatable of lazy tables. show returns the text that print shows of
// one, nil if it shows no contents.
func (c *Codec) lazies(show func(t *lua.LTable) string, of contents) *lua.LTable {
	meta := c.l.CreateTable(0, 4)
	if show != nil {
		meta = printed(c.l, show)
	}
	fill := c.l.NewUserData()
	fill.Value = of
	meta.RawSetString(FillField, fill)
	meta.RawSetString("__index", c.l.NewFunction(func(L *lua.LState) int {
		v := lua.LNil
		t, isTable := L.Get(1).(*lua.LTable)
		if name, ok := L.Get(2).(lua.LString); ok && isTable {
			v = of.Field(t, string(name))
		}
		L.Push(v)
		return 1
	}))
	meta.RawSetString("__newindex", c.l.NewFunction(func(L *lua.LState) int {
		t := L.CheckTable(1)
		of.Fill(t)
		t.RawSet(L.Get(2), L.Get(3))
		return 0
	}))
	return meta
}

// objects are the contents of lazy tables of JSON.
type objects struct{ *Codec }

func (f objects) Fill(t *lua.LTable) { f.fill(t) }

func (f objects) Field(t *lua.LTable, name string) lua.LValue {
	r := f.lazy(t)
	if r == nil {
		return lua.LNil
	}
	v := f.field(r, name)
	if v == lua.LNil && f.missed != nil && bytes.HasPrefix(r.raw, f.missedOf) {
		f.missed(r.raw, name)
	}
	return v
}

// OnMissed sets a function that is called when a script asks a record for a property that
// it does not have, if the record's JSON begins with a text. A record of which the script
// has seen the whole is not watched.
func (c *Codec) OnMissed(beginning string, missed func(record []byte, name string)) {
	c.missedOf, c.missed = []byte(beginning), missed
}

func (f objects) Weight(t *lua.LTable) int64 {
	r := f.lazy(t)
	if r == nil {
		return 0
	}
	n := int64(len(r.raw)) + int64(cap(r.spans))*int64(unsafe.Sizeof(span{})) + int64(cap(r.parts))*int64(unsafe.Sizeof(part{}))
	for _, p := range r.parts {
		n += f.Weight(p.table)
		if f.lazy(p.table) == nil { // a list, or one that was filled
			n += fullWeight * int64(len(r.value(p.member)))
		}
	}
	return n
}

// fullWeight is about how many times more a table takes than its JSON.
const fullWeight = 4

// isEmptyObject reports whether an object has no members.
func isEmptyObject(raw []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(raw[1:], " \t\r\n"), []byte("}"))
}

// newLazy makes a table of the JSON of an object, which was validated.
func (c *Codec) newLazy(meta *lua.LTable, raw []byte) lua.LValue {
	r := &lazy{raw: raw}
	r.table.Metatable = meta
	return &r.table
}

// lazy returns the lazy table that a value is, or nil.
func (c *Codec) lazy(v lua.LValue) *lazy {
	t, ok := v.(*lua.LTable)
	if !ok || t.Metatable != lua.LValue(c.lazyRecords) && t.Metatable != lua.LValue(c.lazyParts) {
		return nil
	}
	return (*lazy)(unsafe.Pointer(t))
}

// Field returns a field of a table without filling it.
func (c *Codec) Field(t *lua.LTable, name string) lua.LValue {
	if r := c.lazy(t); r != nil {
		return c.field(r, name)
	}
	if r := c.row(t); r != nil {
		return r.field(name)
	}
	return t.RawGetString(name)
}

// field returns the value of a member, nil if there is none.
func (c *Codec) field(r *lazy, name string) lua.LValue {
	c.index(r)
	if i := r.place(name); i >= 0 {
		return c.member(r, i)
	}
	return lua.LNil
}

// member returns the value of a member that is not null.
func (c *Codec) member(r *lazy, i int) lua.LValue {
	raw := r.value(i)
	if raw[0] != '{' && raw[0] != '[' {
		return c.value(raw)
	}
	if t := r.part(i); t != nil {
		return t
	}
	v := c.value(raw)
	r.parts = append(r.parts, part{i, v.(*lua.LTable)})
	return v
}

// value makes the Lua value of JSON that was validated, of objects in it lazily in turn.
func (c *Codec) value(raw jsontext.Value) lua.LValue {
	switch raw[0] {
	case '{':
		if !isEmptyObject(raw) {
			return c.newLazy(c.lazyParts, raw)
		}
		t := c.l.CreateTable(0, 0)
		c.MarkObject(t)
		return t
	case '[':
		return c.items(raw)
	case '"':
		text, _ := unquote(raw)
		return lua.LString(text)
	case 't':
		return lua.LTrue
	case 'f':
		return lua.LFalse
	case 'n':
		return c.null
	}
	return c.number(raw)
}

// items makes a table of a list that was validated.
func (c *Codec) items(raw []byte) lua.LValue {
	base := len(c.values)
	defer c.drop(base)
	for at := 1; ; {
		switch raw[at] {
		case ']':
			return c.list(c.values[base:])
		case ',', ' ', '\t', '\n', '\r':
			at++
		default:
			end := planhat.Record(raw).ValueEnd(at)
			c.values = append(c.values, c.value(raw[at:end:end]))
			at = end
		}
	}
}

// unfilled returns the lazy table whose members can be written as they are, or nil. It
// fills one whose names are not simple.
func (c *Codec) unfilled(t *lua.LTable) *lazy {
	r := c.lazy(t)
	if r == nil {
		return nil
	}
	if c.index(r); !r.shape.simple {
		c.fill(t)
		return nil
	}
	return r
}

// encodeLazy writes the members of a lazy table. What nobody has seen is written as it
// is, except what scripts compare or convert.
func (c *Codec) encodeLazy(r *lazy, opt *EncodeOptions) error {
	c.out = append(c.out, '{')
	for i, name := range r.shape.names {
		if r.isNull(i) {
			continue
		}
		err := c.name(name)
		if err == nil {
			err = c.encodeUnseen(r, i, name, opt)
		}
		if err != nil {
			return c.within(step{name: name}, err)
		}
	}
	c.out = append(c.out, '}')
	return nil
}

// Unchanged reports whether a record that was made of JSON surely is as it was.
func (c *Codec) Unchanged(v lua.LValue) bool {
	r := c.lazy(v)
	return r != nil && !slices.ContainsFunc(r.parts, func(p part) bool { return !c.Unchanged(p.table) })
}

// untouched reports whether a table can be written as it is: no script holds a part of
// it, and it has no null, which is absent in Lua's tables.
func (r *lazy) untouched() bool {
	return len(r.parts) == 0 && !bytes.Contains(r.raw, null)
}

// encodeUnseen writes the value of a member of a lazy table.
func (c *Codec) encodeUnseen(r *lazy, i int, name string, opt *EncodeOptions) error {
	raw := r.value(i)
	if t := r.part(i); t != nil {
		return c.encodeMember(name, t, opt)
	}
	// null is absent in Lua's tables, so it is not written.
	if (raw[0] == '{' || raw[0] == '[') && !bytes.Contains(raw, null) {
		if err := c.pass(); err != nil {
			return err
		}
		return c.raw(raw)
	}
	return c.encodeMember(name, c.value(raw), opt)
}

var null = []byte("null")
