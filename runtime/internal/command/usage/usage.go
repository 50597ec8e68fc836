// Package usage is the grammar of the command line: what arguments a command
// takes, how the shell completes them, and the errors for those that are wrong.
package usage

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// Error is a mistake on the command line.
type Error struct{ Message, Hint string }

func (e *Error) Error() string { return e.Message }

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// ExitCode returns fault.ExitUsage.
func (e *Error) ExitCode() int { return fault.ExitUsage }

// Finished carries the exit code of a command that has reported its end itself.
type Finished struct{ Code int }

func (f *Finished) Error() string { return fmt.Sprintf("exit code %d", f.Code) }

// ExitCode returns the code.
func (f *Finished) ExitCode() int { return f.Code }

// Group returns a command that only holds others.
func Group(use, short, long string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Long: long, Args: NoArguments, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
}

// AddJSON adds the flag --json to a command.
func AddJSON(cmd *cobra.Command, json *bool) {
	cmd.Flags().BoolVar(json, "json", false, "print JSON")
}

// NoArguments refuses arguments. For a script, it says how to run it.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see '" + cmd.CommandPath() + " --help'"
	if strings.HasSuffix(args[0], ".lua") {
		hint = "a script is run against a simulated Planhat by 'phscript run --simulate " + args[0] + "'"
	}
	return &Error{Message: "'" + cmd.CommandPath() + "' takes no arguments, but there is " + args[0], Hint: hint}
}

// AtLeastOne demands a name of something.
func AtLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &Error{Message: "no " + what + " is named", Hint: "write " + cmd.UseLine()}
		}
		return nil
	}
}

// OneFile demands the name of one file.
func OneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &Error{Message: "one file has to be named", Hint: "write " + cmd.UseLine()}
	}
	return nil
}

// IsData reports whether a file's name is that of data, which no script has.
func IsData(name string) bool {
	return slices.Contains([]string{".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".xls", ".toml", ".xml"}, strings.ToLower(filepath.Ext(name)))
}
