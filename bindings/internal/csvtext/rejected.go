package csvtext

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/internal/textfile"
)

// RejectedColumns are the first columns of a file of rejected rows. By the name of the
// first, a Reader knows such a file. It then leaves these columns out and takes the
// text as a RejectedWriter writes it, whatever the options say about the form of the
// file that the rows once came from. So a script reads the same rows again.
var RejectedColumns = []string{"phscript_reason", "phscript_state", "phscript_call", rejectedFile, "phscript_line"}

const rejectedFile = "phscript_file"

// Rejected is a row of such a file: the values of RejectedColumns, and the row's cells.
type Rejected struct {
	Reason, State, Call, File string
	// Line is 0 if it is unknown.
	Line  int
	Cells []string
}

// RejectedWriter writes a file of rejected rows.
type RejectedWriter struct{ *Writer }

// NewRejectedWriter writes the header, with the names of the rows' columns, after a
// byte order mark: without one, Excel misreads UTF-8.
func NewRejectedWriter(to io.Writer, columns []string) (*RejectedWriter, error) {
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return nil, err
	}
	w := &RejectedWriter{NewWriter(to, ',', false, false)}
	return w, w.Write(append(slices.Clone(RejectedColumns), guarded(columns)...))
}

// WriteRow writes a row.
func (w *RejectedWriter) WriteRow(r Rejected) error {
	line := ""
	if r.Line > 0 {
		line = strconv.Itoa(r.Line)
	}
	return w.Write(guarded(append([]string{r.Reason, r.State, r.Call, r.File, line}, r.Cells...)))
}

// guarded returns the cells with a ' before each that a spreadsheet would run, and
// before those that had one, so that unguard finds the same cells again.
func guarded(cells []string) []string {
	out := slices.Clone(cells)
	for i, cell := range out {
		if isFormula(strings.TrimLeft(cell, "'")) {
			out[i] = "'" + cell
		}
	}
	return out
}

func unguard(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && isFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

// isRejected reports whether a text is a file of rejected rows.
func isRejected(text *bufio.Reader) (bool, error) {
	head, err := textfile.Peek(text, headSize)
	line, _, _ := bytes.Cut(head, []byte("\n"))
	cells := strings.FieldsFunc(string(line), func(c rune) bool { return strings.ContainsRune(",;\t|", c) })
	return slices.ContainsFunc(cells, func(cell string) bool {
		return strings.Trim(cell, "\uFEFF\" \r") == RejectedColumns[0]
	}), err
}

// Rejected reports whether the text is a file of rejected rows.
func (r *Reader) Rejected() bool { return r.rejected }

// asRejected sets the options for a file of rejected rows.
func (r *Reader) asRejected() {
	o := &r.opt
	r.rejected, r.unnamed = true, !o.Header && len(o.Names) == 0
	o.Skip, o.Find, o.Header = 0, nil, true
	o.Dialect = Dialect{Trim: o.Trim}
	r.Separator = 0
}

// leaveOut removes the cells of RejectedColumns from a row, and its guards. The first
// row is the header. It fails if the rows were read from several files, which a
// script would take for rows of one.
func (r *Reader) leaveOut(cells []string) ([]string, error) {
	if r.left == nil {
		for _, name := range cells {
			r.left = append(r.left, slices.Contains(RejectedColumns, trimName(name)))
			r.sources = append(r.sources, trimName(name) == rejectedFile)
		}
	} else if i := slices.Index(r.sources, true); i >= 0 && i < len(cells) && cells[i] != "" {
		if r.source == "" {
			r.source = strings.Clone(cells[i])
		}
		if cells[i] != r.source {
			return nil, r.Errorf(r.scan.lines[i]+r.skipped, "make a file for each of them, by the column "+rejectedFile,
				"the rejected rows come from several files: %s and %s", luatext.Quote(invalid.Cut(r.source, 80)), luatext.Quote(invalid.Cut(cells[i], 80)))
		}
	}
	kept := cells[:0]
	for i, cell := range cells {
		if i >= len(r.left) || !r.left[i] {
			kept = append(kept, unguard(cell))
		}
	}
	return kept, nil
}
