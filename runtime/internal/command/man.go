package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/sandbox"
)

func newMan(env *environment, runF func(*environment, *cobra.Command, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages of all commands",
		Long: "man writes a manual page for each command into a folder, such as /usr/local/share/man/man1. They say\n" +
			"what --help says. The same program always writes the same pages.",
		Example: "  phscript man man1\n" +
			"  man ./man1/phscript-run.1",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{message: "man takes one folder to write to", hint: "phscript man man1"}
			}
			return runF(env, cmd.Root(), args[0])
		},
	}
}

// writeMan writes the pages of a command and of all below it.
func writeMan(env *environment, root *cobra.Command, dir string) error {
	dir = env.path(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &usageError{message: fmt.Sprintf("the folder cannot be made: %v", err), hint: "name a folder that you may write to"}
	}
	box := sandbox.New(env.dir, nil, []string{dir})
	for _, cmd := range documented(root) {
		f, err := box.OpenWrite(filepath.Join(dir, manName(cmd)+".1"), false)
		if err != nil {
			return err
		}
		_, err = f.Write([]byte(manPage(cmd)))
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintln(env.stdout, manName(cmd)+".1")
	}
	return nil
}

// documented lists a command and all below it that have a page.
func documented(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" {
			list = append(list, documented(c)...)
		}
	}
	return list
}
