package host

import (
	"cmp"
	"log/slog"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/progress"
)

// The values of --progress.
const (
	progressAuto  = "auto"
	progressPlain = "plain"
	progressOff   = "off"
	progressJSON  = "json"
)

// ways are the values of --progress.
var ways = []string{progressAuto, progressPlain, progressOff, progressJSON}

// AddProgress adds the flag --progress to a command.
func (o *Options) AddProgress(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.Progress, "progress", "", "Show progress on standard error: `HOW` is auto, plain, off or json (default auto: below the output on a terminal, otherwise in the log)")
	usage.Complete(cmd, "progress", cobra.FixedCompletions(ways, cobra.ShellCompDirectiveNoFileComp))
}

// Watch returns an environment whose streams leave room for the progress of a run, which
// Open shows until done is called.
func (o *Options) Watch(env *environment.Env, c config.Config, script string) (watched *environment.Env, done func(), err error) {
	way, err := usage.OneOf("--progress", cmp.Or(o.Progress, progressAuto), ways...)
	if err != nil {
		return nil, nil, err
	}
	nothing := func() {}
	if way == progressOff || o.Progress == "" && o.Quiet {
		return env, nothing, nil
	}
	name := path.Base(script)
	if way == progressJSON {
		o.board = progress.AsJSON(name, env.Now, env.Stderr)
		return env, o.board.Close, nil
	}
	if way == progressPlain || !env.StderrTTY || env.Dumb() || inCI(env) {
		handler, err := LogHandler(env, c)
		if err != nil {
			return nil, nil, err
		}
		o.board = progress.InLog(name, env.Now, slog.New(handler))
		return env, o.board.Close, nil
	}
	screen := progress.NewScreen(env.ErrScreen(), func() (columns, rows int) { return errorSize(env) }, reflows(env), env.StdoutPipe)
	o.board = progress.OnTerminal(name, env.Now, screen, env.StderrColor())
	inner := *env
	inner.Stderr = screen.Stream(env.Stderr)
	switch {
	case env.StdoutTTY:
		inner.Stdout = screen.Stream(env.Stdout)
	case env.StdoutPipe:
		inner.Stdout = screen.Pipe(env.Stdout)
	}
	if env.StdinTTY {
		inner.Stdin = screen.Input(env.Stdin)
	}
	inner.Exit = func(code int) {
		o.board.Close()
		env.Exit(code)
	}
	o.onScreen = true // there, each wait is seen
	return &inner, o.board.Close, nil
}

// Doing returns what the run is doing, or nil.
func (o *Options) Doing() *progress.Task {
	if o.board == nil {
		return nil
	}
	return o.board.State().Main()
}

// errorSize is the size of the terminal of standard error.
func errorSize(env *environment.Env) (columns, rows int) {
	if env.ErrorSize != nil {
		if columns, rows, err := env.ErrorSize(); err == nil && columns > 0 && rows > 0 {
			return columns, rows
		}
	}
	return 80, 24
}

// inCI reports whether the program runs in a system for continuous integration, whose
// logs keep what is drawn over on a terminal.
func inCI(env *environment.Env) bool {
	ci, _ := env.Getenv("CI")
	return ci != "" && ci != "0" && ci != "false"
}

// reflows reports whether the terminal breaks long lines anew when it becomes narrower, as
// all but a few do.
func reflows(env *environment.Env) bool {
	term, _ := env.Getenv("TERM")
	_, tmux := env.Getenv("TMUX")
	_, xterm := env.Getenv("XTERM_VERSION")
	return !xterm && term != "linux" && (tmux || !strings.HasPrefix(term, "screen"))
}
