package params

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/header"
)

// Flags are the flags of a script's parameters among those of a command.
type Flags struct {
	values map[string]json.RawMessage
	// both are parameters whose flags the command has, too.
	both    []*header.Param
	command *pflag.FlagSet
}

// clash returns a parameter whose flag was given although the command has it, too, or nil.
func (f *Flags) clash() *header.Param {
	for _, p := range f.both {
		if f.command.Changed(header.FlagName(p.Name)) {
			return p
		}
	}
	return nil
}

// Declare adds the flags of the script that the command line names to a command whose flags
// may come after the script. Flags of the command with the same name stay.
func Declare(env *environment.Env, cmd *cobra.Command) *Flags {
	f := &Flags{values: map[string]json.RawMessage{}, command: cmd.Flags()}
	line := env.Args
	if len(line) > 0 && slices.Contains([]string{cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd}, line[0]) {
		line = line[1:]
	}
	if len(line) == 0 || line[0] != cmd.Name() {
		return f
	}
	says, _ := ofScript(env, line[1:])
	if says == nil {
		return f
	}
	for i := range says.Params {
		p := &says.Params[i]
		name := header.FlagName(p.Name)
		if cmd.Flags().Lookup(name) != nil {
			f.both = append(f.both, p)
			continue
		}
		flag := cmd.Flags().VarPF(&value{f, p, p.Written}, name, "", describe(p))
		if p.Type == header.Boolean {
			flag.NoOptDefVal = "true"
		}
		usage.Complete(cmd, name, func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
			return Complete(p)
		})
	}
	cmd.Flags().SetNormalizeFunc(func(flags *pflag.FlagSet, name string) pflag.NormalizedName {
		if says.Param(name) != nil {
			return pflag.NormalizedName(header.FlagName(name))
		}
		return pflag.NormalizedName(name)
	})
	return f
}

// ofScript returns the header of the first script in a command line, or nil, and its name.
func ofScript(env *environment.Env, line []string) (says *header.Header, script string) {
	for _, arg := range line {
		if arg == "--" {
			return nil, ""
		}
		if filepath.Ext(arg) == ".lua" && !strings.HasPrefix(arg, "-") && env.IsFile(arg) {
			return Header(env, arg), arg
		}
	}
	return nil, ""
}

// longestHeader is how many bytes at the start of a script are read for its header.
const longestHeader = 1 << 20

// Header returns the header of a script, or nil if it cannot be read.
func Header(env *environment.Env, name string) *header.Header {
	info, err := os.Stat(env.Path(name))
	if err != nil || !info.Mode().IsRegular() || info.Size() > longestHeader {
		return nil
	}
	source, err := env.ReadFile(env.Path(name))
	if err != nil {
		return nil
	}
	says, _ := header.Read(source)
	return says
}

// value is the value of a flag.
type value struct {
	flags *Flags
	param *header.Param
	text  string
}

func (v *value) String() string { return v.text }

// Type is what stands for the value in the help.
func (v *value) Type() string {
	if v.param.Type == header.Boolean {
		return "bool"
	}
	return v.param.Placeholder()
}

func (v *value) Set(text string) error {
	parsed, err := v.param.Parse(text)
	if err != nil {
		wrong := v.param.Wrong(err)
		return &usage.Error{Message: wrong.Error(), Hint: wrong.Hint}
	}
	v.flags.values[v.param.Name] = parsed
	return nil
}

// describe is the help of a flag.
func describe(p *header.Param) string {
	if p.Doc == "" {
		return "The parameter " + p.Name
	}
	return strings.ReplaceAll(p.Doc, "`", "'")
}

// Complete completes the value of a parameter.
func Complete(p *header.Param) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch p.Type {
	case header.File:
		return nil, cobra.ShellCompDirectiveDefault
	case header.Choice:
		return p.Choices, cobra.ShellCompDirectiveNoFileComp
	case header.Boolean:
		return []cobra.Completion{"true", "false"}, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}

// CompleteArgs completes what follows a script, if it declares parameters: its flags and their
// values.
func CompleteArgs(env *environment.Env, args []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	says := Header(env, args[0])
	if says == nil || len(says.Params) == 0 || slices.Contains(args, "--") {
		return nil, cobra.ShellCompDirectiveDefault
	}
	given := func(p *header.Param, arg string) (string, bool) {
		name, value, assigned := strings.Cut(arg, "=")
		name, ok := strings.CutPrefix(name, "--")
		return value, ok && assigned && header.FlagName(name) == header.FlagName(p.Name)
	}
	if last := args[len(args)-1]; len(args) > 1 && strings.HasPrefix(last, "--") && !strings.Contains(last, "=") {
		for i := range says.Params {
			if p := &says.Params[i]; p.Type != header.Boolean && header.FlagName(last) == p.Flag() {
				return Complete(p)
			}
		}
	}
	var list []cobra.Completion
	for i := range says.Params {
		p := &says.Params[i]
		if _, ok := given(p, typed); ok {
			values, directive := Complete(p)
			for _, v := range values {
				list = append(list, p.Flag()+"="+v)
			}
			return list, directive
		}
		used := slices.ContainsFunc(args, func(arg string) bool {
			name, _, _ := strings.Cut(arg, "=")
			return header.FlagName(name) == p.Flag()
		})
		if !used && strings.HasPrefix(p.Flag(), typed) {
			list = append(list, cobra.CompletionWithDesc(p.Flag(), p.Doc))
		}
	}
	if !strings.HasPrefix(typed, "-") && typed != "" {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return list, cobra.ShellCompDirectiveDefault
}

// FlagError says what is wrong with a flag. For one of the script's, which comes after it, it
// says so.
func FlagError(env *environment.Env, cmd *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	err = usage.FlagError(cmd, err)
	mistake, wrong := errors.AsType[*usage.Error](err)
	says, script := ofScript(env, env.Args)
	if !ok || !wrong || says == nil {
		return err
	}
	for i := range says.Params {
		if p := &says.Params[i]; header.FlagName(unknown.GetSpecifiedName()) == header.FlagName(p.Name) {
			mistake.Message = p.Flag() + " is a flag of " + script + ", so it comes after it"
			mistake.Hint = strings.TrimSpace("write phscript run " + script + " " + p.Flag() + " " + p.Placeholder())
		}
	}
	return err
}
