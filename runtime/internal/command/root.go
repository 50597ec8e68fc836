package command

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/planhat/catalog"
)

// Main runs the command line of this process and returns the exit code.
func Main() int { return execute(processEnvironment()) }

// execute runs a command line and returns the exit code.
func execute(env *environment) int {
	root := newRoot(env)
	root.SetArgs(dispatch(env, root))
	err := root.Execute()
	return report(env, err)
}

func newRoot(env *environment) *cobra.Command {
	root := &cobra.Command{
		Use:   "phscript",
		Short: "Automate Planhat with Lua scripts",
		Long: "phscript runs Lua scripts that read and write Planhat.\n\n" +
			"Try it without an account:\n" +
			"  phscript repl --simulate --companies 20\n" +
			"  phscript run --simulate -e 'print(#planhat.company.get_list())'",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			if env.onTerminal() {
				return converse(env, &replOptions{})
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	cobra.AddTemplateFunc("plain", plainUsage)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "Flags.FlagUsages | ", "Flags.FlagUsages | plain | "))
	root.SetIn(env.stdin)
	root.SetOut(env.stdout)
	root.SetErr(env.stderr)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{message: err.Error() + flagSuggestion(cmd, err), hint: "see '" + cmd.CommandPath() + " --help'"}
	})
	root.AddCommand(newRun(env, runScript), newRepl(env, converse), newSimulate(env, simulate), newCheck(env, checkScripts), newDoc(env, doc), newSetup(env, setup), newTest(env, runTests), newMan(env, writeMan), newVersion(env))
	root.AddCommand(newServe(env, serveSchedules), newSchedule(env), newRuns(env), newQuota(env, showQuota), newState(env))
	return root
}

// dispatch lets "phscript FILE.lua" and "phscript --simulate FILE.lua" mean
// "phscript run ...", which is also what a #! line in a script needs.
func dispatch(env *environment, root *cobra.Command) []string {
	args := env.args
	if len(args) == 0 {
		return []string{}
	}
	first := args[0]
	switch {
	case slices.Contains([]string{"-h", "--help", "-v", "--version", "help", "completion"}, first):
		return args
	case slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, first):
		return completingRun(args)
	case strings.HasPrefix(first, "-"), isFile(env, first), strings.HasSuffix(first, ".lua"):
		if _, _, err := root.Find(args[:1]); err != nil || strings.HasPrefix(first, "-") || !isCommand(root, first) {
			return append([]string{"run"}, args...)
		}
	}
	return args
}

func isCommand(root *cobra.Command, name string) bool {
	return slices.ContainsFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == name || c.HasAlias(name) })
}

func isFile(env *environment, name string) bool {
	info, err := os.Stat(env.path(name))
	return err == nil && !info.IsDir()
}

func isDir(env *environment, name string) bool {
	info, err := os.Stat(env.path(name))
	return err == nil && info.IsDir()
}

func unknownCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return &usageError{
		message: "there is no command '" + name + "'" + catalog.DidYouMean(name, names),
		hint:    "the commands are: " + strings.Join(names, ", ") + "; a script is run by 'phscript run FILE.lua'",
	}
}

// noArguments refuses arguments, and says what a script's name was meant for.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see '" + cmd.CommandPath() + " --help'"
	if strings.HasSuffix(args[0], ".lua") {
		hint = "a script is run against a simulated Planhat by 'phscript run --simulate " + args[0] + "'"
	}
	return &usageError{message: "'" + cmd.CommandPath() + "' takes no arguments, but there is " + args[0], hint: hint}
}

// flagSuggestion names the flags near to one that is unknown.
func flagSuggestion(cmd *cobra.Command, err error) string {
	_, name, found := strings.Cut(err.Error(), "unknown flag: --")
	if !found {
		return ""
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	return catalog.DidYouMean("--"+name, names)
}

// plainUsage leaves out of the flags' table what a reader does not need:
// that a switch may be written --switch=true.
func plainUsage(table string) string {
	const onOff = "[=true|false]"
	table = strings.ReplaceAll(table, onOff, strings.Repeat(" ", len(onOff)))
	simulate := "--simulate DIR[=" + strconv.Quote(noFixtures) + "]"
	return strings.ReplaceAll(table, simulate, fmt.Sprintf("%-*s", len(simulate), "--simulate[=DIR]"))
}
