package newscript_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/newscript"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

const accounts = `Account ID;Account Name;Status;Owner;Customer since;MRR;Tier;Employees
0017;Björk & Söner;Customer;maria.berg@corp.example;31.12.2019;1.234,50;Gold;120
0018;Noël et Fils;LOST;maria.berg@corp.example;01.02.2021;980,00;Silver;n/a
0019;Redwood;lost;jon@corp.example;15.06.2022;12.000,00;Gold;1.200
`

const schemaFile = `{"format": "phscript schema 1", "tenant": {"host": ""}, "custom_fields": [
{"model":"company","name":"Customer since","type":"day"},
{"model":"company","name":"MRR","type":"number"},
{"model":"company","name":"Tier","type":"list","values":["Gold","Silver"]},
{"model":"company","name":"Employees","type":"number"}], "phases": [], "users": [], "workflows": []}`

// written returns the text of a file of the trial.
func written(t *testing.T, r *trial.Trial, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.Env.Dir, name))
	require.NoError(t, err)
	return string(text)
}

func TestFromCSV(t *testing.T) {
	r := trial.New(t, map[string]string{"data/accounts.csv": accounts, "planhat.schema.json": schemaFile})
	out, _, err := r.Run(newscript.New, "import/accounts", "--from", "data/accounts.csv")
	require.NoError(t, err, out)
	assert.Contains(t, out, "data/accounts.csv (3 rows) becomes companies, by externalId:")
	assert.Contains(t, out, "Owner           owner  users by e-mail address")
	assert.Contains(t, out, "Status          status  in lower case")
	assert.Contains(t, out, "MRR             custom.MRR  number, decimal sign ,")
	assert.Contains(t, out, "Employees       custom.Employees  number, decimal sign ,")
	assert.Contains(t, out, `Employees: 1 of 3 cells is not a number: "n/a"`)
	script, test := written(t, r, "import/accounts.lua"), written(t, r, "import/accounts_test.lua")
	assert.Contains(t, script, `["Customer since"] = { property = "custom.Customer since", type = "days", date_format = "%d.%m.%Y" }`)
	assert.Contains(t, test, `["Customer since"] = time.epoch_days("2026-01-15")`)
	assert.Contains(t, script, "-- @param path:file \"The file to import\"\n-- @writes company\n")
	for _, secret := range []string{"Björk", "maria", "0017", "1.234,50", "31.12.2019"} {
		assert.NotContains(t, script, secret)
		assert.NotContains(t, test, secret)
	}
	assert.Contains(t, test, `"0012"`)
	passes(t, r)

	// The script imports the file that it was made from, once its users exist.
	stdout, stderr, err := r.Run(run.New, "--simulate", "import/accounts.lua", "--path", "data/accounts.csv")
	require.EqualError(t, err, "exit code 3", stdout+stderr)
	assert.Contains(t, stderr, "no user has the e-mail address jon@corp.example")
}

// The schema is that of the profile that the environment chooses.
func TestFromUsesTheSchemaOfTheProfile(t *testing.T) {
	r := trial.New(t, map[string]string{
		"accounts.csv": "Account ID,Account Name,Tier\n1,Acme,Gold\n", "a.json": schemaFile,
		"phscript.toml": "[profile.a]\nschema = \"a.json\"\n[profile.b]\n",
	})
	out, _, err := r.Run(newscript.New, "unchosen", "--from", "accounts.csv")
	require.NoError(t, err, out)
	assert.Contains(t, out, "Tier: the account may or may not have this custom field")
	r.Variables["PHSCRIPT_PROFILE"] = "a"
	out, _, err = r.Run(newscript.New, "chosen", "--from", "accounts.csv")
	require.NoError(t, err, out)
	assert.Contains(t, out, "Tier          custom.Tier")
}

// Names in a file are neither code nor commands for the terminal.
func TestFromHostileNames(t *testing.T) {
	const sheet = "S\" .. os.exit(9) .. \"\u009b31m"
	hostile := []string{"]==] os.exit(9) --", `" .. os.exit(9) .. "`, "--[[x", "\u202eabc", "a\u0085b\u009b31m", "x\ny", "]]", "\x1b[2J", `\`, "%s%d", "os.exit(9)"}
	header, row, cells := "Account ID,Account Name", "a-1,Acme", `<c t="str"><v>Account ID</v></c><c t="str"><v>Account Name</v></c>`
	for _, name := range hostile {
		quoted := "," + `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		header, row = header+quoted, row+quoted
		if name != "\x1b[2J" { // XML has no such character
			cells += `<c t="str"><v>` + name + "</v></c>"
		}
	}
	r := trial.New(t, map[string]string{"h\nos.exit(9).csv": header + "\n" + row + "\n"})
	workbook(t, filepath.Join(r.Env.Dir, "h.xlsx"), sheet, "<row>"+cells+"</row><row>"+cells+"</row>")
	for _, args := range [][]string{{"text", "--from", "h\nos.exit(9).csv"}, {"book", "--from", "h.xlsx", "--sheet", sheet}} {
		out, _, err := r.Run(newscript.New, append(args, "--model", "company")...)
		require.NoError(t, err, out)
		script := written(t, r, args[0]+".lua")
		for _, text := range []string{out, script, written(t, r, args[0]+"_test.lua")} {
			for _, bad := range []string{"\u202e", "\u0085", "\u009b", "\x1b"} {
				assert.NotContains(t, text, bad)
			}
		}
		assert.NotRegexp(t, `(?m)^[ ]*os\.exit`, script)
		passes(t, r)
	}
}

// A file outside the folders that scripts can read needs --allow-read, which the next steps have.
func TestFromAnotherFolder(t *testing.T) {
	r := trial.New(t, nil)
	data := filepath.Join(t.TempDir(), "the data")
	require.NoError(t, os.Mkdir(data, 0o700))
	file := filepath.Join(data, "accounts.csv")
	require.NoError(t, os.WriteFile(file, []byte("Account ID,Account Name\n1,Acme\n"), 0o600))
	out, _, err := r.Run(newscript.New, "accounts", "--from", file)
	require.NoError(t, err, out)
	assert.Contains(t, out, "  phscript run '--allow-read="+data+"' accounts.lua --path '"+file+"'\n")
	_, stderr, err := r.Run(run.New, "--simulate", "accounts.lua", "--path", file)
	require.EqualError(t, err, "exit code 1", stderr)
	assert.Contains(t, stderr, "is not allowed: run with --allow-read")
	_, stderr, err = r.Run(run.New, "--simulate", "--allow-read="+data, "accounts.lua", "--path", file)
	require.EqualError(t, err, "exit code 0", stderr)
}

func TestFromWorkbook(t *testing.T) {
	r := trial.New(t, map[string]string{"make.lua": `
require("xlsx").write("out/people.xlsx", {
  { ["E-mail"] = "a@x.example", ["First name"] = "Ann", ["Company ID"] = "0017", Primary = true, Position = "1.234,50" },
  { ["E-mail"] = "b@x.example", ["First name"] = "Bea", ["Company ID"] = "0018", Primary = false },
}, { columns = { "E-mail", "First name", "Company ID", "Primary", "Position" }, sheet = "People" })`})
	_, stderr, err := r.Run(run.New, "--simulate", "make.lua")
	require.EqualError(t, err, "exit code 0", stderr)
	out, _, err := r.Run(newscript.New, "people", "--template", "import", "--from", "out/people.xlsx", "--sheet", "People")
	require.NoError(t, err, out)
	assert.Contains(t, out, "becomes endusers, by email")
	assert.Contains(t, written(t, r, "people.lua"), `sheet = params.path:lower():match("%.xlsx$") and "People" or nil`)
	passes(t, r)
	_, stderr, err = r.Run(run.New, "--simulate", "people.lua", "--path", "out/people.xlsx")
	require.Error(t, err)
	assert.Contains(t, stderr, "people.lua: done")
}

func TestFromOddFiles(t *testing.T) {
	r := trial.New(t, map[string]string{
		"accounts.csv": "Report\n2026\nAccount ID,\"Name \"\"x\"\" ]==]\",Name,Start\n1,a,Caf\xe9,01/02/2026\n2,b,Bolt,03/04/2026\n",
		"licenses.csv": "Company ID,Value\n1,5\n2,6\n",
		"empty.csv":    "id,name\n", "twice.csv": "id,id\n1,2\n", "list.csv": "x,y\n1,2\n", "a.pdf": "%PDF",
	})
	out, _, err := r.Run(newscript.New, "accounts", "--from", "accounts.csv", "--skip", "2", "--set", "phase=Onboarding")
	require.NoError(t, err, out)
	assert.Contains(t, out, "not UTF-8")
	script := written(t, r, "accounts.lua")
	assert.Contains(t, script, "  skip = 2,\n  encoding = \"windows-1252\",\n")
	assert.Contains(t, script, `constants = { phase = "Onboarding" }`)
	assert.Contains(t, script, `-- ["Name \"x\" ]==]"]`)
	passes(t, r)

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--from", "missing.csv"}, "--from: there is no file missing.csv"},
		{[]string{"--from", "empty.csv"}, "the file has no rows"},
		{[]string{"--from", "twice.csv"}, "it is not clear what the rows of twice.csv are"},
		{[]string{"--from", "a.pdf"}, "is not a CSV file or a workbook"},
		{[]string{"--from", "list.csv"}, "it is not clear what the rows of list.csv are"},
		{[]string{"--from", "list.csv", "--model", "compny"}, "files cannot be imported into compny (did you mean 'company'?)"},
		{[]string{"--from", "list.csv", "--model", "company"}, "a new company needs name, which no column of list.csv has"},
		{[]string{"--from", "accounts.csv", "--skip", "2", "--key", "sourceId"}, "no column of the file becomes sourceId"},
		{[]string{"--from", "licenses.csv", "--template", "sync"}, "--from is for the template import"},
		{[]string{"--from", "accounts.csv", "--skip", "2", "--set", "x"}, "write it as PROPERTY=VALUE"},
		{[]string{"--model", "company"}, "--model needs --from"},
	} {
		_, _, err := r.Run(newscript.New, append([]string{"other"}, c.args...)...)
		require.ErrorContains(t, err, c.want)
		assert.NoFileExists(t, filepath.Join(r.Env.Dir, "other.lua"))
	}
	_, _, err = r.Run(newscript.New, "accounts", "--from", "missing.csv")
	assert.ErrorContains(t, err, "accounts.lua already exists")
}

// Files as people send them: what is wrong in one row costs that row, and the advice can be
// followed.
func TestFromMessyFiles(t *testing.T) {
	r := trial.New(t, map[string]string{
		"titled.csv": "Customers 2026;;\n;;\nAccount ID;Account Name;City\na-1;Acme;Lund\na-2;Globex;Malm\u00f6\n",
		"twice.csv":  "Account ID,Account Name,Value,Value\na-1,Acme,1,2\n",
		"dates.csv":  "Account ID,Account Name,Start,Zeit\na-1,A,31.12.2026,1\na-2,B,2026-01-15,2\n",
		"planhat.schema.json": `{"format": "phscript schema 1", "tenant": {"host": ""}, "custom_fields": [{"model":"company","name":"Start","type":"date"}],
			"phases": [], "users": [], "workflows": []}`,
	})
	for _, flags := range [][]string{nil, {"--model", "company"}} {
		_, _, err := r.Run(newscript.New, append(flags, "titled", "--from", "titled.csv")...)
		var mistake *usage.Error
		require.ErrorAs(t, err, &mistake)
		assert.Contains(t, mistake.Hint, "if line 3 is the header, add --skip 2; otherwise ")
		assert.NotContains(t, mistake.Hint, "--set name")
	}
	out, _, err := r.Run(newscript.New, "titled", "--from", "titled.csv", "--skip", "2")
	require.NoError(t, err, out)

	out, _, err = r.Run(newscript.New, "twice", "--from", "twice.csv", "--model", "company")
	require.NoError(t, err, out)
	assert.Contains(t, out, "some columns have the same name; the second of them is called NAME_2")
	_, stderr, err := r.Run(run.New, "--simulate", "twice.lua", "--path", "twice.csv")
	require.EqualError(t, err, "exit code 0", stderr)

	out, _, err = r.Run(newscript.New, "dates", "--from", "dates.csv")
	require.NoError(t, err, out)
	assert.Contains(t, out, `the dates are written in different ways: set date_format to "%d.%m.%Y"`+"\n")
	passes(t, r)
}

// workbook writes a workbook of one sheet, whose rows are given as XML.
func workbook(t *testing.T, file, sheet, rows string) {
	t.Helper()
	f, err := os.Create(file)
	require.NoError(t, err)
	w := zip.NewWriter(f)
	var name bytes.Buffer
	require.NoError(t, xml.EscapeText(&name, []byte(sheet)))
	for name, text := range map[string]string{
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="` + name.String() + `" r:id="x"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="x" Target="a.xml"/></Relationships>`,
		"xl/a.xml":                   "<worksheet><sheetData>" + rows + "</sheetData></worksheet>",
	} {
		part, err := w.Create(name)
		require.NoError(t, err)
		_, err = part.Write([]byte(text))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
}

// TestFromWorkbookWithErrors: a cell with an error costs its row, as in an import.
func TestFromWorkbookWithErrors(t *testing.T) {
	r := trial.New(t, nil)
	cells := ""
	for _, row := range []string{"Account ID|Account Name|City", "a-1|Acme|Lund", "a-2|Globex|#N/A", "a-3|Initech|Ystad"} {
		cells += "<row>"
		for _, cell := range strings.Split(row, "|") {
			kind := "str"
			if strings.HasPrefix(cell, "#") {
				kind = "e"
			}
			cells += fmt.Sprintf(`<c t="%s"><v>%s</v></c>`, kind, cell)
		}
		cells += "</row>"
	}
	workbook(t, filepath.Join(r.Env.Dir, "a.xlsx"), "S", cells)
	out, _, err := r.Run(newscript.New, "a", "--from", "a.xlsx")
	require.NoError(t, err, out)
	assert.Contains(t, out, "1 row can't be read and will be rejected: row 3: ")
	_, _, err = r.Run(run.New, "--simulate", "a.lua", "--path", "a.xlsx")
	assert.EqualError(t, err, "exit code 3")
}

// On a terminal, it asks what the rows are.
func TestFromAsks(t *testing.T) {
	r := trial.New(t, map[string]string{"list.csv": "Name,ID\nAcme,1\nBolt,2\n"})
	r.Env.StdinTTY, r.Env.StdoutTTY = true, true
	r.Env.Stdin = strings.NewReader("99\nproduct\n")
	out, _, err := r.Run(newscript.New, "items", "--from", "list.csv")
	require.NoError(t, err, out)
	assert.Contains(t, out, "What are the rows of list.csv?\n1. ")
	assert.Contains(t, out, "becomes products, by externalId")
	passes(t, r)
}

// silent is a terminal at which nobody types. asked is closed by the first read.
type silent struct{ asked chan struct{} }

func (s silent) Read([]byte) (int, error) { panic("the read cannot be ended") }

func (s silent) ReadContext(ctx context.Context, _ []byte) (int, error) {
	close(s.asked)
	<-ctx.Done()
	return 0, context.Cause(ctx)
}

// Ctrl-C ends it while it waits for an answer.
func TestFromIsInterrupted(t *testing.T) {
	r := trial.New(t, map[string]string{"list.csv": "Name,ID\nAcme,1\nBolt,2\n"})
	terminal, signals := silent{make(chan struct{})}, make(chan os.Signal, 1)
	r.Env.StdinTTY, r.Env.StdoutTTY = true, true
	r.Env.Stdin = terminal
	r.Env.Interrupts = func() (<-chan os.Signal, func()) { return signals, func() {} }
	go func() {
		<-terminal.asked
		signals <- os.Interrupt
	}()
	_, _, err := r.Run(newscript.New, "items", "--from", "list.csv")
	require.EqualError(t, err, "stopped by Ctrl-C or a termination signal")
	assert.NoFileExists(t, filepath.Join(r.Env.Dir, "items.lua"))
}

// TestVeryWideFiles are refused, soon.
func TestVeryWideFiles(t *testing.T) {
	names := make([]string, 1_000_000)
	for i := range names {
		names[i] = "c" + strconv.Itoa(i)
	}
	r := trial.New(t, map[string]string{"wide.csv": strings.Join(names, ",") + "\n" + strings.Repeat("1,", len(names)-1) + "1\n"})
	_, _, err := r.Run(newscript.New, "wide", "--from", "wide.csv")
	require.ErrorContains(t, err, "--from: the file has 1,000,000 columns, and a proposal can have at most 1,000")
	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "same.csv"), []byte(strings.Repeat("Name,", 99_999)+"Name\n"+strings.Repeat("1,", 99_999)+"1\n"), 0o600))
	_, _, err = r.Run(newscript.New, "same", "--from", "same.csv")
	require.ErrorContains(t, err, "--from: the file has 100,000 columns, and a proposal can have at most 1,000")
}

// TestFromWorkbookWithFarCells reads workbooks with cells at the limits of a sheet.
func TestFromWorkbookWithFarCells(t *testing.T) {
	r := trial.New(t, nil)
	last := `<row r="1048576"><c r="A1048576" t="str"><v>a-1</v></c><c r="B1048576" t="str"><v>Acme</v></c></row>`
	workbook(t, filepath.Join(r.Env.Dir, "wide.xlsx"), "S", `<row r="1"><c r="A1" t="str"><v>Account ID</v></c><c r="XFD1" t="str"><v>Account Name</v></c></row>`+last)
	_, _, err := r.Run(newscript.New, "wide", "--from", "wide.xlsx")
	require.ErrorContains(t, err, "--from: the file has 16,384 columns, and a proposal can have at most 1,000")
	workbook(t, filepath.Join(r.Env.Dir, "tall.xlsx"), "S", `<row r="1"><c r="A1" t="str"><v>Account ID</v></c><c r="B1" t="str"><v>Account Name</v></c></row>`+last)
	out, _, err := r.Run(newscript.New, "tall", "--from", "tall.xlsx")
	require.NoError(t, err)
	assert.Contains(t, out, "tall.xlsx (1 row) becomes companies")
}
