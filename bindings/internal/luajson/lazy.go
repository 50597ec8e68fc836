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
	// members are those of the object, in order, once one was asked for. escaped
	// reports whether a name has an escape.
	members []planhat.Member
	escaped bool
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
	// field returns a field of a table that is not filled.
	field(v lua.LValue, name string) lua.LValue
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
		if name, ok := L.Get(2).(lua.LString); ok {
			v = of.field(L.Get(1), string(name))
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

func (f objects) field(v lua.LValue, name string) lua.LValue {
	if r := f.lazy(v); r != nil {
		return f.Codec.field(r, name)
	}
	return lua.LNil
}

func (f objects) Weight(t *lua.LTable) int64 {
	r := f.lazy(t)
	if r == nil {
		return 0
	}
	n := int64(len(r.raw)) + int64(cap(r.members))*int64(unsafe.Sizeof(planhat.Member{})) + int64(cap(r.parts))*int64(unsafe.Sizeof(part{}))
	for _, p := range r.parts {
		n += f.Weight(p.table)
		if f.lazy(p.table) == nil { // a list, or one that was filled
			n += fullWeight * int64(r.members[p.member].To-r.members[p.member].From)
		}
	}
	return n
}

// fullWeight is about how many times more a table takes than its JSON.
const fullWeight = 4

// index notes the members of an object, if that was not done before.
func (c *Codec) index(r *lazy) {
	if r.members != nil {
		return
	}
	members := planhat.Record(r.raw).AppendMembers(c.members[:0])
	for i := range members {
		r.escaped = r.escaped || members[i].Escaped(r.raw)
	}
	r.members = slices.Clone(members)
	if c.members = members; cap(members) > mostInterned {
		c.members = nil // a very large object was the exception
	}
}

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

// field returns the value of a member. Of several with one name, the last one that is
// not null counts, as for the decoder.
func (c *Codec) field(r *lazy, name string) lua.LValue {
	c.index(r)
	for i := len(r.members) - 1; i >= 0; i-- {
		m := &r.members[i]
		if !r.named(m, name) || r.raw[m.From] == 'n' {
			continue
		}
		if t := r.part(i); t != nil {
			return t
		}
		v := c.value(r.raw[m.From:m.To])
		if t, ok := v.(*lua.LTable); ok {
			r.parts = append(r.parts, part{i, t})
		}
		return v
	}
	return lua.LNil
}

// named reports whether a member has a name.
func (r *lazy) named(m *planhat.Member, name string) bool {
	key := r.raw[m.Name:m.NameEnd]
	if !r.escaped || bytes.IndexByte(key, '\\') < 0 {
		return string(key) == name
	}
	return r.name(m) == name
}

func (r *lazy) name(m *planhat.Member) string {
	name, _ := unquote(r.raw[m.Name-1 : m.NameEnd+1])
	return name
}

// value makes the Lua value of a member, lazily in turn.
func (c *Codec) value(raw jsontext.Value) lua.LValue {
	switch raw[0] {
	case '{':
		if !isEmptyObject(raw) {
			return c.newLazy(c.lazyParts, raw)
		}
	case '"':
		text, _ := unquote(raw)
		return lua.LString(text)
	case 't':
		return lua.LTrue
	case 'f':
		return lua.LFalse
	case '[':
	default:
		return c.number(raw)
	}
	return c.whole(raw)
}

// whole decodes JSON that was validated. It ends even if the run has to.
func (c *Codec) whole(raw []byte) lua.LValue {
	defer func(before bool) { c.patient = before }(c.patient)
	c.patient = true
	v, err := c.DecodeBytes(raw, DecodeOptions{})
	if err != nil {
		panic("luajson: a record that was validated can't be read: " + err.Error())
	}
	return v
}

// fill puts the members of a lazy table into it. Parts that a script may hold stay the
// same tables.
func (c *Codec) fill(t *lua.LTable) {
	r := c.lazy(t)
	if r == nil {
		return
	}
	full := c.whole(r.raw).(*lua.LTable)
	for _, p := range r.parts {
		full.RawSetString(r.name(&r.members[p.member]), p.table)
	}
	if t.Metatable == lua.LValue(c.lazyRecords) && full.Metatable == lua.LNil {
		full.Metatable = c.records
	}
	*t = *full
	r.raw, r.members, r.parts = nil, nil, nil
}

// unfilled returns the lazy table whose members can be written as they are, or nil. It
// fills one whose names are not simple.
func (c *Codec) unfilled(t *lua.LTable) *lazy {
	r := c.lazy(t)
	if r != nil && c.repeats(r) {
		c.fill(t)
		return nil
	}
	return r
}

// encodeLazy writes the members of a lazy table. What nobody has seen is written as it
// is; write gets the values of those that scripts compare or convert.
func (c *Codec) encodeLazy(r *lazy, write func(name string, v lua.LValue) error) error {
	c.index(r)
	c.out = append(c.out, '{')
	for i := range r.members {
		m := &r.members[i]
		if r.raw[m.From] == 'n' {
			continue
		}
		name := r.name(m)
		c.path = append(c.path, step{name: name})
		if err := c.name(name); err != nil {
			return err
		}
		if err := c.encodeMember(r, i, name, write); err != nil {
			return err
		}
		c.path = c.path[:len(c.path)-1]
	}
	return c.word("}")
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

func (c *Codec) encodeMember(r *lazy, i int, name string, write func(name string, v lua.LValue) error) error {
	raw := jsontext.Value(r.raw[r.members[i].From:r.members[i].To])
	if t := r.part(i); t != nil {
		return write(name, t)
	}
	// null is absent in Lua's tables, so it is not written.
	if (raw[0] == '{' || raw[0] == '[') && !bytes.Contains(raw, null) {
		if err := c.pass(); err != nil {
			return err
		}
		return c.raw(raw)
	}
	return write(name, c.value(raw))
}

var null = []byte("null")

// repeats reports whether two members have the same name, or may have it.
func (c *Codec) repeats(r *lazy) bool {
	c.index(r)
	for i := range r.members {
		key := r.raw[r.members[i].Name:r.members[i].NameEnd]
		if i == mostCompared || bytes.IndexByte(key, '\\') >= 0 {
			return true
		}
		for j := range i {
			if bytes.Equal(key, r.raw[r.members[j].Name:r.members[j].NameEnd]) {
				return true
			}
		}
	}
	return false
}

// mostCompared is how many names are compared with each other.
const mostCompared = 100
