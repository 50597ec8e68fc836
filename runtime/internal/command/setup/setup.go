// Package setup is phscript setup: it prepares a folder for code editors.
package setup

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/editor"
	"github.com/phscript/phscript/runtime/internal/schema"
	"github.com/phscript/phscript/runtime/internal/suite"
)

type options struct {
	dir           string
	check, dryRun bool
}

// New returns the command setup.
func New(env *environment.Env) *cobra.Command {
	o := &options{dir: "."}
	cmd := &cobra.Command{
		Use:   "setup [DIR]",
		Short: "Set up your code editor for scripts",
		Long: "setup prepares a folder of scripts (default the working directory) for code editors: Visual Studio Code\n" +
			"with the extension sumneko.lua, Neovim and others that use lua-language-server. They then complete\n" +
			"and explain modules, models and properties, and mark mistakes.\n\n" +
			"It writes type definitions to .phscript/types, adds them to .luarc.json, and recommends the extension\n" +
			"in .vscode/extensions.json. Your other settings in these files are kept. Run it again after you\n" +
			"update phscript.",
		Example: "  phscript setup\n" +
			"  phscript setup scripts\n" +
			"  phscript setup --check",
		ValidArgsFunction: usage.OneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usage.Error{Message: "setup takes one folder, not also " + args[1], Hint: "see '" + cmd.CommandPath() + " --help'"}
			}
			if len(args) == 1 {
				o.dir = args[0]
			}
			return setup(env, o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.check, "check", false, "Change nothing; fail if something is missing or out of date")
	f.BoolVar(&o.dryRun, "dry-run", false, "Change nothing; print what would be done")
	return cmd
}

func setup(env *environment.Env, o *options) error {
	if !env.IsDir(o.dir) {
		return &usage.Error{Message: "there is no folder " + o.dir, Hint: "paths are relative to the working directory, " + env.Dir}
	}
	known, err := tenant(env)
	if err != nil {
		return err
	}
	plan, err := editor.NewPlan(env.Path(o.dir), env.Version, suite.Manual(), known)
	if err != nil {
		return err
	}
	if o.check || o.dryRun {
		for _, s := range plan.Steps {
			fmt.Fprintln(env.Stdout, s.Text("would "+string(s.Action), nil))
		}
		if o.check && !plan.Current() {
			return &usage.Failure{Message: "the folder is not set up for this version of phscript", Hint: "run 'phscript setup'"}
		}
		return nil
	}
	err = plan.Apply(func(s editor.Step) { fmt.Fprintln(env.Stdout, s.Done(nil)) })
	if err == nil && !plan.Current() {
		fmt.Fprintln(env.Stdout, "\nOpen the folder in your editor. In Visual Studio Code, install the extension that it recommends.")
	}
	return err
}

// tenant returns what the account has, as the project's file says, or nil.
func tenant(env *environment.Env) (*schema.Schema, error) {
	c, err := config.Load("", env.Dir, env.ReadConfig, func(string) (string, bool) { return "", false })
	if err != nil {
		c = config.Config{} // editors need no settings
	}
	_ = c.ChooseSchema("", env.Getenv) // a profile that does not exist has no schema either
	file, err := schema.Load(c.SchemaPath(env.Dir))
	return file.Known(), err
}
