package command

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/repl"
)

// replOptions are the settings of a prompt, before they are checked.
type replOptions struct{ hostOptions }

func newRepl(env *environment, runF func(*environment, *replOptions) error) *cobra.Command {
	o := &replOptions{}
	cmd := &cobra.Command{
		Use:   "repl [flags]",
		Short: "Try things out at a prompt",
		Long: "repl reads what you type, evaluates it and shows what it comes to. 'phscript' alone does the same\n" +
			"on a terminal. Type :help there.\n\n" +
			"What comes through a pipe is evaluated as well, without a prompt; the first failure ends it with\n" +
			"exit code 1.",
		Example: "  phscript repl --simulate --companies 20\n  echo 'planhat.models()' | phscript repl --simulate",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.given(cmd.Flags())
			return runF(env, o)
		},
	}
	o.addFlags(cmd)
	return cmd
}

func converse(env *environment, o *replOptions) error {
	c, err := o.settings(env)
	if err != nil {
		return err
	}
	handler, err := logHandler(env, c)
	if err != nil {
		return err
	}
	lines := repl.NewLines(env.stdin)
	interactive := env.onTerminal()
	screen := repl.NewScreen(env.stdout)
	inner := *env
	inner.stdin, inner.stdout = lines.Rest(), screen
	if interactive {
		inner.stdin = env.stdin
		// Only Ctrl-C leads back to the prompt.
		inner.interrupts = func() (<-chan os.Signal, func()) { return env.signals(os.Interrupt) }
		defer leaveSanely(env)()
	}
	o.ask = ":doc %s"
	h, err := o.open(&inner, c, handler)
	if err != nil {
		return err
	}
	defer h.close()
	session := h.runtime.NewSession()
	options := repl.Options{
		Session: session, Manual: h.runtime.Manual(), Secrets: h.secrets,
		Out: screen, Err: env.stderr,
		Color: interactive && env.color(), Interactive: interactive,
		Begin:     func() (context.Context, func() bool, func()) { return interruptibleInput(&inner) },
		Files:     promptFiles{env},
		Connected: connection(h, o.simulated),
	}
	prompt := repl.New(options)
	var reader repl.Reader = lines
	forget := func() error { return nil }
	if interactive {
		options.Width, options.Height = env.size(80, 25)
		prompt = repl.New(options)
		history := openHistory(env, h)
		forget = history.Forget
		reader = lineEditor(env, prompt, screen, history)
		fmt.Fprintln(env.stdout, prompt.Banner())
	}
	err = prompt.Run(reader)
	err = errors.Join(err, session.Close(), forget())
	var exit *runtime.ExitError
	switch {
	case errors.As(err, &exit):
		return &finished{exitCode(exit)}
	case errors.Is(err, repl.ErrFailed):
		return &finished{exitScript}
	}
	return err
}

// leaveSanely sees to it that a termination signal does not leave the terminal as
// the line editor has set it. What it returns ends the watch.
func leaveSanely(env *environment) (release func()) {
	restore := env.keepTerminal()
	signals, ignore := env.signals(syscall.SIGTERM, syscall.SIGHUP)
	ended := make(chan struct{})
	go func() {
		select {
		case <-signals:
			restore()
			fmt.Fprint(env.stdout, "\x1b[?2004l\x1b[?25h\r\n") // no bracketed paste; a cursor
			env.exit(exitTerminated)
		case <-ended:
		}
	}()
	return func() {
		ignore()
		close(ended)
	}
}

// openHistory opens the inputs of earlier conversations.
func openHistory(env *environment, h *opened) *repl.History {
	history, err := repl.OpenHistory(historyFile(env), h.secrets)
	if err != nil {
		fmt.Fprintf(env.stderr, "earlier inputs cannot be read: %v\n", err)
	}
	return history
}

// lineEditor makes the line editor of a terminal.
func lineEditor(env *environment, prompt *repl.Prompt, screen *repl.Screen, history *repl.History) repl.Reader {
	o := repl.EditorOptions{Prompt: prompt.Label, Before: screen.Break, Complete: prompt.Complete, History: history, Terminal: env.stdout}
	o.Width, o.Height = env.size(80, 25)
	if env.color() {
		o.Highlight = repl.Highlight
	}
	return repl.NewEditor(o)
}

// historyFile is where inputs are kept, "" where they are not.
func historyFile(env *environment) string {
	if v, ok := env.getenv("PHSCRIPT_HISTORY"); ok {
		if v == "" || v == "off" {
			return ""
		}
		return env.path(v)
	}
	if dir := stateDir(env); dir != "" {
		return filepath.Join(dir, "history")
	}
	return ""
}

// connection tells what a session works on.
func connection(h *opened, simulated bool) repl.Connection {
	if h.config.APIToken == "" && h.config.TenantToken == "" {
		return repl.Connection{}
	}
	address := h.config.APIURL
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
type promptFiles struct{ env *environment }

func (f promptFiles) ReadFile(name string) ([]byte, error) { return f.env.readFile(f.env.path(name)) }

func (f promptFiles) WriteFile(name string, data []byte, replace bool) error {
	name = f.env.path(name)
	if !replace {
		if _, err := os.Lstat(name); err == nil {
			return os.ErrExist
		}
	}
	temp, err := os.CreateTemp(filepath.Dir(name), ".session-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(data)
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil && replace {
		err = os.Rename(temp.Name(), name)
	} else if err == nil {
		// A link fails where the name is taken meanwhile.
		err = os.Link(temp.Name(), name)
	}
	if err != nil || !replace {
		err = errors.Join(err, os.Remove(temp.Name()))
	}
	return err
}
