package serve

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
)

// Bounds of what is stored of a run's summary. A longer one has a share for its
// rejected rows, and one for all else.
const (
	longestSummary = 4 << 20
	rowsShare      = longestSummary / 4 * 3
	fieldsShare    = longestSummary / 4
)

// errNoSummary says that a file is no JSON object.
var errNoSummary = errors.New("not a summary")

// readSummary reads what is stored of a summary, or nil where there is none. Of
// one that is too long no more is held at any time: it may have a row for each
// of a million that were rejected.
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

// boundSummary leaves rejected rows out of a summary that is too long, the last
// ones first, and says in it how many; and planned writes, and fields that are
// too long.
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

// pieces takes JSON apart without holding it.
type pieces struct{ r *bufio.Reader }

// next is the next byte that is no space, 0 at the end.
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

// list goes through an array or an object; each reads one of its parts.
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
			most = 0 // what is kept is the beginning, without gaps
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

// value reads one value without the spaces between its parts, or skips it and
// returns nil where it takes more than so many bytes.
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
