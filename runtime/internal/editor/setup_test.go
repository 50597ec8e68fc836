package editor

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// builtIn is the manual, read once for the tests of this package.
var builtIn = sync.OnceValue(func() *manual.Manual { return builtins.Manual() })

// setUp applies a plan to a folder and returns what it did.
func setUp(t *testing.T, dir, version string) map[string]Action {
	t.Helper()
	p, err := NewPlan(dir, version, builtIn(), nil)
	require.NoError(t, err)
	done := map[string]Action{}
	require.NoError(t, p.Apply(func(s Step) { done[s.Path] = s.Action }))
	return done
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(text)
}

func TestSetupIsDoneOnce(t *testing.T) {
	dir := t.TempDir()
	const types = ".phscript/types/v1.2.0"
	assert.Equal(t, map[string]Action{types: Create, luaSettingsFile: Create, recommendations: Create}, setUp(t, dir, "v1.2.0"))
	assert.Contains(t, read(t, dir, types+"/planhat/company.d.lua"), "---@class Company : CompanyRow._id\n")
	assert.Contains(t, read(t, dir, luaSettingsFile), `"workspace.library": [".phscript/types/v1.2.0"]`)
	assert.Equal(t, map[string]Action{types: Keep, luaSettingsFile: Keep, recommendations: Keep}, setUp(t, dir, "v1.2.0"))

	write(t, dir, types+"/csv.d.lua", "changed")
	require.NoError(t, os.Remove(filepath.Join(dir, types, "text.d.lua")))
	p, err := NewPlan(dir, "v1.2.0", builtIn(), nil)
	require.NoError(t, err)
	assert.False(t, p.Current())
	assert.Equal(t, map[string]Action{types: Update, luaSettingsFile: Keep, recommendations: Keep}, setUp(t, dir, "v1.2.0"))
	assert.Contains(t, read(t, dir, types+"/csv.d.lua"), "---@class csv\n")
}

// Another version takes the place of an older one; what a user has put beside
// its files stays.
func TestSetupOfAnotherVersion(t *testing.T) {
	dir := t.TempDir()
	setUp(t, dir, "v1.2.0")
	write(t, dir, ".phscript/types/v1.2.0/mine.d.lua", "---@meta mine\n")
	write(t, dir, ".phscript/types/v1.3.0+dirty.1/old.d.lua", "---@meta old\n"+made+".\n")
	done := setUp(t, dir, "v1.3.0+dirty.1")
	assert.Equal(t, map[string]Action{
		".phscript/types/v1.3.0-dirty.1": Create, ".phscript/types/v1.2.0": Remove,
		".phscript/types/v1.3.0+dirty.1": Remove, luaSettingsFile: Add, recommendations: Keep,
	}, done)
	assert.Contains(t, read(t, dir, luaSettingsFile), `"workspace.library": [".phscript/types/v1.3.0-dirty.1"]`)
	assert.NotContains(t, read(t, dir, luaSettingsFile), "v1.2.0")
	assert.FileExists(t, filepath.Join(dir, ".phscript/types/v1.2.0/mine.d.lua"))
	assert.NoFileExists(t, filepath.Join(dir, ".phscript/types/v1.2.0/csv.d.lua"))
	assert.NoDirExists(t, filepath.Join(dir, ".phscript/types/v1.3.0+dirty.1"))
}

func TestSetupAddsToSettings(t *testing.T) {
	const entry = `".phscript/types/v1"`
	for name, tt := range map[string]struct{ file, before, after string }{
		"a list":       {luaSettingsFile, `{"runtime.version": "Lua 5.1", "workspace.library": ["lib"]}`, `{"runtime.version": "Lua 5.1", "workspace.library": ["lib", ` + entry + `]}`},
		"an object":    {luaSettingsFile, `{"runtime.version": "Lua 5.1", "workspace": {"library": {"lib": true}}}`, `{"runtime.version": "Lua 5.1", "workspace": {"library": {"lib": true, ` + entry + `: true}}}`},
		"older":        {luaSettingsFile, `{"runtime.version": "Lua 5.1", "workspace.library": ["./.phscript/types/v0/", "lib"]}`, `{"runtime.version": "Lua 5.1", "workspace.library": [` + entry + `, "lib"]}`},
		"kept":         {luaSettingsFile, `{"runtime.version": "LuaJIT", "workspace.library": ["./.phscript/types/v1/"]}`, ""},
		"sections":     {luaSettingsFile, `{"runtime": {"version": "Lua 5.1"}, "workspace": {"maxPreload": 1}}`, `{"runtime": {"version": "Lua 5.1"}, "workspace": {"maxPreload": 1, "library": [` + entry + `]}}`},
		"the other":    {luaSettingsFile + "c", `{"runtime.version": "Lua 5.1"}`, `{"runtime.version": "Lua 5.1", "workspace.library": [` + entry + `]}`},
		"extensions":   {recommendations, `{"recommendations": ["a.b",]}`, `{"recommendations": ["a.b", "sumneko.lua",]}`},
		"there":        {recommendations, `{"recommendations": ["Sumneko.Lua"]}`, ""},
		"unwanted":     {recommendations, `{"unwantedRecommendations": ["sumneko.lua"]}`, ""},
		"none so far":  {recommendations, `{"unwantedRecommendations": []}`, `{"unwantedRecommendations": [], "recommendations": ["sumneko.lua"]}`},
		"an empty one": {recommendations, " \n", "{\n  \"recommendations\": [\"sumneko.lua\"]\n}\n"},
	} {
		dir := t.TempDir()
		write(t, dir, tt.file, tt.before)
		setUp(t, dir, "v1")
		if tt.after == "" {
			tt.after = tt.before
		}
		assert.Equal(t, tt.after, read(t, dir, tt.file), name)
		info, err := os.Stat(filepath.Join(dir, tt.file))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), name)
	}
}

func TestBrokenSettingsAreLeftAlone(t *testing.T) {
	for file, texts := range map[string][]string{
		luaSettingsFile: {`{"a": `, `[]`, `{"workspace.library": "lib"}`},
		recommendations: {`{,}`, `{"recommendations": {}}`},
	} {
		for _, text := range texts {
			dir := t.TempDir()
			write(t, dir, file, text)
			_, err := NewPlan(dir, "v1", builtIn(), nil)
			var settings *SettingsError
			require.ErrorAs(t, err, &settings, text)
			assert.Contains(t, err.Error(), "cannot add to "+file+": ")
			assert.Contains(t, settings.ErrorHint(), "nothing was changed")
			assert.Equal(t, text, read(t, dir, file))
			assert.NoDirExists(t, filepath.Join(dir, ".phscript"))
		}
	}
}

// A settings file may be a link to one that several folders share.
func TestSetupFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "shared.json", `{}`)
	require.NoError(t, os.Symlink("shared.json", filepath.Join(dir, luaSettingsFile)))
	setUp(t, dir, "v1")
	assert.Contains(t, read(t, dir, "shared.json"), "workspace.library")
	info, err := os.Lstat(filepath.Join(dir, luaSettingsFile))
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink)
}

func TestFolderName(t *testing.T) {
	for version, want := range map[string]string{
		"v1.2.3": "v1.2.3", "(devel)": "devel", "(unknown)": "unknown", "": "unknown", "v0.0.0-2026+dirty": "v0.0.0-2026-dirty", "../..": "unknown",
	} {
		assert.Equal(t, want, folderName(version), version)
	}
}
