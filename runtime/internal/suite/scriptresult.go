package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

var scriptResult = &bindings.Shape{
	Name: "ScriptResult", Doc: "The result of a script that `run_script` ran.",
	Fields: []bindings.Field{
		{Name: "ok", Type: "boolean", Doc: "Whether it succeeded, with exit code 0."},
		{Name: "exit_code", Type: "integer", Doc: "The exit code of `phscript run`: 0 done, 1 failed, 3 rejected rows and so on."},
		{Name: "outcome", Type: "string", Doc: "`done`, `rejected`, `exited` (by `os.exit`) or `failed`."},
		{Name: "error", Type: "table?", Doc: "The error that ended it: `message`, `script`, `line`, `traceback` and `hint`, and the fields that the script would have seen, such as `kind`, `status` or `items`. An error that was raised as text has no `kind`."},
		{Name: "stdout", Type: "string", Doc: "What it printed."},
		{Name: "stderr", Type: "string", Doc: "What it wrote to its standard error."},
		{Name: "log", Type: "table[]", Doc: "The lines of its log, each with `level`, `message` and `fields`."},
		{Name: "summary", Type: "table", Doc: "What it did in Planhat, as `phscript run --summary` writes it: `calls`, `read`, `created`, `updated`, `unchanged`, `deleted`, `rejected`, `models` and so on."},
		{Name: "rejected", Type: "table[]", Doc: "The rejected rows: `model`, `operation`, `row`, `key`, `kind`, `message` and `data`."},
		{Name: "planned", Type: "table[]", Doc: "What a dry run withheld: `model`, `operation`, `requests`, `rows` and the `first` rows."},
		{Name: "files", Type: "table", Doc: "The text of each file that it wrote or changed, by name."},
		{Name: "warnings", Type: "string[]", Doc: "The warnings that were reported."},
		{Name: "unused", Type: "string[]", Doc: "The requests of the recording that it did not send, with the option `replay`."},
		{Name: "values", Type: "any[]", Doc: "What the script returned."},
	},
}

func (r *scriptRun) table(L *lua.LState) (*lua.LTable, error) {
	t := L.NewTable()
	set := func(name string, v lua.LValue) { t.RawSetString(name, v) }
	set("ok", lua.LBool(r.summary.ExitCode == 0))
	set("exit_code", lua.LNumber(r.summary.ExitCode))
	set("outcome", lua.LString(r.summary.Outcome))
	set("stdout", lua.LString(r.stdout.String()))
	set("stderr", lua.LString(r.stderr.String()))
	text, err := json.Marshal(r.summary)
	if err != nil {
		return nil, err
	}
	summary, err := bindings.CodecOf(L).DecodeBytes(text, bindings.DecodeOptions{})
	if err != nil {
		return nil, err
	}
	set("summary", summary)
	set("error", r.failure(L))
	set("rejected", L.GetField(summary, "rejected_rows"))
	set("warnings", L.GetField(summary, "warnings"))
	set("planned", r.planned(L))
	files, err := r.written()
	if err != nil {
		return nil, err
	}
	set("files", goValue(L, files))
	unused := []any{}
	if r.replay != nil {
		for _, line := range r.replay.Unused() {
			unused = append(unused, line)
		}
	}
	set("unused", goValue(L, unused))
	set("values", goValue(L, r.result.Values))
	log := L.NewTable()
	for _, line := range r.log.all() {
		log.Append(line.table(L))
	}
	set("log", log)
	return t, nil
}

// failure returns the error that ended the script, with what the script would have seen had
// it caught it, or nil.
func (r *scriptRun) failure(L *lua.LState) lua.LValue {
	if r.summary.Error == nil {
		return lua.LNil
	}
	t := L.NewTable()
	e := scriptError(r.err)
	switch {
	case e == nil && r.err != nil:
		t = bindings.ErrorTable(L, r.err)
	case e == nil:
	case e.Cause != nil:
		t = bindings.ErrorTable(L, e.Cause)
	default:
		if fields, ok := goValue(L, e.Value).(*lua.LTable); ok {
			t = fields
		}
	}
	text := func(name, value string) {
		if value != "" {
			t.RawSetString(name, lua.LString(value))
		}
	}
	failed := r.summary.Error
	for name, value := range map[string]string{"message": failed.Message, "hint": failed.Hint} {
		if own, ok := t.RawGetString(name).(lua.LString); ok {
			value = inTests(string(own), r.dir)
		}
		text(name, value)
	}
	text("script", failed.Script)
	if failed.Line != 0 {
		t.RawSetString("line", lua.LNumber(failed.Line))
	}
	if e != nil {
		var calls []string
		for _, f := range e.Trace {
			calls = append(calls, fmt.Sprintf("%s:%d: in %s", f.Script, f.Line, f.Function))
		}
		text("traceback", strings.Join(calls, "\n"))
	}
	return t
}

// planned returns what a dry run withheld, with the first rows as tables.
func (r *scriptRun) planned(L *lua.LState) *lua.LTable {
	list := L.NewTable()
	for _, w := range r.summary.Writes {
		t := L.NewTable()
		t.RawSetString("model", lua.LString(w.Model))
		t.RawSetString("operation", lua.LString(w.Operation))
		t.RawSetString("requests", lua.LNumber(w.Requests))
		t.RawSetString("rows", lua.LNumber(w.Rows))
		first := L.NewTable()
		for _, row := range w.First {
			v, err := bindings.CodecOf(L).DecodeBytes([]byte(row), bindings.DecodeOptions{Nulls: true})
			if err != nil {
				v = lua.LString(row) // the path of a write without a body
			}
			first.Append(v)
		}
		t.RawSetString("first", first)
		list.Append(t)
	}
	return list
}

// goValue converts a value that runtime.ValueOf returned to Lua.
func goValue(L *lua.LState, v any) lua.LValue {
	switch v := v.(type) {
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case string:
		return lua.LString(v)
	case []any:
		t := L.NewTable()
		for i, one := range v {
			t.RawSetInt(i+1, goValue(L, one))
		}
		return t
	case map[string]any:
		t := L.NewTable()
		for _, k := range slices.Sorted(maps.Keys(v)) {
			t.RawSetString(k, goValue(L, v[k]))
		}
		return t
	}
	return lua.LNil
}
