package bindings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/bindings/internal/csvtext"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luajson"
	"github.com/phscript/phscript/bindings/internal/mapping"
	"github.com/phscript/phscript/bindings/internal/precheck"
	"github.com/phscript/phscript/bindings/internal/reconcile"
	"github.com/phscript/phscript/bindings/internal/rowfile"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

var importColumnShape = &Shape{
	Name: "ImportColumn",
	Doc:  "What `import` makes of a column.",
	Fields: []Field{
		{Name: "property", Type: "string", Required: true, Doc: "The property, such as `name` or `custom.Tier`."},
		{Name: "type", Type: "string?", Values: mapping.Types, Doc: "`\"text\"`, `\"number\"`, `\"integer\"`, `\"money\"` (numbers with a currency or a percent sign), `\"boolean\"` (true/false, yes/no, 1/0), `\"date\"`, `\"days\"` (days since 1970-01-01) or `\"list\"`. Default: that of the property; text for custom fields."},
		{Name: "decimal", Type: "string?", Values: []string{".", ","}, Doc: "The decimal sign of its numbers, as in the options."},
		{Name: "date_format", Type: "string?", Doc: "The format of its dates, as in the options.", Text: refusedFormat(calendar.CSVFormat)},
		{Name: "zone", Type: "string?", Doc: "The zone of its times, as in the options.", Text: refusedZone},
		{Name: "separator", Type: "string?", Doc: "The text between the items of a list. Default: `,`."},
		{Name: "reference", Type: "string?", Values: []string{"externalId", "sourceId"}, Doc: "`\"externalId\"` or `\"sourceId\"`: the cells are such ids of another record, as those of companies in `companyId`. They are sent with `extid-` or `srcid-` in front."},
		{Name: "default", Type: "any", Doc: "The value for an empty cell."},
		{Name: "convert", Type: "fun(cell: string, row: table): any, string?", Doc: "Returns the value of a cell that is not empty. If it returns nil and a reason, the row is rejected; nil alone leaves the property out. Use it in place of `type`."},
	},
}

var importResultShape = &Shape{
	Name: "ImportResult",
	Doc:  "What happened to the rows of a file: a BulkResult with more fields.",
	Fields: append(slices.Clone(bulkResultShape.Fields),
		Field{Name: "skipped", Type: "integer", Required: true, Doc: "How many rows `where` left out."},
		Field{Name: "changed", Type: "table<string, integer>?", Doc: "With `only_changed`, how many of the updated rows differ in each property."}),
}

// importOptions are the options of import, those of reading CSV, and those of bulk calls.
var importOptions = func() []Field {
	fields := []Field{
		{Name: "from", Type: "string", Required: true, File: true, Doc: "The file: CSV, an Excel workbook (`.xlsx`) or JSON Lines (`.jsonl`, `.ndjson`). A relative name starts at the working folder. In workbooks, numbers and dates are what the cells hold, whatever their format; a text such as `1.300` in a column of numbers rejects its row unless `decimal` is set; a cell that holds an error such as `#REF!`, or a formula without a result, rejects its row if its column is imported; `header` and `skip` count rows. In JSON Lines, a point leads into objects, as in `owner.email`."},
		{Name: "format", Type: "string", Values: []string{"csv", "xlsx", "jsonl"}, Doc: "`\"csv\"`, `\"xlsx\"` or `\"jsonl\"`. Default: by the name of the file."},
		{Name: "sheet", Type: "string", Doc: "The sheet of a workbook. Default: the first one."},
		{Name: "columns", Type: "table<string, string|ImportColumn>", Required: true, Doc: "The property that each column becomes, by the column's name in the file: `{ [\"Account ID\"] = \"externalId\", MRR = { property = \"mrr\", type = \"money\" } }`. Other columns are left out, and named in the log."},
		{Name: "constants", Type: "table<string, any>", Doc: "Properties with the same value in every row."},
		{Name: "key", Type: "string", Doc: "The property that identifies each row, such as `externalId`. A row without it is rejected."},
		{Name: "only_changed", Type: "boolean", Doc: "Whether to read the records first, and to send only rows that are new or differ, as `sync` does. The others count as unchanged. It needs `key`. Default: false, since reading everything takes longer than sending a few rows."},
		{Name: "where", Type: "fun(row: table): boolean", Doc: "Returns whether to import a row, which has the cells as text by the names of their columns. Default: all rows."},
		{Name: "rejects", Type: "string", File: true, Doc: "A file for the rejected rows, such as `out/rejects.csv`: correct it, and import it with the same declaration. Rows of JSON Lines need a `.jsonl` file. It is written if there are any, and must not exist yet."},
	}
	for _, f := range csvReadOptions {
		if !slices.Contains([]string{"header", "columns", "required", "numbers", "types", "on_error"}, f.Name) {
			fields = append(fields, f)
		}
	}
	return append(fields, bulkOptionFields...)
}()

func (b binding) importing() *Func {
	columns, key := `["Account ID"] = "externalId"`, "externalId"
	if b.model.ExternalID() == "" || !slices.Contains(b.model.Keyables.Bulk, key) {
		key = b.model.Keyables.Bulk[len(b.model.Keyables.Bulk)-1]
		columns = fmt.Sprintf("ID = %q", key)
	}
	if p := b.model.Property("name"); p != nil && !p.ReadOnly && key != "name" {
		columns += `, Name = "name"`
	}
	if b.model.Property("custom") != nil {
		columns += `, Tier = "custom.Tier"`
	}
	return &Func{
		Name: "import",
		Doc: "Creates and updates records from a file (CSV, Excel or JSON Lines): " + b.endpoint() + ". You declare which property each column becomes. The rows are sent while the file is read, " +
			"as `bulk_upsert` does, in a fraction of the time. Cells are read as the types of their properties." + b.required() +
			"\n\nA row that cannot be read, or that Planhat rejects, does not stop the import: it is listed in `result.errors` and counts in the run's summary and exit code.",
		Params:  []Param{{Name: "options", Type: "table", Doc: "What to import, and how.", Fields: importOptions}},
		Returns: []Return{{Type: "ImportResult", Doc: "What happened to the rows."}},
		Errors:  bulkErrors + " `validation` when the declaration does not fit the file or the model.",
		Example: "local result = " + b.lua("import{\n  from = \"accounts.csv\", key = \""+key+"\",\n  columns = { "+columns+" },\n}") + "\nprint(result.created, result.updated, result.rejected)",
		Source:  "§6 Bulk upsert",
		Call:    b.importFile,
	}
}

// importer passes the rows of a file to the client.
type importer struct {
	a   *Args
	src *source
	// read returns the next row: its cells, which are valid until the next one is read,
	// their kinds and its line. lines are those of a file of JSON Lines. exact is set if
	// the file has numbers as such. close, if set, closes what is inside src.
	read  func() ([]string, []mapping.Kind, int, error)
	lines *rowfile.Lines
	exact bool
	// csv is the text of the rows, except for JSON Lines.
	csv *csvtext.Reader
	// again is set for a file of rejected rows, and encoding is that of lines.
	again    bool
	encoding string
	// keyed is set if each row has a key.
	keyed   bool
	model   *catalog.Model
	close   func() error
	from    *origin
	plan    *mapping.Plan
	names   *luajson.Columns
	where   *lua.LFunction
	trim    bool
	text    []byte
	packed  []byte
	cells   []string
	refs    *precheck.References
	rows    int
	skipped int
	// failed is why the file could not be read to the end.
	failed error
}

func (b binding) importFile(a *Args) (int, error) {
	r, err := b.resource(a)
	if err != nil {
		return 0, err
	}
	o := a.Options(0)
	im, err := b.importer(a, o)
	if err != nil {
		return 0, err
	}
	defer im.done()
	rejects, err := im.openRejects(o.String("rejects"), spec.Qualify(b.model.Snake, "import"))
	if err != nil {
		return 0, err
	}
	defer rejects.discard()
	if im.refs, err = b.references(a, o); err != nil {
		return 0, err
	}
	opt, err := b.bulkOptions(a, 0, 0, o.Bool("keys"))
	if err != nil {
		return 0, err
	}
	ctx, err := retryFor(a, 0)
	if err != nil {
		return 0, err
	}
	opt.Made = func(packed []byte) planhat.Record {
		cells, kinds := mapping.Unpack(packed)
		at := im.place(cells, kinds, 0)
		return at.record()
	}
	result, changed, err := b.sendImport(ctx, im, r, o, opt)
	var failed *planhat.Error
	if errors.As(err, &failed) {
		result = failed.Result
	}
	if result != nil {
		if err := rejects.write(im, result.Errors); err != nil {
			return 0, err
		}
	}
	switch {
	case im.failed != nil && failed != nil:
		return 0, im.fault(failed)
	case err != nil:
		return 0, err
	}
	level, text := slog.LevelInfo, fmt.Sprintf("%s: %s read", o.String("from"), english.Plural(im.rows+im.skipped, "row", ""))
	if im.rows == 0 {
		text += ", so nothing was sent"
	}
	a.Host.Log.Write(a.Context(), level, text, nil)
	if (a.Host.Strict && !o.Has("strict") || o.Bool("strict")) && len(result.Errors) > 0 {
		return 0, rejection(b.model.Snake, "import", result)
	}
	t := bulkResult(a.L, result, nil)
	t.RawSetString("skipped", lua.LNumber(im.skipped))
	if changed != nil {
		t.RawSetString("changed", counts(a.L, changed))
	}
	return a.Push(t)
}

// sendImport sends the rows: all, or only those that differ from what is there. changed
// then counts them by property.
func (b binding) sendImport(ctx context.Context, im *importer, r *planhat.Resource, o Options, bulk planhat.BulkOptions) (result *planhat.BulkResult, changed map[string]int, err error) {
	if !o.Bool("only_changed") {
		result, err = r.BulkUpsertSeq(ctx, im.seq, bulk)
		return result, nil, err
	}
	keys := reconcile.Keys(b.model)
	if key := o.String("key"); !slices.Contains(keys, key) {
		return nil, nil, im.a.Errorf("option 'only_changed' needs the option 'key', which must be %s", english.WordSeries(keys, "or"))
	}
	c, err := b.client(im.a)
	if err != nil {
		return nil, nil, err
	}
	done, err := reconcile.Run(ctx, r, im.seq, reconcile.Options{
		Key: o.String("key"), Read: im.plan.Properties(), Missing: reconcile.Ignore, Bulk: bulk, Companies: c.Company.Resource(),
	})
	if done == nil {
		return nil, nil, err
	}
	return done.BulkResult, done.Changed, err
}

// scriptError is a failure of one of the script's functions, which ends the import.
type scriptError struct{ error }

// function returns the conversion by a function of the script.
func (im *importer) function(fn *lua.LFunction) mapping.Convert {
	return func(to []byte, cell string) ([]byte, error) {
		L := im.a.L
		values, err := im.a.Host.Call(L, fn, lua.LString(strings.Clone(cell)), im.row())
		if err != nil {
			return to, scriptError{fmt.Errorf("the function 'convert' failed: %w", err)}
		}
		value := lua.LNil
		if len(values) > 0 {
			value = values[0]
		}
		if value == lua.LNil {
			if len(values) > 1 && values[1] != lua.LNil {
				return to, errors.New(lua.LVAsString(values[1]))
			}
			return to, nil
		}
		out, err := CodecOf(L).AppendBytes(to, value, EncodeOptions{})
		if err != nil {
			return to, scriptError{fmt.Errorf("the function 'convert' returned a value that can't be sent: %w", err)}
		}
		return out, nil
	}
}

// done closes the file.
func (im *importer) done() {
	if im.close != nil {
		_ = im.close()
	}
	im.src.done()
}

// row makes the script's table of the row that is being read.
func (im *importer) row() lua.LValue {
	if im.lines != nil {
		if v, err := CodecOf(im.a.L).DecodeBytes(im.lines.JSON, DecodeOptions{}); err == nil {
			return v
		}
	}
	named := min(len(im.cells), len(im.from.columns))
	return CodecOf(im.a.L).NewRow(im.names, lasting(im.cells[:named]), nil, lua.LNil)
}

// lasting returns cells that are still valid when the next row is read.
func lasting(cells []string) []string {
	all, start := strings.Join(cells, ""), 0
	out := make([]string, len(cells))
	for i, cell := range cells {
		out[i] = all[start : start+len(cell)]
		start += len(cell)
	}
	return out
}

// seq passes the rows of the file.
func (im *importer) seq(yield func(planhat.Row, error) bool) {
	for {
		row, err := im.next()
		if errors.Is(err, io.EOF) {
			return
		}
		if im.failed = err; !yield(row, err) || err != nil {
			return
		}
	}
}

// next returns the next row that is wanted.
func (im *importer) next() (planhat.Row, error) {
	for {
		cells, kinds, line, err := im.read()
		var wrong *csvtext.RowError
		switch {
		case errors.As(err, &wrong):
			im.rows++
			return im.refuse(place{origin: im.from, line: wrong.Line, cells: lasting(wrong.Cells), width: wrong.Columns, text: wrong.Text}, wrong.Err), nil
		case err != nil && !errors.Is(err, io.EOF):
			return planhat.Row{}, im.src.fail(err)
		case err != nil:
			return planhat.Row{}, err
		}
		if im.trim {
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
		}
		im.cells = cells
		if im.where != nil {
			values, err := im.a.Host.Call(im.a.L, im.where, im.row())
			if err != nil {
				return planhat.Row{}, fmt.Errorf("%s, line %d: the function 'where' failed: %w", im.src.name, line, err)
			}
			if len(values) == 0 || !lua.LVAsBool(values[0]) {
				im.skipped++
				continue
			}
		}
		im.rows++
		im.text, err = im.plan.Append(im.text[:0], cells, kinds)
		var failed scriptError
		switch {
		case errors.As(err, &failed):
			return planhat.Row{}, fmt.Errorf("%s, line %d: %w", im.src.name, line, err)
		case err != nil:
			return im.refuse(im.place(cells, kinds, line), err), nil
		}
		if !im.keyed {
			if lacks := precheck.IncompleteRow(im.model, im.text); lacks != "" {
				return im.refuse(im.place(cells, kinds, line), errors.New(lacks)), nil
			}
		}
		if im.refs != nil {
			missing, err := im.refs.Missing(im.a.Context(), im.text)
			switch {
			case err != nil:
				return planhat.Row{}, fmt.Errorf("%s, line %d: looking for the records that it refers to failed: %w", im.src.name, line, err)
			case missing != "":
				return im.refuse(im.place(cells, kinds, line), errors.New(missing)), nil
			}
		}
		im.packed = mapping.Pack(im.packed[:0], cells, kinds)
		return planhat.Row{Record: im.text, Valid: true, File: im.from.file, Line: line, Made: im.packed}, nil
	}
}

// place is where a row comes from, with its cells as a file of rejected rows has them.
func (im *importer) place(cells []string, kinds []mapping.Kind, line int) place {
	at := place{origin: im.from, line: line}
	if at.cells = lasting(cells); kinds == nil {
		return at
	}
	written, same := im.plan.Written(at.cells, kinds)
	if !same {
		at.text = cmp.Or(strings.TrimSpace(strings.Join(at.cells, " | ")), "?")
	}
	at.cells = written
	return at
}

// refuse returns a row that is not sent.
func (im *importer) refuse(at place, err error) planhat.Row {
	if at.cells == nil && at.text != "" {
		at.cells = make([]string, len(at.titles)) // so that the columns are known
	}
	problems, _ := errors.AsType[mapping.Problems](err)
	if problems == nil {
		problems = mapping.Problems{err}
	}
	var texts []string
	for _, problem := range problems {
		text := problem.Error()
		if data, ok := errors.AsType[*invalid.Error](problem); ok && data.Hint != "" {
			text += ": " + data.Hint
		}
		texts = append(texts, text)
	}
	return planhat.Row{Record: at.record(), File: im.from.file, Line: at.line, Source: at.record, Rejected: strings.Join(texts, "; ")}
}

// fault returns the error of an import that could not read its file to the end. It says
// what was sent before.
func (im *importer) fault(failed *planhat.Error) error {
	sent := "nothing was sent"
	if r := failed.Result; r != nil && r.Sent > 0 {
		sent = fmt.Sprintf("of the %s rows before it, %s were sent", humanize.Comma(int64(r.Rows)), humanize.Comma(int64(r.Sent)))
	}
	return im.a.Errorf("%v; %s", im.failed, sent)
}
