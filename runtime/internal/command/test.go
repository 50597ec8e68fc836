package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/suite"
)

// testOptions are the settings of a run of tests, before they are checked.
type testOptions struct {
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

	format       string
	junit        string
	coverage     bool
	coverageHTML string
	lcov         string
}

func newTest(env *environment, runF func(*environment, *testOptions) error) *cobra.Command {
	o := &testOptions{}
	cmd := &cobra.Command{
		Use:   "test [flags] [FILE|DIR ...]",
		Short: "Run the tests of scripts",
		Long: "test finds the files that end in _test.lua, in the working directory or in what is named, and runs\n" +
			"the tests in them. Each test has a simulated Planhat of its own. No account and no token is needed:\n" +
			"a token that is set is not used, and nothing reaches your Planhat.\n\n" +
			"Exit codes: 0 all passed, 1 something failed, 2 usage, or no tests were found, 130 interrupted.",
		Example: "  phscript test\n" +
			"  phscript test --filter 'sync' --watch scripts\n" +
			"  phscript test --coverage --junit report.xml",
		RunE: func(_ *cobra.Command, args []string) error {
			o.names = args
			return runF(env, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.filter, "filter", "", "run the tests with `TEXT` in their names, or that match /PATTERN/")
	f.IntVar(&o.parallel, "parallel", 0, "run `N` files at once (one for each processor when not set)")
	f.BoolVar(&o.bail, "bail", false, "stop at the first failure")
	f.DurationVar(&o.timeout, "timeout", suite.DefaultTimeout, "end a test after this `TIME`")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "name every test, and show what it prints")
	f.BoolVar(&o.list, "list", false, "list the tests and run none")
	f.BoolVar(&o.watch, "watch", false, "run tests again when they, or what they test, change")
	f.BoolVar(&o.shuffle, "shuffle", false, "run the tests of a file in a random order")
	f.Int64Var(&o.seed, "seed", 0, "with --shuffle: the `NUMBER` that makes the order of an earlier run")
	f.StringVar(&o.format, "format", "text", "`FORMAT` of the report: text, tap or json")
	f.StringVar(&o.junit, "junit", "", "write the results to `FILE` as JUnit XML, for continuous integration")
	f.BoolVar(&o.coverage, "coverage", false, "show which lines of scripts and modules the tests have executed")
	f.StringVar(&o.coverageHTML, "coverage-html", "", "write that to `DIR` as HTML pages")
	f.StringVar(&o.lcov, "lcov", "", "write that to `FILE` in the format of lcov")
	return cmd
}

// settings checks the flags.
func (o *testOptions) settings(env *environment) (suite.Options, error) {
	s := suite.Options{
		Dir: env.dir, Timeout: o.timeout, Parallel: o.parallel, Bail: o.bail, Now: env.now,
	}
	if o.parallel < 0 {
		return s, &usageError{message: "--parallel must be at least 1"}
	}
	if o.parallel == 0 {
		s.Parallel = env.processors
	}
	if o.timeout <= 0 {
		return s, &usageError{message: "--timeout must be longer than 0"}
	}
	if !slices.Contains([]string{"text", "tap", "json"}, o.format) {
		return s, &usageError{message: fmt.Sprintf("--format is one of text, tap, json, not %q", o.format)}
	}
	if o.seed != 0 && !o.shuffle {
		return s, &usageError{message: "--seed goes with --shuffle"}
	}
	if s.Shuffle = o.shuffle; o.shuffle {
		s.Seed = o.seed
		if s.Seed == 0 {
			s.Seed = env.now().UnixNano()%1_000_000 + 1
		}
	}
	if err := errors.Join(junitOutput.check(env, o.junit), lcovOutput.check(env, o.lcov)); err != nil {
		return s, err
	}
	s.Coverage, s.ListOnly = o.coverage || o.coverageHTML != "" || o.lcov != "", o.list
	if o.filter != "" {
		match, err := suite.Filter(o.filter)
		if err != nil {
			return s, &usageError{message: "--filter: " + err.Error(), hint: "between slashes stands a regular expression; without them, the text is looked for as it is"}
		}
		s.Match = match
	}
	return s, nil
}

// runTests runs tests once, or again and again.
func runTests(env *environment, o *testOptions) error {
	s, err := o.settings(env)
	if err != nil {
		return err
	}
	files, err := o.find(env)
	if err != nil {
		return err
	}
	ctx, release := untilInterrupted(env)
	defer release()
	if o.watch {
		return o.watchTests(ctx, env, s)
	}
	report, err := o.runOnce(ctx, env, s, files)
	if err != nil {
		return err
	}
	return o.conclude(report)
}

// runOnce runs tests and writes every report that is wanted.
func (o *testOptions) runOnce(ctx context.Context, env *environment, s suite.Options, files []string) (*suite.Report, error) {
	started := env.now()
	text := &suite.Text{W: env.stdout, Color: env.stdoutColor(), Verbose: o.verbose}
	if o.format == "text" && !o.list {
		s.Done = func(f *suite.File) {
			// A filter leaves most files without a test.
			if o.filter == "" || len(f.Tests) > 0 || f.Err != nil {
				text.File(f)
			}
		}
	}
	report := suite.Run(ctx, s, files)
	var err error
	switch {
	case o.list:
		err = o.showList(env, report)
	case o.format == "tap":
		err = suite.TAP(env.stdout, report)
	case o.format == "json":
		err = suite.JSON(env.stdout, report)
	default:
		text.Failures()
		if o.coverage {
			err = o.showCoverage(env, report)
		}
		text.Close(report)
	}
	if err != nil {
		return report, err
	}
	return report, o.writeReports(env, report, started)
}

// showCoverage writes the table of coverage.
func (o *testOptions) showCoverage(env *environment, report *suite.Report) error {
	c, err := report.Coverage(env.dir)
	if err != nil {
		return err
	}
	return c.Table(env.stdout, env.stdoutColor())
}

// showList names the tests. Those of a file that could not be loaded are not
// known.
func (o *testOptions) showList(env *environment, report *suite.Report) error {
	var err error
	for _, f := range report.Files {
		if err == nil {
			err = f.Err
		}
		for _, t := range f.Tests {
			fmt.Fprintln(env.stdout, f.Name+" › "+t.FullName())
		}
	}
	return err
}

// writeReports writes the files that flags ask for.
func (o *testOptions) writeReports(env *environment, report *suite.Report, started time.Time) error {
	if o.junit != "" {
		var b bytes.Buffer
		if err := suite.JUnit(&b, report, started); err != nil {
			return err
		}
		if err := junitOutput.write(env, o.junit, b.Bytes()); err != nil {
			return err
		}
	}
	if o.lcov == "" && o.coverageHTML == "" {
		return nil
	}
	c, err := report.Coverage(env.dir)
	if err != nil {
		return err
	}
	if o.lcov != "" {
		var b bytes.Buffer
		if err := c.LCOV(&b); err != nil {
			return err
		}
		if err := lcovOutput.write(env, o.lcov, b.Bytes()); err != nil {
			return err
		}
	}
	if o.coverageHTML == "" {
		return nil
	}
	dir := env.path(o.coverageHTML)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return &usageError{message: "--coverage-html: " + err.Error()}
	}
	for _, p := range c.Pages() {
		var b bytes.Buffer
		if err := p.Write(&b); err != nil {
			return err
		}
		if err := writeWhole(filepath.Join(dir, p.Name), b.Bytes(), "the coverage"); err != nil {
			return err
		}
	}
	return nil
}

// clearScreen empties a terminal and puts the cursor to its beginning.
const clearScreen = "\x1b[2J\x1b[3J\x1b[H"

// watchTests runs tests again and again, until Ctrl-C.
func (o *testOptions) watchTests(ctx context.Context, env *environment, s suite.Options) error {
	var roots []string
	for _, name := range o.roots() {
		roots = append(roots, env.path(name))
	}
	w := &suite.Watcher{
		Roots: roots,
		Find:  func() ([]string, error) { return suite.Find(env.dir, o.roots()) },
		Run: func(ctx context.Context, paths []string, all bool) *suite.Report {
			if env.stdoutTTY {
				fmt.Fprint(env.stdout, clearScreen)
			}
			report, err := o.runOnce(ctx, env, s, paths)
			if err != nil {
				showError(env, err)
			}
			if ctx.Err() == nil {
				what := "all tests"
				if !all {
					what = "the tests that the change concerns"
				}
				fmt.Fprintf(env.stdout, "ran %s; waiting for changes, Ctrl-C ends\n", what)
			}
			return report
		},
	}
	if err := w.Watch(ctx); err != nil {
		return err
	}
	return &finished{exitInterrupted}
}

// untilInterrupted returns a context that the first Ctrl-C ends; the second one
// ends the process.
func untilInterrupted(env *environment) (ctx context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals, ignore := env.interrupts()
	ended := make(chan struct{})
	go func() {
		select {
		case <-signals:
			cancel(outcome.ErrInterrupted)
		case <-ended:
			return
		}
		select {
		case <-signals:
			env.exit(exitInterrupted)
		case <-ended:
		}
	}()
	return ctx, func() {
		ignore()
		close(ended)
		cancel(nil)
	}
}

// roots are the files and folders whose tests are meant.
func (o *testOptions) roots() []string {
	if len(o.names) == 0 {
		return []string{"."}
	}
	return o.names
}

// find finds the test files; none is an error.
func (o *testOptions) find(env *environment) ([]string, error) {
	files, err := suite.Find(env.dir, o.roots())
	if err != nil {
		return nil, &usageError{message: err.Error(), hint: "the path is looked up from the working directory, " + env.dir}
	}
	if len(files) == 0 {
		where := "the working directory, " + env.dir
		if len(o.names) > 0 {
			where = strings.Join(o.names, ", ")
		}
		return nil, &usageError{
			message: "no tests were found: there is no file that ends in _test.lua in " + where,
			hint:    "a test of sync.lua stands in sync_test.lua beside it; docs/testing.md shows a first one",
		}
	}
	return files, nil
}

// conclude decides how the command ends.
func (o *testOptions) conclude(r *suite.Report) error {
	passed, failed, skipped := r.Counts()
	switch {
	case r.Interrupted:
		return &finished{exitInterrupted}
	case failed > 0:
		return &finished{exitScript}
	case passed+skipped == 0 && o.filter != "":
		return &usageError{message: fmt.Sprintf("no test has %q in its name", o.filter), hint: "--list shows the names of all tests"}
	case passed+skipped == 0:
		return &usageError{message: "the files hold no tests", hint: `a test is written it("adds numbers", function() expect(1 + 1).to_equal(2) end)`}
	}
	return nil
}
