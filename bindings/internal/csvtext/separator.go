package csvtext

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/internal/textfile"
)

// headSize is how much of a file is looked at to detect how it is written.
const headSize = 32 << 10

// lineEnds converts the line ends of text to line feeds if they are only carriage
// returns, as old Mac programs write them.
func lineEnds(text *bufio.Reader) (*bufio.Reader, error) {
	head, err := textfile.Peek(text, headSize)
	if err != nil {
		return nil, err
	}
	quoted := false
	for i, b := range head {
		switch {
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '\n', b == '\r' && i+1 < len(head) && head[i+1] == '\n':
			return text, nil
		case b == '\r' && bytes.IndexByte(head, '\n') < 0:
			return bufio.NewReaderSize(returnReader{text}, 64<<10), nil
		}
	}
	return text, nil
}

// returnReader turns carriage returns into line feeds.
type returnReader struct{ io.Reader }

func (r returnReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	for i, b := range p[:n] {
		if b == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// declaredSeparator reads a line "sep=;", as Excel writes it, and returns its
// separator, or 0.
func (r *Reader) declaredSeparator(text *bufio.Reader) (rune, error) {
	head, err := textfile.Peek(text, headSize)
	line, _, ended := bytes.Cut(head, []byte("\n"))
	if err != nil || !bytes.HasPrefix(line, []byte("sep=")) {
		return 0, err
	}
	declared := strings.TrimSuffix(string(line[len("sep="):]), "\r")
	separator, size := utf8.DecodeRuneInString(declared)
	if size != len(declared) || strings.ContainsRune("\"\uFFFD", separator) && size > 0 {
		return 0, nil // the line is a header
	}
	skip := len(line)
	if ended {
		skip++
	}
	r.skipped = 1
	_, err = text.Discard(skip)
	if size == 0 {
		separator = 0
	}
	return separator, err
}

// separators are the candidates, the likeliest first.
var separators = []rune{',', ';', '\t', '|'}

// sampleRows is how many rows decide about the separator.
const sampleRows = 100

// detectSeparator returns the candidate that splits most rows at the start of the
// text into the same number of cells.
func (r *Reader) detectSeparator(text *bufio.Reader) (rune, error) {
	head, err := textfile.Peek(text, headSize)
	if err != nil {
		return 0, err
	}
	if len(head) == headSize {
		// The last line is not complete, unless it is the only one.
		if end := bytes.LastIndexByte(head, '\n'); end >= 0 {
			head = head[:end+1]
		}
	}
	var best, second split
	for _, separator := range separators {
		s := splitBy(head, r.opt.Dialect, separator)
		switch {
		case !s.first && 2*s.rows <= s.all && len(r.opt.Find) == 0:
			// It is part of some cells of a single column.
		case s.better(best):
			best, second = s, best
		case s.better(second):
			second = s
		}
	}
	switch {
	case best.rows == 0:
		return ',', nil
	case second.rows == best.rows && second.cells == best.cells:
		return 0, r.Errorf(r.skipped+1, "look at the file and pass the right one, such as { separator = "+luatext.Quote(string(best.separator))+" }",
			"the separator may be %s or %s: both split the rows into %d cells",
			luatext.Quote(string(best.separator)), luatext.Quote(string(second.separator)), best.cells)
	}
	return best.separator, nil
}

// split is what a candidate makes of the first rows: how many of them have the same
// number of cells, and how many cells; how many rows there are, and whether the
// first one is split.
type split struct {
	separator        rune
	rows, cells, all int
	first            bool
}

// better reports whether s splits more rows than other, or as many into more cells.
func (s split) better(other split) bool {
	return s.rows > other.rows || s.rows == other.rows && s.cells > other.cells
}

// splitBy counts the rows of each width, except those of a single cell, which any
// character makes of any text.
func splitBy(head []byte, d Dialect, separator rune) split {
	d.Separator = separator
	s := newScanner(bufio.NewReaderSize(bytes.NewReader(head), len(head)+1), d)
	best := split{separator: separator}
	widths := map[int]int{}
	for best.all < sampleRows {
		cells, err := s.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && len(cells) == 1 && cells[0] == "" {
			continue
		}
		if best.all++; err == nil && len(cells) > 1 {
			best.first = best.first || best.all == 1
			widths[len(cells)]++
		}
	}
	for cells, rows := range widths {
		if rows > best.rows || rows == best.rows && cells > best.cells {
			best.rows, best.cells = rows, cells
		}
	}
	return best
}
