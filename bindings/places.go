package bindings

import (
	"bytes"
	"context"
	"weak"

	"github.com/go-json-experiment/json/jsontext"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/planhat"
)

// place is where a row comes from.
type place struct {
	*origin
	line int
	// cells are those of the row as the file has them, nil if it is not CSV.
	cells []string
	// row is what the row was made from, nil if it was read as it is.
	row *lua.LTable
}

// origin is what the rows of a file have in common: its name, and the names of its
// columns.
type origin struct {
	file   string
	titles []string
}

// leastSwept is how many places there are before the first are removed.
const leastSwept = 1 << 10

// places remembers where tables come from, and does not keep them alive. Its zero
// value is ready.
type places struct {
	of map[weak.Pointer[lua.LTable]]place
	// sweep is how many entries there may be before those whose table is gone are
	// removed.
	sweep int
}

// put remembers the place of a table.
func (p *places) put(t *lua.LTable, at place) {
	if len(p.of) >= p.sweep {
		for known := range p.of {
			if known.Value() == nil {
				delete(p.of, known)
			}
		}
		p.sweep = max(leastSwept, 2*len(p.of))
	}
	if p.of == nil {
		p.of = make(map[weak.Pointer[lua.LTable]]place)
	}
	p.of[weak.Make(t)] = at
}

// link gives a record the place of the row that it was made from.
func (p *places) link(row, record *lua.LTable) {
	at, known := p.of[weak.Make(row)]
	if !known {
		at.origin = &origin{}
	}
	if at.cells == nil && at.row == nil {
		at.row = row
	}
	if row != record && at.row != record { // a table that held itself would never go
		p.put(record, at)
	}
}

// find returns where a table comes from, or nil.
func (p *places) find(L *lua.LState, t *lua.LTable) *planhat.Origin {
	if len(p.of) == 0 {
		return nil
	}
	at, known := p.of[weak.Make(t)]
	if !known {
		return nil
	}
	o := &planhat.Origin{File: at.file, Line: at.line}
	switch {
	case at.cells != nil:
		o.Row = at.record()
	case at.row != nil:
		if text, err := CodecOf(L).EncodeBytes(at.row, EncodeOptions{}); err == nil {
			o.Row = planhat.Record(text)
		}
	}
	return o
}

// record returns the cells by the names of their columns. Empty ones are kept, so
// that the columns are.
func (p place) record() planhat.Record {
	var out bytes.Buffer
	w := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	// Writing to memory does not fail.
	_ = w.WriteToken(jsontext.BeginObject)
	for i, cell := range p.cells {
		name := csvtext.ColumnName(i)
		if i < len(p.titles) {
			name = p.titles[i]
		}
		_ = w.WriteToken(jsontext.String(name))
		_ = w.WriteToken(jsontext.String(cell))
	}
	_ = w.WriteToken(jsontext.EndObject)
	return bytes.TrimSpace(out.Bytes())
}

// located returns the context of a call that tells where the rows that it passes
// come from.
func (a *Args) located(ctx context.Context, rows []lua.LValue) context.Context {
	return planhat.WithOrigins(ctx, func(i int) *planhat.Origin {
		if i < len(rows) {
			if t, ok := rows[i].(*lua.LTable); ok {
				return a.Host.places.find(a.L, t)
			}
		}
		return nil
	})
}
