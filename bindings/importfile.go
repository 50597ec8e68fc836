package bindings

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/rowfile"
	"github.com/phscript/phscript/planhat"
)

// formats are the formats of files, with what opens them and the options that they do not
// have.
var formats = map[string]struct {
	open    func(*importer, Options, csvOptions) error
	without []string
}{
	"csv":   {(*importer).openCSV, []string{"sheet"}},
	"xlsx":  {(*importer).openSheet, []string{"separator", "encoding", "lazy_quotes", "escape", "ragged"}},
	"jsonl": {(*importer).openLines, []string{"sheet", "header", "skip", "separator", "repeated", "lazy_quotes", "escape", "ragged"}},
}

// formatOf returns the format of a file by its name.
func formatOf(name string) string {
	switch strings.ToLower(path.Ext(strings.TrimSuffix(name, ".gz"))) {
	case ".xlsx", ".xlsm":
		return "xlsx"
	case ".jsonl", ".ndjson":
		return "jsonl"
	}
	return "csv"
}

// importFormat returns the format of a file, by its option or its name. A file of rejected
// rows keeps its format, since the declaration is that of the file they came from.
func importFormat(a *Args, o Options, name string) (string, error) {
	if !o.Has("format") {
		return formatOf(name), nil
	}
	format, err := choice(a, o, "format", "csv", "xlsx", "jsonl")
	if err != nil || format == "csv" || formatOf(name) != "csv" {
		return format, err
	}
	src, err := openSource(a, name)
	if err != nil {
		return "", err
	}
	defer src.done()
	if csvtext.IsRejected(src) {
		return "csv", nil
	}
	return format, nil
}

// refuseOptions refuses options that the format of a file does not have.
func refuseOptions(a *Args, o Options, name, format string) error {
	for _, option := range formats[format].without {
		if o.Has(option) {
			return a.Errorf("option '%s' does not apply to %s, which is read as %s", option, name, format)
		}
	}
	return nil
}

// doubtLines warns of lines of a file of rejected rows that may be stored.
func (im *importer) doubtLines(encoding string) error {
	src, err := openSource(im.a, im.src.name)
	if err != nil {
		return err
	}
	defer src.done()
	again, err := rowfile.OpenLines(im.src.name, src, encoding, nil)
	if err != nil {
		return err
	}
	n, err := again.Unknown()
	if n > 0 {
		text := mayBeStored(im.src.name, n)
		im.a.Host.Log.WarnOnce(im.a.Context(), text, text)
	}
	return err
}

// rejectsFile takes the rejected rows of an import.
type rejectsFile struct {
	to   *target
	call string
}

// openRejects opens the file before the first row is sent, so that it is known that it
// can be written. Without a name, it returns nil.
func (im *importer) openRejects(name, call string) (*rejectsFile, error) {
	if name == "" {
		return nil, nil
	}
	if _, err := im.a.Host.Files.Stat(name); err == nil {
		return nil, im.a.Errorf("option 'rejects': the file %s exists; name a new file, or delete it", name)
	}
	lines := formatOf(name) == "jsonl"
	switch {
	case im.lines != nil && !lines:
		return nil, im.a.Errorf("option 'rejects' must name a .jsonl file, not %q, because %s is JSON Lines: CSV cannot hold all of its values", name, im.src.name)
	case im.lines == nil && lines:
		return nil, im.a.Errorf("option 'rejects' must name a .csv file, not %q: only rows of JSON Lines are written to .jsonl files", name)
	}
	to, err := openTarget(im.a, name, false)
	if err != nil {
		return nil, err
	}
	return &rejectsFile{to, call}, nil
}

// discard leaves no file, unless it was written.
func (f *rejectsFile) discard() {
	if f != nil && f.to != nil {
		f.to.abort()
	}
}

// write writes the rows that were not taken, if there are any.
func (f *rejectsFile) write(im *importer, rows []planhat.RowError) error {
	if f == nil || len(rows) == 0 {
		return nil
	}
	to := f.to
	f.to = nil
	var err error
	if im.lines != nil {
		err = f.writeLines(to, im, rows)
	} else {
		err = f.writeCSV(to, im.from.titles, rows)
	}
	return to.finish(to.fail(err))
}

// rejected describes a row.
func (f *rejectsFile) rejected(row planhat.RowError) csvtext.Rejected {
	r := csvtext.Rejected{Reason: row.Message, State: string(row.State()), Call: f.call}
	if row.Origin != nil {
		r.File, r.Line = row.Origin.File, row.Origin.Line
	}
	return r
}

func (f *rejectsFile) writeCSV(to *target, titles []string, rows []planhat.RowError) error {
	columns := slices.Clone(titles)
	for _, row := range rows {
		for _, c := range cellsOf(row) {
			switch {
			case slices.Contains(columns, c.name):
			case c.name == csvtext.RejectedCells || c.name == csvtext.RejectedText:
				columns = append([]string{c.name}, columns...)
			default:
				columns = append(columns, c.name)
			}
		}
	}
	w, err := csvtext.NewRejectedWriter(to, columns)
	for i := 0; err == nil && i < len(rows); i++ {
		r := f.rejected(rows[i])
		for _, c := range cellsOf(rows[i]) {
			at := slices.Index(columns, c.name)
			for len(r.Cells) <= at {
				r.Cells = append(r.Cells, "")
			}
			r.Cells[at] = c.text
		}
		err = w.WriteRow(r)
	}
	if err == nil {
		err = w.Flush()
	}
	return err
}

// writeLines reads the file of the rows once more: lines have more than what the
// declaration names.
func (f *rejectsFile) writeLines(to *target, im *importer, rows []planhat.RowError) error {
	byLine := map[int][]planhat.RowError{}
	var out []byte
	for _, row := range rows {
		if row.Origin == nil || row.Origin.Line == 0 {
			out = rowfile.AppendRejected(out, f.rejected(row), nil)
			continue
		}
		byLine[row.Origin.Line] = append(byLine[row.Origin.Line], row)
	}
	src, err := openSource(im.a, im.src.name)
	if err != nil {
		return err
	}
	defer src.done()
	lines, err := rowfile.OpenLines(im.src.name, src, im.encoding, nil)
	if err != nil {
		return src.fail(err)
	}
	write := func() error {
		_, err := to.Write(out)
		out = out[:0]
		return err
	}
	failed := errors.Join(write(), lines.Each(func(line []byte, number int) error {
		of := byLine[number]
		if len(of) == 0 {
			return nil
		}
		r := f.rejected(of[0])
		for _, other := range of[1:] {
			if !strings.Contains(r.Reason, other.Message) {
				r.Reason += "; " + other.Message
			}
		}
		out = rowfile.AppendRejected(out, r, line)
		return write()
	}))
	return failed
}

type namedCell struct{ name, text string }

// cellsOf returns the cells of a row that a place wrote as a record, none if it is not
// known which row it is.
func cellsOf(row planhat.RowError) (cells []namedCell) {
	if row.Origin == nil || len(row.Origin.Row) == 0 {
		return nil
	}
	r := row.Origin.Row
	for _, m := range r.AppendMembers(nil) {
		name, _ := jsontext.AppendUnquote(nil, r[m.Name-1:m.NameEnd+1]) // as they were written
		text, _ := jsontext.AppendUnquote(nil, r[m.From:m.To])
		cells = append(cells, namedCell{string(name), string(text)})
	}
	return cells
}
