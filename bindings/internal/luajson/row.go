package luajson

import (
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// Columns are the names of the cells of rows, which have many rows in common.
type Columns struct {
	names []lua.LValue
	index map[string]int
}

// NewColumns returns columns with the given names, which differ.
func NewColumns(names []string) *Columns {
	c := &Columns{index: make(map[string]int, len(names))}
	for i, name := range names {
		c.names = append(c.names, lua.LString(name))
		c.index[name] = i
	}
	return c
}

// row is a table of text cells, made like a lazy table of JSON: the cells are put into
// the table when somebody looks at it as a whole or changes it.
type row struct {
	table   lua.LTable // first, so that a pointer to it is one to the whole
	columns *Columns
	cells   []string
	// values are those of the cells that are not text, or nil.
	values []lua.LValue
	empty  lua.LValue
}

// NewRow makes a table of cells, at most one for each column. values, if not nil, has
// the value of each cell. Otherwise the value is the cell's text, or empty if the cell is
// empty. The cells must not change from now on.
func (c *Codec) NewRow(columns *Columns, cells []string, values []lua.LValue, empty lua.LValue) *lua.LTable {
	r := &row{columns: columns, cells: cells, values: values, empty: empty}
	if !LayoutKnown {
		return r.full(c.l)
	}
	r.table.Metatable = c.lazyRows
	return &r.table
}

// row returns the row that a value is and that was not filled, or nil.
func (c *Codec) row(v lua.LValue) *row {
	t, ok := v.(*lua.LTable)
	if !ok || t.Metatable != lua.LValue(c.lazyRows) {
		return nil
	}
	return (*row)(unsafe.Pointer(t))
}

// value is that of a cell, nil if the table does not have it.
func (r *row) value(i int) lua.LValue {
	switch {
	case r.values != nil:
		return r.values[i]
	case r.cells[i] == "":
		return r.empty
	}
	return shared(&r.cells[i])
}

// shared returns a text that nobody changes as a value. An ordinary conversion would copy
// the string's header.
func shared(text *string) lua.LValue {
	v := noText
	(*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1] = unsafe.Pointer(text)
	return v
}

var noText lua.LValue = lua.LString("")

func (r *row) field(name string) lua.LValue {
	if i, ok := r.columns.index[name]; ok && i < len(r.cells) {
		return r.value(i)
	}
	return lua.LNil
}

// full makes a table that holds the cells.
func (r *row) full(L *lua.LState) *lua.LTable {
	names, values := make([]lua.LValue, 0, len(r.cells)), make([]lua.LValue, 0, len(r.cells))
	for i := range r.cells {
		if v := r.value(i); v != lua.LNil {
			names, values = append(names, r.columns.names[i]), append(values, v)
		}
	}
	return NewObject(L, names, values)
}

// rows are the contents of rows.
type rows struct{ *Codec }

func (f rows) Fill(t *lua.LTable) {
	if r := f.row(t); r != nil {
		full := r.full(f.l)
		// What lies behind the list part belongs to the row.
		*ListPart(full) = *ListPart(t)
		*t = *full
		r.columns, r.cells, r.values = nil, nil, nil
	}
}

// Next is that of [objects] for rows.
func (f rows) Next(t *lua.LTable, key lua.LValue) (next, value lua.LValue, ok bool) {
	r, at := f.row(t), 0
	if r == nil {
		return nil, nil, false
	}
	if key != lua.LNil {
		name, isText := key.(lua.LString)
		i, known := r.columns.index[string(name)]
		if !isText || !known || i >= len(r.cells) || r.value(i) == lua.LNil {
			return nil, nil, false
		}
		at = i + 1
	}
	for ; at < len(r.cells); at++ {
		if v := r.value(at); v != lua.LNil {
			return r.columns.names[at], v, true
		}
	}
	return lua.LNil, lua.LNil, true
}

func (f rows) Weight(t *lua.LTable) int64 {
	r := f.row(t)
	if r == nil {
		return 0
	}
	n := int64(unsafe.Sizeof(*r)) + int64(len(r.values))*int64(unsafe.Sizeof(r.empty))
	for _, cell := range r.cells {
		n += int64(len(cell)) + int64(unsafe.Sizeof(cell))
	}
	return n
}

func (f rows) Field(t *lua.LTable, name string) lua.LValue {
	if r := f.row(t); r != nil {
		return r.field(name)
	}
	return lua.LNil
}
