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
	// given are the settings that the caller of the run made.
	given  RunOptions
	ctx    context.Context
	cancel context.CancelCauseFunc
	L      *lua.LState
	lost   lostError
	// heap watches the process's heap, nil if it is not watched.
	heap *memory.Watch
}

// begin makes a run that ends with ctx. Code called from the state finds the
// run in its context.
func (h *host) begin(ctx context.Context, s Script, given RunOptions) *run {
	r := &run{host: h, script: s, given: given}
	ctx, r.cancel = context.WithCancelCause(ctx)
	r.ctx = context.WithValue(ctx, runKey{}, r)
	return r
}

type runKey struct{}

// running returns the run whose context ctx derives from.
func running(ctx context.Context) *run { return ctx.Value(runKey{}).(*run) }

// Run runs the program in a fresh state. The result is never nil: it holds what
// was done so far, even if the run failed. The error is a *ScriptError, an
// *ExitError if the script called os.exit with a code other than 0, a failure to
// rename a finished file, or says which of the options is invalid.
func (p *Program) Run(ctx context.Context, o RunOptions) (*Result, error) {
	started := time.Now()
	if err := p.rt.validateValues(o.Values); err != nil {
		return &Result{}, err
	}
	opts := o.over(p.rt.opts)
	o, release, err := p.bind(o, opts.Secrets)
	if err != nil {
		return &Result{}, err
	}
	defer release()
	opts.Planhat.Gate = p.guard(opts.Planhat.Gate)
	ctx, stop := withTimeout(ctx, p.timeLimit(o, opts.Timeout))
	defer stop()
	h := p.rt.newHost(p.script, opts, p.reach)
	h.files = &p.files
	h.sources[p.script.Name] = p.script.Source
	one := h.begin(ctx, p.script, o)
	defer one.cancel(nil)
	watch := one.watchHeap()
	defer h.meter.watch()()
	result := &Result{}
	if opts.Profile != nil {
		opts.Profile.Start()
	}
	values, err := one.do(p.proto)
	if opts.Profile != nil {
		opts.Profile.Stop()
		opts.Profile.Sources = h.sources
	}
	one.warnUnread(err != nil)
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
	result.Plan, result.PlannedRecords = h.clients.Plans().Counts(), h.clients.Plans().Rows()
	result.PlannedAccounts = h.clients.Plans().Accounts()
	result.Tenants, result.Unknown, result.Mark = h.clients.Plans().Tenants(), h.clients.Plans().Unknowns(), h.clients.Plans().Mark()
	result.LookUps = h.clients.Plans().Spent()
	result.Written, result.Removed = h.box.Changed()
	result.StdinSize, result.StdinSHA256 = h.input.read()
	result.Read, result.Env = h.box.Read(), h.env.Used()
	result.Warnings = h.journal.warnings
	result.Modules = h.moduleFiles.versions()
	result.Duration = time.Since(started)
	return result, err
}

// withTimeout returns a context with a time limit, if there is one.
func withTimeout(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, fault.TimeLimit(limit))
}

// watchHeap ends the run when the process's heap grows too much.
func (r *run) watchHeap() *memory.Watch {
	limit := r.opts.MaxHeap
	r.heap = memory.Start(limit, func() { r.cancel(fault.MemoryLimit(limit)) })
	return r.heap
}

// dir is the folder that require searches first.
func (r *run) dir() string {
	if r.script.Path == "" {
		return r.opts.WorkDir
	}
	return filepath.Dir(r.script.Path)
}

func (r *run) do(proto *lua.FunctionProto) (values []any, err error) {
	if r.ctx.Err() != nil {
		return nil, r.ended(nil)
	}
	r.L = newState(r.stateContext(), r.opts.MaxCallDepth)
	defer r.L.Close()
	r.meter.attach(r.L)
	results, err := r.call(func() *lua.LFunction {
		r.prepare()
		if r.opts.KeepModules {
			r.keepModules()
		}
		return r.L.NewFunctionFromProto(proto)
	})
	if err == nil || exited(err) != nil {
		lualib.CloseFiles(r.L)
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
	for _, a := range r.given.Args {
		L.Push(lua.LString(a))
	}
	L.Call(len(r.given.Args), lua.MultRet)
	if r.ctx.Err() != nil {
		// The machine does not look at the context at the last instructions.
		return nil, r.ended(nil)
	}
	for i := 1; i <= L.GetTop(); i++ {
		results = append(results, L.Get(i))
	}
	if r.given.Then != nil {
		L.SetTop(0)
		r.heap.Stop() // each call of a Live has a watch of its own
		if err := r.given.Then(&Live{r}); err != nil {
			return results, err
		}
	}
	return results, nil
}
