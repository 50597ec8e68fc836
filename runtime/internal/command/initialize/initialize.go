// Package initialize is phscript init: it starts a project.
package initialize

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/editor"
	"github.com/phscript/phscript/runtime/internal/scaffold"
	"github.com/phscript/phscript/runtime/internal/suite"
)

// New returns the command init.
func New(env *environment.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Start a project: a folder for your scripts",
		Long: "init creates a folder for scripts (default the working directory): phscript.toml for settings, lib for\n" +
			"modules, a script with a test, .gitignore, and the settings of code editors. It never overwrites a\n" +
			"file, and does not write a token.",
		Example: "  phscript init planhat-scripts\n" +
			"  phscript init",
		ValidArgsFunction: usage.OneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usage.Error{Message: "init takes one folder, not also " + args[1], Hint: "see '" + cmd.CommandPath() + " --help'"}
			}
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return initialize(env, dir)
		},
	}
}

func initialize(env *environment.Env, dir string) error {
	path := env.Path(dir)
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		return &usage.Error{Message: dir + " is a file", Hint: "name a folder, or a new one"}
	}
	files := scaffold.Project()
	kept := scaffold.Existing(path, files)
	if slices.Contains(kept, config.FileName) {
		return &usage.Error{
			Message: fmt.Sprintf("%s has a %s already, so it is a project; nothing was written", where(dir), config.FileName),
			Hint:    "'phscript new' adds scripts, and 'phscript setup' updates the settings of your editor",
		}
	}
	// The files of the example belong together.
	example := slices.ContainsFunc(kept, scaffold.IsExample)
	files = slices.DeleteFunc(files, func(f scaffold.File) bool {
		return slices.Contains(kept, f.Name) || example && scaffold.IsExample(f.Name)
	})
	// Settings of editors that cannot be read are an error before anything is written.
	plan, err := editor.NewPlan(path, env.Version, suite.Manual(), nil)
	if err != nil {
		return err
	}
	if err := scaffold.Write(path, files); err != nil {
		return &usage.Failure{Message: "the project was not created: " + err.Error()}
	}
	for _, name := range kept {
		fmt.Fprintf(env.Stdout, "kept %s, which already exists\n", filepath.Join(dir, name))
	}
	for _, f := range files {
		fmt.Fprintf(env.Stdout, "created %s\n", filepath.Join(dir, f.Name))
	}
	if err := plan.Apply(func(s editor.Step) {
		fmt.Fprintln(env.Stdout, s.Done(func(name string) string { return filepath.Join(dir, name) }))
	}); err != nil {
		return err
	}
	if slices.Contains(kept, ".gitignore") {
		fmt.Fprintln(env.Stdout, "\nIf you use git, add these lines to your .gitignore:")
		for _, line := range scaffold.Ignored() {
			fmt.Fprintln(env.Stdout, "  "+line)
		}
	}
	fmt.Fprintln(env.Stdout, "\nNext:")
	if dir != "." {
		fmt.Fprintln(env.Stdout, "  cd "+dir)
	}
	if !example {
		fmt.Fprintln(env.Stdout, "  phscript test                                       # run the test\n"+
			"  phscript run --simulate --companies 20 unowned.lua  # try the script without an account")
	}
	fmt.Fprintln(env.Stdout, "  phscript new accounts --template import             # write a script that imports a file")
	return nil
}

func where(dir string) string {
	if dir == "." {
		return "the working directory"
	}
	return dir
}
