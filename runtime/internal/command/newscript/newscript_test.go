package newscript_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/command/check"
	"github.com/phscript/phscript/runtime/internal/command/newscript"
	"github.com/phscript/phscript/runtime/internal/command/test"
	"github.com/phscript/phscript/runtime/internal/command/trial"
	"github.com/phscript/phscript/runtime/internal/scaffold"
)

// passes runs check and the tests of the whole folder.
func passes(t *testing.T, r *trial.Trial) {
	t.Helper()
	out, stderr, err := r.Run(check.New, ".")
	require.NoError(t, err, out+stderr)
	assert.Contains(t, out, "no problems")
	out, stderr, err = r.Run(test.New)
	require.NoError(t, err, out+stderr)
}

func TestTemplatesPass(t *testing.T) {
	for _, template := range scaffold.Templates {
		for _, name := range []string{"harbor", "jobs/while"} {
			t.Run(template+" "+name, func(t *testing.T) {
				files := map[string]string{}
				if template == "test" {
					files[name+".lua"] = "print('hello')\n"
				}
				r := trial.New(t, files)
				out, _, err := r.Run(newscript.New, name, "--template", template)
				require.NoError(t, err)
				assert.Contains(t, out, "created "+name)
				assert.Contains(t, out, "\nNext:\n  ")
				passes(t, r)
				assert.NotEmpty(t, tests(t, r.Env.Dir))

				// Nothing is replaced.
				_, _, err = r.Run(newscript.New, name, "--template", template)
				assert.ErrorContains(t, err, "already exists; nothing was written")
			})
		}
	}
}

// tests lists the test files below a folder.
func tests(t *testing.T, dir string) (names []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, "_test.lua") {
			names = append(names, path)
		}
		return err
	}))
	return names
}

// The test of a script that exists expects what the script does.
func TestTestOfAScript(t *testing.T) {
	r := trial.New(t, map[string]string{
		"fails.lua":  `local file = args[1] or error("name the file: \"a.csv\"", 0) return file`,
		"writes.lua": `planhat.company.create{ name = "Acme", externalId = "A-1" }`,
		"reads.lua":  `for row in csv.rows("accounts.csv") do print(row.id) end`,
		"uses.lua":   `print(require("lib.one"))`, "lib/one.lua": "return 1",
	})
	for name, want := range map[string]string{
		"fails":      `expect(run.error.message).to_contain("name the file: \034a.csv\034")`,
		"writes":     `expect(simulator.writes()).to_have_length(1)`,
		"reads.lua":  `accounts.csv`,
		"./uses.lua": `it("runs without arguments on an empty Planhat"`,
	} {
		_, _, err := r.Run(newscript.New, name, "--template=test")
		require.NoError(t, err, name)
		text, err := os.ReadFile(filepath.Join(r.Env.Dir, strings.TrimSuffix(name, ".lua")+"_test.lua"))
		require.NoError(t, err)
		assert.Contains(t, string(text), want)
	}
	passes(t, r)
}

func TestNewRefuses(t *testing.T) {
	r := trial.New(t, map[string]string{"taken_test.lua": ""})
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "new takes one name"},
		{[]string{"a", "b"}, "new takes one name"},
		{[]string{"a"}, "no template given"},
		{[]string{"a", "--template", "form"}, "form"},
		{[]string{".x.lua", "--template", "sync"}, "the name of a script cannot begin with"},
		{[]string{"a_test.lua", "--template", "sync"}, "a_test.lua would be a test; name the script that it tests"},
		{[]string{"a'b", "--template", "sync"}, "cannot be the name of a script"},
		{[]string{"My-System", "--template", "connector"}, "cannot be the name of a connector"},
		{[]string{"missing", "--template", "test"}, "there is no script missing.lua to test"},
		{[]string{"taken", "--template", "sync"}, "taken_test.lua already exists; nothing was written"},
	} {
		_, _, err := r.Run(newscript.New, c.args...)
		require.ErrorContains(t, err, c.want)
	}
	entries, err := os.ReadDir(r.Env.Dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}
