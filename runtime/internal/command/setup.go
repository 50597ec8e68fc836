package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/editor"
)

type setupOptions struct {
	dir           string
	check, dryRun bool
}

func newSetup(env *environment, runF func(*environment, *setupOptions) error) *cobra.Command {
	o := &setupOptions{dir: "."}
	cmd := &cobra.Command{
		Use:   "setup [DIR]",
		Short: "Teach your editor what scripts can use",
		Long: "setup prepares a folder of scripts, by default the working directory, for code editors: Visual Studio\n" +
			"Code with the extension sumneko.lua, Neovim and all others that use lua-language-server. They then\n" +
			"complete and explain modules, models and properties, and mark mistakes.\n\n" +
			"It writes type definitions to .phscript/types, enters them in .luarc.json, and recommends the\n" +
			"extension in .vscode/extensions.json. What else is in these files stays as it is. Run it again after\n" +
			"an update of phscript.",
		Example: "  phscript setup\n" +
			"  phscript setup scripts\n" +
			"  phscript setup --check",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usageError{message: "setup takes one folder, but there is " + args[1] + " as well", hint: "see '" + cmd.CommandPath() + " --help'"}
			}
			if len(args) == 1 {
				o.dir = args[0]
			}
			return runF(env, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.check, "check", false, "change nothing; fail where something is missing or out of date")
	f.BoolVar(&o.dryRun, "dry-run", false, "change nothing; say what would be done")
	return cmd
}

func setup(env *environment, o *setupOptions) error {
	if !isDir(env, o.dir) {
		return &usageError{message: "there is no folder " + o.dir, hint: "the path is looked up from the working directory, " + env.dir}
	}
	plan, err := editor.NewPlan(env.path(o.dir), version(), everything())
	if err != nil {
		return err
	}
	if o.check || o.dryRun {
		for _, s := range plan.Steps {
			fmt.Fprintln(env.stdout, stepText(s, "would "+string(s.Action)))
		}
		if o.check && !plan.Current() {
			return &outdatedSetup{}
		}
		return nil
	}
	err = plan.Apply(func(s editor.Step) { fmt.Fprintln(env.stdout, stepText(s, past[s.Action])) })
	if err == nil && !plan.Current() {
		fmt.Fprintln(env.stdout, "\nOpen the folder in your editor; in Visual Studio Code, accept the extension that it recommends.")
	}
	return err
}

// past is how an action is called when it is done.
var past = map[editor.Action]string{
	editor.Create: "created", editor.Update: "updated", editor.Add: "added", editor.Remove: "removed",
}

// stepText says what was done, or would be.
func stepText(s editor.Step, verb string) string {
	switch {
	case s.Action == editor.Keep:
		return "nothing to do in " + s.Path
	case s.Action == editor.Leave:
		return "kept in " + s.Path + ": " + s.Detail
	case s.Action == editor.Add:
		return verb + " " + s.Detail + " to " + s.Path
	case s.Detail == "":
		return verb + " " + s.Path
	}
	return verb + " " + s.Path + " (" + s.Detail + ")"
}

// outdatedSetup says that a check has found something to do.
type outdatedSetup struct{}

func (*outdatedSetup) Error() string { return "the folder is not set up for this version of phscript" }

// ErrorHint says how to do it.
func (*outdatedSetup) ErrorHint() string { return "run 'phscript setup'" }
