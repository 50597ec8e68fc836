package newscript_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/newscript"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/trial"
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
