package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/clients"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/network"
	"github.com/phscript/phscript/runtime/internal/sandbox"
	"github.com/phscript/phscript/runtime/internal/threads"
)

// host is what all code run in one state shares: the script and the functions
// called after it, or the inputs of a session.
type host struct {
	rt *Runtime
	// opts are those of the run or session; first is its script.
	opts  Options
	first Script
	// files keeps compiled files of a Program; nil compiles them each time.
	files *chunks

	box            *sandbox.Sandbox
	env            *sandbox.Environment
	journal        *journal
	clients        *clients.Clients
	network        *network.Network
	checkpoint     *checkpoint
	stdout, stderr *stream
	input          input
	// modules is the part that modules see.
	modules *bindings.Host

	// threads run functions of parallel.map.
	threads *threads.Threads

	// meter keeps the limits of the state; nil if there are none.
	meter *meter

	// sources holds the text of every loaded chunk, by its name in messages.
	sources map[string][]byte
	// paths are the files of chunks that loadfile and dofile loaded.
	paths map[string]string
	// loading are the modules being required, outermost first.
	loading []string
	// moduleFiles are their files.
	moduleFiles moduleFiles
}

// newHost makes a host for a script, whose folder it may read. declared are the hosts that
// the script allows itself to reach.
func (r *Runtime) newHost(s Script, o Options, declared []network.Rule) *host {
	read := append([]string{o.WorkDir}, o.ReadDirs...)
	if s.Path != "" {
		read = append(read, filepath.Dir(s.Path))
	}
	h := &host{
		rt: r, opts: o, first: s, meter: newMeter(&o), sources: map[string][]byte{}, paths: map[string]string{},
		box:     sandbox.New(o.WorkDir, read, o.WriteDirs),
		env:     &sandbox.Environment{Declared: o.EnvAllow, Get: o.Env, Missing: o.MissingEnv, Hide: o.Secrets.Configured},
		journal: &journal{log: slog.New(o.Secrets.Handler(o.Logger.Handler())), secrets: o.Secrets, warned: map[string]bool{}},
		stdout:  newStream(o.Stdout, o.outLock, o.Secrets),
		stderr:  newStream(o.Stderr, o.errLock, o.Secrets),
	}
	h.box.Private = o.PrivateFiles
	h.checkpoint = &checkpoint{host: h}
	h.clients = clients.New(clients.Options{
		Config: o.Planhat, Limiters: &r.limiters, Secrets: o.Secrets, Logger: h.journal.log,
		Warn: h.journal.WarnOnce, Script: s.Name, DryRun: o.DryRun, MaxReadCalls: o.MaxReadCalls, AllowAddress: o.AllowAddress,
		Step: o.Step, Judge: o.Judge, Now: o.Now, Consent: h.consent, Progress: o.Progress, Recorder: o.Recorder,
	})
	h.network = network.New(network.Options{
		Rules: r.reach, Declared: declared, Stubs: o.Stubs, DryRun: h.clients.DryRun, Plan: h.clients.Plan,
		Window: h.rateWindow, UserAgent: o.Planhat.UserAgent, Log: h.journal.log, Secrets: o.Secrets,
		Transport: o.Transport, Offline: o.Offline,
	})
	h.threads = &threads.Threads{
		Panicked: func(L *lua.LState, value any) { running(L.Context()).panicked(value) },
		Kept:     func(L *lua.LState, raised lua.LValue) func(lua.LValue) { return running(L.Context()).keepLost(raised) },
	}
	h.modules = &bindings.Host{
		Threads: h.threads,
		Files:   h.box, Env: h.env, Log: h.journal, Clock: clock{o.Now, o.Location}, Clients: h.clients, Network: h.network,
		Checkpoint: h.checkpoint, State: r.newState(s, &o), Tokens: r.newTokens(&o), PrivateKey: h.privateKey, Tell: o.Tell, Journal: o.Journal, Rejects: h.clients, Events: o.Events, Outbox: o.Outbox, Strict: o.Strict, MaxString: o.MaxString, Models: o.Models, Call: lualib.Call,
		Panicked:   func(L *lua.LState, value any) { running(L.Context()).panicked(value) },
		RaisedText: func(L *lua.LState, text string, err error) { compile.Faults(L).Note(text, err) },
	}
	if o.Progress != nil {
		h.modules.Progress = o.Progress
	}
	if o.Step != nil {
		h.modules.Calling = calling
	}
	return h
}

// rateWindow makes the window of a rate, or returns nil if it is not shared.
func (h *host) rateWindow(system, account string, spec planhat.WindowSpec) planhat.Window {
	if h.opts.RateWindow == nil {
		return nil
	}
	return h.opts.RateWindow(WindowUser{URL: system, Token: account, Script: h.first.Name, Spec: spec})
}

type clock struct {
	now  func() time.Time
	zone *time.Location
}

func (c clock) Now() time.Time { return c.now() }

func (c clock) Location() *time.Location { return c.zone }

// compile compiles a chunk and keeps its text for messages. The path is that of
// its file, or "".
func (h *host) compile(ctx context.Context, src []byte, name, path string) (*lua.FunctionProto, error) {
	h.sources[name] = src
	if path != "" {
		return h.files.compile(ctx, src, name, h.opts.counter(path))
	}
	return h.rt.builtin.compile(ctx, src, name, nil)
}

// finish closes everything that is open. Files that the script did not close
// are dropped.
func (h *host) finish(err error) error {
	defer h.clients.Close()
	defer h.network.Close()
	var left []string
	if err == nil || exited(err) != nil {
		left = h.box.Unfinished()
	}
	closed := h.box.Close()
	if len(left) > 0 {
		// Part of their text is still in the module that holds them open.
		closed = errors.Join(fmt.Errorf("%s: opened for writing and never closed, so nothing was written; call close() on the returned file",
			strings.Join(left, ", ")), closed)
	}
	for _, s := range []*stream{h.stdout, h.stderr} {
		if err := s.finish(); err != nil {
			closed = errors.Join(closed, fmt.Errorf("cannot write the output: %w", err))
		}
	}
	if err == nil || closed != nil && exited(err) != nil {
		return closed
	}
	return err
}
