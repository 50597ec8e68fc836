package bindings

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		for row in csv.rows("again.csv") do names[#names + 1] = row["Account ID"] or "?" end
		return table.concat(names, " ")`)
	assert.Equal(t, []string{"n-1 c-3 c-5 c-6 b-2"}, again)
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
