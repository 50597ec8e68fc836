package runtime_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
)

// A release may be replaced while a script of the old one runs.
func TestModulesOfTheStart(t *testing.T) {
	for keep, want := range map[bool]string{true: "b 1\na 1\nc 2\n", false: "a 2\nb 2\nc 2\n"} {
		dir := t.TempDir()
		put := func(name, text string) {
			require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		put("lib/a.lua", `require 'deep.b' print "a 1"`)
		put("deep/b.lua", `print "b 1"`)
		put("c.lua", `print "c 1"`)
		var out bytes.Buffer
		var required []runtime.ModuleVersion
		rt, err := runtime.New(runtime.Options{
			WorkDir: dir, KeepModules: keep, Stdout: &out,
			Values: map[string]any{"replace": func() {
				put("lib/a.lua", `print "a 2" require "deep.b"`)
				put("deep/b.lua", `print "b 2"`)
				put("c.lua", `print "c 2"`)
			}},
		})
		require.NoError(t, err)
		script := runtime.Script{Path: filepath.Join(dir, "main.lua"), Source: []byte(`replace() if false then require("not.there") end require("a") local name = "c" require(name)`)}
		result, err := run(t, rt, script, func(m runtime.ModuleVersion) { required = append(required, m) })
		require.NoError(t, err)
		assert.Equal(t, want, out.String())
		require.Len(t, result.Modules, 3)
		assert.Equal(t, result.Modules, slices.SortedFunc(slices.Values(required), func(a, b runtime.ModuleVersion) int { return strings.Compare(a.File, b.File) }))
		first := result.Modules[2]
		assert.Equal(t, filepath.Join(dir, "lib", "a.lua"), first.File)
		text := `print "a 2" require "deep.b"`
		if keep {
			text = `require 'deep.b' print "a 1"`
		}
		sum := sha256.Sum256([]byte(text))
		assert.Equal(t, hex.EncodeToString(sum[:]), first.SHA256)
	}
}

func run(t *testing.T, rt *runtime.Runtime, s runtime.Script, required func(runtime.ModuleVersion)) (*runtime.Result, error) {
	t.Helper()
	program, err := rt.Compile(t.Context(), s)
	require.NoError(t, err)
	return program.Run(t.Context(), runtime.RunOptions{Required: required})
}

// A script may write a module and then require it, also if a run before it did.
func TestModulesThatTheScriptWrites(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	rt, err := runtime.New(runtime.Options{WorkDir: dir, WriteDirs: []string{"out"}, KeepModules: true, Stdout: &out})
	require.NoError(t, err)
	for _, n := range []string{"1", "2"} {
		_, err := rt.Run(t.Context(), runtime.Script{Path: filepath.Join(dir, "main.lua"), Source: []byte(`fs.write("out/made.lua", "return ` + n + `") print(require("out.made"))`)})
		require.NoError(t, err)
	}
	assert.Equal(t, "1\n2\n", out.String())
}

// TestFilesThatMayNotRun: code that the host does not allow is not run, however the script
// loads it.
func TestFilesThatMayNotRun(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bad.lua", "good.lua"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("print('"+name+" ran')"), 0o600))
	}
	for code, want := range map[string]string{
		`require("bad")`: "cannot read module 'bad': bad.lua belongs to nobody", `local name = "b" .. "ad" require(name)`: "cannot read module 'bad': bad.lua belongs to nobody",
		`dofile("bad.lua")`: "cannot open bad.lua: bad.lua belongs to nobody", `assert(loadfile("bad.lua"))()`: "cannot open bad.lua: bad.lua belongs to nobody",
		`require("good") dofile("good.lua")`: "",
	} {
		var out bytes.Buffer
		rt, err := runtime.New(runtime.Options{WorkDir: dir, KeepModules: true, Stdout: &out, AllowFile: func(path string) error {
			if path == filepath.Join(dir, "bad.lua") {
				return &notAllowed{}
			}
			return nil
		}})
		require.NoError(t, err)
		_, err = run(t, rt, runtime.Script{Name: "main.lua", Path: filepath.Join(dir, "main.lua"), Source: []byte(code)}, nil)
		assert.NotContains(t, out.String(), "bad.lua ran", code)
		if want == "" {
			require.NoError(t, err)
			assert.Equal(t, "good.lua ran\ngood.lua ran\n", out.String())
			continue
		}
		var failed *runtime.ScriptError
		require.ErrorAs(t, err, &failed, code)
		assert.Equal(t, want, failed.Message, code)
		assert.Equal(t, "ask nobody", failed.Hint, code)
	}
}

type notAllowed struct{}

func (*notAllowed) Error() string { return "bad.lua belongs to nobody" }

func (*notAllowed) ErrorHint() string { return "ask nobody" }
