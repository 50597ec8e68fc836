package bindings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/internal/export"
	"github.com/phscript/phscript/planhat/simulator"
)

// storedCompanies returns what is stored of companies, by their externalId.
func storedCompanies(t *testing.T, server *simulator.Server) map[string]string {
	t.Helper()
	stored := map[string]string{}
	for _, raw := range server.RecordsJSON("company") {
		var r struct {
			ExternalID, Name string
			Tags             []string
			Custom           map[string]any
		}
		require.NoError(t, json.Unmarshal(raw, &r))
		custom, err := json.Marshal(r.Custom)
		require.NoError(t, err)
		stored[r.ExternalID] = fmt.Sprint(r.Name, r.Tags, string(custom))
	}
	return stored
}

const importCall = `local function import(from, rejects)
		local r = planhat.company.import{
			from = from, rejects = rejects, key = "externalId", decimal = ",", %s
			columns = {
				id = "externalId", name = "name", tags = "tags", tier = "custom.Tier", mrr = { property = "custom.MRR", type = "money" },
				since = { property = "custom.Since", type = "date", date_format = "%%d/%%m/%%Y" }, seats = { property = "custom.Seats", type = "integer" },
			},
		}
		local out = r.created .. "/" .. r.rejected
		for _, e in ipairs(r.errors) do out = out .. "\n" .. e.message end
		return out
	end
	return import(%q, %q)`

// The rejected rows of a workbook keep their numbers and dates, whatever decimal sign and
// format the declaration has.
func TestRejectsOfWorkbooks(t *testing.T) {
	L, h, server := planhatState(t)
	var book bytes.Buffer
	w := export.NewWorkbook(&book)
	require.NoError(t, w.Sheet("Accounts"))
	text := func(s string) export.Cell { return export.Cell{Kind: export.Text, Text: s} }
	number := func(s string) export.Cell { return export.Cell{Kind: export.Number, Text: s} }
	require.NoError(t, w.Row([]export.Cell{text("id"), text("name"), text("tags"), text("tier"), text("mrr"), text("since"), text("seats")}))
	require.NoError(t, w.Row([]export.Cell{text("x-1"), text("One"), text(`["a,b"]`), text("Gold"), number("1.234"), {Kind: export.Day, Text: "45306"}, text("n/a")}))
	require.NoError(t, w.Row([]export.Cell{text("x-2"), text("Two"), text("c,d"), number("7"), text("1.234,50"), text("31/12/2024"), number("1.234")}))
	require.NoError(t, w.Close())
	h.file("a.xlsx", book.String())
	got := results(t, L, fmt.Sprintf(importCall, `sheet = "Accounts", format = "xlsx",`, "a.xlsx", "r1.csv"))
	assert.Contains(t, got[0], "0/2")
	assert.Contains(t, h.text("r1.csv"), `"1,234",15/01/2024,n/a`)
	got = results(t, L, fmt.Sprintf(importCall, `sheet = "Accounts", format = "xlsx",`, "r1.csv", "r2.csv"))
	assert.Contains(t, got[0], "0/2", "rows that were not corrected are rejected again")
	h.file("r3.csv", strings.NewReplacer("n/a", "3", `"1,234",`, `"1,234",`).Replace(strings.Replace(h.text("r2.csv"), "31/12/2024,\"1,234\"", "31/12/2024,4", 1)))
	got = results(t, L, fmt.Sprintf(importCall, `sheet = "Accounts", format = "xlsx",`, "r3.csv", "r4.csv"))
	assert.Equal(t, "2/0", got[0])
	stored := storedCompanies(t, server)
	assert.Equal(t, `One[a,b]{"MRR":1.234,"Seats":3,"Since":"2024-01-15","Tier":"Gold"}`, stored["x-1"])
	assert.Equal(t, `Two[c d]{"MRR":1234.5,"Seats":4,"Since":"2024-12-31","Tier":"7"}`, stored["x-2"])
}

// The rejected rows of JSON Lines are lines again, with all that they had.
func TestRejectsOfLines(t *testing.T) {
	L, h, server := planhatState(t)
	h.file("a.jsonl", `{"id":"k-1","name":"Kay","tags":["a","b, c"],"tier":{"x":[1]},"mrr":1.234,"seats":"n/a","more":{"y":2}}`+"\n"+
		`{"id":"k-2","name":"Broken"`+"\n"+`{"id":"k-3","name":"Text","tier":"[1]","mrr":"1.234,5","seats":true}`+"\n"+`{}`+"\n")
	message, _ := raised(t, L, fmt.Sprintf(importCall, "", "a.jsonl", "r.csv"))
	assert.Contains(t, message, `option 'rejects' must name a .jsonl file, not "r.csv"`)
	message, _ = raised(t, L, fmt.Sprintf(importCall, "", "a.csv", "r.jsonl"))
	assert.Contains(t, message, "a.csv")
	first := results(t, L, fmt.Sprintf(importCall, "", "a.jsonl", "r1.jsonl"))
	assert.Contains(t, first[0], "0/4")
	rejects := h.text("r1.jsonl")
	assert.Contains(t, rejects, `"phscript_file":"a.jsonl","phscript_line":1,"id":"k-1","name":"Kay","tags":["a","b, c"],"tier":{"x":[1]},"mrr":1.234,"seats":"n/a","more":{"y":2}}`)
	assert.Contains(t, rejects, `"phscript_text":"{\"id\":\"k-2\",\"name\":\"Broken\""`)
	again := results(t, L, fmt.Sprintf(importCall, "", "r1.jsonl", "r2.jsonl"))
	assert.Equal(t, first, again, "rows that were not corrected are rejected again")
	assert.Equal(t, strings.ReplaceAll(rejects, "a.jsonl", "r1.jsonl"), h.text("r2.jsonl"))
	h.file("r3.jsonl", strings.NewReplacer(`"n/a"`, "3", `"seats":true`, `"seats":4`, `\"Broken\"`, `\"Mended\"}`, `"unknown"`, `"x"`).Replace(h.text("r2.jsonl")))
	got := results(t, L, fmt.Sprintf(importCall, "", "r3.jsonl", "r4.jsonl"))
	assert.Contains(t, got[0], "3/1")
	stored := storedCompanies(t, server)
	assert.Equal(t, `Kay[a b, c]{"MRR":1.234,"Seats":3,"Tier":{"x":[1]}}`, stored["k-1"])
	assert.Equal(t, `Mended[]`, strings.Split(stored["k-2"], "{")[0])
	assert.Equal(t, `Text[]{"MRR":1234.5,"Seats":4,"Tier":"[1]"}`, stored["k-3"])
	assert.Zero(t, h.open, "all files are closed")
}

// A row of the wrong length keeps its cells, and is rejected until it is corrected.
func TestRejectsOfTheWrongLength(t *testing.T) {
	L, h, server := planhatState(t)
	const header = "id,name,tags,tier,mrr,since,seats\n"
	h.file("a.csv", header+"s-1,Acme, Inc.,,Gold,5,31/12/2024,7\ns-2,Short\ns-3,Good,,,,,\ns-4,Empty,\n")
	first := results(t, L, fmt.Sprintf(importCall, "", "a.csv", "r1.csv"))
	assert.Contains(t, first[0], "1/3")
	assert.Contains(t, h.text("r1.csv"), ",8 of 7,s-1,Acme,\" Inc.\",,Gold,5,31/12/2024,7\n")
	again := results(t, L, fmt.Sprintf(importCall, "", "r1.csv", "r2.csv"))
	assert.Contains(t, again[0], "0/3", "rows that were not corrected are rejected again")
	assert.Contains(t, h.text("r2.csv"), ",8 of 7,s-1,Acme,\" Inc.\",,Gold,5,31/12/2024,7\n")
	h.file("r3.csv", strings.NewReplacer(
		"s-1,Acme,\" Inc.\",,Gold,5,31/12/2024,7", "s-1,\"Acme, Inc.\",,Gold,5,31/12/2024,7,",
		"s-2,Short,,,", "s-2,Short,,,5", "3 of 7,", ",",
	).Replace(h.text("r2.csv")))
	got := results(t, L, fmt.Sprintf(importCall, "", "r3.csv", "r4.csv"))
	assert.Equal(t, "3/0", got[0], h.text("r3.csv"))
	assert.Contains(t, storedCompanies(t, server)["s-1"], "Acme, Inc.[]")
}

// The file for the rejected rows is looked at before the first row is sent.
func TestRejectsThatCannotBeWritten(t *testing.T) {
	L, h, server := planhatState(t)
	h.file("a.csv", "id,name,tags,tier,mrr,since,seats\ns-1,A,,,,,\n")
	h.readOnly = true
	message, _ := raised(t, L, fmt.Sprintf(importCall, "", "a.csv", "r.csv"))
	assert.NotEmpty(t, message)
	assert.Zero(t, server.Count(simulator.Filter{Operation: "bulk_upsert"}), "nothing was sent")
	assert.Zero(t, h.open, "all files are closed")
}

// What an export writes, an import reads: nothing differs.
func TestImportOfAnExport(t *testing.T) {
	L, h, _ := planhatState(t)
	got := results(t, L, `
		planhat.company.bulk_upsert{
			{ externalId = "e-1", name = "A", tags = { "a", "b, c" }, custom = { Deep = { x = { 1, 2 } }, List = { "p", "q,r" }, Text = "[draft]" } },
			{ externalId = "e-2", name = "B", tags = json.array(), custom = { Tier = "Gold" } },
		}
		local out = {}
		for _, ext in ipairs{ "csv", "xlsx" } do
			planhat.company.export{ to = "e." .. ext, columns = { "externalId", "name", "tags", "custom.Deep", "custom.List", "custom.Text" } }
			local r = planhat.company.import{ from = "e." .. ext, key = "externalId", only_changed = true, columns = {
				externalId = "externalId", name = "name", tags = "tags", ["custom.Deep"] = "custom.Deep", ["custom.List"] = "custom.List", ["custom.Text"] = "custom.Text",
			} }
			out[#out + 1] = r.created .. "/" .. r.updated .. "/" .. r.rejected .. "/" .. json.encode(r.changed)
		end
		return unpack(out)`)
	for _, one := range got {
		assert.Equal(t, "0/0/0/{}", one, h.text("e.csv"))
	}
	require.Len(t, got, 2)
}

// Texts of a workbook that could be in the thousands are refused, also from the file of rejected
// rows, and the numbers of such rows stay what they are.
func TestRejectsOfUnclearNumbers(t *testing.T) {
	L, h, server := planhatState(t)
	var book bytes.Buffer
	w := export.NewWorkbook(&book)
	require.NoError(t, w.Sheet("Sheet1"))
	text := func(s string) export.Cell { return export.Cell{Kind: export.Text, Text: s} }
	number := func(s string) export.Cell { return export.Cell{Kind: export.Number, Text: s} }
	require.NoError(t, w.Row([]export.Cell{text("id"), text("seats"), text("fee"), text("share")}))
	require.NoError(t, w.Row([]export.Cell{text("x-1"), text("1.300"), number("1.375"), number("2.125")}))
	require.NoError(t, w.Row([]export.Cell{text("x-2"), number("1.375"), text("1,300 EUR"), text("0.125")}))
	require.NoError(t, w.Row([]export.Cell{text("x-3"), number("1.375"), text("13 EUR"), text("1.5")}))
	require.NoError(t, w.Close())
	h.file("a.xlsx", book.String())
	const call = `local r = planhat.company.import{ from = %q, key = "externalId", rejects = %q, constants = { name = "X" }, columns = { id = "externalId",
			seats = { property = "custom.Seats", type = "number" }, fee = { property = "custom.Fee", type = "money" }, share = { property = "custom.Share", type = "number" } } }
		local out = { r.created .. "/" .. r.rejected }
		for _, e in ipairs(r.errors) do out[#out + 1] = e.message end
		return unpack(out)`
	want := []string{
		"1/2",
		`column "seats": "1.300" could be in the thousands, or have a decimal sign: the cell is 1.3 with { decimal = "." }, and 1300 with { decimal = "," }; the option applies to the whole column`,
		`column "fee": "1,300 EUR" could be in the thousands, or have a decimal sign: the cell is 1300 with the type "money" and { decimal = "." }, and 1.3 with the type "money" and { decimal = "," }; the option applies to the whole column`,
	}
	assert.Equal(t, want, results(t, L, fmt.Sprintf(call, "a.xlsx", "r1.csv")))
	want[0] = "0/2"
	assert.Equal(t, want, results(t, L, fmt.Sprintf(call, "r1.csv", "r2.csv")))
	h.file("r1.csv", strings.NewReplacer("1.300", "1300", "1,300 EUR", "1300 EUR").Replace(h.text("r1.csv")))
	assert.Equal(t, []string{"2/0"}, results(t, L, fmt.Sprintf(call, "r1.csv", "r3.csv")))
	stored := strings.Join(recordsText(server), "\n")
	assert.Contains(t, stored, `"Seats":1300`)
	assert.Contains(t, stored, `"Fee":1.375`)
	assert.Contains(t, stored, `"Share":2.125`)
}

// recordsText are the companies as JSON.
func recordsText(server *simulator.Server) (list []string) {
	for _, one := range server.RecordsJSON("company") {
		list = append(list, string(one))
	}
	return list
}
