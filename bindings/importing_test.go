package bindings

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/internal/export"
	"github.com/phscript/phscript/planhat/simulator"
)

func TestImport(t *testing.T) {
	L, h, server := planhatState(t)
	L.SetGlobal("csv", Open(L, &h.Host, CSV()))
	h.file("a.csv", "Account ID;Name;MRR;Seats;Since;Tags;Tier;Active;Note;Owner\n"+
		"123;Acme;1.234,50 kr;12;24/12/2023;a, b,,c;;yes; as is ;\n"+
		"b-2;\"Byte \"\"B\"\"\nInc\";0;;;;Gold;0;=1+1;67d08140557181002fd170dd\n"+
		";No key;1;1;;;;;;\n"+
		"c-3;;x;1;;;;;;\n"+
		"c-4;Skipped;1;1;;;;;;\n"+
		"c-5;Wrong date;1;1;2023-02-30;;;;;\n"+
		"c-6;Too long;1;1;;;;;;;more\n"+
		"b-2;Twice;1;1;;;;;;\n")
	got := results(t, L, `
		local r = planhat.company.import{
			from = "a.csv", key = "externalId", decimal = ",", rejects = "rejects.csv",
			where = function(row) return row.Name ~= "Skipped" end,
			constants = { status = "customer", ["custom.Source"] = "CRM" },
			columns = {
				["Account ID"] = "externalId", Name = "name", MRR = { property = "custom.MRR", type = "money" },
				Seats = { property = "custom.Seats", type = "integer", default = 0 },
				Since = { property = "custom.Since", type = "date", date_format = "%d/%m/%Y" }, Tags = "tags", Tier = "custom.Tier", Active = { property = "custom.Active", type = "boolean" },
				Note = { property = "description", convert = function(cell, row)
					if cell:find("=") then return row.Name end
					return cell:upper()
				end },
			},
		}
		local out = { r.rows, r.created, r.updated, r.rejected, r.skipped }
		for _, e in ipairs(r.errors) do out[#out + 1] = e.line .. ": " .. e.message end
		return unpack(out)`)
	require.Len(t, got, 10, "%v", got)
	assert.Equal(t, []string{"7", "1", "1", "5", "1"}, got[:5])
	for i, want := range []string{
		`5: column "Account ID": it is the key, and it is empty`, `6: column "MRR": "x" is not an amount with the decimal sign ",": correct the cell`,
		`8: column "Since": "2023-02-30"`, `9: the row has 11 cells, but there are 10 columns`, `10: a.csv, line 3 has the same key`,
	} {
		assert.Contains(t, got[5+i], want)
	}
	stored := map[any]map[string]any{}
	for _, raw := range server.RecordsJSON("company") {
		var record map[string]any
		require.NoError(t, json.Unmarshal(raw, &record))
		kept := map[string]any{}
		for _, name := range []string{"externalId", "name", "tags", "custom", "description", "status"} {
			if v, ok := record[name]; ok {
				kept[name] = v
			}
		}
		stored[kept["externalId"]] = kept
	}
	require.Len(t, stored, 2)
	assert.Equal(t, "AS IS", strings.TrimSpace(stored["123"]["description"].(string)))
	assert.Equal(t, map[string]any{"MRR": 1234.5, "Seats": 12.0, "Since": "2023-12-24", "Source": "CRM", "Active": true}, stored["123"]["custom"])
	assert.Equal(t, []any{"a", "b", "c"}, stored["123"]["tags"])
	assert.Equal(t, "Byte \"B\"\nInc", stored["b-2"]["name"])
	assert.Equal(t, stored["b-2"]["name"], stored["b-2"]["description"])
	assert.Equal(t, map[string]any{"MRR": 0.0, "Seats": 0.0, "Source": "CRM", "Active": false, "Tier": "Gold"}, stored["b-2"]["custom"])
	assert.Equal(t, "customer", stored["b-2"]["status"])
	assert.Contains(t, h.lines, "INFO a.csv: this column is not imported: Owner")

	// The file of rejected rows can be imported again, with the rows as they were read.
	rejected := h.text("rejects.csv")
	h.file("again.csv", strings.NewReplacer("x,1", "5,1", ",No key", "n-1,No key").Replace(rejected))
	again := results(t, L, `
		local names = {}
		local rows, problems = csv.read("again.csv", { on_error = "collect" })
		for _, row in ipairs(rows) do names[#names + 1] = row["Account ID"] or "?" end
		for _, problem in ipairs(problems) do names[#names + 1] = problem.row["Account ID"] .. problem.row.column_11 end
		return table.concat(names, " ")`)
	assert.Equal(t, []string{"n-1 c-3 c-5 b-2 c-6more"}, again)
}

func TestImportRefusesWhatDoesNotFit(t *testing.T) {
	L, h, server := planhatState(t)
	h.file("a.csv", "id,name\na-1,One\n")
	h.file("old.csv", "")
	for declaration, want := range map[string]string{
		`from = "a.csv", columns = {}`:                                                                          "must name at least one column",
		`from = "a.csv", columns = { "externalId" }`:                                                            "must name at least one column",
		`from = "a.csv", columns = { ID = "externalId" }`:                                                       `has no column "ID", which the option 'columns' names`,
		`from = "a.csv", columns = { id = "externalId", name = "externalId" }`:                                  `the property "externalId" is set twice`,
		`from = "a.csv", columns = { id = "externalId", name = "custom" }`:                                      "the property custom is an object; name a part of it, such as custom.Tier",
		`from = "a.csv", columns = { id = { property = "externalId", typ = "text" } }`:                          "unknown field 'typ' (did you mean 'type'?)",
		`from = "a.csv", columns = { id = { property = "externalId", type = "txt" } }`:                          "unknown type 'txt'",
		`from = "a.csv", columns = { id = { type = "text" } }`:                                                  "it needs the name of a property",
		`from = "a.csv", columns = { name = "name" }, key = "externalId"`:                                       "has no column for the key externalId",
		`from = "a.csv", columns = { name = "name" }, key = "name"`:                                             "option 'key' must be one of the keys of companies",
		`from = "a.csv", columns = { name = "name" }, constants = { name = "x" }`:                               `the property "name" is set twice`,
		`from = "a.csv", columns = { id = "externalId" }, rejects = "old.csv"`:                                  "the file old.csv exists",
		`from = "a.csv", columns = { id = { property = "externalId", reference = "name" } }`:                    `must be "externalId" or "sourceId"`,
		`from = "gone.csv", columns = { id = "externalId" }`:                                                    "gone.csv",
		`from = "a.csv", columns = { id = "externalId" }, where = function() error("where it fails") end`:       "where it fails",
		`from = "a.csv", columns = { id = { property = "externalId", convert = function() return print end } }`: "returned a value that can't be sent",
	} {
		message, _ := raised(t, L, `planhat.company.import{ `+declaration+` }`)
		assert.Contains(t, message, want, declaration)
	}
	assert.Zero(t, server.Count(simulator.Filter{Operation: "bulk_upsert"}), "nothing was sent")
	assert.Zero(t, h.open, "every file is closed")
}

// Numbers, dates and lists of workbooks and of JSON are what they are, whatever the
// options say about text.
func TestImportOfOtherFormats(t *testing.T) {
	L, h, server := planhatState(t)
	var book bytes.Buffer
	w := export.NewWorkbook(&book)
	require.NoError(t, w.Sheet("Sheet1"))
	text := func(s string) export.Cell { return export.Cell{Kind: export.Text, Text: s} }
	number := func(s string) export.Cell { return export.Cell{Kind: export.Number, Text: s} }
	require.NoError(t, w.Row([]export.Cell{text("Accounts of May")}))
	require.NoError(t, w.Row([]export.Cell{text("ID"), text("Name"), text("MRR"), text("Seats"), text("Note")}))
	require.NoError(t, w.Row([]export.Cell{number("17"), text("Acme\nInc"), number("1234.5"), number("12"), text("as is")}))
	require.NoError(t, w.Row([]export.Cell{text("b-2"), text("B"), text("1.234,50"), text("1.000")}))
	require.NoError(t, w.Row([]export.Cell{text("b-3"), text("C"), number("1"), number("1.5")}))
	require.NoError(t, w.Close())
	h.file("a.xlsx", book.String())
	h.file("a.jsonl", `{"id":"j-1","name":"J","mrr":12.5,"owner":{"tags":["a","b"]},"extra":{"deep":[1]}}`+"\n"+
		`{"id":"j-2","mrr":"1.234,5","owner":{"tags":"c,d"},"name":["x"]}`+"\nnot JSON\n"+`{"id":"j-3","name":"skip"}`)
	got := results(t, L, `
		local out = {}
		local function import(options)
			local r = planhat.company.import(options)
			out[#out + 1] = table.concat({ r.created, r.rejected, r.skipped }, " ")
			for _, e in ipairs(r.errors) do out[#out + 1] = e.file .. ":" .. e.line .. ": " .. e.message end
		end
		import{ from = "a.xlsx", sheet = "sheet1", skip = 1, key = "externalId", decimal = ",", rejects = "rejects.csv", columns = {
			ID = "externalId", Name = "name", MRR = { property = "custom.MRR", type = "money" }, Seats = { property = "custom.Seats", type = "integer" },
		} }
		import{ from = "a.jsonl", key = "externalId", decimal = ",", where = function(row) return row.name ~= "skip" end, columns = {
			id = "externalId", name = "name", mrr = { property = "custom.MRR", type = "number" }, ["owner.tags"] = "tags", extra = "custom.Extra",
		} }
		return unpack(out)`)
	require.Len(t, got, 5, "%v", got)
	assert.Equal(t, "2 1 0", got[0])
	assert.Equal(t, `a.xlsx:5: column "Seats": "1.5" is not a whole number`, got[1])
	assert.Equal(t, "1 2 1", got[2])
	assert.Equal(t, `a.jsonl:2: column "name": it holds a list, not one value`, got[3])
	assert.Equal(t, "a.jsonl:3: the line is not an object of JSON", got[4])
	assert.Contains(t, h.text("rejects.csv"), `b-3,C,1,"1,5",`)
	assert.Contains(t, h.lines, "INFO a.xlsx: this column is not imported: Note")
	stored := map[string]string{}
	for _, raw := range server.RecordsJSON("company") {
		var r struct {
			ExternalID, Name string
			Tags             []string
			Custom           json.RawMessage
		}
		require.NoError(t, json.Unmarshal(raw, &r))
		if r.ExternalID != "123" { // it was there before
			stored[r.ExternalID] = fmt.Sprint(r.Name, r.Tags, string(r.Custom))
		}
	}
	assert.Equal(t, map[string]string{
		"17":  "Acme\nInc[]" + `{"MRR":1234.5,"Seats":12}`,
		"b-2": "B[]" + `{"MRR":1234.5,"Seats":1000}`,
		"j-1": "J[a b]" + `{"Extra":{"deep":[1]},"MRR":12.5}`,
	}, stored)

	for call, want := range map[string]string{
		`{ from = "a.xlsx", sheet = "Leads", columns = { ID = "externalId" } }`:                            `a.xlsx has no sheet "Leads"; it has "Sheet1"`,
		`{ from = "a.xlsx", separator = ";", columns = { ID = "externalId" } }`:                            "option 'separator' does not apply to a.xlsx, which is read as xlsx",
		`{ from = "a.jsonl", format = "json", columns = { ID = "externalId" } }`:                           `option 'format' must be "csv" or "xlsx" or "jsonl", not "json"`,
		`{ from = "a.jsonl", format = "xlsx", columns = { ID = "externalId" } }`:                           "a.jsonl is not an Excel workbook",
		`{ from = "a.xlsx", skip = 1, columns = { Id = "externalId", Name = "name" }, key = "externalId"}`: `"Id"`,
	} {
		message, _ := raised(t, L, "planhat.company.import"+call)
		assert.Contains(t, message, want, call)
	}
	assert.Zero(t, h.open, "all files are closed")
}

func TestImportOfWhatChanged(t *testing.T) {
	L, h, server := planhatState(t)
	h.file("a.csv", "ID,Name,MRR,Since\na,A,1.50,15/01/2024\nb,B,2,\nc,C,x,\n,D,4,\n")
	const call = `local r = planhat.company.import{
		from = "a.csv", key = "externalId", only_changed = true, columns = {
			ID = "externalId", Name = "name", MRR = { property = "custom.MRR", type = "number" },
			Since = { property = "custom.Since", type = "date", date_format = "%d/%m/%Y" },
		} }
	local out = { r.created, r.updated, r.unchanged, r.rejected, r.changed.name or 0, r.changed["custom.MRR"] or 0 }
	for _, e in ipairs(r.errors) do out[#out + 1] = e.message end
	return unpack(out)`
	wrong := []string{`column "MRR": "x" is not a number`, `column "ID": it is the key, and it is empty`}
	check := func(want ...string) {
		t.Helper()
		got := results(t, L, call)
		require.Len(t, got, 8)
		assert.Equal(t, want, got[:6])
		for i := range wrong {
			assert.Contains(t, got[6+i], wrong[i])
		}
	}
	check("2", "0", "0", "2", "0", "0")
	h.file("a.csv", "ID,Name,MRR,Since\na,A,1.5,15/01/2024\nb,B2,2.0,\nc,C,x,\n,D,4,\n")
	writes := func() (n int) {
		for _, c := range server.Calls() {
			if c.Method == http.MethodPut {
				n++
			}
		}
		return n
	}
	before := writes()
	check("0", "1", "1", "2", "1", "0")
	assert.Equal(t, before+1, writes())
	check("0", "0", "2", "2", "0", "0")
	assert.Equal(t, before+1, writes(), "nothing differs")
	message, _ := raised(t, L, `planhat.company.import{ from = "a.csv", only_changed = true, columns = { ID = "externalId" } }`)
	assert.Contains(t, message, "option 'only_changed' needs the option 'key', which must be")
}

// A row that Planhat would reject costs no call.
func TestImportChecksRowsBeforeItSendsThem(t *testing.T) {
	L, h, server := planhatState(t)
	h.file("a.csv", "Name,Status,Owner,Value\nA,Customer,,1\n,customer,,1\nC,customer,nobody,1\nD,customer,,x\n")
	before := server.CountsByOperation()["company.bulk_upsert"]
	got := results(t, L, `
		local r = planhat.company.import{ from = "a.csv", check_references = true, columns = {
			Name = "name", Status = "status", Owner = "owner",
			Value = { property = "csmScore", convert = function(cell) return tonumber(cell) or { cell } end },
		} }
		local out = {}
		for _, e in ipairs(r.errors) do out[#out + 1] = e.line .. ": " .. e.message end
		return unpack(out)`)
	require.Len(t, got, 4)
	assert.Contains(t, got[0], `2: column "Status": unknown company status "Customer" (did you mean 'customer'?)`)
	assert.Equal(t, "3: a new company needs name", got[1])
	assert.Equal(t, `4: owner: there is no user "nobody"`, got[2])
	assert.Equal(t, `5: column "Value": the company csmScore takes a number, not a list`, got[3])
	assert.Equal(t, before, server.CountsByOperation()["company.bulk_upsert"])
	for call, want := range map[string]string{
		`columns = { Name = "name" }, constants = { status = "gold" }`:                    `option 'constants', status: unknown company status "gold"`,
		`columns = { Name = "name", Status = { property = "status", default = "gold" } }`: `option 'columns', "Status": the default is wrong: unknown company status "gold"`,
	} {
		message, _ := raised(t, L, `planhat.company.import{ from = "a.csv", `+call+` }`)
		assert.Contains(t, message, want)
	}
}

// A cell whose value is unknown rejects its row, unless no property takes its column. It
// neither clears a property nor becomes text.
func TestImportOfCellsWithFaults(t *testing.T) {
	L, h, server := planhatState(t)
	var book bytes.Buffer
	w := zip.NewWriter(&book)
	cells := func(cells string) string {
		return regexp.MustCompile(`'([^']*)'`).ReplaceAllString("<row>"+cells+"</row>", `<c t="inlineStr"><is><t>$1</t></is></c>`)
	}
	for name, text := range map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="S" r:id="x"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="x" Target="a.xml"/></Relationships>`,
		"xl/a.xml": "<worksheet><sheetData>" + cells("'ID''Name''Live''Seats''Note'") +
			cells(`'a-1''A'<c t="b"><v>1</v></c><c><v>1</v></c><c t="e"><v>#N/A</v></c>`) + // nothing takes the note
			cells(`'a-2'<c t="e"><v>#REF!</v></c>`) +
			cells(`'a-3''C'<c t="b"><v>7</v></c>`) +
			cells(`'a-4''D'<c/><c><v>abc</v></c>`) +
			cells(`'a-5''E'<c/><c><f>SUM(A1)</f></c>`) +
			cells(`<c t="e"><v>#NAME?</v></c>'F'`) + "</sheetData></worksheet>",
	} {
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = io.WriteString(f, text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	h.file("a.xlsx", book.String())
	got := results(t, L, `
		local r = planhat.company.import{ from = "a.xlsx", key = "externalId", empty = "null", rejects = "rejects.csv", columns = {
			ID = "externalId", Name = "name", Live = { property = "custom.Live", type = "boolean" }, Seats = "custom.Seats",
		} }
		local out = { r.created .. " " .. r.rejected }
		for _, e in ipairs(r.errors) do out[#out + 1] = e.line .. ": " .. e.message end
		return unpack(out)`)
	assert.Equal(t, []string{
		"1 5",
		`3: column "Name": the cell holds the error #REF!: correct it in the workbook, and save that`,
		`4: column "Live": the cell should hold a boolean, but holds "7": correct it in the workbook, and save that`,
		`5: column "Seats": the cell should hold a number, but holds "abc": correct it in the workbook, and save that`,
		`6: column "Seats": the cell holds a formula without a result: open the workbook in a spreadsheet program and save it, so its formulas have results`,
		`7: column "ID": the cell holds the error #NAME?: correct it in the workbook, and save that`,
	}, got)
	assert.Contains(t, h.text("rejects.csv"), "a-2,#REF!,")
	assert.Len(t, server.RecordsJSON("company"), 2, "one was there before")
}
