// Package xlsx holds the Lua module xlsx.
package xlsx

import (
	"errors"
	"fmt"
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/internal/export"
)

const (
	readErrors  = "With kind `io` when the file cannot be read, `permission` when the run may not read it, and `validation` when it is not a workbook, has no such sheet, or its contents are invalid. The message names the file, row and column."
	writeErrors = "With kind `io` when the file cannot be written, `permission` when the run may not write there, and `validation` when a row does not fit the columns, or Excel cannot hold it. An existing file is then left unchanged."
	rowsDoc     = " Rows are tables by column name, or lists of cells. Numbers, booleans and texts keep their types, nil and `json.null` are empty cells, and tables are written as JSON. Text is never a formula."
)

var sheetFields = []bindings.Field{
	{Name: "sheet", Type: "string", Doc: "The name of the sheet, at most 31 characters. Default: `Sheet1`.", Text: refusedSheet},
	{Name: "columns", Type: "string[]", Doc: "The fields to write, in order; `custom.Tier` reads from a field that is a table. Other fields are left out. A column that no row has stays empty, with a warning. Default: all fields of the list's rows, or of the first row, in alphabetical order."},
	{Name: "titles", Type: "table<string, string>", Doc: "The texts of the header row, by column. A name that is not a column is an error. Default: the column's name."},
	{Name: "header", Type: "boolean", Doc: "Whether to write a header row. Default: true."},
	{Name: "dates", Type: "string[]", Doc: "Columns to write as dates of Excel: their texts are dates, with times or without, and their numbers days since 1970-01-01. Times that name a zone are written in UTC. Default: dates are written as text, which sorts in the same order."},
}

var writerShape = &bindings.Shape{Name: "XlsxWriter", Doc: "What `xlsx.writer` returns.", Fields: []bindings.Field{
	{Name: "sheet", Type: "fun(self, name: string, options: XlsxWriteOptions?)", Doc: "Begins the next sheet."},
	{Name: "write", Type: "fun(self, row: table)", Doc: "Writes one row to the latest sheet. Without a sheet, it begins `Sheet1`."},
	{Name: "count", Type: "fun(self): integer", Doc: "Returns how many rows the latest sheet has, without its header."},
	{Name: "close", Type: "fun(self)", Doc: "Completes the file. The file does not appear until you call it."},
}}

// Module returns the module xlsx.
func Module() *bindings.Module {
	return &bindings.Module{
		Name: "xlsx", Required: true,
		Doc: "Reads and writes Excel workbooks, row by row, so they can be large. Rows are tables with the names from the header row. " +
			"Numbers and booleans keep their types, and dates become texts such as `2026-01-31` or `2026-01-31T09:30:00`. Formulas give the results that were stored with them. " +
			"A cell that holds an error such as `#N/A`, or a formula without a result, is a problem of its row, as `on_error` says; in a column whose type is `\"text\"`, errors are texts. " +
			"Empty cells are left out, and rows without any text are skipped. To send a sheet to Planhat, use `planhat.<model>.import`; to write records, `planhat.<model>.export`.\n\n" +
			"    local xlsx = require \"xlsx\"\n" +
			"    for row, number in xlsx.rows(\"accounts.xlsx\", { sheet = \"Customers\" }) do\n" +
			"      print(number, row.Name, row.MRR)\n" +
			"    end",
		Records: []*bindings.Shape{
			{Name: "XlsxReadOptions", Doc: "How a sheet is read.", Fields: bindings.SheetOptions()},
			{Name: "XlsxWriteOptions", Doc: "How a sheet is written.", Fields: sheetFields},
			writerShape,
		},
		Funcs: append(reading(), writing()...),
	}
}

func reading() []*bindings.Func {
	name := bindings.Param{Name: "name", Type: "string", File: true, Doc: "The file's name. A relative name starts at the working folder."}
	options := bindings.Param{Name: "options", Type: "XlsxReadOptions", Optional: true, Doc: "What to read, and how.", Fields: bindings.SheetOptions()}
	problems := bindings.Return{Type: "CsvProblem[]?", Doc: "With `on_error = \"collect\"`, the rows that were left out."}
	return []*bindings.Func{
		{
			Name: "rows", Doc: "Returns an iterator over the rows of a sheet. Each step returns the row and its number in the sheet. It holds one row at a time, and the texts that cells share.",
			Params:  []bindings.Param{name, options},
			Returns: []bindings.Return{{Type: "fun(): table?, integer?", Doc: "An iterator for `for row, number in ...`."}, problems},
			Errors:  readErrors,
			Example: `for row, number in require("xlsx").rows("accounts.xlsx", { types = { ID = "text" } }) do print(number, row.ID) end`,
			Call:    func(a *bindings.Args) (int, error) { return bindings.ReadSheet(a, false) },
		},
		{
			Name: "read", Doc: "Reads a whole sheet into a list of rows. For large sheets, use `xlsx.rows`.",
			Params:  []bindings.Param{name, options},
			Returns: []bindings.Return{{Type: "table[]", Doc: "The rows."}, problems},
			Errors:  readErrors,
			Example: `local rows = require("xlsx").read("accounts.xlsx", { header = { "Account ID", "MRR" } })`,
			Call:    func(a *bindings.Args) (int, error) { return bindings.ReadSheet(a, true) },
		},
		{
			Name: "columns", Doc: "Returns the names of a sheet's columns.",
			Params:  []bindings.Param{name, options},
			Returns: []bindings.Return{{Type: "string[]", Doc: "The names, in the order of the sheet."}},
			Errors:  readErrors,
			Example: `print(table.concat(require("xlsx").columns("accounts.xlsx"), ", "))`,
			Call:    bindings.SheetColumns,
		},
		{
			Name: "sheets", Doc: "Returns the names of a workbook's sheets, also of hidden ones.",
			Params:  []bindings.Param{name},
			Returns: []bindings.Return{{Type: "string[]", Doc: "The names, in the order of the workbook."}},
			Errors:  readErrors,
			Example: `for i, sheet in ipairs(require("xlsx").sheets("accounts.xlsx")) do print(i, sheet) end`,
			Call: func(a *bindings.Args) (int, error) {
				names, err := bindings.SheetNames(a, a.String(0))
				if err != nil {
					return 0, err
				}
				list := a.L.NewTable()
				for _, name := range names {
					list.Append(lua.LString(name))
				}
				return a.Push(list)
			},
		},
	}
}

func writing() []*bindings.Func {
	name := bindings.Param{Name: "name", Type: "string", File: true, Doc: "The file's name, which ends in `.xlsx`. Its folder must exist.", Text: refusedName}
	return []*bindings.Func{
		{
			Name: "write", Doc: "Writes rows to a workbook with one sheet, with a header row, and returns how many it wrote. If this fails, no partial file appears." + rowsDoc,
			Params: []bindings.Param{name,
				{Name: "rows", Type: "table[]|function", Doc: "The rows: a list, or an iterator such as `planhat.company.each{...}` or `csv.rows(...)`, which is read row by row."},
				{Name: "options", Type: "XlsxWriteOptions", Optional: true, Doc: "How to write.", Fields: sheetFields}},
			Returns: []bindings.Return{{Type: "integer", Doc: "How many rows were written."}},
			Errors:  writeErrors,
			Example: `require("xlsx").write("out/report.xlsx", rows, { sheet = "Report", columns = { "name", "mrr", "renewal" }, dates = { "renewal" } })`,
			Call: func(a *bindings.Args) (int, error) {
				b, err := create(a, a.String(0))
				if err != nil {
					return 0, err
				}
				if err := b.writeAll(a); err != nil {
					b.abort()
					return 0, err
				}
				if err := b.close(a); err != nil {
					return 0, err
				}
				return a.Push(lua.LNumber(b.sheet.count))
			},
		},
		{
			Name: "writer", Doc: "Opens a workbook for writing, sheet by sheet and row by row. Close it at the end: until then, the file does not appear under its name." + rowsDoc,
			Params:  []bindings.Param{name},
			Returns: []bindings.Return{{Type: "XlsxWriter", Doc: "A writer with the methods `sheet(name, options)`, `write(row)`, `count()` and `close()`."}},
			Errors:  writeErrors,
			Example: `local book = require("xlsx").writer("out/report.xlsx")
book:sheet("Companies", { columns = { "name", "mrr" } })
for company in planhat.company.each() do book:write(company) end
book:sheet("Totals")
book:write({ companies = 12 })
book:close()`,
			Call: func(a *bindings.Args) (int, error) {
				b, err := create(a, a.String(0))
				if err != nil {
					return 0, err
				}
				t := a.L.NewTable()
				for _, f := range b.methods() {
					t.RawSetString(f.Name, bindings.Method(a.L, a.Host, "writer", f, t))
				}
				return a.Push(t)
			},
		},
	}
}

// methods are those of an XlsxWriter.
func (b *book) methods() []*bindings.Func {
	open := func(a *bindings.Args) error {
		if b.closed {
			return a.Errorf("the file %s is already closed", b.name)
		}
		return nil
	}
	return []*bindings.Func{
		{
			Name: "sheet",
			Params: []bindings.Param{{Name: "name", Type: "string"},
				{Name: "options", Type: "table", Optional: true, Fields: sheetFields[1:]}},
			Call: func(a *bindings.Args) (int, error) {
				if err := open(a); err != nil {
					return 0, err
				}
				return 0, b.begin(a, a.String(0), a.Options(1))
			},
		},
		{
			Name: "write", Params: []bindings.Param{{Name: "row", Type: "table"}},
			Call: func(a *bindings.Args) (int, error) {
				if err := open(a); err != nil {
					return 0, err
				}
				if b.sheet == nil {
					if err := b.begin(a, defaultSheet, bindings.Options{}); err != nil {
						return 0, err
					}
				}
				return 0, b.write(a.L, a.Table(0))
			},
		},
		{
			Name: "count",
			Call: func(a *bindings.Args) (int, error) {
				if b.sheet == nil {
					return a.Push(lua.LNumber(0))
				}
				return a.Push(lua.LNumber(b.sheet.count))
			},
		},
		{
			Name: "close",
			Call: func(a *bindings.Args) (int, error) {
				if b.closed {
					return 0, nil
				}
				return 0, b.close(a)
			},
		},
	}
}

// writeAll writes the rows that argument 1 of xlsx.write gives.
func (b *book) writeAll(a *bindings.Args) error {
	o := a.Options(2)
	name := defaultSheet
	if o.Has("sheet") {
		name = o.String("sheet")
	}
	if err := b.begin(a, name, o); err != nil {
		return err
	}
	if list := a.Table(1); list != nil {
		bindings.Fill(list)
		if k, _ := list.Next(lua.LNil); list.Len() == 0 && k != lua.LNil {
			return a.Errorf("the rows must be a list of tables, not one table with named fields; to write a single row, pass { row }")
		}
		if b.sheet.columns == nil {
			b.sheet.columns = fieldsOf(list)
		}
		for i := 1; i <= list.Len(); i++ {
			if err := b.writeValue(a.L, list.RawGetInt(i)); err != nil {
				return err
			}
			if err := a.Context().Err(); err != nil {
				return err
			}
		}
		return nil
	}
	next := a.Function(1)
	if next == nil {
		return errors.New("the rows must be a list or an iterator")
	}
	for {
		values, err := a.Host.Call(a.L, next)
		if err != nil {
			return err
		}
		if len(values) == 0 || values[0] == lua.LNil {
			return nil
		}
		if err := b.writeValue(a.L, values[0]); err != nil {
			return err
		}
	}
}

// refusedName returns why a file cannot be a workbook.
func refusedName(name string) error {
	if strings.HasSuffix(strings.ToLower(name), ".xlsx") {
		return nil
	}
	return fmt.Errorf("the name of the file must end in .xlsx, not %q", name)
}

// refusedSheet returns why a sheet cannot have a name.
func refusedSheet(name string) error { return export.NewWorkbook(io.Discard).CheckName(name) }
