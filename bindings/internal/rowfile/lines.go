package rowfile

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/mapping"
	"github.com/phscript/phscript/bindings/internal/textfile"
	"github.com/phscript/phscript/planhat"
)

// Lines reads JSON Lines: an object on each line.
type Lines struct {
	// Columns are the names of the fields that become cells, those of objects inside with
	// a point between the names.
	Columns []string
	// JSON is the latest row, until the next one is read.
	JSON []byte

	name    string
	text    *bufio.Reader
	number  int
	long    []byte
	cells   []string
	kinds   []mapping.Kind
	members []planhat.Member
}

// OpenLines begins to read the fields of a file.
func OpenLines(name string, from io.Reader, encoding string, columns []string) (*Lines, error) {
	t, err := textfile.Open(name, from, textfile.Options{Encoding: encoding, Want: "JSON", Detect: encoding == ""})
	if err != nil {
		return nil, err
	}
	return &Lines{Columns: columns, name: name, text: t.Reader, cells: make([]string, len(columns)), kinds: make([]mapping.Kind, len(columns))}, nil
}

// Next returns the cells of the next row, which are valid until it is called again, and
// its line; io.EOF after the last one. A line that is not an object is a *csvtext.RowError,
// after which reading can go on.
func (l *Lines) Next() ([]string, int, error) {
	for {
		line, err := l.line()
		if err != nil {
			return nil, 0, err
		}
		l.number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		line, isRow := unreject(line)
		if !isRow {
			continue
		}
		if err := l.read(line); err != nil {
			return nil, 0, &csvtext.RowError{Err: err, Line: l.number, Text: string(line)}
		}
		return l.cells, l.number, nil
	}
}

// Kinds returns those of the cells of the latest row.
func (l *Lines) Kinds() []mapping.Kind { return l.kinds }

// line returns the next line.
func (l *Lines) line() ([]byte, error) {
	line, err := l.text.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		l.long = append(l.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			line, err = l.text.ReadSlice('\n')
			if l.long = append(l.long, line...); len(l.long) > textfile.MostLine {
				return nil, invalid.Errorf("", "%s, line %d: the line is longer than %s", l.name, l.number+1, humanize.IBytes(textfile.MostLine))
			}
		}
		line = l.long
	}
	if len(line) > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return line, err
}

// read makes the cells of a line.
func (l *Lines) read(line []byte) error {
	value := jsontext.Value(line)
	switch {
	case value.Kind() == '[' && l.number == 1:
		return invalid.Errorf("write each row as an object on its own line, or read the file with json.rows", "the line is a list, not an object")
	case value.Kind() != '{':
		return invalid.Errorf("", "the line is not an object of JSON")
	case !value.IsValid():
		return invalid.Errorf("", "the line is not valid JSON, or has a duplicate name")
	}
	l.JSON = line
	clear(l.cells)
	clear(l.kinds)
	return l.fill(line, "")
}

// fill makes the cells of the members of an object, whose names come after a prefix.
func (l *Lines) fill(object []byte, prefix string) error {
	from := len(l.members)
	l.members = planhat.Record(object).AppendMembers(l.members)
	defer func() { l.members = l.members[:from] }()
	for i := from; i < len(l.members); i++ {
		m := l.members[i]
		raw, err := jsontext.AppendUnquote(nil, object[m.Name-1:m.NameEnd+1])
		if err != nil {
			return err
		}
		name := prefix + string(raw)
		value := object[m.From:m.To]
		if at := slices.Index(l.Columns, name); at >= 0 {
			if l.cells[at], l.kinds[at], err = cellOf(value); err != nil {
				return err
			}
		} else if value[0] == '{' && slices.ContainsFunc(l.Columns, func(c string) bool { return strings.HasPrefix(c, name+".") }) {
			if err := l.fill(value, name+"."); err != nil {
				return err
			}
		}
	}
	return nil
}

// cellOf returns a value as a cell.
func cellOf(value []byte) (string, mapping.Kind, error) {
	switch value[0] {
	case '"':
		text, err := jsontext.AppendUnquote(nil, value)
		return string(text), mapping.String, err
	case 'n':
		return "", mapping.Text, nil
	case '{', '[':
		return string(value), mapping.JSON, nil
	}
	return string(value), mapping.Exact, nil
}
