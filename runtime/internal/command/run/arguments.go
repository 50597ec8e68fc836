package run

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/params"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/header"
)

// help prints what the script says about itself if --help follows it, and reports whether it
// does.
func (o *options) help(env *environment.Env) (bool, error) {
	if o.codeGiven || !asksForHelp(o.args) {
		return false, nil
	}
	script, err := Script(env, o.args[0], "phscript run", false)
	if err != nil {
		return true, err
	}
	says, err := header.Read(script.Source)
	if err != nil {
		return true, &usage.Error{Message: script.Name + ": " + err.Error(), Hint: "see 'phscript check " + script.Name + "'"}
	}
	return true, params.Help(env, script.Name, says)
}

// asksForHelp reports whether a script is followed by --help.
func asksForHelp(args []string) bool {
	if len(args) < 2 || args[0] == "-" {
		return false
	}
	before, _, _ := cut(args[1:], "--")
	return slices.Contains(before, "--help") || slices.Contains(before, "-h")
}

// cut splits a list at the first of an item.
func cut(list []string, at string) (before, after []string, found bool) {
	if i := slices.Index(list, at); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return list, nil, false
}

// checkOrder refuses a flag of run after the script's name: it would silently
// become an argument of the script, and a --dry-run would write. Arguments after
// -- go to the script unchanged. It returns the script's arguments.
func (o *options) checkOrder(env *environment.Env, flags *pflag.FlagSet, args []string, source []byte) ([]string, error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return slices.Delete(slices.Clone(args), i, i+1), nil
		}
		name, _, _ := strings.Cut(arg, "=")
		long, isLong := strings.CutPrefix(name, "--")
		short, isShort := strings.CutPrefix(name, "-")
		if isLong && flags.Lookup(long) != nil || !isLong && isShort && len(short) == 1 && flags.ShorthandLookup(short) != nil {
			flag := flags.Lookup(long)
			if !isLong {
				flag = flags.ShorthandLookup(short)
			}
			end := i + 1
			if flag.NoOptDefVal == "" && !strings.Contains(arg, "=") && end < len(args) {
				end++
			}
			return nil, &usage.Error{
				Message: arg + " comes after the script name, so the script would receive it",
				Hint:    "put it before the script: phscript run " + strings.Join(hidden(o.reordered(env, args[i:end]), source), " ") + "; or put -- before it to pass it to the script",
			}
		}
	}
	return args, nil
}

// reordered is the command line with flags before the script.
func (o *options) reordered(env *environment.Env, flags []string) []string {
	if o.codeGiven {
		return append(slices.Clone(flags), "-e", "...")
	}
	// What comes before the script, the flags, and the script with its arguments.
	at := max(0, len(env.Args)-len(o.args)-1)
	after := env.Args[at:]
	for i := range after {
		if i+len(flags) <= len(after) && slices.Equal(after[i:i+len(flags)], flags) {
			after = slices.Concat(after[:i], after[i+len(flags):])
			break
		}
	}
	line := slices.Concat(env.Args[:at], flags, after)
	if len(line) > 0 && line[0] == "run" {
		line = line[1:]
	}
	return line
}

// hidden is a command line without the values of parameters that the script declares as secret.
func hidden(line []string, source []byte) []string {
	says, _ := header.Parse(source)
	shown := slices.Clone(line)
	for i := range says.Params {
		p := &says.Params[i]
		if !p.Secret {
			continue
		}
		for at, word := range shown {
			before := ""
			if at > 0 {
				before = shown[at-1]
			}
			name, _, joined := strings.Cut(word, "=")
			switch of := strings.ReplaceAll(name, "_", "-"); {
			case before == "-p" || before == "--param", name == "-p" || name == "--param":
				for _, begin := range []string{p.Name + "=", "-p=" + p.Name + "=", "--param=" + p.Name + "="} {
					if strings.HasPrefix(word, begin) {
						shown[at] = begin + "..."
					}
				}
			case strings.HasPrefix(word, "-p"+p.Name+"="):
				shown[at] = "-p" + p.Name + "=..."
			case joined && of == p.Flag():
				shown[at] = name + "=..."
			case strings.ReplaceAll(before, "_", "-") == p.Flag():
				shown[at] = "..."
			}
		}
	}
	return shown
}
