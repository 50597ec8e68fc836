// Package man is phscript man: it writes manual pages of all commands.
package man

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/sandbox"
)

// New returns the command man.
func New(env *environment.Env) *cobra.Command { return newCommand(env, writeMan) }

// newCommand returns the command; tests of its flags replace runF.
func newCommand(env *environment.Env, runF func(*environment.Env, *cobra.Command, string) error) *cobra.Command {
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
			return runF(env, cmd.Root(), args[0])
		},
	}
}

// writeMan writes the pages of a command and of all below it.
func writeMan(env *environment.Env, root *cobra.Command, dir string) error {
	dir = env.Path(dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &usage.Error{Message: fmt.Sprintf("cannot create the folder: %v", err), Hint: "name a folder that you can write to"}
	}
	box := sandbox.New(env.Dir, nil, []string{dir})
	for _, cmd := range documented(root) {
		f, err := box.OpenWrite(filepath.Join(dir, manName(cmd)+".1"), false)
		if err != nil {
			return err
		}
		_, err = f.Write([]byte(manPage(cmd, env.Version)))
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout, manName(cmd)+".1")
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
