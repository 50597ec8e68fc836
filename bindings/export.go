package bindings

import (
	"bufio"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/export"
	"github.com/phscript/phscript/bindings/internal/luajson"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// exportFields are the options of an export beside those of the list.
func (b binding) exportFields() []Field {
	fields := []Field{
		{Name: "to", Type: "string", Required: true, File: true, Doc: "The file, whose ending decides the format: `.csv`, `.xlsx` (an Excel workbook) or `.jsonl` (one record per line). Its folder must exist.", Text: refusedEnding},
		{Name: "columns", Type: "string[]", Doc: "The properties to write, in order; `custom.Tier` reads from a property that is a table. A column that no record has stays empty, with a warning. Without `select` and `where`, only these properties are requested. Default: `_id` and those of `select`. Not for `.jsonl`."},
		{Name: "where", Type: spec.Type("fun(record: " + string(b.typ()) + "): any"), Doc: "Called with each record; only those for which it returns a true value are written. Fields that it changes are written as they are then."},
	}
	for _, f := range csvWriteOptions {
		switch f.Name {
		case "titles", "header":
			f.Doc = strings.TrimSuffix(f.Doc, ".") + ". Not for `.jsonl`."
		case "separator", "crlf", "bom", "excel_safe":
			f.Doc = strings.Replace(f.Doc, "; with `append`, that of the file", "", 1) + " Only for `.csv`."
		default:
			continue
		}
		fields = append(fields, f)
	}
	own := func(f Field) bool {
		return slices.ContainsFunc(fields, func(of Field) bool { return of.Name == f.Name })
	}
	return append(fields, slices.DeleteFunc(b.listFields(), own)...)
}

var exportResultShape = &Shape{
	Name: "ExportResult",
	Doc:  "What an export wrote.",
	Fields: []Field{
		{Name: "path", Type: "string", Required: true, Doc: "The file."},
		{Name: "read", Type: "integer", Required: true, Doc: "How many records were read."},
		{Name: "rows", Type: "integer", Required: true, Doc: "How many of them were written: all, or those that `where` chose."},
	},
}

func (b binding) export() *Func {
	return &Func{
		Name: "export",
		Doc: "Writes a list of records to a CSV file, an Excel workbook or a JSON Lines file: " + b.endpoint() + ". Records are written while later pages are read, so memory does not grow with the list. " +
			"The file appears once it is complete; if the export fails, an earlier file stays as it was.\n\n" +
			"Numbers are written as Planhat sends them, lists and tables as JSON. In `.jsonl`, each line is a record as Planhat sent it.",
		Params:  []Param{{Name: "options", Type: "table", Doc: "What to write, and where to.", Fields: b.exportFields()}},
		Returns: []Return{{Type: "ExportResult", Doc: "The file, and how many records were read and written."}},
		Errors:  "`io` when the file cannot be written, `permission` when the run may not write there; " + listErrors,
		Example: "local result = " + b.lua("export{ to = \"out/"+b.model.Snake+".csv\", columns = { "+b.exampleColumns()+" } }") + "\nlog.info(\"exported\", { rows = result.rows })",
		Source:  "§5 Lists",
		Call:    b.runExport,
	}
}

// exampleColumns names a few properties of the model.
func (b binding) exampleColumns() string {
	names := []string{`"_id"`}
	for _, p := range b.model.Properties {
		if len(names) < 3 && p.Name != "_id" && p.Name != "custom" {
			names = append(names, fmt.Sprintf("%q", p.Name))
		}
	}
	return strings.Join(names, ", ")
}

// refusedEnding returns why a file cannot take an export.
func refusedEnding(name string) error {
	if slices.Contains([]string{".csv", ".xlsx", ".jsonl"}, path.Ext(name)) {
		return nil
	}
	return fmt.Errorf("option 'to' must end in .csv, .xlsx or .jsonl, not %q", name)
}

// recordSink takes the records of an export. Its end completes the file, or discards it
// if err is set.
type recordSink interface {
	write(record planhat.Record) error
	end(ctx context.Context, err error) error
}

func (b binding) runExport(a *Args) (_ int, err error) {
	opt := a.Options(0)
	if err := b.checkList(a, opt); err != nil {
		return 0, err
	}
	where, _ := opt.Get("where").(*lua.LFunction)
	list := b.listOptions(opt)
	delete(list.Filter, "to") // here it is the file, for models that also have a filter of this name
	columns, err := readCSVWriteOptions(a, 0)
	if err != nil {
		return 0, err
	}
	if err := exportColumns(a, opt, &columns, &list, where != nil || len(b.op.Fixed) > 0); err != nil {
		return 0, err
	}
	if where == nil {
		if err := b.checkColumns(a, columns.columns); err != nil {
			return 0, err
		}
	}
	r, err := b.resource(a)
	if err != nil {
		return 0, err
	}
	sink, err := openSink(a, opt.String("to"), columns)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancel(a.Context())
	defer cancel()
	ended := false
	defer func() { // the end of the run passes through here as a panic
		if !ended {
			_ = sink.end(ctx, context.Canceled)
		}
	}()
	read, rows, err := pump(ctx, a, r.Pages(list), where, sink)
	ended = true
	if err = sink.end(a.Context(), err); err != nil {
		return 0, err
	}
	t := a.L.NewTable()
	CodecOf(a.L).MarkResult(t)
	t.RawSetString("path", lua.LString(opt.String("to")))
	t.RawSetString("read", lua.LNumber(read))
	t.RawSetString("rows", lua.LNumber(rows))
	return a.Push(t)
}

// checkColumns refuses columns of properties that the model does not have if they are
// spelled like one that it has.
func (b binding) checkColumns(a *Args, columns []string) error {
	names := make([]string, len(b.model.Properties))
	for i, p := range b.model.Properties {
		names[i] = p.Name
	}
	for _, column := range columns {
		name, rest, nested := strings.Cut(column, ".")
		if near := catalog.Nearest(name, names); b.model.Property(name) == nil && len(near) > 0 {
			if nested {
				near[0] += "." + rest
			}
			return a.Errorf("option 'columns': %s have no property %q (did you mean '%s'?)", b.model.Plural, column, near[0])
		}
	}
	return nil
}

// pump writes the records of a list that where chooses.
func pump(ctx context.Context, a *Args, pager *planhat.Pager, where *lua.LFunction, sink recordSink) (read, rows int, err error) {
	codec := CodecOf(a.L)
	for {
		records, err := pager.Next(ctx)
		if err != nil || len(records) == 0 {
			return read, rows, err
		}
		pager.Ahead(ctx)
		if err := luajson.Ended(a.L); err != nil {
			return read, rows, err
		}
		for _, record := range records {
			read++
			if where != nil {
				v, err := codec.Record(record)
				if err != nil {
					return read, rows, err
				}
				results, err := a.Host.Call(a.L, where, v)
				if err != nil {
					return read, rows, err
				}
				if len(results) == 0 || lua.LVIsFalse(results[0]) {
					continue
				}
				if !codec.Unchanged(v) {
					changed, err := codec.EncodeBytes(v, EncodeOptions{})
					if err != nil {
						return read, rows, a.Errorf("record %d, which 'where' changed, cannot be written: %v", read, err)
					}
					record = planhat.Record(changed)
				}
			}
			if err := sink.write(record); err != nil {
				return read, rows, err
			}
			rows++
		}
	}
}

// exportColumns checks the options that depend on the format, and chooses the columns
// and the properties to request. whole says that other properties are needed as well.
func exportColumns(a *Args, o Options, opt *csvWriteOpts, list *planhat.ListOptions, whole bool) error {
	format := path.Ext(o.String("to"))
	if err := refusedEnding(o.String("to")); err != nil {
		return a.Errorf("%w", err)
	}
	only := map[string][]string{
		".csv": nil, ".xlsx": {"separator", "crlf", "bom", "excel_safe"},
		".jsonl": {"columns", "titles", "header", "separator", "crlf", "bom", "excel_safe"},
	}
	for _, name := range only[format] {
		if o.Has(name) && name == "columns" {
			return a.Errorf("option 'columns' does not apply to %s files: choose properties with 'select'", format)
		}
		if o.Has(name) {
			return a.Errorf("option '%s' does not apply to %s files", name, format)
		}
	}
	if format == ".jsonl" {
		return nil
	}
	var selected []string
	for _, names := range list.Select {
		for name := range strings.SplitSeq(names, ",") {
			selected = append(selected, strings.TrimSpace(name))
		}
	}
	switch {
	case opt.columns == nil && selected == nil:
		return a.Errorf("a %s file needs option 'columns', such as { \"_id\", \"name\", \"custom.Tier\" }", format)
	case opt.columns == nil:
		if opt.columns = selected; !slices.Contains(selected, "_id") {
			opt.columns = append([]string{"_id"}, selected...)
		}
		return opt.checkTitles()
	}
	for _, column := range opt.columns {
		outer, _, _ := strings.Cut(column, ".")
		switch {
		case whole:
		case o.Has("select") && column != "_id" && !slices.Contains(selected, column) && !slices.Contains(selected, outer):
			return a.Errorf("the column '%s' is not in 'select', so it would be empty", column)
		case !o.Has("select") && !slices.Contains(list.Select, outer):
			list.Select = append(list.Select, outer)
		}
	}
	return nil
}

func openSink(a *Args, name string, opt csvWriteOpts) (recordSink, error) {
	if path.Ext(name) == ".csv" {
		w, err := createCSV(a, name, opt)
		return &csvSink{w, export.NewTable(opt.columns)}, err
	}
	to, err := openTarget(a, name, false)
	if err != nil {
		return nil, err
	}
	if path.Ext(name) == ".jsonl" {
		return &lineSink{to, bufio.NewWriterSize(to, 64<<10)}, nil
	}
	book := export.NewWorkbook(to)
	if err = book.Sheet("Sheet1"); err == nil && opt.header {
		var titles []export.Cell
		for _, title := range opt.titleRow() {
			titles = append(titles, export.Cell{Kind: export.Text, Text: title})
		}
		err = book.Row(titles)
	}
	if err != nil {
		return nil, to.finish(to.fail(err))
	}
	return &sheetSink{to, book, export.NewTable(opt.columns), a.Host.Log}, nil
}

type csvSink struct {
	*csvWriter
	table *export.Table
}

func (s *csvSink) write(record planhat.Record) error { return s.writeRecord(s.table.Row(record)) }

func (s *csvSink) end(ctx context.Context, err error) error {
	s.missing.columns, s.missing.fields = s.table.Missing()
	return s.csvWriter.end(ctx, err)
}

type lineSink struct {
	*target
	out *bufio.Writer
}

func (s *lineSink) write(record planhat.Record) error {
	line, err := export.Line(record)
	if err != nil {
		return err
	}
	_, _ = s.out.Write(line) // a failure stays in out
	return s.fail(s.out.WriteByte('\n'))
}

func (s *lineSink) end(_ context.Context, err error) error {
	if err == nil {
		err = s.fail(s.out.Flush())
	}
	return s.finish(err)
}

type sheetSink struct {
	*target
	book  *export.Workbook
	table *export.Table
	log   Logger
}

func (s *sheetSink) write(record planhat.Record) error {
	return s.fail(s.book.Row(s.table.Row(record)))
}

func (s *sheetSink) end(ctx context.Context, err error) error {
	if err == nil {
		err = s.fail(s.book.Close())
	}
	if err = s.finish(err); err == nil {
		var missing missingColumns
		missing.columns, missing.fields = s.table.Missing()
		missing.warn(ctx, s.log, s.name)
	}
	return err
}
