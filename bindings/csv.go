package bindings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luajson"
	"github.com/phscript/phscript/planhat/catalog"
)

const csvReadErrors = "With kind `io` when the file cannot be read, `permission` when the run may not read it, and `validation` when its contents are invalid. The message names the file, line and column, and the hint says which option may help."

// CSV returns the module csv.
func CSV() *Module {
	return &Module{
		Name: "csv",
		Doc: "Reads and writes CSV files. Reading handles what programs really write: a byte order mark, CRLF, `;` or tabs " +
			"between cells, quoted cells with separators and line breaks, encodings other than UTF-8, and files compressed by gzip. Rows are " +
			"tables with the names from the header row. Cells stay text unless you set `numbers` or `types`, so ids " +
			"keep their leading zeros. Empty cells are left out. Rows without any text are skipped, unless one of their cells is quoted (`\"\"`). " +
			"A file that is not empty but holds neither rows nor a header is an error. A file of `phscript run --rejects` is read like the file that its rows came from.\n\n" +
			"    for row, line in csv.rows(\"accounts.csv\", { numbers = {\"mrr\"} }) do\n" +
			"      print(line, row.name, row.mrr)\n" +
			"    end",
		Funcs: slices.Concat(csvReading(), csvWriting()),
		Records: []*Shape{
			{Name: "CsvReadOptions", Doc: "How CSV is read.", Fields: csvReadOptions},
			{Name: "CsvProblem", Doc: "A row that `on_error = \"collect\"` left out. A row with several invalid cells has a problem for each.", Fields: append(slices.Clone(problemFields),
				Field{Name: "column", Type: "string?", Doc: "The column of the invalid cell."},
				Field{Name: "value", Type: "string?", Doc: "The invalid cell."},
				Field{Name: "row", Type: "table<string, string>", Doc: "All cells of the row as text, by column."})},
			{Name: "CsvWriteOptions", Doc: "How CSV is written.", Fields: csvWriteOptions},
			{Name: "CsvWriter", Doc: "What `csv.writer` returns.", Fields: []Field{
				{Name: "write", Type: "fun(self, row: table)", Doc: "Writes one row, as `csv.write` does."},
				{Name: "count", Type: "fun(self): integer", Doc: "Returns how many rows were written."},
				{Name: "close", Type: "fun(self)", Doc: "Completes the file. The file does not appear until you call it."},
			}},
		},
	}
}

func csvReading() []*Func {
	name := Param{Name: "name", Type: "string", File: true, Doc: "The file's name. A relative name starts at the working folder."}
	text := Param{Name: "text", Type: "string", Doc: "The CSV text."}
	options := Param{Name: "options", Type: "CsvReadOptions", Optional: true, Doc: "How to read.", Fields: csvReadOptions}
	problems := Return{Type: "CsvProblem[]?", Doc: "With `on_error = \"collect\"`, the rows that were left out."}
	list := []Return{{Type: "table[]", Doc: "The rows."}, problems}
	return []*Func{
		{
			Name: "rows",
			Doc: "Returns an iterator over the rows of a file. It holds one row at a time, so files can be any size. " +
				"Each step returns the row and the line where it begins.",
			Params:  []Param{name, options},
			Returns: []Return{{Type: "fun(): table?, integer?", Doc: "An iterator for `for row, line in ...`."}, problems},
			Errors:  csvReadErrors,
			Example: `for row, line in csv.rows("accounts.csv") do
  if not row.id then log.warn("no id", { line = line }) end
end`,
			Call: onCSV(openSource, func(a *Args, r *csvReader) (lua.LValue, error) { return r.src.iterator(a, r.next), nil }),
		},
		{
			Name:    "read",
			Doc:     "Reads a whole file into a list of rows. For large files, use `csv.rows`.",
			Params:  []Param{name, options},
			Returns: list,
			Errors:  csvReadErrors,
			Example: `local result = planhat.company.bulk_upsert(csv.read("accounts.csv"))`,
			Call:    onCSV(openSource, readAll),
		},
		{
			Name:    "parse",
			Doc:     "Reads CSV from a text, as `csv.read` does from a file.",
			Params:  []Param{text, options},
			Returns: list,
			Errors:  csvReadErrors,
			Example: `local rows = csv.parse("id;name\n1;Acme\n")
print(rows[1].name) --> Acme`,
			Call: onCSV(textSource, readAll),
		},
		{
			Name:    "columns",
			Doc:     "Returns a file's column names.",
			Params:  []Param{name, options},
			Returns: []Return{{Type: "string[]", Doc: "The names, in the order of the file."}},
			Errors:  csvReadErrors,
			Example: `for i, name in ipairs(csv.columns("accounts.csv")) do print(i, name) end`,
			Call: onCSV(openSource, func(a *Args, r *csvReader) (lua.LValue, error) {
				r.src.done()
				return stringList(a.L, r.Columns), nil
			}),
		},
	}
}

func csvWriting() []*Func {
	name := Param{Name: "name", Type: "string", File: true, Doc: "The file's name. Its folder must exist."}
	rows := Param{Name: "rows", Type: "table[]|function", Doc: "The rows: a list, or an iterator such as `planhat.company.each{...}` or `csv.rows(...)`, which is read row by row."}
	options := Param{Name: "options", Type: "CsvWriteOptions", Optional: true, Doc: "How to write.", Fields: csvWriteOptions}
	const rowsDoc = " Rows are tables by column name, or lists of cells. Numbers and booleans are written as in Lua, nil and `json.null` as empty cells, and tables as JSON."
	const errorsDoc = "With kind `io` when the file cannot be written, `permission` when the run may not write there, and `validation` when a row does not fit the columns or holds a function, or a title does not name a column. Unless you append, an existing file is then left unchanged."
	return []*Func{
		{
			Name: "write",
			Doc: "Writes rows to a file, with a header row, and returns how many it wrote. If this fails, no partial file appears." +
				rowsDoc,
			Params:  []Param{name, rows, options},
			Returns: []Return{{Type: "integer", Doc: "How many rows were written."}},
			Errors:  errorsDoc,
			Example: `csv.write("out/report.csv", rows, { columns = {"name", "mrr", "custom.Tier"} })`,
			Call: func(a *Args) (int, error) {
				opt, err := readCSVWriteOptions(a, 2)
				if err != nil {
					return 0, err
				}
				w, err := createCSV(a, a.String(0), opt)
				if err != nil {
					return 0, err
				}
				err = w.end(a.Context(), w.writeAll(a.L, a.Get(1)))
				return a.give(lua.LNumber(w.count), err)
			},
		},
		{
			Name:    "format",
			Doc:     "Returns rows as CSV text, as `csv.write` writes them to a file." + rowsDoc,
			Params:  []Param{{Name: "rows", Type: "table[]|function", Doc: rows.Doc}, options},
			Returns: []Return{{Type: "string", Doc: "The text."}},
			Errors:  "With kind `validation` when a row does not fit the columns or holds a function, or a title does not name a column.",
			Example: `print(csv.format({ { id = 1, name = "Acme" } })) --> id,name / 1,Acme`,
			Call: func(a *Args) (int, error) {
				opt, err := readCSVWriteOptions(a, 1)
				if err != nil {
					return 0, err
				}
				if opt.appendTo {
					return 0, a.Errorf("the option 'append' works only with files")
				}
				text := textFile{most: a.Host.mostText()}
				w := newCSVWriter(a.Host.Log, &target{WriteCloser: &text, name: "the text"}, opt, false)
				err = w.end(a.Context(), w.writeAll(a.L, a.Get(0)))
				return a.give(lua.LString(text.String()), err)
			},
		},
		{
			Name:    "writer",
			Doc:     "Opens a file for writing row by row. Close it at the end: until then, the file does not appear under its name." + rowsDoc,
			Params:  []Param{name, options},
			Returns: []Return{{Type: "CsvWriter", Doc: "A writer with the methods `write(row)`, `count()` and `close()`."}},
			Errors:  errorsDoc,
			Example: `local out = csv.writer("churned.csv", { columns = {"id", "name"} })
for company in planhat.company.each() do
  if company.status == "lost" then out:write(company) end
end
out:close()`,
			Call: func(a *Args) (int, error) {
				opt, err := readCSVWriteOptions(a, 1)
				if err != nil {
					return 0, err
				}
				w, err := createCSV(a, a.String(0), opt)
				if err != nil {
					return 0, err
				}
				write := func(a *Args) error { return w.write(a.L, a.Table(0)) }
				end := func(ctx context.Context) error { return w.end(ctx, nil) }
				return a.Push(Open(a.L, a.Host, w.writerModule(Param{Name: "row", Type: "table"}, write, end)))
			},
		},
	}
}

// textFile is a file in memory, of at most most bytes. It keeps what is written
// in parts, since a buffer that grows needs more than twice its size.
type textFile struct {
	parts      []string
	size, most int
}

func (f *textFile) Write(p []byte) (int, error) {
	if f.size+len(p) > f.most {
		return 0, invalid.Errorf("write the rows into a file with csv.write", "the text would be larger than %s", humanize.IBytes(uint64(f.most)))
	}
	f.parts = append(f.parts, string(p))
	f.size += len(p)
	return len(p), nil
}

func (f *textFile) String() string { return strings.Join(f.parts, "") }

func (*textFile) Close() error { return nil }

const (
	// mostSeenFields bounds the names that are kept for suggestions.
	mostSeenFields = 200
	// shownFields is how many of them a message lists.
	shownFields = 12
)

// missingColumns watches for columns that a script chose and that no row has,
// which a misspelled name leaves empty.
type missingColumns struct {
	// columns are those that no row has so far.
	columns []string
	// fields are the names that rows have; those of inner tables are dotted, as
	// columns are.
	fields []string
}

// see notes the fields of a row. Rows that are lists fit all columns.
func (m *missingColumns) see(L *lua.LState, row *lua.LTable) {
	if len(m.columns) == 0 {
		return
	}
	if row.MaxN() > 0 {
		m.columns = nil
		return
	}
	m.columns = slices.DeleteFunc(m.columns, func(column string) bool { return fieldOf(L, row, column) != lua.LNil })
	if len(m.columns) > 0 {
		m.note(row, "")
	}
}

func (m *missingColumns) note(row *lua.LTable, prefix string) {
	Fill(row)
	for k, v := row.Next(lua.LNil); k != lua.LNil && len(m.fields) < mostSeenFields; k, v = row.Next(k) {
		name, ok := k.(lua.LString)
		if !ok {
			continue
		}
		if inner, ok := v.(*lua.LTable); ok && prefix == "" && inner.MaxN() == 0 {
			if Fill(inner); !luajson.IsEmpty(inner) {
				m.note(inner, string(name)+".")
				continue
			}
		}
		if field := prefix + string(name); !slices.Contains(m.fields, field) {
			m.fields = append(m.fields, field)
		}
	}
}

// warn reports the columns that no row had.
func (m *missingColumns) warn(ctx context.Context, log Logger, file string) {
	if len(m.fields) == 0 {
		return
	}
	slices.Sort(m.fields)
	for _, column := range m.columns {
		meant, known := m.meant(column), ""
		if meant == "" {
			known = "; the rows have: " + strings.Join(m.fields[:min(len(m.fields), shownFields)], ", ")
			if len(m.fields) > shownFields {
				known += " and others"
			}
		}
		log.WarnOnce(ctx, file+" "+column, fmt.Sprintf("%s: no row has the field '%s'%s, so its column is empty%s", file, column, meant, known))
	}
}

// meant suggests fields for a column. Fields of inner tables are also found by
// their last name: people write Tier for custom.Tier.
func (m *missingColumns) meant(column string) string {
	if meant := catalog.DidYouMean(column, m.fields); meant != "" {
		return meant
	}
	for _, field := range m.fields {
		if _, inner, dotted := strings.Cut(field, "."); dotted && len(catalog.Nearest(column, []string{inner})) > 0 {
			return catalog.Aside([]string{field})
		}
	}
	return ""
}
