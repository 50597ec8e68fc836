package runtime

import (
	"context"
	"path/filepath"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/memory"
)

// run is one execution on a host: of the script, of a function called after it,
// or of an input of a session.
type run struct {
	*host
	script Script
	ctx    context.Context
	cancel context.CancelCauseFunc
	L      *lua.LState
	lost   lostError
}

// begin makes a run that ends with ctx. Code called from the state finds the
// run in its context.
func (h *host) begin(ctx context.Context, s Script) *run {
	r := &run{host: h, script: s}
	ctx, r.cancel = context.WithCancelCause(ctx)
	r.ctx = context.WithValue(ctx, runKey{}, r)
	return r
}

type runKey struct{}

// running returns the run whose context ctx derives from.
func running(ctx context.Context) *run { return ctx.Value(runKey{}).(*run) }

// Run runs a script in a fresh state. The result is never nil: it holds what
// was done so far, even if the run failed. The error is a *ScriptError, an
// *ExitError if the script called os.exit with a code other than 0, or a
// failure to rename a finished file.
func (r *Runtime) Run(ctx context.Context, s Script) (*Result, error) {
	started := time.Now()
	if r.opts.Timeout > 0 {
		limit := fault.TimeLimit(r.opts.Timeout)
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, r.opts.Timeout, limit)
		defer stop()
	}
	s = r.named(s)
	h := r.newHost(s)
	one := h.begin(ctx, s)
	defer one.cancel(nil)
	watch := one.watchMemory()
	result := &Result{}
	values, err := one.do()
	result.PeakMemory = watch.Stop()
	result.Values = values
	if exit := exited(err); exit != nil {
		result.ExitCode = exit.Code
		if exit.Code == 0 {
			err = nil
		}
	}
	if err = h.finish(err); err == nil && result.ExitCode == 0 {
		err = h.checkpoint.drop(ctx)
	}
	result.Summary = h.clients.Tally.Snapshot()
	result.Rejected = h.clients.Tally.Rejected()
	result.Planned = h.clients.TakePlanned()
	result.Warnings = h.journal.warnings
	result.Duration = time.Since(started)
	return result, err
}

// watchMemory ends the run when it uses too much memory.
func (r *run) watchMemory() *memory.Watch {
	limit := r.rt.opts.MaxMemory
	return memory.Start(limit, func() { r.cancel(fault.MemoryLimit(limit)) })
}

// named fills in defaults for the script: a name, and its absolute path.
func (r *Runtime) named(s Script) Script {
	if s.Path != "" && !filepath.IsAbs(s.Path) {
		s.Path = filepath.Join(r.opts.WorkDir, s.Path)
	}
	if s.Name == "" {
		s.Name = "script"
	}
	return s
}

// dir is the folder that require searches first.
func (r *run) dir() string {
	if r.script.Path == "" {
		return r.rt.opts.WorkDir
	}
	return filepath.Dir(r.script.Path)
}

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
		r.unwritten = lualib.CloseFiles(r.L)
	}
	for _, v := range results {
		values = append(values, ValueOf(v))
	}
	return values, err
}

// call calls a function of the script with its arguments in the run's state.
// Whatever ends it, even a panic of the host, becomes the run's error.
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
