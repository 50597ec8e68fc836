// Package run is phscript run: it runs a script and says what it has done.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/params"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/repl"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/rejects"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/view"
)

// options are the settings of one run, before they are checked.
type options struct {
	host.Options
	code      string
	codeGiven bool
	args      []string
	params    []string
	summary   string
	rejects   string
	resume    string
	consent   host.Consent
	tape      tape
	profiling profiling
}

// New returns the command run.
func New(env *environment.Env) *cobra.Command {
	cmd, _ := build(env)
	return cmd
}

// build returns the command with its options.
func build(env *environment.Env) (*cobra.Command, *options) {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "run [flags] FILE.lua [args...]",
		Short: "Run a script",
		Long: "run executes a Lua script. FILE may be - for standard input. 'phscript FILE.lua' does the same.\n" +
			"Arguments after the file go to the script: flags set its parameters, which 'phscript help FILE.lua' lists,\n" +
			"and the rest is in the table args.\n\n" +
			"The access token comes from PLANHAT_API_TOKEN or phscript.toml. With --simulate you need none, and\n" +
			"nothing leaves this machine. Scripts can read files in their own folder and in the working directory,\n" +
			"and write to the folder " + host.OutDir + " there. --allow-read and --allow-write allow more.\n\n" +
			"Exit codes: 0 done, 1 script error, 2 usage or configuration, 3 done with rejected rows,\n" +
			"4 authentication or permission, 5 limit or deadline, 12 not confirmed, 130 interrupted, 143 terminated.",
		Example: "  phscript run --simulate scripts/examples/quickstart.lua\n" +
			"  phscript run --dry-run sync.lua accounts.csv\n" +
			"  phscript run --simulate --companies 100 -e 'print(#planhat.company.get_list())'",
		ValidArgsFunction: func(_ *cobra.Command, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return params.CompleteArgs(env, args, typed)
			}
			return []cobra.Completion{"lua"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			o.codeGiven = cmd.Flags().Changed("eval")
			if err := o.Given(cmd.Flags()); err != nil {
				return err
			}
			if o.rejects == "" && cmd.Flags().Changed("rejects") {
				return &usage.Error{Message: "--rejects has no file name", Hint: "name a new file for the rejected rows, such as --rejects rejects.csv"}
			}
			if !o.codeGiven && len(args) == 0 {
				if env.OnTerminal() && env.Args[0] != "run" {
					return repl.Start(env, o.Options) // such as phscript --simulate
				}
				return &usage.Error{Message: "no script given", Hint: "run FILE.lua, - for standard input, or -e CODE; 'phscript repl' starts a prompt"}
			}
			if err := o.checkResume(); err != nil {
				return err
			}
			if o.Undoable && (o.Simulated || o.DryRun) {
				return &usage.Error{Message: "--undoable cannot be used with --simulate or --dry-run, whose runs change nothing real"}
			}
			if err := commandLast(env, cmd, args); err != nil {
				return err
			}
			return runScript(env, o, cmd.Flags())
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return params.FlagError(env, cmd, err) })
	f.StringVarP(&o.code, "eval", "e", "", "Run this `CODE` instead of a file")
	o.AddFlags(cmd)
	o.consent.AddFlags(cmd)
	o.consent.AddFields(cmd)
	o.AddProgress(cmd)
	o.profiling.addFlags(cmd)
	f.BoolVar(&o.Undoable, "undoable", false, "Read each record before it is changed, so you can undo the run")
	params.AddFlag(cmd, &o.params)
	f.StringVar(&o.Event, "event", "", "Hand the script an event whose body is in `FILE`, - for standard input, as webhook.event()")
	f.StringVar(&o.summary, "summary", "", "Write a summary, with every rejected row, to `FILE` as JSON")
	f.StringVar(&o.rejects, "rejects", "", "Write the rejected rows, with their reasons, to the new `FILE` as CSV; a dry run adds .dry-run to its name")
	f.StringVar(&o.resume, "resume", "", "Continue the last run of this script that did not end, without sending its rows again; =`WHAT` says what happens to rows without keys that may be stored: send or skip (default: the run ends with an error that lists them)")
	f.Lookup("resume").NoOptDefVal = host.ResumeAsk
	usage.Complete(cmd, "resume", cobra.FixedCompletions([]cobra.Completion{host.ResumeSend, host.ResumeSkip}, cobra.ShellCompDirectiveNoFileComp))
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "Print no summary, and one line per wait")
	usage.CompleteNothing(cmd, "eval")
	o.addReplay(cmd)
	return cmd, o
}

// commandLast refuses the name of a command in the place of a script: flags of a command come
// after its name.
func commandLast(env *environment.Env, cmd *cobra.Command, args []string) error {
	if len(args) == 0 || len(env.Args) == 0 || !strings.HasPrefix(env.Args[0], "-") || env.IsFile(args[0]) {
		return nil
	}
	at := slices.Index(env.Args, args[0])
	for _, c := range cmd.Root().Commands() {
		if c.Name() == args[0] && at > 0 {
			line := slices.Concat([]string{"phscript", args[0]}, env.Args[:at], env.Args[at+1:])
			return &usage.Error{Message: "the command '" + args[0] + "' comes after flags", Hint: "put it first: " + strings.Join(line, " ")}
		}
	}
	return nil
}

// script reads the script. The arguments that are left are the script's.
func (o *options) script(env *environment.Env) (runtime.Script, error) {
	if o.codeGiven {
		return runtime.Script{Name: "-e", Source: []byte(o.code)}, nil
	}
	name := o.args[0]
	o.args = o.args[1:]
	return Script(env, name, "phscript run", o.Simulated)
}

// Script reads a script. command is what runs it, simulated whether that has --simulate.
func Script(env *environment.Env, name, command string, simulated bool) (runtime.Script, error) {
	if name == "-" {
		source, err := io.ReadAll(env.Stdin)
		return runtime.Script{Name: "stdin", Source: source}, err
	}
	path := env.Path(name)
	source, err := env.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return runtime.Script{}, usage.NoFile(env, "there is no script "+name, name)
	case err == nil && usage.IsData(name):
		return runtime.Script{}, &usage.Error{Message: name + " is a data file, not a script", Hint: "put the script first: " + command + " FILE.lua " + name}
	case err != nil && env.IsDir(name):
		hint := "name a file in the folder"
		if simulated {
			hint = "for fixtures, write --simulate=" + name
		}
		return runtime.Script{}, &usage.Error{Message: name + " is a folder, not a script", Hint: hint}
	case err != nil:
		return runtime.Script{}, &usage.Error{Message: fmt.Sprintf("cannot read the script %s: %v", name, err)}
	}
	return runtime.Script{Name: name, Path: path, Source: source}, nil
}

// decisive are the flags that decide whether a run writes, and where. If a script has a
// parameter with such a name, neither meaning is taken for granted.
var decisive = []string{"dry-run", "simulate", "replay", "config", "profile"}

func runScript(env *environment.Env, o *options, flags *pflag.FlagSet) error {
	env = Supervised(env)
	if asked, err := o.help(env); asked || err != nil {
		return err
	}
	c, err := o.Settings(env)
	if err != nil {
		return err
	}
	if err := summaryFile.Check(env, o.summary); err != nil {
		return err
	}
	script, err := o.script(env)
	if err != nil {
		return err
	}
	values, err := params.Of(env, script, params.Given{
		Params: o.params, Args: o.args, Known: func(flag string) bool { return flags.Lookup(flag) != nil }, Reserved: decisive,
		Rest: func(args []string) ([]string, error) { return o.checkOrder(env, flags, args, script.Source) },
	})
	if err != nil {
		return err
	}
	o.args = values.Args
	object, err := values.Object()
	if err != nil {
		return err
	}
	quiet := o.Quiet
	var so progress
	_, scheduled := env.Getenv(serve.RunVariable)
	if scheduled {
		if err := env.Trust.Scheduled(env.Dir, script.Path); err != nil {
			return err
		}
		o.Quiet = false // its log has all lines
		o.Observer = &so.calls
	}
	rejected, err := o.recordRejects(env)
	if err != nil {
		return err
	}
	if rejected != nil {
		defer rejected.Discard()
	}
	env, endProgress, err := o.Watch(env, c, script.Name)
	if err != nil {
		return err
	}
	defer endProgress()
	if o.Terms, err = o.consent.Terms(env, c, o.Simulated || o.tape.replay != ""); err != nil {
		return err
	}
	if err := o.startTape(env); err != nil {
		return err
	}
	if o.Profile, err = o.profiling.start(env); err != nil {
		return err
	}
	h, err := o.Open(env, c)
	if err != nil {
		return err
	}
	defer h.Close()
	if o.Undoable && h.Store() == nil {
		return &usage.Error{Message: "--undoable needs a store, to keep the values that the run replaces", Hint: "leave out --state=memory, or name a file with --state or PHSCRIPT_STATE"}
	}
	values.Keep(h.Secrets)
	stored, err := values.Stored(h.Config.APIToken)
	if err != nil {
		return err
	}
	started := env.Now()
	ctx, stopped, release := env.Interruptible()
	defer release()
	result := &runtime.Result{}
	journals, err := h.OpenJournals(ctx, env, script, o.args, stored, o.resume, resumeCommand(env))
	doubtful, inDoubt := errors.AsType[*host.Doubtful](err)
	if err != nil && !inDoubt {
		return err
	}
	ctx, cancel := context.WithCancelCause(journals.Context(ctx))
	defer cancel(nil)
	entry := h.Enter(env, history.ByRun, script, cancel)
	stopProgress := func() {}
	if scheduled && o.summary != "" && rejected == nil {
		stopProgress = so.keep(env, o.summary, script.Name, started, h.Secrets, o.Doing)
	}
	program, runErr := h.Runtime.Compile(ctx, script)
	if runErr == nil && inDoubt {
		result, runErr = o.inDoubt(doubtful), doubtful
	} else if runErr == nil {
		result, runErr = program.Run(ctx, runtime.RunOptions{Args: o.args, Params: object, Expected: values.Named, Timeout: o.TimeLimit(c), Required: so.required})
	}
	release()
	endProgress()
	stopProgress()
	runErr = o.endTape(env, h, script, runErr)
	s := outcome.New(script.Name, started, outcome.Work{
		Summary: result.Summary, Rejected: result.Rejected, Planned: result.Planned, Plan: result.Plan, Records: result.PlannedRecords, Accounts: result.PlannedAccounts,
		Warnings: result.Warnings, Duration: result.Duration,
	})
	var exit *runtime.ExitError
	if by := stopped(); runErr != nil && !errors.As(runErr, &exit) && by != nil {
		// Also if the script itself fails because a call was not made.
		runErr = errors.Join(by, runErr)
	}
	for _, m := range result.Modules {
		s.Modules = append(s.Modules, outcome.Module(m))
	}
	s.Conclude(runErr)
	if runErr == nil && s.Error != nil {
		runErr = errors.New(s.Error.Message)
	}
	s.Run, s.Recorded = entry.ID(), h.Recorded(context.Background())
	_, s.InDoubt = errors.AsType[*host.Doubtful](runErr)
	finished := done(journals, s)
	// A run that resumes counts its own deletes, so it would go past the limit.
	stop, _ := errors.AsType[*consent.Refused](runErr)
	limited := stop != nil && stop.Limit
	if s.Resumed = journals.Resumed(); !finished && !scheduled && !limited && journals.Used() {
		s.Resume = h.Secrets.String(resumeCommand(env))
	}
	// Last of all: if the run is killed before, it can still be resumed.
	defer func() { journals.End(context.Background(), finished) }()
	s.Profile = h.Profile()
	_, served := env.Getenv(host.SimulatedVariable)
	if s.DryRun, s.Simulated = o.DryRun, o.Simulated || served || o.Replay != nil; s.DryRun {
		s.Written, s.Removed = result.Written, result.Removed
	}
	if runErr != nil && !errors.As(runErr, &exit) {
		printing.Error(h.Secrets.Writer(env.Stderr), env.StderrColor(), runErr)
	}
	unwritten(env, h.Secrets, s, o.profiling.write(env, h, o.Profile, quiet))
	files := view.Files{Summary: o.summary, Rejects: o.rejects}
	if rejected != nil {
		err := rejected.Close(func(to io.Writer) io.Writer { return h.Secrets.Writer(to) })
		if lost, ok := errors.AsType[*rejects.Unwritten](err); ok {
			files.Rejects, files.Missing = lost.File, lost.Total-lost.Kept
		}
		unwritten(env, h.Secrets, s, err)
		files.Written = rejected.Written()
	}
	if o.summary != "" {
		if err := writeSummary(env, o.summary, s, h.Secrets); err != nil && !sendSummary(env, s, h.Secrets) {
			files.Summary = ""
			unwritten(env, h.Secrets, s, err)
		}
	}
	for _, w := range s.Writes {
		for i, row := range w.First { // the text shortens them
			w.First[i] = h.Secrets.String(row)
		}
	}
	entry.End(ctx, s)
	if !quiet || s.Unwritten {
		fmt.Fprint(env.Stderr, h.Secrets.String(view.Summary(s, files)))
	}
	return &usage.Finished{Code: s.ExitCode}
}
