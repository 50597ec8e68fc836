// Package test is phscript test: it runs the tests of scripts.
package test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/suite"
	"github.com/phscript/phscript/runtime/internal/suite/report"
)

// junitFile and lcovFile are what --junit and --lcov name.
var (
	junitFile = printing.Output{Flag: "--junit", What: "the JUnit report", Begins: "<?xml"}
	lcovFile  = printing.Output{Flag: "--lcov", What: "the coverage", Begins: "TN:"}
)

// options are the settings of a run of tests, before they are checked.
type options struct {
	names    []string
	filter   string
	parallel int
	bail     bool
	timeout  time.Duration
	verbose  bool
	shuffle  bool
	seed     int64
	list     bool
	watch    bool

	configFile string

	format       string
	junit        string
	coverage     bool
	coverageHTML string
	lcov         string
}

// New returns the command test.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "test [flags] [FILE|DIR ...]",
		Short: "Run the tests of scripts",
		Long: "test runs the tests in all files that end in _test.lua, in the working directory or in the files and\n" +
			"folders that you name. Each test gets its own simulated Planhat. You need no account and no token, and\n" +
			"nothing reaches your Planhat.\n\n" +
			"Exit codes: 0 all passed, 1 a test failed, 2 usage or no tests found, 130 interrupted,\n" +
			"143 terminated.",
		Example: "  phscript test\n" +
			"  phscript test --filter 'sync' --watch scripts\n" +
			"  phscript test --coverage --junit report.xml",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := usage.Needs(cmd.Flags(), "shuffle", "seed"); err != nil {
				return err
			}
			o.names = args
			return runTests(env, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.filter, "filter", "", "Run only tests with `TEXT` in their names, or that match /PATTERN/")
	f.IntVar(&o.parallel, "parallel", 0, "Run `N` files at once (default one per processor)")
	f.BoolVar(&o.bail, "bail", false, "Stop at the first failure")
	usage.Duration(f, &o.timeout, "timeout", suite.DefaultTimeout, "End a test after `TIME`")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "Name every test and show what it prints")
	f.BoolVar(&o.list, "list", false, "List the tests without running them")
	f.BoolVar(&o.watch, "watch", false, "Run tests again when they or the scripts they test change")
	f.BoolVar(&o.shuffle, "shuffle", false, "Run the tests of a file in random order")
	f.Int64Var(&o.seed, "seed", 0, "With --shuffle: repeat the order of an earlier run, by its `NUMBER`")
	usage.Choice(cmd, &o.format, "format", "text", "Print the report as `FORMAT`: text, tap or json", "text", "tap", "json")
	f.StringVar(&o.junit, "junit", "", "Write the results to `FILE` as JUnit XML")
	f.BoolVar(&o.coverage, "coverage", false, "Show which lines of scripts and modules the tests executed")
	f.StringVar(&o.coverageHTML, "coverage-html", "", "Write the coverage to `DIR` as HTML pages")
	usage.AddConfig(f, &o.configFile)
	f.StringVar(&o.lcov, "lcov", "", "Write the coverage to `FILE` in lcov format")
	return cmd
}

// settings checks the flags.
func (o *options) settings(env *environment.Env) (suite.Options, error) {
	s := suite.Options{
		Dir: env.Dir, Timeout: o.timeout, Parallel: o.parallel, Bail: o.bail, Now: env.Now,
	}
	if o.parallel < 0 {
		return s, &usage.Error{Message: "--parallel must be at least 1"}
	}
	if o.parallel == 0 {
		s.Parallel = env.Processors
	}
	if o.timeout <= 0 {
		return s, &usage.Error{Message: "--timeout must be longer than 0"}
	}
	if s.Shuffle = o.shuffle; o.shuffle {
		s.Seed = o.seed
		if s.Seed == 0 {
			s.Seed = env.Now().UnixNano()%1_000_000 + 1
		}
	}
	// The environment's settings are about runs.
	c, err := config.Load(o.configFile, env.Dir, env.ReadConfig, func(string) (string, bool) { return "", false })
	if err != nil {
		return s, err
	}
	s.Models = c.Models
	if err := errors.Join(junitFile.Check(env, o.junit), lcovFile.Check(env, o.lcov)); err != nil {
		return s, err
	}
	s.Coverage, s.ListOnly = o.coverage || o.coverageHTML != "" || o.lcov != "", o.list
	if o.filter != "" {
		match, err := suite.Filter(o.filter)
		if err != nil {
			return s, &usage.Error{Message: "--filter: " + err.Error(), Hint: "text between slashes is a regular expression; without slashes it is searched for literally"}
		}
		s.Match = match
	}
	return s, nil
}

// runTests runs tests once, or again and again.
func runTests(env *environment.Env, o *options) error {
	s, err := o.settings(env)
	if err != nil {
		return err
	}
	files, err := o.find(env)
	if err != nil {
		return err
	}
	ctx, release := env.UntilInterrupted()
	defer release()
	if o.watch {
		return o.watchTests(ctx, env, s)
	}
	r, err := o.runOnce(ctx, env, s, files)
	if err != nil {
		return err
	}
	return o.conclude(ctx, r)
}

// runOnce runs tests and writes every report that is wanted.
func (o *options) runOnce(ctx context.Context, env *environment.Env, s suite.Options, files []string) (*report.Report, error) {
	started := env.Now()
	text := &report.Text{W: env.Stdout, Color: env.StdoutColor(), Verbose: o.verbose}
	if o.format == "text" && !o.list {
		s.Done = func(f *report.File) {
			// A filter leaves most files without a test.
			if o.filter == "" || len(f.Tests) > 0 || f.Err != nil {
				text.File(f)
			}
		}
	}
	r := suite.Run(ctx, s, files)
	coverage, err := r.Coverage(env.Dir)
	if err != nil {
		return r, err
	}
	switch {
	case o.list:
		err = showList(env, r)
	case o.format == "tap":
		err = printing.Text(env.Stdout, report.TAP(r))
	case o.format == "json":
		var out string
		if out, err = report.JSON(r); err == nil {
			err = printing.Text(env.Stdout, out)
		}
	default:
		text.Failures()
		if o.coverage {
			err = printing.Text(env.Stdout, coverage.Table(env.StdoutColor()))
		}
		text.Close(r)
	}
	if err != nil {
		return r, err
	}
	return r, o.writeReports(env, r, coverage, started)
}

// showList names the tests. Those of a file that could not be loaded are not
// known.
func showList(env *environment.Env, r *report.Report) error {
	var err error
	for _, f := range r.Files {
		if err == nil {
			err = f.Err
		}
		for _, t := range f.Tests {
			fmt.Fprintln(env.Stdout, f.Name+report.Separator+t.FullName())
		}
	}
	return err
}

// writeReports writes the files that flags ask for.
func (o *options) writeReports(env *environment.Env, r *report.Report, coverage *report.Coverage, started time.Time) error {
	if o.junit != "" {
		text, err := report.JUnit(r, started)
		if err == nil {
			err = junitFile.Write(env, o.junit, []byte(text))
		}
		if err != nil {
			return err
		}
	}
	if o.lcov != "" {
		if err := lcovFile.Write(env, o.lcov, []byte(coverage.LCOV())); err != nil {
			return err
		}
	}
	if o.coverageHTML == "" {
		return nil
	}
	dir := env.Path(o.coverageHTML)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &usage.Error{Message: "--coverage-html: " + err.Error()}
	}
	return coverage.HTML(func(name string, page []byte) error {
		return printing.WriteWhole(filepath.Join(dir, name), page, 0o644, "the coverage")
	})
}

// clearScreen empties a terminal and puts the cursor to its beginning.
const clearScreen = "\x1b[2J\x1b[3J\x1b[H"

// watchTests runs tests again and again, until Ctrl-C.
func (o *options) watchTests(ctx context.Context, env *environment.Env, s suite.Options) error {
	var roots []string
	for _, name := range o.roots() {
		roots = append(roots, env.Path(name))
	}
	w := &suite.Watcher{
		Roots: roots,
		Find:  func() ([]string, error) { return suite.Find(env.Dir, o.roots()) },
		Run: func(ctx context.Context, paths []string, all bool) *report.Report {
			if env.StdoutTTY {
				fmt.Fprint(env.Screen(), clearScreen)
			}
			r, err := o.runOnce(ctx, env, s, paths)
			if err != nil {
				printing.Error(env.Stderr, env.StderrColor(), err)
			}
			if ctx.Err() == nil {
				what := "all tests"
				if !all {
					what = "the tests that the change affects"
				}
				fmt.Fprintf(env.Stdout, "ran %s; waiting for changes (Ctrl-C to stop)\n", what)
			}
			return r
		},
	}
	if err := w.Watch(ctx); err != nil {
		return err
	}
	return interrupted(ctx)
}

// interrupted is the end of a command that a signal ended.
func interrupted(ctx context.Context) error {
	if by, ok := errors.AsType[fault.Exiter](context.Cause(ctx)); ok {
		return &usage.Finished{Code: by.ExitCode()}
	}
	return &usage.Finished{Code: fault.ExitInterrupted}
}

// roots are the files and folders whose tests are meant.
func (o *options) roots() []string {
	if len(o.names) == 0 {
		return []string{"."}
	}
	return o.names
}

// find finds the test files; none is an error.
func (o *options) find(env *environment.Env) ([]string, error) {
	files, err := suite.Find(env.Dir, o.roots())
	if err != nil {
		return nil, &usage.Error{Message: err.Error(), Hint: "paths are relative to the working directory, " + env.Dir}
	}
	if len(files) == 0 {
		where := "the working directory, " + env.Dir
		if len(o.names) > 0 {
			where = strings.Join(o.names, ", ")
		}
		return nil, &usage.Error{
			Message: "no tests found: no file ends in _test.lua in " + where,
			Hint:    "put tests of sync.lua into sync_test.lua beside it; see 'phscript doc testing'",
		}
	}
	return files, nil
}

// conclude decides how the command ends.
func (o *options) conclude(ctx context.Context, r *report.Report) error {
	passed, failed, skipped := r.Counts()
	switch {
	case r.Interrupted:
		return interrupted(ctx)
	case failed > 0:
		return &usage.Finished{Code: fault.ExitScript}
	case passed+skipped == 0 && o.filter != "":
		return &usage.Error{Message: fmt.Sprintf("no test has %q in its name", o.filter), Hint: "--list shows the names of all tests"}
	case passed+skipped == 0:
		return &usage.Error{Message: "the files contain no tests", Hint: `write a test like it("adds numbers", function() expect(1 + 1).to_equal(2) end)`}
	}
	return nil
}
