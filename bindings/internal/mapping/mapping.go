// Package mapping writes the cells of a row as a JSON object, as a declaration of its
// columns says.
package mapping

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// Convert appends the JSON of a cell that is not empty.
type Convert func(to []byte, cell string) ([]byte, error)

// Kind is what a cell is beside its text.
type Kind byte

// Cells are text as people write it, numbers, dates and booleans in the form that JSON
// and ISO 8601 give them, lists and objects of JSON, or texts of a file that has such
// lists and objects. The others have a fault: an error of a spreadsheet such as #REF!, what
// only claims to be a boolean, a number or a date, and a formula without its result.
const (
	Text Kind = iota
	Exact
	JSON
	String
	Error
	NoBoolean
	NoNumber
	NoDate
	NoResult
)

// Fault returns why a cell of the kind has no value, or nil.
func (k Kind) Fault(cell string) error {
	var what string
	switch k {
	case Error:
		return invalid.Errorf("correct it in the workbook, and save that", "the cell holds the error %s", invalid.Cut(cell, 40))
	case NoResult:
		return invalid.Errorf("open the workbook in a spreadsheet program and save it, so its formulas have results", "the cell holds a formula without a result")
	case NoBoolean:
		what = "boolean"
	case NoNumber:
		what = "number"
	case NoDate:
		what = "date"
	default:
		return nil
	}
	return invalid.Errorf("correct it in the workbook, and save that", "the cell should hold a %s, but holds %q", what, invalid.Cut(cell, 40))
}

// Column says which property a column of a file becomes.
type Column struct {
	// Title is the column's name in the file, and At its place in rows, from 0.
	Title string
	At    int
	// Property is the property's name, or the names that lead to it, with a point
	// between them, such as custom.Tier.
	Property string
	// Convert makes the value. Empty is that of an empty cell as JSON; without it, the
	// property is left out.
	// Exact is Convert for a cell of that kind, and Written is its text as Convert reads
	// the same value, whether there is one, and whether the cell has a value. Inner, if set, appends a list or an
	// object, which files without such cells hold as JSON text; it is false for one that
	// the column does not take.
	Convert Convert
	Exact   Convert
	Written func(cell string) (text string, same, valid bool)
	Inner   func(to []byte, v jsontext.Value) ([]byte, bool)
	Empty   jsontext.Value
	// Check, if set, returns why a value is wrong.
	Check func(jsontext.Value) error
	// Required reports whether a row with an empty cell is an error.
	Required bool
}

// Plan writes rows.
type Plan struct {
	columns   []Column
	root      []part
	constants map[string]jsontext.Value
}

// part is a member of an object: a value, or an object of parts.
type part struct {
	name string
	// text is the name as JSON, with the colon.
	text     []byte
	column   *Column
	constant jsontext.Value
	parts    []part
}

// New returns the plan for columns, whose properties are written in their order, and for
// properties that have the same value in every row.
func New(columns []Column, constants map[string]jsontext.Value) (*Plan, error) {
	p := &Plan{columns: columns, constants: constants}
	for i := range columns {
		c := &p.columns[i]
		if err := put(&p.root, c.Property, part{column: c}, fmt.Sprintf("the column %q", c.Title)); err != nil {
			return nil, err
		}
	}
	names := make([]string, 0, len(constants))
	for name := range constants {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := put(&p.root, name, part{constant: constants[name]}, "a constant"); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// put adds a value at the end of a path of names.
func put(parts *[]part, path string, value part, what string) error {
	name, rest, nested := strings.Cut(path, ".")
	if name == "" || nested && rest == "" {
		return fmt.Errorf("%s has the property %q, which lacks a name", what, path)
	}
	i := slices.IndexFunc(*parts, func(p part) bool { return p.name == name })
	if i >= 0 && (!nested || (*parts)[i].parts == nil) {
		return fmt.Errorf("the property %q is set twice, the second time by %s", name, what)
	}
	if i < 0 {
		text, err := jsontext.AppendQuote(nil, name)
		if err != nil {
			return fmt.Errorf("the property %q is not valid UTF-8", name)
		}
		one := part{name: name, text: append(text, ':')}
		if !nested {
			one.column, one.constant = value.column, value.constant
		}
		*parts = append(*parts, one)
		i = len(*parts) - 1
	}
	if nested {
		return put(&(*parts)[i].parts, rest, value, what)
	}
	return nil
}

// Append appends the JSON of a row, whose cells are text if they have no kinds. Cells that
// can't be converted are Problems, which name their columns.
func (p *Plan) Append(to []byte, cells []string, kinds []Kind) ([]byte, error) {
	return appendObject(to, p.root, cells, kinds)
}

func appendObject(to []byte, parts []part, cells []string, kinds []Kind) ([]byte, error) {
	var failed Problems
	to = append(to, '{')
	for i := range parts {
		one, before := &parts[i], len(to)
		if to[len(to)-1] != '{' {
			to = append(to, ',')
		}
		to = append(to, one.text...)
		start := len(to)
		var err error
		switch {
		case one.parts != nil:
			to, err = appendObject(to, one.parts, cells, kinds)
			if err == nil && bytes.Equal(to[start:], []byte("{}")) {
				to = to[:start]
			}
		case one.column != nil:
			to, err = one.column.append(to, cells, kinds)
		default:
			to = append(to, one.constant...)
		}
		if more, ok := errors.AsType[Problems](err); ok {
			failed = append(failed, more...)
		} else if err != nil {
			failed = append(failed, err)
		}
		if err != nil || len(to) == start {
			to = to[:before] // it is absent
		}
	}
	if failed != nil {
		return append(to, '}'), failed
	}
	return append(to, '}'), nil
}

// Problems are the errors of all columns of a row.
type Problems []error

func (p Problems) Error() string { return errors.Join(p...).Error() }

// Unwrap returns all of them.
func (p Problems) Unwrap() []error { return p }

// append appends the JSON of the column's cell, or nothing if the property is absent.
func (c *Column) append(to []byte, cells []string, kinds []Kind) ([]byte, error) {
	cell, kind := "", Text
	if c.At < len(cells) {
		cell = cells[c.At]
	}
	if c.At < len(kinds) {
		kind = kinds[c.At]
	}
	if strings.TrimSpace(cell) == "" && kind != Error && kind != NoResult {
		if c.Required {
			return to, fmt.Errorf("column %q: it is the key, and it is empty", c.Title)
		}
		return append(to, c.Empty...), nil
	}
	out, err := c.convert(to, cell, kind)
	if err == nil && c.Check != nil && len(out) > len(to) {
		err = c.Check(out[len(to):])
	}
	if err != nil {
		if data, ok := errors.AsType[*invalid.Error](err); ok {
			return to, invalid.Errorf(data.Hint, "column %q: %v", c.Title, err)
		}
		return to, fmt.Errorf("column %q: %w", c.Title, err)
	}
	return out, nil
}

// convert appends the JSON of a cell.
func (c *Column) convert(to []byte, cell string, kind Kind) ([]byte, error) {
	if err := kind.Fault(cell); err != nil {
		return to, err
	}
	if c.Inner != nil && (kind == JSON || kind == Text) {
		if v, ok := Nested(cell); ok {
			if out, ok := c.Inner(to, v); ok {
				return out, nil
			}
		}
	}
	switch {
	case kind == JSON:
		return to, invalid.Errorf("", "it holds %s, not %s", map[bool]string{true: "a list", false: "an object"}[cell[0] == '['],
			map[bool]string{true: "a list", false: "one value"}[c.Inner != nil])
	case kind == Exact && c.Exact != nil:
		return c.Exact(to, cell)
	}
	return c.Convert(to, cell)
}

// Written returns the cells of a row as text from which the same plan makes the same
// values, in a file of rejected rows. It is false if a value has no such text.
func (p *Plan) Written(cells []string, kinds []Kind) (out []string, same bool) {
	out, same = slices.Clone(cells), true
	for i := range p.columns {
		c := &p.columns[i]
		if c.At >= len(cells) || c.At >= len(kinds) {
			continue
		}
		ok, cell, kind := true, cells[c.At], kinds[c.At]
		switch _, nested := Nested(cell); {
		case kind.Fault(cell) != nil: // the text must have a fault as well
			valid := true
			if c.Written != nil && cell != "" {
				_, ok, valid = c.Written(cell)
			}
			ok = ok && !valid
		case cell == "":
		case kind == Exact && c.Written != nil:
			out[c.At], ok, _ = c.Written(cell)
		case kind == JSON:
			ok = c.Inner != nil
		case kind == String:
			ok = c.Inner == nil || !nested
		}
		same = same && ok
	}
	return out, same
}

// Nested returns the list or object that a text is, as JSON.
func Nested(text string) (jsontext.Value, bool) {
	text = strings.TrimSpace(text)
	if text == "" || text[0] != '[' && text[0] != '{' {
		return nil, false
	}
	v := jsontext.Value(text)
	return v, v.IsValid()
}

// Unused returns the titles of a file's columns that no property takes.
func (p *Plan) Unused(titles []string) []string {
	return slices.DeleteFunc(slices.Clone(titles), func(title string) bool {
		return slices.ContainsFunc(p.columns, func(c Column) bool { return c.Title == title })
	})
}

// Sets reports whether every row may have a property: a column or a constant sets it.
func (p *Plan) Sets(property string) bool {
	if _, ok := p.constants[property]; ok {
		return true
	}
	return slices.ContainsFunc(p.columns, func(c Column) bool { return c.Property == property })
}

// Properties returns the names of the properties at the top, in order.
func (p *Plan) Properties() []string {
	names := make([]string, len(p.root))
	for i := range p.root {
		names[i] = p.root[i].name
	}
	return names
}

// Sort puts columns in the order of a file.
func Sort(columns []Column) {
	slices.SortFunc(columns, func(a, b Column) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Property, b.Property)) })
}
