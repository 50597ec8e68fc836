// Package man is phscript man: it writes manual pages of all commands.
package man

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
)

// New returns the command man.
func New(env *environment.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages of all commands",
		Long: "man writes a manual page for each command to a folder, such as /usr/local/share/man/man1. The pages\n" +
			"say what --help says. The same program always writes the same pages.",
		Example: "  phscript man man1\n" +
			"  man ./man1/phscript-run.1",
		ValidArgsFunction: usage.OneFolder,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usage.Error{Message: "man takes one folder", Hint: "for example: phscript man man1"}
			}
			return writeMan(env, cmd.Root(), args[0])
		},
	}
}

// writeMan writes the pages of a command and of all below it.
func writeMan(env *environment.Env, root *cobra.Command, dir string) error {
	dir = env.Path(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &usage.Error{Message: fmt.Sprintf("cannot create the folder: %v", err), Hint: "name a folder that you can write to"}
	}
	for _, cmd := range documented(root) {
		name := manName(cmd) + ".1"
		if err := printing.WriteWhole(filepath.Join(dir, name), []byte(manPage(cmd, env.Version)), 0o644, "the manual page"); err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout, name)
	}
	return nil
}

// documented lists a command and all below it that have a page.
func documented(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, c := range below(cmd) {
		list = append(list, documented(c)...)
	}
	return list
}

// below lists the commands of a group that have a page.
func below(cmd *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return !c.IsAvailableCommand() || c.Name() == "help" })
}
