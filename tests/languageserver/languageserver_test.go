//go:build languageserver

// Package languageserver runs lua-language-server, which must be on the PATH, on the
// definitions that phscript setup writes, on the examples, and on calls that are wrong.
package languageserver

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
)

// finding is what the server reports in its JSON.
type finding struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Range   struct {
		Start struct {
			Line int `json:"line"`
		} `json:"start"`
	} `json:"range"`
}

// findings returns what the server finds in a folder, by file and line, from 1.
func findings(t *testing.T, dir string) map[string]map[int]finding {
	t.Helper()
	logs := t.TempDir()
	out, _ := exec.Command("lua-language-server", "--check="+dir, "--checklevel=Information", "--check_format=json", "--logpath="+logs).CombinedOutput()
	require.Contains(t, string(out), "Diagnosis complete") // its status is that of the findings
	text, err := os.ReadFile(filepath.Join(logs, "check.json"))
	require.NoError(t, err, "no findings at all")
	var found map[string][]finding
	require.NoError(t, json.Unmarshal(text, &found))
	files := map[string]map[int]finding{}
	for uri, list := range found {
		_, name, _ := strings.Cut(uri, filepath.Base(dir)+"/")
		files[name] = map[int]finding{}
		for _, f := range list {
			files[name][f.Range.Start.Line+1] = f
		}
	}
	return files
}

var marked = regexp.MustCompile(` --> ([\w-]+)$`)

func TestLanguageServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "project")
	require.NoError(t, os.CopyFS(filepath.Join(dir, "examples"), os.DirFS("../../scripts/examples")))
	records, err := os.ReadFile("testdata/records.lua")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "records.lua"), records, 0o600))
	setup := exec.Command(program.Path(t), "setup")
	setup.Dir = dir
	out, err := setup.CombinedOutput()
	require.NoError(t, err, string(out))

	found := findings(t, dir)
	want, got := map[int]string{}, map[int]string{}
	for i, line := range strings.Split(string(records), "\n") {
		if m := marked.FindStringSubmatch(line); m != nil {
			want[i+1] = m[1]
		}
	}
	for line, f := range found["records.lua"] {
		got[line] = f.Code
	}
	assert.Equal(t, want, got)
	delete(found, "records.lua")
	for name, lines := range found {
		for line, f := range lines {
			t.Errorf("%s:%d: %s [%s]", name, line, f.Message, f.Code)
		}
	}
}
