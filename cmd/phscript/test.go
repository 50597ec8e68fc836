package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/suite"
)

// testOptions are the settings of a run of tests, before they are checked.
type testOptions struct {
	names    []string
	filter   string
	parallel int
	bail     bool
	timeout  time.Duration
	verbose  bool
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
	if o.filter != "" {
		match, err := suite.Filter(o.filter)
		if err != nil {
			return s, &usageError{message: "--filter: " + err.Error(), hint: "between slashes stands a regular expression; without them, the text is looked for as it is"}
		}
		s.Match = match
	}
	return s, nil
}

func runTests(env *environment, o *testOptions) error {
	s, err := o.settings(env)
	if err != nil {
		return err
	}
	files, err := o.find(env)
	if err != nil {
		return err
	}
	text := &suite.Text{W: env.stdout, Color: env.stdoutColor(), Verbose: o.verbose}
	s.Done = text.File
	ctx, _, release := interruptible(env)
	defer release()
	report := suite.Run(ctx, s, files)
	text.Close(report)
	return o.conclude(report)
}

// find finds the test files; none is an error.
func (o *testOptions) find(env *environment) ([]string, error) {
	names := o.names
	if len(names) == 0 {
		names = []string{"."}
	}
	files, err := suite.Find(env.dir, names)
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
