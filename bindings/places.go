package bindings

import (
	"bytes"
	"context"

	"github.com/phscript/phscript/bindings/internal/luajson"

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
	// width is how many columns the file has if the row has more or fewer cells, and text
	// what the row is if it could not be read as cells.
	width int
	text  string
	// nulls are the names of fields that a row of JSON lost because they are null.
	nulls []string
	// row is what the row was made from, nil if it was read as it is.
	row *lua.LTable
}

// origin is what the rows of a file have in common: its name, and the names of its
// columns.
type origin struct {
	file   string
	titles []string
	// columns are the names of the fields of its rows, nil if they are lists.
	columns []string
}

// hidden is a place as a value of Lua, which no script ever sees: it lies in the spare
// capacity of a table's list part. So it lasts exactly as long as the table, costs
// little, and is lost only if the script adds list items to the row.
type hidden struct {
	lua.LValue
	place
	slot [1]lua.LValue
}

// putPlace remembers where a table comes from.
func putPlace(t *lua.LTable, at place) {
	list := luajson.ListPart(t)
	if list == nil {
		return
	}
	h := &hidden{place: at}
	if n := len(*list); n == 0 {
		*list = h.slot[:0]
	} else {
		*list = append(make([]lua.LValue, 0, n+1), *list...)
	}
	(*list)[:cap(*list)][cap(*list)-1] = h
}

// placeOf returns where a table comes from, if that is known.
func placeOf(t *lua.LTable) (at place, known bool) {
	list := luajson.ListPart(t)
	if list == nil || len(*list) == cap(*list) {
		return at, false
	}
	h, known := (*list)[:cap(*list)][cap(*list)-1].(*hidden)
	if known {
		at = h.place
	}
	return at, known
}

// linkPlace gives a record the place of the row that it was made from.
func linkPlace(row, record *lua.LTable) {
	at, known := placeOf(row)
	if !known {
		at.origin = &origin{}
	}
	if at.cells == nil && at.row == nil {
		at.row = row
	}
	if row != record && at.row != record {
		putPlace(record, at)
	}
}

// originOf returns where a table comes from, or nil.
func originOf(L *lua.LState, t *lua.LTable) *planhat.Origin {
	at, known := placeOf(t)
	if !known {
		return nil
	}
	if at.row == nil && len(at.nulls) > 0 {
		at.row = t
	}
	return &planhat.Origin{File: at.file, Line: at.line, Row: at.source(L)}
}

// source returns what a row was made from, nil if that is the row itself.
func (p place) source(L *lua.LState) planhat.Record {
	switch {
	case p.cells != nil:
		return p.record()
	case p.row != nil:
		if text, err := CodecOf(L).EncodeBytes(p.row, EncodeOptions{}); err == nil {
			return p.withNulls(text)
		}
	}
	return nil
}

// withNulls adds the fields that the row lost to the row as JSON, so that the names of
// all its fields are known.
func (p place) withNulls(text []byte) []byte {
	for _, name := range p.nulls {
		if p.row.RawGetString(name) != lua.LNil {
			continue
		}
		member, err := jsontext.AppendQuote(nil, name)
		if err != nil {
			continue
		}
		if text = bytes.TrimSuffix(text, []byte("}")); len(text) > 1 {
			text = append(text, ',')
		}
		text = append(append(text, member...), ":null}"...)
	}
	return text
}

// Columns returns the names of the columns of the CSV file that a row was read from, in
// their order; nil for any other table.
func Columns(row *lua.LTable) []string {
	at, known := placeOf(row)
	if !known || at.origin == nil || at.cells == nil {
		return nil
	}
	return at.columns
}

// record returns the cells by the names of their columns. Empty ones are kept, so
// that the columns are.
func (p place) record() planhat.Record {
	var out bytes.Buffer
	w := jsontext.NewEncoder(&out, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	// Writing to memory does not fail.
	_ = w.WriteToken(jsontext.BeginObject)
	if p.width > 0 {
		_ = w.WriteToken(jsontext.String(csvtext.RejectedCells))
		_ = w.WriteToken(jsontext.String(csvtext.WrongLength(len(p.cells), p.width)))
	}
	if p.text != "" {
		_ = w.WriteToken(jsontext.String(csvtext.RejectedText))
		_ = w.WriteToken(jsontext.String(p.text))
	}
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
// come from. They are looked at in a turn of the call.
func (a *Args) located(ctx context.Context, rows []lua.LValue, turn Turn) context.Context {
	return planhat.WithOrigins(ctx, func(i int) (from *planhat.Origin) {
		if i < len(rows) {
			if t, ok := rows[i].(*lua.LTable); ok {
				turn.Take(func() { from = originOf(a.L, t) })
			}
		}
		return from
	})
}
