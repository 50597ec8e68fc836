// Package repl is phscript repl: the prompt.
package repl

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/repl"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// options are the settings of a prompt, before they are checked.
type options struct{ host.Options }

// Start starts the prompt with the flags of another command.
func Start(env *environment.Env, o host.Options) error { return converse(env, &options{o}) }

// New returns the command repl.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "repl [flags]",
		Short: "Try things out at a prompt",
		Long: "repl reads Lua that you type, evaluates it and shows the result. On a terminal, 'phscript' alone does\n" +
			"the same. Type :help there.\n\n" +
			"Input from a pipe is evaluated without a prompt; the first error ends it with exit code 1.",
		Example: "  phscript repl --simulate --companies 20\n  echo 'planhat.models()' | phscript repl --simulate",
		Args:    usage.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Given(cmd.Flags()); err != nil {
				return err
			}
			return converse(env, o)
		},
	}
	o.AddFlags(cmd)
	return cmd
}

func converse(env *environment.Env, o *options) error {
	c, err := o.Settings(env)
	if err != nil {
		return err
	}
	lines := repl.NewLines(env.Stdin)
	interactive := env.OnTerminal()
	screen := repl.NewScreen(env.Stdout)
	inner := *env
	inner.Stdin, inner.Stdout = lines.Rest(), screen
	editing := interactive && !env.Dumb()
	if interactive {
		if editing {
			inner.Stdin = env.Stdin
		}
		// Only Ctrl-C leads back to the prompt.
		inner.Interrupts = func() (<-chan os.Signal, func()) { return env.Signals(os.Interrupt) }
		defer leaveSanely(env)()
	}
	o.Ask = ":doc %s"
	h, err := o.Open(&inner, c)
	if err != nil {
		return err
	}
	defer h.Close()
	entry := h.Enter(env, history.ByREPL, runtime.Script{Name: "prompt"}, nil)
	began := env.Now()
	session := h.Runtime.NewSession()
	known, err := schema.Load(c.SchemaPath(env.Dir))
	if err != nil {
		known = nil // opening the host has told why
	}
	settings := repl.Options{
		Session: session, Manual: builtins.Manual(bindings.DeclaredModels(c.Models)...), Secrets: h.Secrets, Schema: known.Known(),
		Out: screen, Err: env.Stderr,
		Color: interactive && env.StderrColor(), Interactive: interactive,
		Begin:     inner.InterruptibleInput,
		Files:     promptFiles{env},
		Connected: connection(h, o.Simulated),
	}
	if interactive {
		settings.Width, settings.Height = env.Size(80, 25)
	}
	prompt := repl.New(settings)
	var reader repl.Reader = lines
	forget := func() error { return nil }
	if interactive {
		inputs := openHistory(env, h)
		forget = inputs.Forget
		reader = &repl.Prompted{Lines: lines, Prompt: prompt.Label, Before: screen.Break, Terminal: env.Stdout}
		if editing {
			reader = lineEditor(env, prompt, screen, inputs)
		}
		fmt.Fprintln(env.Stdout, prompt.Banner())
	}
	err = prompt.Run(reader)
	err = errors.Join(err, session.Close(), forget())
	done := outcome.New("prompt", began, outcome.Work{Summary: session.Summary(), Duration: env.Now().Sub(began)})
	done.Conclude(nil)
	done.Recorded = h.Recorded(context.Background())
	entry.End(context.Background(), done)
	var exit *runtime.ExitError
	switch {
	case errors.As(err, &exit):
		return &usage.Finished{Code: exit.ExitCode()}
	case errors.Is(err, repl.ErrFailed):
		return &usage.Finished{Code: fault.ExitScript}
	}
	return err
}

// leaveSanely restores the terminal when a termination signal ends the program
// while the line editor has changed it. What it returns ends the watch.
func leaveSanely(env *environment.Env) (release func()) {
	restore := env.KeepTerminal()
	signals, ignore := env.Signals(syscall.SIGTERM, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		select {
		case <-signals:
			restore()
			fmt.Fprint(env.Screen(), "\x1b[?2004l\x1b[?25h\r\n") // no bracketed paste; a cursor
			env.Exit(fault.ExitTerminated)
		case <-ended:
		}
	}()
	return func() {
		ignore()
		close(ended)
	}
}

// openHistory opens the inputs of earlier conversations.
func openHistory(env *environment.Env, h *host.Opened) *repl.History {
	file := historyFile(env)
	if file != "" {
		if err := env.Trust.Kept(file); err != nil {
			fmt.Fprintf(env.Stderr, "warning: your inputs are not kept: %v\n", err)
			file = ""
		}
	}
	inputs, err := repl.OpenHistory(file, h.Secrets)
	if err != nil {
		fmt.Fprintf(env.Stderr, "warning: your inputs are not kept: %v\n", err)
	}
	return inputs
}

// lineEditor makes the line editor of a terminal.
func lineEditor(env *environment.Env, prompt *repl.Prompt, screen *repl.Screen, inputs *repl.History) repl.Reader {
	o := repl.EditorOptions{Prompt: prompt.Label, Before: screen.Break, Complete: prompt.Complete, History: inputs, Terminal: env.Screen()}
	o.Width, o.Height = env.Size(80, 25)
	if env.StderrColor() {
		o.Highlight = repl.Highlight
	}
	return repl.NewEditor(o)
}

// historyFile is where inputs are kept, "" if they are not.
func historyFile(env *environment.Env) string {
	if v, ok := env.Getenv("PHSCRIPT_HISTORY"); ok {
		if v == "" || v == "off" {
			return ""
		}
		return env.Path(v)
	}
	if dir := storage.Dir(env); dir != "" {
		return filepath.Join(dir, "history")
	}
	return ""
}

// connection says what a session works on.
func connection(h *host.Opened, simulated bool) repl.Connection {
	if h.Config.APIToken == "" && h.Config.TenantToken == "" {
		return repl.Connection{}
	}
	address := h.Config.APIURL
	if address == "" {
		address = planhat.DefaultBaseURL
	}
	u, err := url.Parse(address)
	if err != nil {
		return repl.Connection{Simulated: simulated}
	}
	return repl.Connection{Host: u.Host, Simulated: simulated}
}

// promptFiles are the files of whoever is at the prompt.
type promptFiles struct{ env *environment.Env }

func (f promptFiles) ReadFile(name string) ([]byte, error) { return f.env.ReadFile(f.env.Path(name)) }

func (f promptFiles) WriteFile(name string, data []byte, replace bool) error {
	if replace {
		return printing.WriteWhole(f.env.Path(name), data, 0o644, "the session")
	}
	return printing.WriteNew(f.env.Path(name), data, 0o644)
}
