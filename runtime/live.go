package runtime

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/machine"
)

// Live is a run whose script has ended but whose state remains, so Go code can
// call the script's functions. Use it only in the goroutine that received it,
// and only until Script.Then returns.
type Live struct{ run *run }

// Context returns the run's context, which ends with it.
func (l *Live) Context() context.Context { return l.run.ctx }

// State returns the run's Lua state.
func (l *Live) State() *lua.LState { return l.run.L }

// Loaded returns a module that the script required, or nil.
func (l *Live) Loaded(name string) lua.LValue { return l.run.loaded().RawGetString(name) }

// Call calls a function in its own thread, which ends with ctx; ctx must derive
// from the context of the run. Its errors are those of Run, and its memory is limited
// apart, by MaxHeap. After a failure the
// state is still usable, even if ctx ended the function or it called os.exit.
func (l *Live) Call(ctx context.Context, fn *lua.LFunction, args ...lua.LValue) (results []lua.LValue, err error) {
	r := l.run.begin(ctx, l.run.script, RunOptions{})
	defer r.cancel(nil)
	watch := r.watchHeap()
	defer func() { watch.Stop() }()
	thread := machine.NewThread(l.run.L, nil)
	machine.SetContext(thread, r.stateContext())
	r.L = thread
	defer func() {
		if p := recover(); p != nil {
			results, err = nil, r.failure(p)
		}
		if flushed := l.Flush(); err == nil {
			err = flushed
		}
	}()
	thread.Push(fn)
	for _, a := range args {
		thread.Push(a)
	}
	thread.Call(len(args), lua.MultRet)
	for i := 1; i <= thread.GetTop(); i++ {
		results = append(results, thread.Get(i))
	}
	return results, nil
}

// Flush writes out what the script printed.
func (l *Live) Flush() error {
	return errors.Join(l.run.stdout.finish(), l.run.stderr.finish())
}
