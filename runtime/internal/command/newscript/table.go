package newscript

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/proposal"
)

//go:embed read.lua
var reading []byte

// looked is how many rows a proposal is based on.
const looked = 20_000

// widest is how many columns a proposal can have, mostCells how many cells it is based on.
const (
	widest    = 1_000
	mostCells = 1_000_000
)

// table is what was read of a file.
type table struct {
	columns []proposal.Column
	rows    int
	// more says that the file has more rows.
	more     bool
	encoding string
	// repeated says that columns have the same name.
	repeated bool
	// wrong counts the rows that can't be read, problem says what is wrong with the first.
	wrong   int
	problem string
	// sheets are those of a workbook, if none was named.
	sheets []string
	// above is how many lines seem to be above the header.
	above int
}

// unnamed matches the names of columns that the header leaves empty.
var unnamed = pattern.Lazy(`^column_\d+$`)

// titles returns how many lines seem to be above the header: the first line has few names, and a
// later one has more. lines are those of the first rows.
func (t *table) titles(lines []any) int {
	names := 0
	for _, c := range t.columns {
		if !unnamed().MatchString(c.Name) {
			names++
		}
	}
	if 2*names > len(t.columns) {
		return 0
	}
	for i, at := range lines {
		cells := 0
		for _, c := range t.columns {
			if c.Cells[i] != "" {
				cells++
			}
		}
		if line, ok := at.(float64); ok && cells > names && cells > 1 {
			return int(line) - 1
		}
	}
	return 0
}

// instead says what to try if the columns make no sense, or returns "".
func (t *table) instead() string {
	switch {
	case t.above > 0:
		return fmt.Sprintf("if line %d is the header, add --skip %d", t.above+1, t.above)
	case len(t.sheets) > 1:
		return "the workbook has the sheets " + strings.Join(t.sheets, ", ") + "; name another than the first with --sheet"
	}
	return ""
}

// read reads a file of rows.
func (o *options) read(ctx context.Context, env *environment.Env, path string) (*table, error) {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	switch format {
	case "csv", "tsv", "txt":
		format = "csv"
	case "xlsx":
	default:
		return nil, &usage.Error{Message: fmt.Sprintf("--from: %s is not a CSV file or a workbook (.xlsx)", o.from), Hint: "save it in one of these formats"}
	}
	rt, err := runtime.New(runtime.Options{WorkDir: env.Dir, ReadDirs: []string{filepath.Dir(path)}, Now: env.Now})
	if err != nil {
		return nil, err
	}
	var failed error
	for _, encoding := range []string{"", "windows-1252"} {
		program, err := rt.Compile(ctx, runtime.Script{Name: "--from", Source: reading})
		if err != nil {
			return nil, err
		}
		result, err := program.Run(ctx, runtime.RunOptions{
			Args: []string{path, format, o.sheet, strconv.Itoa(o.skip), encoding, strconv.Itoa(looked), strconv.Itoa(widest), strconv.Itoa(mostCells)},
		})
		if err != nil {
			if failed == nil {
				failed = err
			}
			if format == "csv" && strings.Contains(err.Error(), "UTF-8") {
				continue
			}
			break
		}
		t, err := tableOf(result.Values[0], encoding, format == "xlsx")
		if err == nil {
			t.problem = strings.TrimPrefix(t.problem, path+", ")
		}
		return t, err
	}
	var script *runtime.ScriptError
	if errors.As(failed, &script) {
		return nil, &usage.Failure{Message: "--from: " + script.Message, Hint: "see 'phscript doc messy-files'; --skip leaves out lines above the header"}
	}
	return nil, failed
}

// tableOf converts what the script returned.
func tableOf(v any, encoding string, workbook bool) (*table, error) {
	all, _ := v.(map[string]any)
	if wide, ok := all["wide"].(float64); ok {
		return nil, &usage.Failure{
			Message: fmt.Sprintf("--from: the file has %s columns, and a proposal can have at most %s", humanize.Comma(int64(wide)), humanize.Comma(widest)),
			Hint:    "leave out the columns that you do not import",
		}
	}
	t := &table{encoding: encoding, more: all["more"] == true}
	t.repeated = all["repeated"] == true
	t.problem, _ = all["problem"].(string)
	if wrong, ok := all["wrong"].(float64); ok {
		t.wrong = int(wrong)
	}
	sheets, _ := all["sheets"].([]any)
	for _, name := range sheets {
		t.sheets = append(t.sheets, fmt.Sprint(name))
	}
	var numbers []bool
	if workbook {
		numbers = []bool{}
	}
	names, _ := all["columns"].([]any)
	for _, name := range names {
		t.columns = append(t.columns, proposal.Column{Name: fmt.Sprint(name), Exact: true, Numbers: numbers})
	}
	rows, _ := all["rows"].([]any)
	t.rows = len(rows)
	for _, row := range rows {
		values, _ := row.([]any)
		for i := range t.columns {
			text, number := "", false
			if i < len(values) {
				switch cell := values[i].(type) {
				case nil:
				case float64: // a number of a workbook
					text, number = strconv.FormatFloat(cell, 'f', -1, 64), true
				case string:
					text = cell
					t.columns[i].Exact = false
				default:
					text = fmt.Sprint(cell)
				}
			}
			t.columns[i].Cells = append(t.columns[i].Cells, text)
			if workbook {
				t.columns[i].Numbers = append(t.columns[i].Numbers, number)
			}
		}
	}
	if len(t.columns) == 0 || t.rows == 0 {
		return nil, &usage.Failure{Message: "--from: the file has no rows", Hint: "give a file with a header and at least one row"}
	}
	lines, _ := all["lines"].([]any)
	t.above = t.titles(lines)
	return t, nil
}
