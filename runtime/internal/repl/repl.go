// Package repl is the prompt: it reads inputs, evaluates them in a session and
// shows the results.
package repl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/repl/complete"
	"github.com/phscript/phscript/runtime/internal/repl/show"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// Options configure a Prompt.
type Options struct {
	Session *runtime.Session
	Manual  *manual.Manual
	// Schema is what the account has, nil if that is unknown.
	Schema  *schema.Schema
	Secrets *redact.Secrets
	// Out receives values and the session's output, Err errors and remarks.
	// Both may be the terminal.
	Out *Screen
	Err io.Writer
	// Color allows colors; Interactive means that a person is typing.
	Color, Interactive bool
	// Width and Height are the size of the terminal; nil is 80 by 25.
	Width, Height func() int
	// Begin starts to watch for Ctrl-C during one input, which ends the
	// context; end stops the watch.
	Begin func() (ctx context.Context, interrupted func() bool, end func())
	// Files are the files for :load and :save.
	Files Files
	// Connected says what the session is connected to.
	Connected Connection
}

// Connection says what a session is connected to.
type Connection struct {
	// Host is the host's name, empty if there is no token.
	Host      string
	Simulated bool
}

// Files is where commands read and write the person's files.
type Files interface {
	ReadFile(name string) ([]byte, error)
	// WriteFile writes a file; a failed write leaves no part of it. Without replace, an
	// existing file is an error that matches fs.ErrExist.
	WriteFile(name string, data []byte, replace bool) error
}

// Prompt is one session at the prompt.
type Prompt struct {
	o Options
	// done are the inputs that succeeded, for :save.
	done   []done
	last   *runtime.Evaluation
	engine *complete.Engine
	// replace lets :save overwrite a file; quit ends the session.
	replace, quit bool
	// exit is the os.exit that ended the session.
	exit *runtime.ExitError
}

// New returns a Prompt.
func New(o Options) *Prompt {
	if o.Width == nil {
		o.Width = func() int { return 80 }
	}
	if o.Height == nil {
		o.Height = func() int { return 25 }
	}
	return &Prompt{o: o, engine: &complete.Engine{Manual: o.Manual, Session: o.Session, Commands: Commands(), Schema: o.Schema, Hide: o.Secrets.String}}
}

// ErrFailed is what Run returns if an input failed that nobody typed.
var ErrFailed = errors.New("an input failed")

// Run reads and evaluates inputs until they end. At a prompt, errors are shown
// and the next input is read. Otherwise the first failure ends it, because
// later inputs may depend on it.
func (p *Prompt) Run(r Reader) error {
	for !p.quit {
		text, err := r.Read()
		switch {
		case errors.Is(err, ErrInterrupt):
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("cannot read the input: %w", err)
		}
		if !p.Input(text) && !p.o.Interactive {
			if p.exit != nil {
				return p.exit
			}
			return ErrFailed
		}
	}
	if p.exit != nil && p.exit.Code != 0 {
		return p.exit
	}
	return nil
}

// Label is the text of the prompt.
func (p *Prompt) Label() string {
	label := "planhat"
	switch simulated, dry := p.o.Connected.Simulated, p.o.Session.DryRun(); {
	case simulated && dry:
		label += " (simulated, dry run)"
	case simulated:
		label += " (simulated)"
	case dry:
		label += " (dry run)"
	}
	if p.o.Color {
		return "\x1b[1m" + label + ">\x1b[0m "
	}
	return label + "> "
}

// Input evaluates one input, a command or Lua, and reports whether it
// succeeded. A panic while showing a value does not end the session.
func (p *Prompt) Input(text string) (ok bool) {
	for _, piece := range pieces(unprompted(text)) {
		if !p.input(piece) {
			return false
		}
		if p.quit {
			break
		}
	}
	return true
}

func (p *Prompt) input(text string) (ok bool) {
	defer func() {
		if fault := recover(); fault != nil {
			ok = false
			p.remark("internal error: %v\nthis is a bug in phscript; the session continues", fault)
		}
	}()
	if strings.TrimSpace(text) == "" {
		return true
	}
	if p.o.Interactive && !isCommand(text) {
		if meant := p.spoken(text); meant != "" {
			text = meant
		}
	}
	if isCommand(text) {
		return p.command(text)
	}
	return p.eval(text)
}

func (p *Prompt) eval(text string) bool {
	return p.evalInput(runtime.Script{Source: []byte(text)})
}

func (p *Prompt) evalInput(in runtime.Script) bool {
	ctx, interrupted, end := p.o.Begin()
	defer end()
	result, err := p.o.Session.Eval(ctx, in)
	p.last = result
	if n := result.Summary.Rejected; n > 0 && len(result.Values) == 0 {
		where := "; see the result's errors"
		if result.Summary.ByModel["run"].Rejected == n {
			where = "" // by run.reject
		}
		defer p.remark("%s rejected%s", english.Plural(n, "row", ""), where)
	}
	if exit, ok := errors.AsType[*runtime.ExitError](err); ok {
		p.quit, p.exit = true, exit
		return exit.Code == 0
	}
	if err != nil {
		p.fail(err, interrupted())
		return false
	}
	p.done = append(p.done, done{text: strings.TrimSpace(string(in.Source)), held: len(result.Planned) > 0})
	p.engine.Learn(string(in.Source))
	p.show(ctx, result.Values)
	p.doubt(string(in.Source), result.Values)
	return true
}

func (p *Prompt) fail(err error, interrupted bool) {
	p.o.Out.Break()
	if interrupted {
		p.remark("stopped")
		return
	}
	if script, ok := errors.AsType[*runtime.ScriptError](err); ok {
		_ = script.Render(p.o.Err, p.o.Color)
		return
	}
	p.remark("error: %v", err)
}

// remark writes a line for the person at the prompt.
func (p *Prompt) remark(format string, args ...any) {
	p.o.Out.Break()
	fmt.Fprintln(p.o.Err, p.o.Secrets.String(fmt.Sprintf(format, args...)))
}

// show prints the values of an input, and keeps the last as _.
func (p *Prompt) show(ctx context.Context, values []lua.LValue) {
	if len(values) == 0 {
		return
	}
	p.o.Session.SetGlobal("_", values[len(values)-1])
	for _, v := range values {
		if ctx.Err() != nil {
			return
		}
		p.print(show.Value(v, show.Options{
			State: p.o.Session.State(), Hide: p.o.Secrets.String, Width: p.o.Width(), Rows: min(max(p.o.Height()-8, 10), 50), Color: p.o.Color,
			Catalog: p.o.Manual.Catalog(), Topic: func(v lua.LValue) *manual.Topic { return builtins.TopicOf(p.o.Manual, p.o.Session.State(), v) },
		}))
	}
}

// print writes a text for the person, or for the next program.
func (p *Prompt) print(text string) {
	p.o.Out.Break()
	fmt.Fprintln(p.o.Out, p.o.Secrets.String(text))
}

// Complete returns the candidates at the cursor. A panic in it does not end the
// session.
func (p *Prompt) Complete(text string, cursor int) (result complete.Result) {
	defer func() {
		if recover() != nil {
			result = complete.Result{Start: cursor}
		}
	}()
	return p.engine.Complete(text, cursor)
}

func isCommand(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), ":") }

// path matches the name of a field, and splits off the last one.
var path = pattern.Lazy(`^((?:[A-Za-z_]\w*\.)+)([A-Za-z_]\w*)$`)

// doubt suggests another name for a field that is not there.
func (p *Prompt) doubt(text string, values []lua.LValue) {
	m := path().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || len(values) != 1 || values[0] != lua.LNil {
		return
	}
	var names []string
	for _, c := range p.engine.Complete(m[1], len(m[1])).Candidates {
		names = append(names, cmp.Or(c.Label, c.Text))
	}
	if slices.Contains(names, m[2]) {
		return
	}
	if hint := catalog.DidYouMean(m[2], names); hint != "" {
		p.remark("%s has no field '%s'%s", strings.TrimSuffix(m[1], "."), m[2], hint)
	}
}
