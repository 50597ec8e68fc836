package runtime

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/network"
)

// Program is a compiled script. It can run any number of times, each time in a
// fresh state, and is safe for concurrent use.
//
// It keeps the modules that its runs require compiled as well, until their
// files change.
type Program struct {
	rt     *Runtime
	script Script
	proto  *lua.FunctionProto
	// says is the script's header, reach are the hosts that it allows itself to reach.
	says  *header.Header
	reach []network.Rule
	files chunks
}

// Compile compiles a script. It runs nothing, and ends with ctx and at the limits
// of Options. The error is a *ScriptError.
//
// A Runtime with Options.Sources counts lines in the program itself, so such a
// program must not run twice at the same time.
func (r *Runtime) Compile(ctx context.Context, s Script) (*Program, error) {
	s = r.named(s)
	ctx, stop := withTimeout(ctx, r.opts.Timeout)
	defer stop()
	one := (&host{rt: r, opts: r.opts}).begin(ctx, s, RunOptions{})
	defer one.cancel(nil)
	defer one.watchHeap().Stop()
	proto, err := compile.Options{Cover: r.opts.counter(s.Path), Context: one.ctx}.Compile(s.Source, s.Name)
	if err != nil && one.ctx.Err() != nil {
		return nil, one.ended(nil)
	}
	if err != nil {
		return nil, r.uncompiled(s, err)
	}
	says, err := r.header(s)
	if err != nil {
		return nil, err
	}
	reach, err := declaredHosts(s, says)
	if err != nil {
		return nil, err
	}
	return &Program{rt: r, script: s, proto: proto, says: says, reach: reach}, nil
}

// declaredHosts returns the hosts that a script allows itself to reach.
func declaredHosts(s Script, says *header.Header) (rules []network.Rule, err error) {
	for _, host := range says.Net {
		r, err := network.ParseDeclared(host.Text)
		if err != nil {
			e := &ScriptError{Script: s.Name, Line: host.Line, Message: err.Error(), Cause: err}
			if hinter, ok := errors.AsType[bindings.Hinter](err); ok {
				wrong := "the line"
				for _, other := range says.Net {
					if other.Line == host.Line && other.Text != host.Text {
						wrong = fmt.Sprintf("%q in the line", host.Text)
					}
				}
				e.Hint = "delete " + wrong + "; " + hinter.ErrorHint()
			}
			return nil, e
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// uncompiled is the error of a script that does not compile.
func (r *Runtime) uncompiled(s Script, err error) error {
	e := &ScriptError{Script: s.Name, Message: err.Error(), Cause: err}
	if syntax, ok := errors.AsType[*compile.SyntaxError](err); ok {
		e = fromSyntax(syntax, nil)
	}
	return hideSecrets(e, r.opts.Secrets)
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

// Run compiles a script and runs it once. Use Compile and Program.Run for a
// script that runs more often, or that gets arguments. The result and the error
// are those of Program.Run.
func (r *Runtime) Run(ctx context.Context, s Script) (*Result, error) {
	p, err := r.Compile(ctx, s)
	if err != nil {
		return &Result{}, err
	}
	return p.Run(ctx, RunOptions{})
}

// counter returns the counter for the lines of a file, or nil.
func (o *Options) counter(path string) *Lines {
	if path == "" || o.Sources == nil {
		return nil
	}
	return o.Sources(path)
}

// chunks keeps compiled chunks by name. It is safe for concurrent use.
type chunks struct{ byName sync.Map }

type chunk struct {
	source []byte
	proto  *lua.FunctionProto
}

// compile compiles a chunk, unless it is kept with the same source. With a
// counter for its lines, nothing is kept; neither do nil chunks keep anything.
func (c *chunks) compile(ctx context.Context, source []byte, name string, lines *Lines) (*lua.FunctionProto, error) {
	if c == nil || lines != nil {
		return compile.Options{Cover: lines, Context: ctx}.Compile(source, name)
	}
	if kept, ok := c.byName.Load(name); ok && bytes.Equal(kept.(*chunk).source, source) {
		return kept.(*chunk).proto, nil
	}
	proto, err := compile.Options{Context: ctx}.Compile(source, name)
	if err == nil {
		c.byName.Store(name, &chunk{source, proto})
	}
	return proto, err
}
