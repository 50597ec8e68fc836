// Package usage is the grammar of the command line: what arguments a command
// takes, how the shell completes them, and the errors for those that are wrong.
package usage

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/fault"
)

// Error is a mistake on the command line.
type Error struct{ Message, Hint string }

func (e *Error) Error() string { return e.Message }

// ErrorHint says what to do about it.
func (e *Error) ErrorHint() string { return e.Hint }

// ExitCode returns fault.ExitUsage.
func (e *Error) ExitCode() int { return fault.ExitUsage }

// Failure ends a command that was used correctly.
type Failure struct{ Message, Hint string }

func (e *Failure) Error() string { return e.Message }

// ErrorHint says what to do about it.
func (e *Failure) ErrorHint() string { return e.Hint }

// Finished carries the exit code of a command that has reported its end itself.
type Finished struct{ Code int }

func (f *Finished) Error() string { return fmt.Sprintf("exit code %d", f.Code) }

// ExitCode returns the code.
func (f *Finished) ExitCode() int { return f.Code }

// Group returns a command that only holds others.
func Group(use, short, long string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Args: noCommand, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		Annotations: map[string]string{isGroup: ""},
	}
}

// isGroup marks groups.
const isGroup = "group"

// IsGroup reports whether a command only groups others.
func IsGroup(cmd *cobra.Command) bool {
	_, is := cmd.Annotations[isGroup]
	return is
}

// noCommand refuses what a group of commands does not have.
func noCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return &Error{
		Message: "'" + cmd.CommandPath() + "' has no command '" + args[0] + "'" + catalog.DidYouMean(args[0], names),
		Hint:    "its commands are: " + strings.Join(names, ", "),
	}
}

// Needs refuses flags that mean nothing without another one.
func Needs(f *pflag.FlagSet, other string, flags ...string) error {
	for _, flag := range flags {
		if f.Changed(flag) && !f.Changed(other) {
			return &Error{Message: "--" + flag + " needs --" + other, Hint: "add --" + other}
		}
	}
	return nil
}

// AddJSON adds the flag --json to a command.
func AddJSON(cmd *cobra.Command, json *bool) {
	cmd.Flags().BoolVar(json, "json", false, "Print JSON")
}

// AddConfig adds the flag --config.
func AddConfig(f *pflag.FlagSet, file *string) {
	f.StringVar(file, "config", "", "Read the configuration from `FILE` (default phscript.toml in the working directory)")
}

// AddProfile adds the flag --profile.
func AddProfile(f *pflag.FlagSet, name *string) {
	f.StringVar(name, "profile", "", "Use the profile `NAME` of the configuration (default $"+config.ProfileVariable+")")
}

// LogLevels and LogFormats are the values of --log-level and --log-format, the
// levels in their order.
var (
	LogLevels  = []string{"debug", "info", "warn", "error"}
	LogFormats = []string{"text", "json"}
)

// AddLog adds the flags --log-level and --log-format to a command.
func AddLog(cmd *cobra.Command, level, format *string) {
	Choice(cmd, level, "log-level", "", "Log at `LEVEL` and above: debug, info, warn or error (default info)", LogLevels...)
	Choice(cmd, format, "log-format", "", "Write the log as `FORMAT`: text or json (default text)", LogFormats...)
}

// NoArguments refuses arguments. For a script, it says how to run it.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see '" + cmd.CommandPath() + " --help'"
	if strings.HasSuffix(args[0], ".lua") {
		hint = "to run a script against a simulated Planhat: phscript run --simulate " + args[0]
	}
	return &Error{Message: "'" + cmd.CommandPath() + "' takes no arguments, not " + args[0], Hint: hint}
}

// AtLeastOne demands a name of something.
func AtLeastOne(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &Error{Message: "name at least one " + what, Hint: "usage: " + cmd.UseLine()}
		}
		return nil
	}
}

// OneFile demands the name of one file.
func OneFile(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return &Error{Message: "name one file", Hint: "usage: " + cmd.UseLine()}
	}
	return nil
}

// IsData reports whether a file's name is that of data, which no script has.
func IsData(name string) bool {
	return slices.Contains([]string{".csv", ".tsv", ".json", ".jsonl", ".xlsx", ".xls", ".toml", ".xml"}, strings.ToLower(filepath.Ext(name)))
}

// CommandWith returns the first of some commands that has a flag, "" if none has.
func CommandWith(root *cobra.Command, flag string, commands ...string) string {
	for _, name := range commands {
		for _, c := range root.Commands() {
			if c.Name() == name && c.Flags().Lookup(flag) != nil {
				return name
			}
		}
	}
	return ""
}
