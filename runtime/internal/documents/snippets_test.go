package documents

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/check"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/suite"
)

func (s snippet) name() string { return fmt.Sprintf("%s:%d", s.document, s.line) }

// luaSnippets returns the Lua blocks of all documents. Those marked to run are
// in run as well.
func luaSnippets(t *testing.T) (all, run []snippet) {
	t.Helper()
	for _, d := range documents(t) {
		for _, s := range d.snippets() {
			switch s.info {
			case "lua":
				all = append(all, s)
			case "lua run":
				all, run = append(all, s), append(run, s)
			case "lua test":
				all = append(all, s)
			default:
				if strings.HasPrefix(s.info, "lua file=") {
					all = append(all, s)
					continue
				}
				assert.NotContains(t, s.info, "lua", "%s: the block is marked 'lua' or 'lua run'", s.name())
			}
		}
	}
	return all, run
}

func TestLuaSnippetsCompile(t *testing.T) {
	all, _ := luaSnippets(t)
	require.NotEmpty(t, all)
	for _, s := range all {
		_, err := compile.Compile([]byte(s.code), s.name())
		assert.NoError(t, err)
	}
}

// TestLuaSnippetsUseWhatExists: no block calls a function or names a property that does not
// exist, except those that show such a mistake.
func TestLuaSnippetsUseWhatExists(t *testing.T) {
	all, _ := luaSnippets(t)
	checker := check.New(suite.Manual(), check.Options{Only: []string{"unknown-function", "unknown-option", "unknown-property", "unknown-module", "wrong-arguments"}})
	wrong := map[string]int{}
	for _, s := range all {
		for _, f := range checker.Source(s.name(), []byte(s.code)) {
			wrong[s.document]++
			if mistaken[s.document] == 0 {
				t.Errorf("%s, line %d of the block: %s", s.name(), f.Line, f.Message)
			}
		}
	}
	for document, n := range mistaken {
		assert.Equal(t, n, wrong[document], document)
	}
}

// mistaken are the documents that show mistakes, and how many.
var mistaken = map[string]int{"docs/check.md": 2, "docs/tutorial.md": 3, "docs/script-guide.md": 1}

// accounts is the file that snippets read, and their argument.
const accounts = "id,name,tier,mrr\n1,Acme,Gold,1200\n2,Globex,,300\n3,,Silver,\n"

// TestLuaSnippetsRun runs the marked blocks, each in a fresh folder against a
// fresh simulator with some companies.
func TestLuaSnippetsRun(t *testing.T) {
	_, run := luaSnippets(t)
	require.NotEmpty(t, run)
	for _, s := range run {
		t.Run(strings.ReplaceAll(s.name(), "/", "_"), func(t *testing.T) {
			t.Parallel()
			server, err := simulator.Start(simulator.Options{Companies: 20, Seed: 1, CallsPerMinute: -1, PerSecond: -1})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, server.Close()) })
			dir := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(dir, "accounts.csv"), []byte(accounts), 0o644))
			var stdout bytes.Buffer
			rt, err := runtime.New(runtime.Options{
				Stdout: &stdout, WorkDir: dir, WriteDirs: []string{"out"}, Timeout: time.Minute,
				Planhat: planhat.Config{
					APIToken: server.APIToken(), TenantToken: server.TenantToken(),
					BaseURL: server.URL(), AnalyticsURL: server.AnalyticsURL(),
				},
			})
			require.NoError(t, err)
			program, err := rt.Compile(t.Context(), runtime.Script{Name: s.name(), Source: []byte(s.code)})
			require.NoError(t, err)
			result, err := program.Run(t.Context(), runtime.RunOptions{Args: []string{"accounts.csv"}})
			require.NoError(t, err)
			assert.Empty(t, result.Warnings)
			s.checkComments(t, stdout.String())
		})
	}
}

// TestTestSnippetsPass runs the blocks that are tests, beside the blocks that
// are files of the same document.
func TestTestSnippetsPass(t *testing.T) {
	ran := 0
	for _, d := range documents(t) {
		dir := t.TempDir()
		var tests []string
		for _, s := range d.snippets() {
			name, isFile := strings.CutPrefix(s.info, "lua file=")
			if s.info == "lua test" {
				name, isFile = fmt.Sprintf("line%d_test.lua", s.line), true
				tests = append(tests, filepath.Join(dir, name))
			}
			if isFile {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(s.code), 0o644))
			}
		}
		report := suite.Run(t.Context(), suite.Options{Dir: dir}, tests)
		for _, f := range report.Files {
			assert.NoError(t, f.Err, "%s, %s", d.path, f.Name)
			assert.NotEmpty(t, f.Tests, "%s, %s", d.path, f.Name)
			for _, one := range f.Tests {
				ran++
				assert.NoError(t, one.Err, "%s, %s: %s", d.path, f.Name, one.FullName())
			}
		}
	}
	assert.NotZero(t, ran)
}

// checkComments compares what was printed with the snippet's comments: a line
// print(...) --> text must have printed that text.
func (s snippet) checkComments(t *testing.T, printed string) {
	t.Helper()
	lines := strings.Split(printed, "\n")
	for line := range strings.Lines(s.code) {
		if code, want, ok := strings.Cut(line, "-->"); ok && strings.HasPrefix(code, "print(") {
			assert.Contains(t, lines, strings.TrimSpace(want), "%s: %s", s.name(), strings.TrimSpace(code))
		}
	}
}
