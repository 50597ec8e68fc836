package serve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
)

// How much of a run's summary is stored, in bytes. If it is longer, its rejected rows
// and its other fields get a share each.
const (
	longestSummary = 4 << 20
	rowsShare      = longestSummary / 4 * 3
	fieldsShare    = longestSummary / 4
)

// errNoSummary is the error for a file that is not a JSON object.
var errNoSummary = errors.New("not a summary")

// readSummary returns what is stored of a summary, or nil. It never holds more than
// that in memory: a summary may have a million rejected rows.
func readSummary(file string) []byte {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.Size() <= longestSummary {
		text, err := io.ReadAll(f)
		if err != nil || !json.Valid(text) {
			return nil
		}
		return bytes.TrimSpace(text)
	}
	text, err := boundSummary(f)
	if err != nil {
		return nil
	}
	return text
}

// boundSummary shortens a summary. It leaves out planned writes, fields that are too
// long, and the last rejected rows, whose number it adds.
func boundSummary(from io.Reader) ([]byte, error) {
	r := &pieces{bufio.NewReaderSize(from, 64<<10)}
	fields := map[string]json.RawMessage{}
	rest := fieldsShare
	err := r.list('{', '}', func() error {
		key, err := r.value(fieldsShare)
		if err != nil {
			return err
		}
		var name string
		if json.Unmarshal(key, &name) != nil || r.next() != ':' {
			return errNoSummary
		}
		switch name {
		case "planned_writes":
			_, err := r.value(0)
			return err
		case "rejected_rows":
			var leftOut int
			fields[name], leftOut, err = r.rows()
			fields["rejected_rows_left_out"], _ = json.Marshal(leftOut)
			return err
		}
		value, err := r.value(rest - len(key))
		if err != nil || value == nil {
			return err
		}
		rest -= len(key) + len(value)
		fields[name] = value
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// pieces reads JSON piece by piece.
type pieces struct{ r *bufio.Reader }

// next returns the next byte that is not a space, 0 at the end.
func (p *pieces) next() byte {
	for {
		c, err := p.r.ReadByte()
		if err != nil {
			return 0
		}
		if !isSpace(c) {
			return c
		}
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// list reads an array or an object. each reads one of its parts.
func (p *pieces) list(begin, end byte, each func() error) error {
	if p.next() != begin {
		return errNoSummary
	}
	c := p.next()
	if c == end {
		return nil
	}
	if err := p.r.UnreadByte(); err != nil {
		return err
	}
	for {
		if err := each(); err != nil {
			return err
		}
		switch p.next() {
		case ',':
		case end:
			return nil
		default:
			return errNoSummary
		}
	}
}

// rows keeps the first rows of an array, and counts the others.
func (p *pieces) rows() (text json.RawMessage, leftOut int, err error) {
	text = json.RawMessage{'['}
	err = p.list('[', ']', func() error {
		most := rowsShare - len(text) - 1
		if leftOut > 0 {
			most = 0 // only the first rows are kept, without gaps
		}
		row, err := p.value(most)
		switch {
		case err != nil:
		case row == nil:
			leftOut++
		default:
			if len(text) > 1 {
				text = append(text, ',')
			}
			text = append(text, row...)
		}
		return err
	})
	return append(text, ']'), leftOut, err
}

// value reads one value without the spaces in it. If it takes more than most bytes,
// value skips it and returns nil.
func (p *pieces) value(most int) (json.RawMessage, error) {
	var text json.RawMessage
	depth, inText, escaped, over := 0, false, false, false
	for {
		c, err := p.r.ReadByte()
		if err != nil {
			return nil, errNoSummary
		}
		switch {
		case inText:
			inText = c != '"' || escaped
			escaped = c == '\\' && !escaped
		case isSpace(c):
			continue
		case depth == 0 && bytes.IndexByte([]byte(",:]}"), c) >= 0:
			if err := p.r.UnreadByte(); err != nil || over {
				return nil, err
			}
			if !json.Valid(text) {
				return nil, errNoSummary
			}
			return text, nil
		case c == '"':
			inText = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if over = over || len(text) >= most; over {
			text = nil
			continue
		}
		text = append(text, c)
	}
}
