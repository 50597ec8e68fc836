// Package check is phscript check: it finds mistakes in scripts without running
// them.
package check

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/check"
	"github.com/phscript/phscript/runtime/internal/check/report"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/fault"
	tenant "github.com/phscript/phscript/runtime/internal/schema"
	"github.com/phscript/phscript/runtime/internal/suite"
)

// options are the settings of one check.
type options struct {
	paths     []string
	format    string
	failOn    string
	strict    bool
	pedantic  bool
	explain   string
	rules     []string
	disable   []string
	globals   []string
	listRules bool
	stdinName string

	configFile, profile string
	// command returns the command that has a flag.
	command func(flag string) string
}

// New returns the command check.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "check [flags] FILE.lua|DIR...",
		Short: "Find mistakes in scripts without running them",
		Long: "check reads scripts and reports mistakes: misspelled names, functions, options and properties, unused\n" +
			"values, code that never runs, and common slips in Lua. Nothing is run or sent.\n\n" +
			"A folder means all .lua files in it and below. - is standard input.\n" +
			"A comment -- phscript: ignore RULE turns a rule off for its line or, alone on a line, for the next.\n\n" +
			"Exit codes: 0 no errors (with --strict, no warnings either), 1 findings, 2 usage.",
		Example: "  phscript check sync.lua\n" +
			"  phscript check --strict --format sarif scripts > check.sarif",
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = args
			var sorts sync.Mutex // the list of commands is sorted when it is first read, and scripts are checked at once
			o.command = func(flag string) string {
				sorts.Lock()
				defer sorts.Unlock()
				return usage.CommandWith(cmd.Root(), flag, "run", "plan")
			}
			if len(args) == 0 && !o.listRules && o.explain == "" {
				return &usage.Error{Message: "no script given", Hint: "phscript check FILE.lua, or phscript check . for all scripts in this folder"}
			}
			if err := o.validate(); err != nil {
				return err
			}
			return checkScripts(env, o)
		},
	}
	f := cmd.Flags()
	usage.Choice(cmd, &o.format, "format", "text", "Print `FORMAT`: text, json or sarif", "text", "json", "sarif")
	usage.Choice(cmd, &o.failOn, "fail-on", "error", "Fail at `LEVEL`: error, or warning for both", string(report.Error), string(report.Warning))
	f.BoolVar(&o.strict, "strict", false, "Short for --fail-on warning")
	f.BoolVar(&o.pedantic, "pedantic", false, "Also report what is true but seldom matters, such as unused arguments")
	f.StringSliceVar(&o.rules, "rule", nil, "Check only this `RULE`; can be repeated")
	f.StringSliceVar(&o.disable, "disable", nil, "Skip this `RULE`; can be repeated")
	f.StringSliceVar(&o.globals, "globals", nil, "Let scripts use these global `NAMES` without defining them")
	f.BoolVar(&o.listRules, "list-rules", false, "Print the rules and check nothing")
	f.StringVar(&o.explain, "explain", "", "Explain this `RULE` with examples, and check nothing")
	f.StringVar(&o.stdinName, "stdin-name", "stdin", "Report standard input as `FILE`, and look for required files beside it")
	usage.AddConfig(f, &o.configFile)
	usage.AddProfile(f, &o.profile)
	usage.Complete(cmd, "rule", completeRule)
	usage.Complete(cmd, "disable", completeRule)
	usage.Complete(cmd, "explain", completeRule)
	return cmd
}

// completeRule completes a rule, with what it finds.
func completeRule(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, r := range report.Rules() {
		list = append(list, cobra.CompletionWithDesc(r.Name, r.Doc))
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

func (o *options) validate() error {
	if o.strict {
		o.failOn = string(report.Warning)
	}
	named := slices.Concat(o.rules, o.disable)
	if o.explain != "" {
		named = append(named, o.explain)
	}
	if problem := unknownRule(named); problem != "" {
		return &usage.Error{Message: problem, Hint: rulesHint}
	}
	return nil
}

const rulesHint = "'phscript check --list-rules' lists them"

// unknownRule says what is wrong with names of rules, "" if nothing is.
func unknownRule(names []string) string {
	known := report.RuleNames()
	for _, name := range names {
		if !slices.Contains(known, name) {
			return "there is no rule '" + name + "'" + catalog.DidYouMean(name, known)
		}
	}
	return ""
}

// configure adds what phscript.toml says about checks. The environment's
// settings are about runs.
func (o *options) configure(env *environment.Env) (config.Config, error) {
	c, err := config.Load(o.configFile, env.Dir, env.ReadConfig, func(string) (string, bool) { return "", false })
	if err != nil {
		return c, err
	}
	if problem := unknownRule(c.Check.Ignore); problem != "" {
		return c, &config.Error{Where: c.File, Message: "check.ignore: " + problem, Hint: rulesHint}
	}
	o.globals = append(o.globals, c.Check.Globals...)
	o.disable = append(o.disable, c.Check.Ignore...)
	return c, nil
}

// checkScripts checks what the options name and reports it.
func checkScripts(env *environment.Env, o *options) error {
	if o.listRules {
		return report.WriteRules(env.Stdout)
	}
	if o.explain != "" {
		return report.WriteRule(env.Stdout, report.RuleNamed(o.explain))
	}
	c, err := o.configure(env)
	if err != nil {
		return err
	}
	files, err := o.files(env)
	if err != nil {
		return err
	}
	if err := c.ChooseSchema(o.profile, env.Getenv); err != nil {
		return err
	}
	known, err := tenant.Load(c.SchemaPath(env.Dir))
	if err != nil {
		return err
	}
	checker := check.New(builtins.Manual(bindings.DeclaredModels(c.Models)...), check.Options{
		ForTests: suite.Manual(c.Models...),
		Schema:   known.Known(),
		Models:   c.Models, Command: o.command,
		Globals: o.globals, Only: o.rules, Disable: o.disable, Pedantic: o.pedantic,
		Exists: func(name string) bool { return env.IsFile(name) },
		Read:   func(name string) ([]byte, error) { return env.ReadFile(env.Path(name)) },
	})
	findings := make([][]report.Finding, len(files))
	var wg sync.WaitGroup
	next := make(chan int)
	for range max(env.Processors, 1) {
		wg.Go(func() {
			for i := range next {
				findings[i] = checker.Source(files[i].name, files[i].source)
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	wg.Wait()
	found := &report.Report{Files: len(files), Findings: slices.Concat(findings...)}
	if err := o.write(env, found); err != nil {
		return err
	}
	if old := known.Old(env.Now()); old != "" {
		fmt.Fprintln(env.Stderr, "note: "+old)
	}
	bad := found.Count(report.Error)
	if o.failOn == string(report.Warning) {
		bad += found.Count(report.Warning)
	}
	if bad > 0 {
		return &usage.Finished{Code: fault.ExitScript}
	}
	return nil
}

func (o *options) write(env *environment.Env, found *report.Report) error {
	switch o.format {
	case "json":
		return found.WriteJSON(env.Stdout)
	case "sarif":
		return found.WriteSARIF(env.Stdout, env.Version)
	}
	return found.WriteText(env.Stdout, env.StdoutColor())
}

// checkedFile is a script to be checked.
type checkedFile struct {
	name   string
	source []byte
}

// files reads the scripts that the arguments name, each once.
func (o *options) files(env *environment.Env) ([]checkedFile, error) {
	var files []checkedFile
	seen := map[string]bool{}
	add := func(name string) error {
		path := filepath.Clean(env.Path(name))
		if seen[path] {
			return nil
		}
		seen[path] = true
		source, err := env.ReadFile(path)
		if err != nil {
			return &usage.Error{Message: fmt.Sprintf("cannot read the script %s: %v", name, err)}
		}
		files = append(files, checkedFile{name, source})
		return nil
	}
	for _, arg := range o.paths {
		switch {
		case arg == "-":
			source, err := io.ReadAll(env.Stdin)
			if err != nil {
				return nil, err
			}
			files = append(files, checkedFile{o.stdinName, source})
		case usage.IsData(arg):
			return nil, &usage.Error{Message: arg + " is a data file, not a script"}
		case env.IsDir(arg):
			names, err := scriptsIn(env, arg)
			if err != nil {
				return nil, err
			}
			if len(names) == 0 {
				return nil, &usage.Error{Message: "there is no .lua file in " + arg, Hint: "name the folder that holds your scripts"}
			}
			for _, name := range names {
				if err := add(name); err != nil {
					return nil, err
				}
			}
		case env.IsFile(arg):
			if err := add(arg); err != nil {
				return nil, err
			}
		default:
			return nil, usage.NoFile(env, "no such file or folder: "+arg, arg)
		}
	}
	return files, nil
}

// scriptsIn names all scripts in a folder and below.
func scriptsIn(env *environment.Env, dir string) ([]string, error) {
	root := env.Path(dir)
	// A link that leads nowhere is not a script.
	names, err := suite.Walk(root, func(path string) bool { return strings.HasSuffix(path, ".lua") && env.IsFile(path) })
	if err != nil {
		return nil, &usage.Error{Message: fmt.Sprintf("cannot read the folder %s: %v", dir, err)}
	}
	for i, path := range names {
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return nil, err
		}
		names[i] = filepath.Join(dir, relative)
	}
	return names, nil
}
