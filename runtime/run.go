package runtime

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/sandbox"
)

// run is one execution of a script, with everything that belongs to it alone.
type run struct {
	rt     *Runtime
	script Script
	ctx    context.Context
	cancel context.CancelCauseFunc
	log    *slog.Logger

	L   *lua.LState
	box *sandbox.Sandbox
	// sources holds the text of every chunk that was loaded, by the name that
	// messages give it; syntax holds the chunks that did not compile.
	sources map[string][]byte
	syntax  []*compile.SyntaxError
	// paths are the files of chunks that loadfile and dofile have loaded.
	paths map[string]string
	// loading are the modules that are being required, the outermost first.
	loading []string

	lost lostError
	// dryRun withholds writes.
	dryRun atomic.Bool

	files          openFiles
	stdout, stderr *redact.Writer
	stdin          *bufio.Reader

	tally   planhat.Tally
	clients []*planhat.Client
	client  *planhat.Client
	// checkpoint is nil until the script names it.
	checkpoint bindings.CheckpointStore

	mu       sync.Mutex
	planned  []PlannedWrite
	warned   map[string]bool
	warnings []string
}

// Run runs a script in a fresh state. The result is never nil: it holds what
// was done until then, also where the run failed. The error is a *ScriptError;
// an *ExitError where the script called os.exit with another code than 0; or
// the failure to give a file its name at the end.
func (r *Runtime) Run(ctx context.Context, s Script) (*Result, error) {
	started := time.Now()
	if r.opts.Timeout > 0 {
		limit := timeLimit(r.opts.Timeout)
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, r.opts.Timeout, limit)
		defer stop()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	one := r.newRun(ctx, cancel, s)
	memory := watchMemory(r.opts.MaxMemory, cancel)
	result := &Result{}
	values, err := one.do()
	result.PeakMemory = memory.stop()
	result.Values = values
	if exit := exited(err); exit != nil {
		result.ExitCode = exit.Code
		if exit.Code == 0 {
			err = nil
		}
	}
	if err = one.finish(err); err == nil && result.ExitCode == 0 {
		err = one.clearCheckpoint()
	}
	result.Summary = one.tally.Snapshot()
	result.Rejected = one.tally.Rejected()
	result.Planned = one.planned
	result.Warnings = one.warnings
	result.Duration = time.Since(started)
	return result, err
}

func (r *Runtime) newRun(ctx context.Context, cancel context.CancelCauseFunc, s Script) *run {
	read := append([]string{r.opts.WorkDir}, r.opts.ReadDirs...)
	if s.Path != "" {
		if !filepath.IsAbs(s.Path) {
			s.Path = filepath.Join(r.opts.WorkDir, s.Path)
		}
		read = append(read, filepath.Dir(s.Path))
	}
	if s.Name == "" {
		s.Name = "script"
	}
	one := &run{
		rt: r, script: s, ctx: ctx, cancel: cancel, log: r.log,
		box:     sandbox.New(r.opts.WorkDir, read, r.opts.WriteDirs),
		sources: map[string][]byte{}, paths: map[string]string{},
		stdout: r.opts.Secrets.Writer(r.opts.Stdout),
		stderr: r.opts.Secrets.Writer(r.opts.Stderr),
		warned: map[string]bool{},
	}
	one.dryRun.Store(r.opts.DryRun)
	one.stdin = bufio.NewReader(&input{run: one, from: r.opts.Stdin})
	return one
}

// dir is the folder that require searches first.
func (r *run) dir() string {
	if r.script.Path == "" {
		return r.rt.opts.WorkDir
	}
	return filepath.Dir(r.script.Path)
}

// do compiles and executes the script and returns its values.
func (r *run) do() (values []any, err error) {
	if r.ctx.Err() != nil {
		return nil, r.ended(nil)
	}
	proto, err := r.compile(r.script.Source, r.script.Name, r.script.Path)
	if err != nil {
		return nil, r.syntaxFailure(err)
	}
	r.L = newState(quick(r.ctx), r.rt.opts.MaxCallDepth)
	defer r.L.Close()
	results, err := r.call(func() *lua.LFunction {
		r.prepare()
		return r.L.NewFunctionFromProto(proto)
	})
	if err == nil || exited(err) != nil {
		r.files.closeAll(r.L)
	}
	for _, v := range results {
		values = append(values, ValueOf(v))
	}
	return values, err
}

// call calls a function of the script with its arguments, in the run's state.
// Whatever ends it, a fault of the host included, becomes the run's error.
func (r *run) call(function func() *lua.LFunction) (results []lua.LValue, err error) {
	defer func() {
		if p := recover(); p != nil {
			results, err = nil, r.failure(p)
		}
	}()
	L := r.L
	L.Push(function())
	for _, a := range r.script.Args {
		L.Push(lua.LString(a))
	}
	L.Call(len(r.script.Args), lua.MultRet)
	for i := 1; i <= L.GetTop(); i++ {
		results = append(results, L.Get(i))
	}
	if r.script.Then != nil {
		L.SetTop(0)
		if err := r.script.Then(&Live{r}); err != nil {
			return results, err
		}
	}
	return results, nil
}

// compile compiles a chunk and remembers its text for messages. The path is
// that of its file, "" where it has none.
func (r *run) compile(src []byte, name, path string) (*lua.FunctionProto, error) {
	r.sources[name] = src
	var cover *compile.Lines
	if path != "" && r.rt.opts.Sources != nil {
		cover = r.rt.opts.Sources(path)
	}
	proto, err := compile.Options{Cover: cover}.Compile(src, name)
	if err != nil {
		var syntax *compile.SyntaxError
		if errors.As(err, &syntax) {
			r.syntax = append(r.syntax, syntax)
		}
		return nil, err
	}
	return proto, nil
}

// finish closes what the run has open. What the script did not write to its end
// is dropped.
func (r *run) finish(err error) error {
	for _, c := range r.clients {
		c.Close()
	}
	closed := r.closeFiles(err == nil || exited(err) != nil)
	for _, w := range []*redact.Writer{r.stdout, r.stderr} {
		if err := w.Flush(); err != nil {
			closed = errors.Join(closed, fmt.Errorf("the output cannot be written: %w", err))
		}
	}
	if err == nil || closed != nil && exited(err) != nil {
		return closed
	}
	return err
}
