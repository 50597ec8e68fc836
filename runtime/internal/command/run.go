package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// runOptions are the settings of one run, before they are checked.
type runOptions struct {
	hostOptions
	code      string
	codeGiven bool
	args      []string
	params    []string
	summary   string
	quiet     bool
}

func newRun(env *environment, runF func(*environment, *runOptions) error) *cobra.Command {
	o := &runOptions{}
	cmd := &cobra.Command{
		Use:   "run [flags] FILE.lua [args...]",
		Short: "Run a script",
		Long: "run executes a Lua script. FILE may be - for standard input; 'phscript FILE.lua' is short for it.\n" +
			"What follows the file are the script's own arguments, in its table args.\n\n" +
			"The access token comes from PLANHAT_API_TOKEN or from phscript.toml; with --simulate none is needed,\n" +
			"and nothing leaves this machine. Scripts may read files in their own folder and in the working\n" +
			"directory, and write to the folder " + outDir + " there; --allow-read and --allow-write add others.\n\n" +
			"Exit codes: 0 done, 1 script error, 2 usage or configuration, 3 done with rejected rows,\n" +
			"4 authentication or permission, 5 a limit or deadline, 130 interrupted.",
		Example: "  phscript run --simulate scripts/examples/quickstart.lua\n" +
			"  phscript run --dry-run sync.lua accounts.csv\n" +
			"  phscript run --simulate --companies 100 -e 'print(#planhat.company.get_list())'",
		ValidArgsFunction: completeScript,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			o.codeGiven = cmd.Flags().Changed("eval")
			o.given(cmd.Flags())
			if !o.codeGiven && len(args) == 0 {
				if env.onTerminal() && env.args[0] != "run" {
					return converse(env, &replOptions{o.hostOptions}) // such as phscript --simulate
				}
				return &usageError{message: "no script is given", hint: "phscript run FILE.lua, or - for standard input, or -e CODE; 'phscript repl' is a prompt"}
			}
			if err := o.checkOrder(cmd.Flags()); err != nil {
				return err
			}
			return runF(env, o)
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.StringVarP(&o.code, "eval", "e", "", "run this `CODE` instead of a file")
	o.addFlags(cmd)
	f.StringArrayVarP(&o.params, "param", "p", nil, "give the script a parameter, as `NAME=VALUE`: params.NAME")
	f.StringVar(&o.summary, "summary", "", "write what was done, with every rejected row, to `FILE` as JSON")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print no summary")
	completeNothing(cmd, "eval")
	return cmd
}

// checkOrder refuses a flag of run behind the script's name, where it would
// silently become an argument of the script: a --dry-run there would write.
// What follows -- goes to the script as it is.
func (o *runOptions) checkOrder(flags *pflag.FlagSet) error {
	first := 1
	if o.codeGiven {
		first = 0
	}
	for i := first; i < len(o.args); i++ {
		arg := o.args[i]
		if arg == "--" {
			o.args = slices.Delete(o.args, i, i+1)
			return nil
		}
		name, _, _ := strings.Cut(arg, "=")
		long, isLong := strings.CutPrefix(name, "--")
		short, isShort := strings.CutPrefix(name, "-")
		if isLong && flags.Lookup(long) != nil || !isLong && isShort && len(short) == 1 && flags.ShorthandLookup(short) != nil {
			return &usageError{
				message: arg + " stands behind the script, where it would be the script's own argument",
				hint:    "put it before the script: phscript run " + arg + " FILE.lua; or write -- before it to hand it to the script",
			}
		}
	}
	return nil
}

// script reads what is to be run.
func (o *runOptions) script(env *environment) (runtime.Script, error) {
	if o.codeGiven {
		return runtime.Script{Name: "-e", Source: []byte(o.code), Args: o.args}, nil
	}
	name, args := o.args[0], o.args[1:]
	if name == "-" {
		source, err := io.ReadAll(env.stdin)
		return runtime.Script{Name: "stdin", Source: source, Args: args}, err
	}
	path := env.path(name)
	source, err := env.readFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return runtime.Script{}, &usageError{message: "there is no script " + name, hint: "the path is looked up from the working directory, " + env.dir}
	case err == nil && isData(name):
		return runtime.Script{}, &usageError{message: name + " is a file of data, not a script", hint: "the script comes first: phscript run FILE.lua " + name}
	case err != nil && isDir(env, name):
		hint := "name a file in it"
		if o.simulated {
			hint = "fixtures are named with =: --simulate=" + name
		}
		return runtime.Script{}, &usageError{message: name + " is a folder, not a script", hint: hint}
	case err != nil:
		return runtime.Script{}, &usageError{message: fmt.Sprintf("the script %s cannot be read: %v", name, err)}
	}
	return runtime.Script{Name: name, Path: path, Source: source, Args: args}, nil
}

// isData tells whether a name is one that no script has.
func isData(name string) bool {
	return slices.Contains([]string{".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".xls", ".toml", ".xml"}, strings.ToLower(filepath.Ext(name)))
}

func runScript(env *environment, o *runOptions) error {
	env = supervised(env)
	c, err := o.settings(env)
	if err != nil {
		return err
	}
	handler, err := logHandler(env, c)
	if err != nil {
		return err
	}
	if err := summaryOutput.check(env, o.summary); err != nil {
		return err
	}
	script, err := o.script(env)
	if err != nil {
		return err
	}
	if script.Params, err = scriptParams(env, o.params); err != nil {
		return err
	}
	h, err := o.open(env, c, handler)
	if err != nil {
		return err
	}
	defer h.close()
	started := env.now()
	ctx, interrupted, release := interruptible(env)
	defer release()
	result, runErr := h.runtime.Run(ctx, script)
	s := &summary{outcome.New(script.Name, started, result)}
	var exit *runtime.ExitError
	if runErr != nil && !errors.As(runErr, &exit) && interrupted() {
		// Also where the script fails by itself on the call that was not made.
		runErr = errors.Join(runErr, outcome.ErrInterrupted)
	}
	s.Conclude(runErr)
	_, served := env.getenv(simulatedVariable)
	s.DryRun, s.Simulated = o.dryRun, o.simulated || served
	if runErr != nil && !errors.As(runErr, &exit) {
		showError(&environment{stderr: h.secrets.Writer(env.stderr), stderrTTY: env.stderrTTY, getenv: env.getenv}, runErr)
	}
	if o.summary != "" {
		if err := s.writeFile(env, o.summary, h.secrets); err != nil {
			return err
		}
	}
	if !o.quiet {
		s.print(env, o.summary, h.secrets)
	}
	return &finished{s.ExitCode}
}
