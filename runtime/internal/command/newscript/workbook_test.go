package newscript_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/newscript"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// sheet writes a workbook. A cell that begins with = is a number.
func sheet(t *testing.T, r *trial.Trial, file string, rows ...string) {
	t.Helper()
	var b strings.Builder
	for _, row := range rows {
		b.WriteString("<row>")
		for cell := range strings.SplitSeq(row, "|") {
			if number, ok := strings.CutPrefix(cell, "="); ok {
				b.WriteString("<c><v>" + number + "</v></c>")
			} else {
				b.WriteString(`<c t="str"><v>` + cell + "</v></c>")
			}
		}
		b.WriteString("</row>")
	}
	workbook(t, filepath.Join(r.Env.Dir, file), "S", b.String())
}

const seatsSchema = `{"format": "phscript schema 1", "tenant": {"host": ""}, "custom_fields": [
{"model":"company","name":"Seats","type":"number"}, {"model":"company","name":"Fee","type":"number"}], "phases": [], "users": [], "workflows": []}`

// TestFromWorkbookNumbersAndTexts: number cells say nothing about how texts are written.
func TestFromWorkbookNumbersAndTexts(t *testing.T) {
	for _, c := range []struct{ name, cells, says, target string }{
		{"points", "=1200.5 1.300 2.500", "could have a decimal sign, or be in the thousands", "(left out)"},
		{"commas", "=1200.5 1,300 2,500", "could have a decimal sign, or be in the thousands", "(left out)"},
		{"comma", "=1200.5 1.300 2,5", "", "custom.Seats  number, decimal sign ,"},
		{"point", "=1200 1.300 2.5", "", "custom.Seats  number, decimal sign ."},
		{"numbers", "=1200.5 =1.3 =2", "", "custom.Seats  number"},
	} {
		r := trial.New(t, map[string]string{"planhat.schema.json": seatsSchema})
		rows := []string{"Account ID|Account Name|Seats"}
		for i, cell := range strings.Fields(c.cells) {
			rows = append(rows, "a-"+string(rune('1'+i))+"|Acme|"+cell)
		}
		sheet(t, r, "a.xlsx", rows...)
		out, _, err := r.Run(newscript.New, "a", "--from", "a.xlsx")
		require.NoError(t, err, out)
		assert.Contains(t, out, c.target+"\n", c.name)
		if c.says == "" {
			assert.NotContains(t, out, "Please check these", c.name)
		} else {
			assert.Contains(t, out, "Seats: its numbers "+c.says, c.name)
		}
		passes(t, r)
		stdout, stderr, err := r.Run(run.New, "--simulate", "a.lua", "--path", "a.xlsx")
		require.EqualError(t, err, "exit code 0", stdout+stderr)
	}
	// A script made from numbers alone does not guess what a text means.
	r := trial.New(t, map[string]string{"planhat.schema.json": seatsSchema})
	sheet(t, r, "a.xlsx", "Account ID|Account Name|Seats", "a-1|Acme|=1200.5")
	sheet(t, r, "b.xlsx", "Account ID|Account Name|Seats", "a-1|Acme|1.300", "a-2|Globex|=1.375")
	_, _, err := r.Run(newscript.New, "a", "--from", "a.xlsx")
	require.NoError(t, err)
	stdout, stderr, err := r.Run(run.New, "--simulate", "a.lua", "--path", "b.xlsx")
	require.EqualError(t, err, "exit code 3", stdout+stderr)
	assert.Contains(t, stdout, "1 created, 0 updated, 0 unchanged, 1 rejected")
	assert.Contains(t, stderr, `"1.300" could be in the thousands, or have a decimal sign`)
}

// TestFromAmountsWithoutASign: amounts that show no decimal sign decide nothing for others.
func TestFromAmountsWithoutASign(t *testing.T) {
	r := trial.New(t, map[string]string{"planhat.schema.json": seatsSchema, "a.csv": "Account ID;Account Name;Fee;Seats\na-1;Acme;€ 12;1.300\na-2;Globex;€ 14;2.500\n"})
	out, _, err := r.Run(newscript.New, "a", "--from", "a.csv")
	require.NoError(t, err, out)
	assert.Contains(t, out, "Fee: no amount has a decimal sign, so a point is assumed")
	assert.Contains(t, out, "Seats: its numbers could have a decimal sign")
}

// TestFromTellsWhatIsNoValue: placeholders in columns of text, and ids that have lost zeros.
func TestFromTellsWhatIsNoValue(t *testing.T) {
	r := trial.New(t, map[string]string{"a.csv": "Account ID,Account Name,City,Phone\na-1,Acme,#N/A,n/a\na-2,Globex,-,1\na-3,Initech,Lund,2\na-4,NULL,Lund,3\n"})
	out, _, err := r.Run(newscript.New, "a", "--from", "a.csv")
	require.NoError(t, err, out)
	assert.Contains(t, out, `City: 2 cells seem to say that there is no value, such as "#N/A", "-"; they are imported as text`)
	assert.Contains(t, out, `Account Name: 1 cell seems to say that there is no value, such as "NULL"; it is imported as text`)
	script := written(t, r, "a.lua")
	assert.Contains(t, script, `    -- To leave them out: { property = "city", convert = function(cell) if cell ~= "#N/A" and cell ~= "-" then return cell end end },`)
	passes(t, r)

	require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, "key.csv"), []byte("Account ID,Account Name\na-1,Acme\nn/a,Globex\n"), 0o600))
	out, _, err = r.Run(newscript.New, "key", "--from", "key.csv")
	require.NoError(t, err, out)
	assert.Contains(t, out, `such as "n/a"; it is imported as externalId, so correct it in the file`)
	assert.NotContains(t, written(t, r, "key.lua"), "convert")

	sheet(t, r, "ids.xlsx", "Account ID|Account Name", "=7|Zero", "=1001|Acme", "0012|Globex")
	out, _, err = r.Run(newscript.New, "ids", "--from", "ids.xlsx")
	require.NoError(t, err, out)
	assert.Contains(t, out, `Account ID: some ids are numbers, which have lost any zeros at their start, and others are texts that have them, such as "7", "0012"`)
}

// TestFromRequiredColumnThatIsUnclear: the column is not missing, and no constant replaces it.
func TestFromRequiredColumnThatIsUnclear(t *testing.T) {
	r := trial.New(t, map[string]string{"licenses.csv": "License ID;Account ID;Product;Value;Currency;From\nL-1;a-1;Base;1.300;EUR;2026-01-01\nL-2;a-2;Base;2.500;EUR;2026-01-01\n"})
	_, _, err := r.Run(newscript.New, "licenses", "--from", "licenses.csv", "--model", "license")
	var mistake *usage.Error
	require.ErrorAs(t, err, &mistake)
	assert.Contains(t, mistake.Message, `a new license needs value, and the column "Value" of licenses.csv can't be read: its numbers could have a decimal sign`)
	assert.Equal(t, "if its numbers have a decimal comma, add --decimal ,; if they have a decimal point, add --decimal .", mistake.Hint)
	out, _, err := r.Run(newscript.New, "licenses", "--from", "licenses.csv", "--model", "license", "--decimal", ",")
	require.NoError(t, err, out)
	assert.Contains(t, written(t, r, "licenses.lua"), `Value = { property = "value", decimal = "," }`)
	passes(t, r)
}
