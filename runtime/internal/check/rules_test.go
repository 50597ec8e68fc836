package check_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/check"
)

// expectation matches what a line's comment says: "--> rule: part of the
// message".
var expectation = regexp.MustCompile(`--> ([\w-]+): (.*?)\s*(?:$|--> )`)

// expected reads the findings that a line asks for.
func expected(line string) (rules, messages []string) {
	for {
		m := expectation.FindStringSubmatch(line)
		if m == nil {
			return rules, messages
		}
		rules, messages = append(rules, m[1]), append(messages, m[2])
		line = line[strings.Index(line, "--> ")+4:]
		if i := strings.Index(line, "--> "); i >= 0 {
			line = line[i:]
		} else {
			line = ""
		}
	}
}

func exists(name string) bool {
	info, err := os.Stat(name)
	return err == nil && !info.IsDir()
}

func newChecker() *check.Checker {
	return check.New(builtins.Manual(), check.Options{Exists: exists})
}

// TestRules checks the scripts in testdata: each line finds what its comment
// says, and nothing else.
func TestRules(t *testing.T) {
	checker := newChecker()
	files, err := filepath.Glob("testdata/*.lua")
	require.NoError(t, err)
	tested := map[string]bool{}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			require.NoError(t, err)
			found := map[int][]check.Finding{}
			for _, f := range checker.Source(file, src) {
				found[f.Line] = append(found[f.Line], f)
			}
			for i, line := range strings.Split(string(src), "\n") {
				rules, messages := expected(line)
				left := found[i+1]
				for j, rule := range rules {
					tested[rule] = true
					at := -1
					for k, f := range left {
						if f.Rule == rule && strings.Contains(f.Message, messages[j]) {
							at = k
							break
						}
					}
					if at < 0 {
						t.Errorf("%s:%d: no %s: %q among %v", file, i+1, rule, messages[j], messagesOf(left))
						continue
					}
					left = append(left[:at:at], left[at+1:]...)
				}
				for _, f := range left {
					t.Errorf("%s:%d:%d: unexpected %s: %s (%s)", file, f.Line, f.Column, f.Rule, f.Message, f.Hint)
				}
			}
		})
	}
	for _, r := range check.Rules() {
		assert.True(t, tested[r.Name], "no script in testdata expects %s", r.Name)
	}
}

func messagesOf(list []check.Finding) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Rule+": "+f.Message)
	}
	return out
}

// TestExamples holds each rule's example against the rule: it finds that, and
// nothing else.
func TestExamples(t *testing.T) {
	checker := newChecker()
	for _, r := range check.Rules() {
		findings := checker.Source("example.lua", []byte(r.Example))
		assert.NotEmpty(t, findings, r.Name)
		for _, f := range findings {
			assert.Equal(t, r.Name, f.Rule, r.Example)
			assert.Equal(t, r.Severity, f.Severity, r.Example)
		}
	}
}
