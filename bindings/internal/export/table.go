// Package export writes records into files: as rows of cells, or as they are.
package export

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
)

// Kind is what a cell holds.
type Kind int

// The kinds. Lists and objects are texts: their JSON.
const (
	Empty Kind = iota
	Text
	Number
	Boolean
	// Day and Moment are the numbers of days with which Excel writes dates, and dates with
	// times.
	Day
	Moment
)

// Cell is a value of a record as text. Numbers are written as in the record's JSON,
// so that no digit is lost.
type Cell struct {
	Kind Kind
	Text string
}

// Table turns records into rows of cells. It is not safe for concurrent use.
type Table struct {
	columns []column
	members []planhat.Member
	cells   []Cell
	// unseen counts the columns that no record has had yet. fields are names that
	// records had meanwhile.
	unseen, noted int
	fields        []string
}

type column struct {
	name string
	seen bool
}

const (
	// notedRecords is how many records are searched for names, and mostFields how many of
	// them are kept.
	notedRecords = 100
	mostFields   = 200
)

// NewTable returns a table with these properties as columns. The part of a name before
// a dot may name an object.
func NewTable(properties []string) *Table {
	t := &Table{cells: make([]Cell, len(properties)), unseen: len(properties)}
	for _, name := range properties {
		t.columns = append(t.columns, column{name: name})
	}
	return t
}

// Row returns the cells of a record, which are valid until the next call.
func (t *Table) Row(record planhat.Record) []Cell {
	t.members = record.AppendMembers(t.members[:0])
	for i := range t.columns {
		c := &t.columns[i]
		value := t.find(record, t.members, c.name)
		t.cells[i] = cellOf(value)
		if !c.seen && t.cells[i].Kind != Empty {
			c.seen = true
			t.unseen--
		}
	}
	if t.unseen > 0 && t.noted < notedRecords {
		t.noted++
		t.note(record, t.members, "")
	}
	return t.cells
}

// find returns the JSON of a property, or nil. Of several with one name, the last one
// that is not null counts.
func (t *Table) find(record planhat.Record, members []planhat.Member, name string) jsontext.Value {
	for i := len(members) - 1; i >= 0; i-- {
		m := &members[i]
		if record[m.From] != 'n' && named(record, m, name) {
			return jsontext.Value(record[m.From:m.To])
		}
	}
	outer, inner, dotted := strings.Cut(name, ".")
	if !dotted {
		return nil
	}
	object := planhat.Record(t.find(record, members, outer))
	if len(object) == 0 || object[0] != '{' {
		return nil
	}
	return t.find(object, object.AppendMembers(nil), inner)
}

func named(record planhat.Record, m *planhat.Member, name string) bool {
	if m.Escaped(record) {
		return nameOf(record, m) == name
	}
	return string(record[m.Name:m.NameEnd]) == name
}

func nameOf(record planhat.Record, m *planhat.Member) string {
	return unquoted(jsontext.Value(record[m.Name-1 : m.NameEnd+1]))
}

func unquoted(v jsontext.Value) string {
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	b, _ := jsontext.AppendUnquote(nil, v) // records are valid JSON
	return string(b)
}

func cellOf(v jsontext.Value) Cell {
	switch v.Kind() {
	case '"':
		return Cell{Text, unquoted(v)}
	case '0':
		return Cell{Number, string(v)}
	case 't', 'f':
		return Cell{Boolean, string(v)}
	case '{', '[':
		return Cell{Text, string(v)}
	}
	return Cell{}
}

// note keeps the names of a record's properties; those of objects in it are dotted.
func (t *Table) note(record planhat.Record, members []planhat.Member, prefix string) {
	for i := range members {
		m := &members[i]
		value := record[m.From:m.To]
		if len(t.fields) >= mostFields || value[0] == 'n' {
			continue
		}
		if value[0] == '{' && prefix == "" {
			if inner := value.AppendMembers(nil); len(inner) > 0 {
				t.note(value, inner, nameOf(record, m)+".")
				continue
			}
		}
		if name := prefix + nameOf(record, m); !slices.Contains(t.fields, name) {
			t.fields = append(t.fields, name)
		}
	}
}

// Missing returns the columns that no record had, and names that records had.
func (t *Table) Missing() (columns, fields []string) {
	for _, c := range t.columns {
		if !c.seen {
			columns = append(columns, c.name)
		}
	}
	return columns, t.fields
}

// Line returns a record as one line of JSON.
func Line(record planhat.Record) ([]byte, error) {
	if bytes.IndexByte(record, '\n') < 0 && bytes.IndexByte(record, '\r') < 0 {
		return record, nil
	}
	line := slices.Clone(jsontext.Value(record))
	err := line.Compact(jsontext.AllowDuplicateNames(true))
	return line, err
}
