package runtime

import (
	"context"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/machine"
)

// Session is a state that lasts over many inputs, for a prompt. What one input
// defines, including its top-level locals, stays for the next, even if it
// failed. A Session is not safe for concurrent use.
type Session struct {
	host *host
	// first is the run that prepared the state.
	first   *run
	main    *lua.LState
	context *sessionContext
	locals  map[string]*lua.Upvalue
	inputs  int
	closed  bool
}

// NewSession opens a session. It sends nothing until an input does. The caller
// must call Close.
func (r *Runtime) NewSession() *Session {
	script := Script{Name: "session"}
	h := r.newHost(script, r.opts, nil)
	s := &Session{host: h, first: h.begin(context.Background(), script, RunOptions{}), context: &sessionContext{}, locals: map[string]*lua.Upvalue{}}
	h.meter = nil // each input has its own
	s.context.begin(s.first)
	s.main = newState(s.context, r.opts.MaxCallDepth)
	s.first.L = s.main
	s.first.prepare()
	return s
}

// Evaluation is the result of an input.
type Evaluation struct {
	// Values are what it returned; Expression is set if it was an expression.
	Values     []lua.LValue
	Expression bool
	// Summary counts the work done in Planhat; Planned lists the writes that a
	// dry run withheld.
	Summary planhat.Summary
	Planned []PlannedWrite
	// Duration is the time it took.
	Duration time.Duration
}

// Eval evaluates an input: an expression, or statements. Without a name it is
// called "input 1" and so on in messages. The result is never nil. The errors are those of Run. An *ExitError, which Eval also returns for
// code 0, means that the session has ended. The limits of time, memory and
// instructions apply to each input.
func (s *Session) Eval(ctx context.Context, in Script) (*Evaluation, error) {
	started := time.Now()
	if in.Name == "" {
		s.inputs++
		in.Name = fmt.Sprintf("input %d", s.inputs)
	}
	// Unless the input failed, iterators keep reading ahead after it.
	r := s.host.begin(context.WithoutCancel(ctx), in, RunOptions{})
	defer context.AfterFunc(ctx, func() { r.cancel(context.Cause(ctx)) })()
	if limit := s.host.opts.Timeout; limit > 0 {
		timer := time.AfterFunc(limit, func() { r.cancel(fault.TimeLimit(limit)) })
		defer timer.Stop()
	}
	defer r.watchHeap().Stop()
	s.host.meter = newMeter(&s.host.opts)
	s.host.meter.attach(s.main)
	defer s.host.meter.watch()()
	before := s.host.clients.Tally.Snapshot()
	s.context.begin(r)

	result := &Evaluation{}
	err := s.eval(r, result)
	if err == nil && ctx.Err() != nil {
		r.cancel(context.Cause(ctx))
		err = r.ended(nil)
	}
	if err != nil {
		r.cancel(nil)
	}
	if flushed := s.flush(); err == nil {
		err = flushed
	}
	result.Summary = s.host.clients.Tally.Snapshot().Since(before)
	result.Planned = s.host.clients.TakePlanned()
	result.Duration = time.Since(started)
	return result, err
}

func (s *Session) eval(r *run, result *Evaluation) error {
	name, source := r.script.Name, r.script.Source
	s.host.sources[name] = source
	compiled, err := compile.NewInput(source, name, func(name string) bool { return s.locals[name] != nil })
	if err != nil {
		return s.host.rt.uncompiled(r.script, err)
	}
	result.Expression = compiled.Expression
	// Each input has its own thread: the interpreter cannot remove an error
	// from a state that is used again.
	r.L = machine.NewThread(s.main, nil)
	fn := r.L.NewFunctionFromProto(compiled.Proto)
	fresh := s.join(fn, compiled)
	result.Values, err = r.call(func() *lua.LFunction { return fn })
	for name, v := range fresh {
		// Locals that a failed input did not reach keep their values.
		if err == nil || v.Value() != nil && v.Value() != lua.LNil {
			s.locals[name] = v
		}
	}
	return err
}

// join binds the session's locals that a function uses, and returns those that
// it declares.
func (s *Session) join(fn *lua.LFunction, in *compile.Input) map[string]*lua.Upvalue {
	fresh := map[string]*lua.Upvalue{}
	for i, local := range in.Upvalues {
		v := s.locals[local.Name]
		if local.Fresh {
			v = &lua.Upvalue{}
			v.SetValue(lua.LNil)
		}
		if local.Fresh && local.Kept {
			fresh[local.Name] = v
		}
		fn.Upvalues[i] = v
	}
	return fresh
}

func (s *Session) flush() error {
	if err := s.host.stdout.finish(); err != nil {
		return fmt.Errorf("cannot write the output: %w", err)
	}
	return s.host.stderr.finish()
}

// SetGlobal sets a global variable of the session.
func (s *Session) SetGlobal(name string, v lua.LValue) { s.main.G.Global.RawSetString(name, v) }

// Globals returns the table of the session's globals. Modules are added to it
// on first use.
func (s *Session) Globals() *lua.LTable { return s.main.G.Global }

// Local returns the value of a top-level local of an input, or nil if there is
// none of that name.
func (s *Session) Local(name string) lua.LValue {
	if v := s.locals[name]; v != nil {
		return v.Value()
	}
	return nil
}

// Locals returns the names of the session's locals.
func (s *Session) Locals() []string {
	names := make([]string, 0, len(s.locals))
	for name := range s.locals {
		names = append(names, name)
	}
	return names
}

// Summary counts what the session's inputs have done.
func (s *Session) Summary() planhat.Summary { return s.host.clients.Tally.Snapshot() }

// State returns the state that the session's values belong to.
func (s *Session) State() *lua.LState { return s.main }

// DryRun reports whether writes are withheld.
func (s *Session) DryRun() bool { return s.host.clients.DryRun() }

// SetDryRun switches whether later inputs withhold writes.
func (s *Session) SetDryRun(on bool) { s.host.clients.SetDryRun(on) }

// ReadDir lists a folder that the session may read.
func (s *Session) ReadDir(name string) ([]string, error) {
	entries, err := s.host.box.ReadDir(name)
	var names []string
	for _, e := range entries {
		if e.IsDir() {
			names = append(names, e.Name()+"/")
			continue
		}
		names = append(names, e.Name())
	}
	return names, err
}

// ReadFile reads a file that the session may read.
func (s *Session) ReadFile(name string) ([]byte, error) {
	src, _, err := s.host.box.ReadFile(name)
	return src, err
}

// Close ends the session and closes what its inputs left open. A second call
// does nothing.
func (s *Session) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	r := s.host.begin(context.Background(), s.first.script, RunOptions{})
	defer r.cancel(nil)
	s.host.meter = nil
	s.context.begin(r)
	lualib.CloseFiles(s.main)
	err := s.host.finish(nil)
	s.main.Close()
	return err
}
