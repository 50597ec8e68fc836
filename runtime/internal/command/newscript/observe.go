package newscript

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/luatext"
	"github.com/phscript/phscript/runtime/internal/scaffold"
	"github.com/phscript/phscript/runtime/internal/suite"
	"github.com/phscript/phscript/runtime/internal/suite/report"
)

// observed is what a script did in a test.
type observed struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Writes  int    `json:"writes"`
}

const observing = `it("observes", function()
  local run = run_script(%s)
  print(json.encode{ code = run.exit_code, message = run.error and run.error.message or "", writes = #simulator.writes() })
end)`

// observe runs a script in a test, on an empty Planhat and without arguments, and returns a
// test that expects the same.
func observe(ctx context.Context, env *environment.Env, dir, base string) (string, error) {
	var did observed
	r, err := tried(ctx, env, func(folder string) ([]scaffold.File, error) {
		script, err := filepath.Rel(folder, filepath.Join(dir, base+".lua"))
		return []scaffold.File{{Name: "observe_test.lua", Text: fmt.Sprintf(observing, luatext.Quoted(filepath.ToSlash(script)))}}, err
	})
	if err != nil {
		return "", err
	}
	output := lastLine(r.Files[0])
	if err := json.Unmarshal([]byte(output), &did); err != nil {
		return "", errors.Join(r.Files[0].Err, firstFailure(r.Files[0]))
	}
	var b strings.Builder
	run := "run_script(" + luatext.Quoted(base+".lua") + ")"
	if did.Code == 0 || did.Code == 3 {
		fmt.Fprintf(&b, "it(\"runs without arguments on an empty Planhat\", function()\n  local run = %s\n\n", run)
		fmt.Fprintf(&b, "  expect(run.error).to_be_nil()\n  expect(run.exit_code).to_equal(%d)\n  expect(simulator.writes()).to_have_length(%d)\nend)\n", did.Code, did.Writes)
	} else {
		message, _, _ := strings.Cut(did.Message, "\n")
		fmt.Fprintf(&b, "it(\"stops if it has no arguments and no files\", function()\n  local run = %s\n\n", run)
		fmt.Fprintf(&b, "  expect(run.exit_code).to_equal(%d)\n  expect(run.error.message).to_contain(%s)\n  expect(simulator.writes()).to_have_length(%d)\nend)\n", did.Code, luatext.Quoted(message), did.Writes)
	}
	b.WriteString("\n-- Next, give it data and expect what it makes of them, such as:\n--\n" +
		"--   simulator.seed(\"company\", { { externalId = \"A-1\", name = \"Acme\" } })\n" +
		"--   local run = " + strings.TrimSuffix(run, ")") + ", { args = { \"in.csv\" }, files = { [\"in.csv\"] = \"id,name\\nA-1,Acme\\n\" } })\n" +
		"--   expect(simulator.record(\"company\", \"extid-A-1\").name).to_equal(\"Acme\")\n")
	return b.String(), nil
}

// tried writes files into a temporary folder and runs the tests among them.
func tried(ctx context.Context, env *environment.Env, files func(folder string) ([]scaffold.File, error)) (r *report.Report, err error) {
	folder, err := os.MkdirTemp("", "phscript-new-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return nil, err
	}
	list, err := files(folder)
	if err == nil {
		err = scaffold.Write(folder, list)
	}
	if err != nil {
		return nil, err
	}
	var tests []string
	for _, f := range list {
		if strings.HasSuffix(f.Name, "_test.lua") {
			tests = append(tests, filepath.Join(folder, filepath.FromSlash(f.Name)))
		}
	}
	r = suite.Run(ctx, suite.Options{Dir: folder, Now: env.Now}, tests)
	return r, context.Cause(ctx)
}

// lastLine returns the last line that the tests of a file printed.
func lastLine(f *report.File) string {
	var last string
	for _, t := range f.Tests {
		for line := range strings.Lines(t.Output) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "{") {
				last = line
			}
		}
	}
	return last
}

// firstFailure returns why the first test that failed did, or nil.
func firstFailure(f *report.File) error {
	for _, t := range f.Tests {
		if t.Err != nil {
			return t.Err
		}
	}
	return f.Err
}
