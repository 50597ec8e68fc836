package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/recording"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

var scriptOptions = []bindings.Field{
	{Name: "args", Type: "any[]", Doc: "The script's arguments."},
	{Name: "params", Type: "table", Doc: "Its parameters by name, as in the `params` of a schedule. Those that its header declares can also be flags among `args`."},
	{Name: "files", Type: "table", Doc: "The files in its working directory, as text by name, such as `{ [\"accounts.csv\"] = \"id,name\\n\" }`."},
	{Name: "env", Type: "table", Doc: "The environment variables that it can read, by name."},
	{Name: "event", Type: "table|string", Doc: "The body of the event that it handles, which it gets from `webhook.event()`: a table, as JSON, or text."},
	{Name: "events", Type: "table[]", Doc: "The bodies of several events, for `webhook.events()`."},
	{Name: "stdin", Type: "string", Doc: "Its standard input."},
	{Name: "dry_run", Type: "boolean", Doc: "Withholds writes, as `phscript run --dry-run` does."},
	{Name: "replay", Type: "string", Doc: "A recording of `phscript record`, relative to the folder of the test file. It answers the script's requests to Planhat and other systems, in place of the simulated Planhat and of stubs."},
	{Name: "strict", Type: "boolean", Doc: "Raises an error if a row is rejected, as `--strict` does."},
	{Name: "allow_write", Type: "string|string[]", Doc: "Folders in its working directory that it can write to, besides `out`."},
}

// scriptOutDir is the folder that scripts can always write to.
const scriptOutDir = "out"

func (b *builder) runScript() *bindings.Func {
	return &bindings.Func{
		Name: "run_script",
		Doc: "Runs a script as `phscript run` does and returns its result. The script has its own Lua state, the Planhat " +
			"and the clock of the test, and a working directory with only the given files. An error in the script ends the " +
			"script, not the test; find it in the result.",
		Params: []bindings.Param{
			{Name: "file", Type: "string", Doc: "The script, relative to the folder of the test file."},
			{Name: "options", Type: "ScriptOptions", Optional: true, Fields: scriptOptions, Doc: "How to run it."},
		},
		Returns: []bindings.Return{{Type: "ScriptResult", Doc: "The result of the run."}},
		Errors:  "When the script does not exist, or does not end.",
		Example: `it("imports accounts", function()
  local run = run_script("sync.lua", { files = { ["accounts.csv"] = "id,name\nA-1,Acme\n" } })
  expect(run.exit_code).to_equal(0)
  expect(run.summary.created).to_equal(1)
  expect(simulator.record("company", "extid-A-1").name).to_equal("Acme")
end)`,
		Call: func(a *bindings.Args) (int, error) {
			w := environmentOf(a.Context())
			if b.file == nil || w == nil {
				return 0, a.Errorf("run the file with 'phscript test'")
			}
			return b.file.runScript(a, w)
		},
	}
}

// shownRejected is how many rejected rows the output of a test lists.
const shownRejected = 5

type scriptRun struct {
	dir     string
	given   map[string]string
	stdout  output
	stderr  output
	log     journal[logLine]
	replay  *recording.Replay
	result  *runtime.Result
	summary *outcome.Summary
	// err is what ended the script, nil if nothing did.
	err error
}

// runScript runs a script in the environment of a test and pushes its result.
func (f *file) runScript(a *bindings.Args, w *environment) (n int, err error) {
	name := a.String(0)
	path := filepath.Join(filepath.Dir(f.result.Path), filepath.FromSlash(name))
	source, err := sourcefile.Read(path)
	if err != nil {
		return 0, a.Errorf("no script %s beside %s%s", name, f.result.Name, catalog.DidYouMean(name, luaFiles(filepath.Dir(path), filepath.Dir(name))))
	}
	r, started := &scriptRun{}, w.clock.now()
	if err := r.workDir(a); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.dir)) }()
	settings := f.scriptOptions(a, w, r)
	if err := f.replay(a, r, &settings); err != nil {
		return 0, err
	}
	rt, err := runtime.New(settings)
	if err != nil {
		return 0, err
	}
	result := &runtime.Result{}
	script := runtime.Script{Name: name, Path: path, Source: source}
	options, failed, err := runOptions(a, script)
	if err != nil {
		return 0, err
	}
	program, runErr := rt.Compile(a.Context(), script)
	if runErr == nil {
		runErr = failed
	}
	if runErr == nil {
		result, runErr = program.Run(a.Context(), options)
	}
	if a.Context().Err() != nil {
		// The script's end ended the test: the report says where that was.
		if e := scriptError(runErr); e != nil {
			w.inside = fmt.Sprintf("%s:%d", e.Script, e.Line)
		}
		return 0, context.Cause(a.Context())
	}
	if r.replay != nil && runErr == nil {
		runErr = r.replay.Missed() // the script has caught it
	}
	r.result, r.summary = result, outcome.New(name, started, outcome.Work{
		Summary: result.Summary, Rejected: result.Rejected, Planned: result.Planned, Plan: result.Plan, Records: result.PlannedRecords,
		Warnings: result.Warnings, Duration: result.Duration,
	})
	reword(runErr, r.dir)
	r.err = runErr
	r.summary.Conclude(runErr)
	r.summary.DryRun, r.summary.Simulated = a.Options(1).Bool("dry_run"), true
	if e := scriptError(runErr); e != nil {
		_ = e.Render(&w.out, false) // for the report of a test that then fails
	} else if failed := r.summary.Error; failed != nil {
		failed.Script = name
		_ = (&runtime.ScriptError{Script: name, Message: failed.Message}).Render(&w.out, false)
	}
	for _, row := range r.summary.Rows[:min(len(r.summary.Rows), shownRejected)] {
		fmt.Fprintf(&w.out, "rejected: %s\n", &row)
	}
	table, err := r.table(a.L)
	if err != nil {
		return 0, err
	}
	return a.Push(table)
}

// workDir creates the script's working directory with the given files.
func (r *scriptRun) workDir(a *bindings.Args) error {
	dir, err := os.MkdirTemp("", "phscript-test-")
	if err != nil {
		return err
	}
	if r.dir, err = filepath.EvalSymlinks(dir); err != nil {
		return err
	}
	r.given = map[string]string{}
	files, _ := a.Options(1).Get("files").(*lua.LTable)
	if files == nil {
		return nil
	}
	for k, v := files.Next(lua.LNil); k != lua.LNil; k, v = files.Next(k) {
		name, isName := k.(lua.LString)
		switch {
		case !isName || v.Type() != lua.LTString && v.Type() != lua.LTNumber:
			err = a.Errorf("the option 'files' takes text by name, such as files = { [\"accounts.csv\"] = \"id,name\\n\" }")
		case !filepath.IsLocal(filepath.FromSlash(string(name))):
			err = a.Errorf("the file %s is outside the working directory", name)
		default:
			r.given[filepath.ToSlash(filepath.Clean(string(name)))] = v.String()
			err = put(filepath.Join(r.dir, filepath.FromSlash(string(name))), v.String())
		}
		if err != nil {
			return errors.Join(err, os.RemoveAll(r.dir))
		}
	}
	return nil
}

func put(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// scriptOptions configures the script's state as the command line does.
func (f *file) scriptOptions(a *bindings.Args, w *environment, r *scriptRun) runtime.Options {
	o := a.Options(1)
	env := map[string]string{}
	var allowed []string
	if t, ok := o.Get("env").(*lua.LTable); ok {
		t.ForEach(func(k, v lua.LValue) {
			env[k.String()] = v.String()
			allowed = append(allowed, k.String())
		})
	}
	options := runtime.Options{
		Stdin: strings.NewReader(o.String("stdin")), Stdout: io.MultiWriter(&r.stdout, &w.out), Stderr: io.MultiWriter(&r.stderr, &w.out),
		Logger:   slog.New(&logHandler{w: &w.out, kept: &r.log}),
		Secrets:  &f.secrets,
		Env:      func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		EnvAllow: allowed, Now: w.clock.now,
		WorkDir: r.dir, WriteDirs: append(o.Strings("allow_write"), scriptOutDir),
		Stubs:   &f.stubs,
		Planhat: settings(), DryRun: o.Bool("dry_run"), Strict: o.Bool("strict"), Models: f.options.Models,
		Sources: f.source, MaxHeap: f.options.MaxHeap,
	}
	if bodies := bodiesOf(a.L, o); bodies != nil {
		options.Events = runtime.EventsOf(w.clock.now(), bodies...)
	}
	return options
}

// bodiesOf returns the bodies of the events that a test hands to a script.
func bodiesOf(L *lua.LState, o bindings.Options) (bodies [][]byte) {
	add := func(v lua.LValue) {
		if text, ok := v.(lua.LString); ok {
			bodies = append(bodies, []byte(text))
		} else if text, err := bindings.CodecOf(L).EncodeBytes(v, bindings.EncodeOptions{}); err == nil {
			bodies = append(bodies, text)
		}
	}
	if o.Has("event") {
		add(o.Get("event"))
	}
	if list, ok := o.Get("events").(*lua.LTable); ok {
		for i := 1; i <= list.Len(); i++ {
			add(list.RawGetInt(i))
		}
	}
	return bodies
}

func texts(v lua.LValue) []string {
	t, ok := v.(*lua.LTable)
	if !ok {
		return nil
	}
	var out []string
	for i := 1; i <= t.Len(); i++ {
		out = append(out, lua.LVAsString(t.RawGetInt(i)))
	}
	return out
}

// luaFiles lists the scripts of a folder as a test names them.
func luaFiles(dir, shown string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".lua") && !IsTest(e.Name()) {
			names = append(names, filepath.ToSlash(filepath.Join(shown, e.Name())))
		}
	}
	return names
}

// written returns the text of each file that the script created or changed, by
// name.
func (r *scriptRun) written() (map[string]any, error) {
	out := map[string]any{}
	err := filepath.WalkDir(r.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(r.dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if before, was := r.given[name]; !was || before != string(text) {
			out[name] = string(text)
		}
		return nil
	})
	return out, err
}
