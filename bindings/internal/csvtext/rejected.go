package csvtext

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/internal/textfile"
)

// RejectedColumns are the first columns of a file of rejected rows. By the name of the
// first, a Reader knows such a file. It then leaves these columns out and takes the
// text as a RejectedWriter writes it, whatever the options say about the form of the
// file that the rows once came from. So a script reads the same rows again.
var RejectedColumns = []string{"phscript_reason", rejectedState, "phscript_call", rejectedFile, rejectedLine}

// These columns are in the file only if it has such rows. They say how many cells a row of
// the wrong length had, and hold the text of a row that could not be read. A Reader refuses
// these rows again until they are corrected.
const (
	RejectedCells = "phscript_cells"
	RejectedText  = "phscript_text"
)

const (
	rejectedState = "phscript_state"
	rejectedFile  = "phscript_file"
	rejectedLine  = "phscript_line"
)

// Unknown is the state of a row that may be stored.
const Unknown = "unknown"

// Rejected is a row of such a file: the values of RejectedColumns, and the row's cells.
type Rejected struct {
	Reason, State, Call, File string
	// Line is 0 if it is unknown.
	Line int
	// Cells are nil if it is not known which row was rejected. A Reader then skips
	// the row; it skips no other, even if all its cells are empty. There are fewer
	// cells than columns if the row is shorter than others of its file.
	Cells []string
}

// RejectedWriter writes a file of rejected rows.
type RejectedWriter struct {
	*Writer
	columns int
}

// NewRejectedWriter writes the header, with the names of the rows' columns, after a
// byte order mark: without one, Excel misreads UTF-8.
func NewRejectedWriter(to io.Writer, columns []string) (*RejectedWriter, error) {
	if _, err := io.WriteString(to, "\ufeff"); err != nil {
		return nil, err
	}
	w := &RejectedWriter{NewWriter(to, ',', false, false), len(columns)}
	return w, w.Write(append(slices.Clone(RejectedColumns), guarded(columns)...))
}

// WriteRow writes a row.
func (w *RejectedWriter) WriteRow(r Rejected) error {
	line := ""
	if r.Line > 0 {
		line = strconv.Itoa(r.Line)
	}
	quoted, cells := -1, make([]string, w.columns)
	copy(cells, r.Cells)
	// The quotes say that the row has the cell.
	if last := max(len(r.Cells), 1) - 1; r.Cells != nil && last < len(cells) && cells[last] == "" {
		quoted = len(RejectedColumns) + last
	}
	return w.write(guarded(append([]string{r.Reason, r.State, r.Call, r.File, line}, cells...)), quoted)
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

// Unguarded is a cell of a file of rejected rows without its guard.
func Unguarded(cell string) string { return unguard(cell) }

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

// IsRejected reports whether a file is one of rejected rows.
func IsRejected(file io.Reader) bool {
	t, err := textfile.Open("", file, textfile.Options{Want: "CSV text"})
	if err != nil {
		return false
	}
	rejected, err := isRejected(t.Reader)
	return err == nil && rejected
}

// Rejected reports whether the text is a file of rejected rows.
func (r *Reader) Rejected() bool { return r.rejected }

// Source returns the file that rejected rows come from, "" before the first row.
func (r *Reader) Source() string { return r.source }

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
	header := r.added == nil
	if header {
		r.added = make([]string, len(cells))
		for i, name := range cells {
			if name = trimName(name); slices.Contains(RejectedColumns, name) || name == RejectedCells || name == RejectedText {
				r.added[i] = name
			}
		}
	} else if err := r.rejectedRow(cells); err != nil {
		return nil, err
	}
	kept, last := cells[:0], 0
	for i, cell := range cells {
		if r.addedName(i) != "" {
			continue
		}
		kept = append(kept, unguard(cell))
		if _, quoted := slices.BinarySearch(r.scan.quoted, i); quoted || cell != "" {
			last = len(kept)
		}
	}
	if !header && (r.opt.Ragged || r.unnamed) { // rows have their own lengths
		kept = kept[:max(last, min(len(kept), 1))]
	}
	return kept, nil
}

// addedName returns which of RejectedColumns a column is, or "".
func (r *Reader) addedName(i int) string {
	if i < len(r.added) {
		return r.added[i]
	}
	return ""
}

// rejectedRow looks at all cells of a rejected row: whether it is a row even if its own
// cells are empty, whether it may be stored, and which file it comes from.
func (r *Reader) rejectedRow(cells []string) error {
	r.hasData, r.wrong, r.lineText = false, "", ""
	for _, i := range r.scan.quoted {
		r.hasData = r.hasData || r.addedName(i) == ""
	}
	for i, cell := range cells {
		switch name := r.addedName(i); {
		case cell == "":
		case name == rejectedState && cell == Unknown:
			r.unknown++
		case name == RejectedCells:
			r.wrong = strings.Clone(cell)
		case name == RejectedText:
			r.lineText, r.hasData = unguard(strings.Clone(cell)), true
		case name == rejectedLine:
			r.hasData = true // a spreadsheet may have removed the quotes
		case name == rejectedFile:
			r.hasData = true
			if r.source == "" {
				r.source = strings.Clone(cell)
			}
			if cell != r.source {
				return r.Errorf(r.scan.lines[i]+r.skipped, "make a file for each of them, by the column "+rejectedFile,
					"the rejected rows come from several files: %s and %s", luatext.Quote(invalid.Cut(r.source, 80)), luatext.Quote(invalid.Cut(cell, 80)))
			}
		}
	}
	return nil
}

// Unknown counts the rows of a file of rejected rows that may be stored, before they
// are read. It is 0 for any other file.
func (r *Reader) Unknown() int {
	if !r.rejected || r.opt.Again == nil {
		return 0
	}
	src, err := r.opt.Again()
	if err != nil {
		return 0
	}
	defer func() { _ = src.Close() }()
	other, err := NewReader(r.name, src, Options{Header: true, Ragged: true, RenameRepeated: true, Encoding: r.opt.Encoding})
	for err == nil {
		_, _, err = other.Next()
	}
	if other == nil {
		return 0
	}
	return other.unknown
}

// WrongLength is the value of RejectedCells for a row.
func WrongLength(cells, columns int) string { return fmt.Sprintf("%d of %d", cells, columns) }

// rejectedAgain returns the error of a row that could not be read when it was rejected, if
// it was not corrected.
func (r *Reader) rejectedAgain(cells []string, line int) error {
	if r.lineText != "" {
		return &RowError{Line: line, Cells: slices.Clone(cells), Text: r.lineText, Err: r.Errorf(line,
			"write its values into the other columns, and then delete the text", "the column %s holds a row that could not be read", RejectedText)}
	}
	had, columns := 0, 0
	if n, _ := fmt.Sscanf(r.wrong, "%d of %d", &had, &columns); n != 2 || r.opt.Ragged || had < 0 || columns < 0 {
		return nil
	}
	filled := len(cells)
	for filled > 0 && cells[filled-1] == "" {
		filled--
	}
	hint := "put the cells into their columns, and leave " + ColumnName(columns) + " and those after it empty"
	switch {
	case had > columns && filled <= columns, had < columns && filled > had:
		return nil // it was corrected
	case had < columns:
		hint = "fill in the other cells; if they are empty, delete the cell in the column " + RejectedCells
		filled = min(had, len(cells))
	}
	return &RowError{Line: line, Cells: slices.Clone(cells[:filled]), Columns: columns,
		Err: r.Errorf(line, hint, "the row has %s, but there %s", english.Plural(had, "cell", ""), arePlural(columns, "column"))}
}
