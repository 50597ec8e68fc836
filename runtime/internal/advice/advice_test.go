// Package advice tests that the hints of the program are right: what they propose is
// done, on the input that they are about, and the result compared.
package advice

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/trial"
)

// advised is an input that gets a hint, and how to follow it.
type advised struct {
	// hint is the hint as the source has it, "…" for what is filled in.
	hint string
	// script is the input, with the files that it reads. It runs against a simulated
	// Planhat, or is checked.
	script string
	files  map[string]string
	check  bool
	// variables are the environment variables of the run.
	variables map[string]string
	// args are the command, "run" or "check" of main.lua unless given, and in is the
	// file to change, main.lua unless given.
	args []string
	in   string
	// replace is the part of the file that gives way to what the hint proposes.
	// found is a pattern for the proposal in the hint; its groups are $1 and so on
	// in by.
	replace, found, by string
	// want is what the script, or the command, prints then.
	want string
}

// program runs phscript in a folder.
func program(r *trial.Trial, args ...string) (out string) {
	stdout, stderr, _ := r.Run(func(env *environment.Env) *cobra.Command {
		return &cobra.Command{Use: "phscript", DisableFlagParsing: true, RunE: func(_ *cobra.Command, args []string) error {
			env.Args = args
			if code := command.Execute(env); code != 0 {
				return fmt.Errorf("exit code %d", code)
			}
			return nil
		}}
	}, args...)
	return clock.ReplaceAllLiteralString(duration.ReplaceAllLiteralString(stdout+stderr, "0 ms"), "09:00:00")
}

var (
	duration = regexp.MustCompile(`\b\d+ ms\b`)
	clock    = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\b`)
)

// pattern matches a hint as it is printed.
func pattern(hint string) *regexp.Regexp {
	parts := strings.Split(hint, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile(strings.Join(parts, "(?:.*?)"))
}

func TestAdviceIsRight(t *testing.T) {
	for _, a := range slices.Concat(trials, habits, forms, webhooks, loops, checked) {
		t.Run(a.hint, func(t *testing.T) {
			r := trial.New(t, a.files)
			maps.Copy(r.Variables, a.variables)
			in, before := cmp.Or(a.in, "main.lua"), cmp.Or(a.files[a.in], a.script)
			write := func(name, text string) {
				require.NoError(t, os.WriteFile(filepath.Join(r.Env.Dir, name), []byte(text), 0o600))
			}
			write("main.lua", a.script)
			run := []string{"run", "--quiet", "--simulate", "main.lua"}
			if a.args != nil {
				run = a.args
			}
			args := run
			if a.check {
				args = []string{"check", "--pedantic", "main.lua"}
			}
			out := program(r, args...)
			line := ""
			for _, l := range strings.Split(out, "\n") {
				if hint, ok := strings.CutPrefix(strings.TrimSpace(l), "hint: "); ok && pattern(a.hint).MatchString(hint) {
					line = hint
					break
				}
			}
			require.NotEmpty(t, line, out)
			m := regexp.MustCompile(a.found).FindStringSubmatch(line)
			require.NotNil(t, m, line)
			by := a.by
			for i, group := range m {
				by = strings.ReplaceAll(by, fmt.Sprintf("$%d", i), group)
			}
			fixed := strings.Replace(before, a.replace, by, 1)
			require.NotEqual(t, before, fixed)
			write(in, fixed)
			assert.Equal(t, a.want, program(r, run...), fixed)
			if a.check {
				assert.NotContains(t, program(r, args...), line, fixed)
			}
		})
	}
}

// TestEveryHintWithCodeIsTried fails for a hint that proposes code and has no trial.
func TestEveryHintWithCodeIsTried(t *testing.T) {
	known := map[string]bool{}
	for _, a := range slices.Concat(trials, habits, forms, webhooks, loops, checked) {
		known[a.hint] = true
	}
	for hint, test := range elsewhere {
		known[hint] = true
		_, err := os.Stat(filepath.Join("../../..", test))
		require.NoError(t, err)
	}
	seen := map[string]bool{}
	found := collected(t)
	for _, file := range slices.Sorted(maps.Keys(found)) {
		for _, hint := range found[file] {
			seen[hint] = true
			if onlyNames(hint) || known[hint] {
				continue
			}
			t.Errorf("%s: %q proposes code: add a trial that follows it", file, hint)
		}
	}
	for hint := range known {
		assert.True(t, seen[hint], "the hint %q no longer exists", hint)
	}
}

// flag and subcommand match what hints name of the command line.
var (
	flag       = regexp.MustCompile(`--[a-z][a-z-]+`)
	subcommand = regexp.MustCompile(`'phscript ([a-z]+(?: [a-z]+)*)`)
)

// onlyNames reports whether a hint contains no other code than flags and commands.
func onlyNames(hint string) bool {
	return !code.MatchString(subcommand.ReplaceAllLiteralString(flag.ReplaceAllLiteralString(hint, ""), ""))
}

// TestNamedFlagsAndCommandsExist: hints name only what there is.
func TestNamedFlagsAndCommandsExist(t *testing.T) {
	r := trial.New(t, nil)
	flags := map[string]bool{"--format": true, "--file": true, "--clean": true, "--help": true} // those of pg_dump and pg_restore
	for _, args := range []string{"run", "check", "test", "repl", "serve", "simulate", "quota", "runs list", "runs rejected", "schedule list", "setup", "connect", "state backup", "state restore", "state purge", "plan", "plan show", "apply", "new", "snapshot", "login", "undo", "hooks list", "hooks show", "hooks replay", "hooks discard", "hooks send", "hooks forward"} {
		for _, name := range flag.FindAllString(program(r, append(strings.Fields(args), "--help")...), -1) {
			flags[name] = true
		}
	}
	for file, hints := range collected(t) {
		for _, hint := range hints {
			for _, name := range flag.FindAllString(hint, -1) {
				assert.True(t, flags[name], "%s: %s", file, hint)
			}
			for _, m := range subcommand.FindAllStringSubmatch(hint, -1) {
				words := strings.Fields(m[1])
				out := program(r, append(words[:min(len(words), 2)], "--help")...)
				assert.Contains(t, out, "Usage:", "%s: %s", file, hint)
			}
		}
	}
}
