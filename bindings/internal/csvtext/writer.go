package csvtext

import (
	"bufio"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Writer writes rows so that a Reader returns the same cells.
type Writer struct {
	out       *bufio.Writer
	separator string
	end       string
	// started reports whether the file holds text already.
	started bool
}

// NewWriter returns a Writer. started reports whether the text continues a file.
func NewWriter(to io.Writer, separator rune, crlf, started bool) *Writer {
	w := &Writer{out: bufio.NewWriterSize(to, 64<<10), separator: string(separator), end: "\n", started: started}
	if crlf {
		w.end = "\r\n"
	}
	return w
}

// Write writes a row.
func (w *Writer) Write(cells []string) error {
	if len(cells) == 0 {
		cells = []string{""}
	}
	quoted := -1
	if blank(cells) {
		quoted = 0 // a row of empty cells would be skipped if none was quoted
	}
	return w.write(cells, quoted)
}

// write writes a row. The cell in the place quoted, if there is one, gets quotes.
func (w *Writer) write(cells []string, quoted int) error {
	for i, cell := range cells {
		if i > 0 {
			_, _ = w.out.WriteString(w.separator)
		}
		w.cell(cell, i == quoted || !w.started && (startsOddly(cell) || len(cells) == 1 && !isWord(cell)) || mustQuote(cell, w.separator))
	}
	w.started = true
	_, err := w.out.WriteString(w.end)
	return err
}

func (w *Writer) cell(cell string, quote bool) {
	if !quote {
		_, _ = w.out.WriteString(cell) // the error stays in out
		return
	}
	_ = w.out.WriteByte('"')
	_, _ = w.out.WriteString(strings.ReplaceAll(cell, `"`, `""`))
	_ = w.out.WriteByte('"')
}

// mustQuote reports whether a cell means something else without quotes. Any
// separator counts, so that readers that detect it are not misled.
func mustQuote(cell, separator string) bool {
	if cell == "" {
		return false
	}
	if strings.ContainsAny(cell, "\"\r\n,;\t|") || strings.Contains(cell, separator) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(cell)
	last, _ := utf8.DecodeLastRuneInString(cell)
	return unicode.IsSpace(first) || unicode.IsSpace(last)
}

// startsOddly reports whether a file might be taken for something else if the text
// is in its first row: another format, a byte order mark, or Excel's line "sep=".
func startsOddly(text string) bool {
	for _, start := range []string{"\ufeff", "sep=", "<", "{", "[", "%"} {
		if strings.HasPrefix(text, start) {
			return true
		}
	}
	return strings.ContainsFunc(text, unicode.IsControl)
}

// isWord reports whether a text looks like the name of a column, and not like a
// message.
func isWord(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-.", r)
	})
}

// Flush writes what is buffered.
func (w *Writer) Flush() error { return w.out.Flush() }
