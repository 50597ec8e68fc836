package bindings

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/simulator"
)

// exportState returns a state with planhat and csv, and a Planhat with five companies.
func exportState(t *testing.T, o simulator.Options) (*lua.LState, *testHost, *simulator.Server) {
	L, h, server := planhatStateWith(t, o)
	L.SetGlobal("csv", Open(L, &h.Host, CSV()))
	for i, name := range []string{"Byte, Inc", "=cmd()", "C\"x\"", "Delta\nLine"} {
		require.NoError(t, server.Put("company", map[string]any{
			"_id": fmt.Sprintf("67d08140557181002fd170e%d", i), "name": name, "mrr": 12.5 * float64(i), "tags": []any{"a", "b"},
			"custom": map[string]any{"Tier": "T" + fmt.Sprint(i), "Big": 12345678901.25},
		}))
	}
	return L, h, server
}

func TestExportCSV(t *testing.T) {
	L, h, server := exportState(t, simulator.Options{})
	got, err := run(t, L, `
		local r = planhat.company.export{ to = "c.csv", columns = { "name", "mrr", "tags", "custom.Tier", "custom.Big" }, titles = { ["custom.Tier"] = "Tier" }, page_size = 2, excel_safe = true }
		return r.path, r.read, r.rows`)
	require.NoError(t, err)
	assert.Equal(t, []string{"c.csv", "5", "5"}, got)
	assert.Equal(t, `name,mrr,tags,Tier,custom.Big
Acme,0,[],,
"Byte, Inc",0,"[""a"",""b""]",T0,12345678901.25
'=cmd(),12.5,"[""a"",""b""]",T1,12345678901.25
"C""x""",25,"[""a"",""b""]",T2,12345678901.25
"Delta
Line",37.5,"[""a"",""b""]",T3,12345678901.25
`, h.text("c.csv"))
	assert.Contains(t, server.Calls()[0].Query, "select=_id%2Cname%2Cmrr%2Ctags%2Ccustom&", "only what the columns need")
	assert.Empty(t, h.warnings)
}

// TestExportKeepsItsFileToItself: churn has a filter that is also named to.
func TestExportKeepsItsFileToItself(t *testing.T) {
	L, h, server := exportState(t, simulator.Options{})
	require.NoError(t, server.Put("churn", map[string]any{"_id": "67d08140557181002fd170f0", "churnDate": "2024-05-01", "value": 9}))
	_, err := run(t, L, `planhat.churn.export{ to = "c.csv", columns = { "value" }, from = "2024-01-01" }`)
	require.NoError(t, err)
	assert.Equal(t, "value\n9\n", h.text("c.csv"))
	assert.NotContains(t, server.Calls()[0].Query, "c.csv")
	assert.Contains(t, server.Calls()[0].Query, "from=2024-01-01")
}

func TestExportWorkbook(t *testing.T) {
	L, h, _ := exportState(t, simulator.Options{})
	_, err := run(t, L, `planhat.company.export{ to = "c.xlsx", select = { "name", "mrr" }, titles = { mrr = "MRR" }, where = function(c) return c.mrr == 25 end }`)
	require.NoError(t, err)
	z, err := zip.OpenReader(h.path("c.xlsx"))
	require.NoError(t, err)
	defer func() { require.NoError(t, z.Close()) }()
	f, err := z.Open("xl/worksheets/sheet1.xml")
	require.NoError(t, err)
	text, err := io.ReadAll(f)
	require.NoError(t, err)
	plain := regexp.MustCompile(`<[^>]*>`).ReplaceAllString(string(text), " ")
	assert.Equal(t, `_id name MRR 67d08140557181002fd170e2 C"x" 25`, strings.Join(strings.Fields(plain), " "))
}

// An export writes what csv.write writes of the same records.
func TestExportAgreesWithCSVWrite(t *testing.T) {
	L, h, _ := exportState(t, simulator.Options{Companies: 40})
	_, err := run(t, L, `
		local options = { to = "a.csv", columns = { "_id", "name", "phase", "mrr", "owner", "custom", "custom.Tier", "createDate", "tags" }, separator = ";", crlf = true, bom = true, header = false }
		planhat.company.export(options)
		options.to = nil
		csv.write("b.csv", planhat.company.get_list(), options)`)
	require.NoError(t, err)
	assert.Equal(t, h.text("b.csv"), h.text("a.csv"))
}

func TestExportWhere(t *testing.T) {
	L, h, _ := exportState(t, simulator.Options{})
	got, err := run(t, L, `
		local r = planhat.company.export{ to = "c.csv", columns = { "name", "double" }, where = function(c)
			c.double = c.mrr * 2
			return c.mrr > 12
		end }
		return r.read, r.rows`)
	require.NoError(t, err)
	assert.Equal(t, []string{"5", "3"}, got)
	assert.Equal(t, "name,double\n=cmd(),25\n\"C\"\"x\"\"\",50\n\"Delta\nLine\",75\n", h.text("c.csv"))
}

// Records that nobody changed are written as they came, nulls included.
func TestExportJSONLines(t *testing.T) {
	L, h, server := exportState(t, simulator.Options{})
	require.NoError(t, server.Put("company", map[string]any{"name": "Null", "phase": nil, "custom": map[string]any{"Gone": nil}}))
	_, err := run(t, L, `
		planhat.company.export{ to = "all.jsonl" }
		planhat.company.export{ to = "same.jsonl", where = function(c) return c.name and c.custom.Tier ~= "none" end }
		planhat.company.export{ to = "changed.jsonl", select = "name", where = function(c) c.x = 1; return c.name == "Null" end }`)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(h.text("all.jsonl")), "\n")
	require.Len(t, lines, 6)
	assert.Contains(t, h.text("all.jsonl"), `"phase":null`)
	assert.Contains(t, h.text("all.jsonl"), `"Gone":null`)
	assert.Equal(t, h.text("all.jsonl"), h.text("same.jsonl"))
	assert.Regexp(t, `^{"_id":"[0-9a-f]+","name":"Null","x":1}\n$`, h.text("changed.jsonl"))
}

// A failed export leaves the earlier file, and no other.
func TestExportFails(t *testing.T) {
	L, h, server := exportState(t, simulator.Options{})
	for _, ending := range []string{"csv", "jsonl", "xlsx"} {
		h.file("old."+ending, "earlier")
		_, err := run(t, L, `planhat.company.export{ to = "old.`+ending+`", select = "name", where = function(c) error("stop at " .. c.name) end }`)
		require.ErrorContains(t, err, "stop at Acme")
		assert.Equal(t, "earlier", h.text("old."+ending))
	}
	require.NoError(t, server.InjectFaults(simulator.Fault{Kind: simulator.FaultStatus, Status: 403, Nth: 2}))
	_, err := run(t, L, `planhat.company.export{ to = "old.csv", select = "name", page_size = 2 }`)
	require.Error(t, err)
	assert.Equal(t, "earlier", h.text("old.csv"))
	assert.Equal(t, []int{0, 4}, []int{h.open, h.aborted})
	entries, err := os.ReadDir(h.dir)
	require.NoError(t, err)
	assert.Len(t, entries, 3)
}

func TestExportMistakes(t *testing.T) {
	L, h, server := exportState(t, simulator.Options{})
	runErrors(t, L, []errorCase{
		{"no file", `planhat.company.export{ columns = { "name" } }`, []string{"'to'"}},
		{"format", `planhat.company.export{ to = "a.json" }`, []string{"must end in .csv, .xlsx or .jsonl"}},
		{"no columns", `planhat.company.export{ to = "a.csv" }`, []string{"a .csv file needs option 'columns'"}},
		{"columns of lines", `planhat.company.export{ to = "a.jsonl", columns = { "name" } }`, []string{"choose properties with 'select'"}},
		{"separator of a workbook", `planhat.company.export{ to = "a.xlsx", columns = { "name" }, separator = ";" }`, []string{"'separator' does not apply to .xlsx files"}},
		{"not selected", `planhat.company.export{ to = "a.csv", columns = { "name", "mrr" }, select = { "name" } }`, []string{"'mrr' is not in 'select'"}},
		{"misspelt", `planhat.company.export{ to = "a.csv", columns = { "nmae" } }`, []string{`"nmae"`, "'name'"}},
		{"title", `planhat.company.export{ to = "a.csv", select = "name", titles = { nmae = "Name" } }`, []string{"'titles' names 'nmae'"}},
		{"limit", `planhat.company.export{ to = "a.csv", select = "name", limit = 0 }`, []string{"'limit' must be a positive number"}},
	})
	assert.Empty(t, server.Calls())
	assert.Zero(t, h.open)
	_, err := run(t, L, `planhat.company.export{ to = "a.csv", columns = { "name", "custom.Teir" } }`)
	require.NoError(t, err)
	require.Len(t, h.warnings, 1)
	assert.Contains(t, h.warnings[0], "no row has the field 'custom.Teir' (did you mean 'custom.Tier'")
}

// A misspelled column is refused before the file appears, and print says what was written.
func TestExportOfMisspelledColumns(t *testing.T) {
	L, h, server := planhatState(t)
	for column, want := range map[string]string{
		"externalld": `companies have no property "externalld" (did you mean 'externalId'?)`,
		"custm.Tier": `companies have no property "custm.Tier" (did you mean 'custom.Tier'?)`,
	} {
		message, _ := raised(t, L, `planhat.company.export{ to = "e.csv", columns = { "name", "`+column+`" } }`)
		assert.Contains(t, message, want)
	}
	assert.Zero(t, h.open)
	assert.Zero(t, server.Count(simulator.Filter{Operation: "get_list"}), "nothing was read")
	got := results(t, L, `
		local r = planhat.company.export{ to = "e.csv", columns = { "name", "custom.Nobody" } }
		return getmetatable(r)["phscript.print"](r)`)
	assert.Equal(t, []string{"e.csv: 1 row"}, got)
}
