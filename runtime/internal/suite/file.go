package suite

import (
	"context"
	"errors"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
	"github.com/phscript/phscript/runtime/internal/suite/report"
)

type file struct {
	options Options
	root    *group
	result  *report.File
	live    *runtime.Live
	builder *builder
	// current is the environment whose clock and output the file's state uses.
	current atomic.Pointer[environment]
	// focused is set if a test is marked with only.
	focused bool
	chance  *rand.Rand
	// luaUnit is the name under which the file requires LuaUnit, or "".
	luaUnit string
	// secrets are the tokens that tests invented.
	secrets redact.Secrets
	// stubs answer the HTTP requests of tests.
	stubs runtime.Stubs
}

// timeout is the cause that ends a test which takes too long.
func timeout(d time.Duration) error {
	return &runtime.LimitError{
		What: "time", Limit: d.String(),
		Hint: "a loop may never end; if the test needs more time, use --timeout",
	}
}

func runFile(ctx context.Context, o Options, path string) *report.File {
	started := time.Now()
	f := &file{options: o, root: &group{}, result: &report.File{Name: report.Shown(o.Dir, path), Path: path, Executed: map[string][]*compile.Lines{}}}
	f.builder = &builder{file: f, group: f.root}
	name := fnv.New64a()
	_, _ = name.Write([]byte(f.result.Name))
	f.chance = rand.New(rand.NewPCG(uint64(o.Seed), name.Sum64()))
	defer func() { f.result.Duration = time.Since(started) }()
	source, err := sourcefile.Read(path)
	if err != nil {
		f.result.Err = err
		return f.result
	}
	loading := f.environment()
	defer func() { f.result.Err = errors.Join(f.result.Err, loading.close()) }()
	f.current.Store(loading)
	rt, err := runtime.New(f.runtimeOptions())
	if err != nil {
		f.result.Err = err
		return f.result
	}
	ctx, cancel := context.WithCancelCause(loading.in(ctx))
	defer cancel(nil)
	timer := time.AfterFunc(o.Timeout, func() { cancel(timeout(o.Timeout)) })
	options := runtime.RunOptions{
		Then: func(l *runtime.Live) error {
			timer.Stop()
			f.live, f.result.Loaded = l, true
			f.builder.group = nil
			return f.run(l.Context())
		},
	}
	if found := usesLuaUnit().FindSubmatch(source); found != nil {
		f.luaUnit, options.Args = string(found[1]), luaUnitArgs
	}
	program, err := rt.Compile(ctx, runtime.Script{Name: f.result.Name, Path: path, Source: source})
	if err == nil {
		_, err = program.Run(ctx, options)
	}
	timer.Stop()
	if f.result.Err = inWordsOfTests(loadError(err), "file", loading); f.result.Err != nil && f.live == nil {
		f.result.Tests = nil
	}
	f.result.Output = loading.out.String()
	switch {
	case f.live == nil && len(f.root.items) > 0 && f.result.Err == nil:
		f.result.Err = errors.New("the file called os.exit before its tests could run")
	case f.luaUnit != "" || len(f.result.Tests) == 0:
		f.readLuaUnit(f.result.Output, err)
	}
	return f.result
}

// loadError says why a file could not be loaded, or returns nil: a file that
// calls os.exit has run its tests itself.
func loadError(err error) error {
	if _, ok := errors.AsType[*runtime.ExitError](err); ok {
		return nil
	}
	return err
}

// runtimeOptions configures the file's state. It reads files beside the test
// and requires modules from the folders above as well, up to the one that tests
// run from. It prints and logs to the environment of the running test.
func (f *file) runtimeOptions() runtime.Options {
	above := parents(f.options.Dir, filepath.Dir(f.result.Path))
	return runtime.Options{
		Stdout: testOutput{f}, Stderr: testOutput{f},
		Secrets: &f.secrets, Env: luaUnitEnv, EnvAllow: luaUnitVariables,
		Logger:  slog.New(&logHandler{w: testOutput{f}}),
		Now:     func() time.Time { return f.current.Load().clock.now() },
		WorkDir: filepath.Dir(f.result.Path), ReadDirs: above, ModuleDirs: above,
		Planhat: settings(),
		Stubs:   &f.stubs,
		Modules: f.builder.modules(), Models: f.options.Models,
		Sources: f.source, MaxHeap: f.options.MaxHeap,
	}
}

// source notes a file that was compiled, and counts its lines for coverage.
func (f *file) source(path string) *compile.Lines {
	f.result.Sources = append(f.result.Sources, path)
	if !f.options.Coverage || IsTest(path) || filepath.Base(path) == "luaunit.lua" {
		return nil
	}
	lines := &compile.Lines{}
	f.result.Executed[path] = append(f.result.Executed[path], lines)
	return lines
}

// testOutput writes to the output of the running test.
type testOutput struct{ file *file }

func (o testOutput) Write(p []byte) (int, error) { return o.file.current.Load().out.Write(p) }
