package mcp

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// With a mistake in the settings, what does not need them works. Answers name no folders of
// the machine.
func TestBrokenSettings(t *testing.T) {
	dir := project(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "phscript.toml"), []byte("token_file = \"secret.txt\"\napi_token = \""+token+"\nallow_net = 3\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret.txt"), []byte("\n"+token+" +\n"), 0o600))
	s := session(t, dir, nil)
	const mistake = "phscript.toml:2:41: api_token: this text has no closing quote"
	for _, c := range []struct {
		tool      string
		arguments map[string]any
		failed    bool
		want      []string
	}{
		{"search_docs", map[string]any{"query": "retries quota"}, false, []string{"limits"}},
		{"read_doc", map[string]any{"topic": "csv.rows"}, false, []string{"### csv.rows"}},
		{"schema", map[string]any{"model": "company"}, false, []string{"- externalId (string)", "not known until the user corrects the settings", mistake}},
		{"check", nil, false, []string{"The settings are not used", mistake, "exit code 0 (no mistakes found)", "3 files"}},
		{"check", map[string]any{"paths": []string{"secret.txt"}}, true, []string{"there is no file secret.txt"}},
		{"check", map[string]any{"paths": []string{"new.lua"}, "files": map[string]string{"new.lua": "print(planhat.compny)"}}, false, []string{"exit code 1 (mistakes found)", "new.lua:1"}},
		{"run", map[string]any{"script": "import.lua"}, true, []string{mistake}},
		{"test", nil, true, []string{mistake}},
		{"plan", map[string]any{"script": "import.lua"}, true, []string{mistake}},
	} {
		text, failed := call(t, s, c.tool, c.arguments)
		assert.Equal(t, c.failed, failed, text)
		for _, want := range c.want {
			assert.Contains(t, text, want, "%s %v", c.tool, c.arguments)
		}
		assert.NotContains(t, text, dir)
	}
}

// Paths in answers are relative to the project.
func TestPathsAreRelative(t *testing.T) {
	dir := project(t)
	s := session(t, dir, nil)
	for _, c := range []struct {
		tool      string
		arguments map[string]any
		want      string
	}{
		{"test", map[string]any{"paths": []string{"-h"}, "files": map[string]string{"-h": "x"}}, "-h"},
		{"test", map[string]any{"filter": "none"}, "none"},
		{"run", map[string]any{"script": "x.lua", "files": map[string]string{"x.lua": `fs.read("none.txt")`}}, "none.txt"},
		{"run", map[string]any{"script": "x.lua", "files": map[string]string{"x.lua": `print(pcall(fs.write, "x.txt", "x")) print(pcall(fs.list, "..")) require("none")`}}, "none"},
		{"run", map[string]any{"script": "x.lua", "args": []string{dir}, "files": map[string]string{"x.lua": `print(fs.read(args[1] .. "/lib/words.lua"))`}}, "rows"},
		{"check", map[string]any{"files": map[string]string{"x.lua": "print(planhat.compny) require('none')"}}, "x.lua:1"},
		{"plan", map[string]any{"script": "x.lua", "files": map[string]string{"x.lua": `csv.write("out/a.csv", {{a = 1}})`}}, "out/a.csv"},
	} {
		text, _ := call(t, s, c.tool, c.arguments)
		assert.Contains(t, text, c.want)
		assert.NotContains(t, text, "phscript-mcp-")
		assert.NotContains(t, text, dir)
	}
}
