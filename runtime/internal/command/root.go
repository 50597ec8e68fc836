// Package command is the command line: it assembles the commands, runs the one
// that is meant, and maps errors to exit codes.
package command

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/command/access"
	"github.com/phscript/phscript/runtime/internal/command/apply"
	"github.com/phscript/phscript/runtime/internal/command/check"
	"github.com/phscript/phscript/runtime/internal/command/configuration"
	"github.com/phscript/phscript/runtime/internal/command/connect"
	"github.com/phscript/phscript/runtime/internal/command/doc"
	"github.com/phscript/phscript/runtime/internal/command/doctor"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/hooks"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/initialize"
	"github.com/phscript/phscript/runtime/internal/command/list"
	"github.com/phscript/phscript/runtime/internal/command/login"
	"github.com/phscript/phscript/runtime/internal/command/man"
	"github.com/phscript/phscript/runtime/internal/command/mcp"
	"github.com/phscript/phscript/runtime/internal/command/newscript"
	"github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/plans"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/quota"
	"github.com/phscript/phscript/runtime/internal/command/repl"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/runs"
	"github.com/phscript/phscript/runtime/internal/command/schedule"
	"github.com/phscript/phscript/runtime/internal/command/schema"
	"github.com/phscript/phscript/runtime/internal/command/serve"
	"github.com/phscript/phscript/runtime/internal/command/setup"
	"github.com/phscript/phscript/runtime/internal/command/simulate"
	"github.com/phscript/phscript/runtime/internal/command/snapshot"
	"github.com/phscript/phscript/runtime/internal/command/state"
	"github.com/phscript/phscript/runtime/internal/command/test"
	"github.com/phscript/phscript/runtime/internal/command/undo"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Main runs the command line of this process and returns the exit code.
func Main() int { return Execute(environment.OfProcess()) }

// Execute runs the command line that an environment holds and returns the exit
// code.
func Execute(env *environment.Env) int {
	root := newRoot(env)
	root.SetArgs(dispatch(env, root))
	return report(env, root.Execute())
}

// report shows an error that no command has shown yet, and returns its exit
// code.
func report(env *environment.Env, err error) int {
	var done *usage.Finished
	if environment.ReaderGone(err) {
		return 0 // head and pagers have seen enough
	}
	if err != nil && !errors.As(err, &done) {
		printing.Error(env.Stderr, env.StderrColor(), err)
	}
	return outcome.Code(err)
}

func newRoot(env *environment.Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "phscript",
		Short: "Automate Planhat with Lua scripts",
		Long: "phscript runs Lua scripts that read and write Planhat.\n\n" +
			"Try it without an account:\n" +
			"  phscript repl --simulate --companies 20\n" +
			"  phscript run --simulate -e 'print(#planhat.company.get_list())'",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       env.Version,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(env, cmd, args[0])
			}
			if env.OnTerminal() {
				return repl.Start(env, host.Options{})
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	addPlainUsage()
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages | ", "Flags.FlagUsages | plain | "))
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetFlagErrorFunc(usage.FlagError)
	root.AddCommand(run.New(env), plan.New(env), repl.New(env), simulate.New(env), check.New(env), schema.New(env), doc.New(env), setup.New(env), connect.New(env), doctor.New(env), configuration.New(env), test.New(env), man.New(env), newVersion(env))
	root.AddCommand(snapshot.New(env), run.NewRecord(env), apply.New(env), undo.New(env))
	root.AddCommand(serve.New(env), schedule.New(env), runs.New(env), hooks.New(env), plans.New(env), quota.New(env), state.New(env), access.New(env))
	root.AddCommand(initialize.New(env), newscript.New(env), mcp.New(env))
	root.AddCommand(list.New(env))
	root.AddCommand(login.New(env), login.NewLogout(env))
	completeProfiles(env, root)
	nameHelp(root)
	if root.InitDefaultVersionFlag(); env.Version != "" {
		root.Flags().Lookup("version").Usage = "Print the version"
	}
	return root
}

// nameHelp words the flag --help as other flags are.
func nameHelp(cmd *cobra.Command) {
	cmd.InitDefaultHelpFlag()
	cmd.Flags().Lookup("help").Usage = "Show this help"
	for _, c := range cmd.Commands() {
		nameHelp(c)
	}
}

// dispatch lets "phscript FILE.lua" and "phscript --simulate FILE.lua" mean
// "phscript run ...", which is also what a #! line in a script needs.
func dispatch(env *environment.Env, root *cobra.Command) []string {
	args := env.Args
	if len(args) == 0 {
		return []string{}
	}
	first := args[0]
	switch {
	case first == "help" && len(args) > 1 && !isCommand(root, args[1]) && (env.IsFile(args[1]) || strings.HasSuffix(args[1], ".lua")):
		return []string{"run", args[1], "--help"}
	case slices.Contains([]string{"-h", "--help", "-v", "--version", "help", "completion"}, first):
		return args
	case slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, first):
		return completingRun(args)
	case strings.HasPrefix(first, "-"), env.IsFile(first), strings.HasSuffix(first, ".lua"):
		if _, _, err := root.Find(args[:1]); err != nil || strings.HasPrefix(first, "-") || !isCommand(root, first) {
			return append([]string{"run"}, args...)
		}
	}
	return known(root, args)
}

// known ends the arguments at a command that does not exist: with --help after it, cobra would
// show the help of the group.
func known(root *cobra.Command, args []string) []string {
	group, rest, err := root.Find(args)
	if err == nil && (group == root || usage.IsGroup(group)) && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return args[:len(args)-len(rest)+1]
	}
	return args
}

func isCommand(root *cobra.Command, name string) bool {
	return slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == name || c.HasAlias(name) })
}

func unknownCommand(env *environment.Env, cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	meant := catalog.Nearest(name, names)
	if script := usage.Similar(env, name); script != "" && len(meant) == 0 {
		meant = []string{"phscript " + script}
	}
	return &usage.Error{
		Message: "there is no command '" + name + "'" + catalog.Aside(meant),
		Hint:    "the commands are: " + strings.Join(names, ", ") + "; to run a script: phscript run FILE.lua",
	}
}

// plainUsage leaves out of the flags' table what a reader does not need: that a
// switch may be written --switch=true, and the quotes around defaults.
func plainUsage(table string) string {
	const onOff = "[=true|false]"
	table = strings.ReplaceAll(table, onOff, strings.Repeat(" ", len(onOff)))
	table = quotedDefault().ReplaceAllString(table, "(default $1)")
	for plain, written := range map[string]string{
		"--simulate[=DIR]": "--simulate DIR[=" + strconv.Quote(host.NoFixtures) + "]",
		"--resume[=WHAT]":  "--resume WHAT[=" + strconv.Quote(host.ResumeAsk) + "]",
	} {
		table = strings.ReplaceAll(table, written, fmt.Sprintf("%-*s", len(written), plain))
	}
	return table
}

// quotedDefault matches a default as pflag writes it.
var quotedDefault = pattern.Lazy(`\(default "([^"]*)"\)`)

// addPlainUsage makes plainUsage known to cobra, which keeps such functions for
// the whole process.
var addPlainUsage = sync.OnceFunc(func() { cobra.AddTemplateFunc("plain", plainUsage) })

// completingRun lets the shell complete "phscript --simulate FILE.lua" and "phscript
// FILE.lua --flag" as what they are short for.
func completingRun(args []string) []string {
	if len(args) > 1 && strings.HasPrefix(args[1], "-") && args[1] != "--" || len(args) > 2 && strings.HasSuffix(args[1], ".lua") {
		return append([]string{args[0], "run"}, args[1:]...)
	}
	return args
}
