package usage

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
)

// OneOf finds a word among those that something takes, whatever its case.
func OneOf(what, word string, values ...string) (string, error) {
	at := slices.IndexFunc(values, func(v string) bool { return strings.EqualFold(v, word) })
	if at < 0 {
		last := len(values) - 1
		list := strings.Join(values[:last], ", ") + " or " + values[last]
		return "", &Error{Message: fmt.Sprintf("%s takes %s, not %q%s", what, list, word, catalog.DidYouMean(word, values))}
	}
	return values[at], nil
}

// Choice adds a flag that takes one of a few words, which the shell completes.
func Choice(cmd *cobra.Command, into *string, name, value, help string, values ...string) {
	*into = value
	cmd.Flags().Var(&choice{into, name, values}, name, help)
	Complete(cmd, name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// Duration adds a flag that takes a duration.
func Duration(f *pflag.FlagSet, into *time.Duration, name string, value time.Duration, help string) {
	*into = value
	f.Var(&duration{into, name}, name, help)
}

type duration struct {
	*time.Duration
	name string
}

func (d *duration) String() string {
	if d.Duration == nil || *d.Duration == 0 {
		return "0"
	}
	return d.Duration.String()
}

func (d *duration) Type() string { return "duration" }

func (d *duration) Set(text string) error {
	v, err := config.ParseDuration(text)
	if err != nil {
		return &Error{Message: "--" + d.name + ": " + err.Error()}
	}
	*d.Duration = v
	return nil
}

type choice struct {
	*string
	name   string
	values []string
}

func (c *choice) String() string { return *c.string }

func (c *choice) Type() string { return "string" }

func (c *choice) Set(word string) (err error) {
	*c.string, err = OneOf("--"+c.name, word, c.values...)
	return err
}

// FlagError says what is wrong with a flag, and where to look.
func FlagError(cmd *cobra.Command, err error) error {
	e := &Error{Message: err.Error(), Hint: "see '" + cmd.CommandPath() + " --help'"}
	if own, ok := errors.AsType[*Error](err); ok {
		e.Message, e.Hint = own.Message, cmp.Or(own.Hint, e.Hint)
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok && unknown.GetSpecifiedShortnames() == "" {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		e.Message += catalog.DidYouMean("--"+unknown.GetSpecifiedName(), names)
		if hint := elsewhere(cmd, unknown.GetSpecifiedName()); hint != "" {
			e.Hint = hint
		}
	}
	return e
}

// elsewhere says where a flag belongs that a command does not have, or returns "".
func elsewhere(cmd *cobra.Command, flag string) string {
	for c := cmd; c.HasParent(); c = c.Parent() {
		if name := c.Name(); flag == "param" && (name == "serve" || name == "schedule") {
			return "set the parameters of a schedule as its params in phscript.toml"
		}
	}
	for _, c := range cmd.Root().Commands() {
		if c.Name() == "run" && c.Flags().Lookup(flag) != nil {
			return "--" + flag + " is a flag of 'phscript run'"
		}
	}
	return ""
}
