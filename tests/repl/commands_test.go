//go:build unix

package repl_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/terminal"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{Width: 120, Height: 200}, "repl", "--simulate", "--companies", "4")
	term.Prompt()
	for _, way := range []string{":help", "help", "?"} {
		term.Keys("\x0c") // a clear screen
		assert.Contains(t, term.Enter(way), ":fields MODEL", way)
	}
	for input, want := range map[string]string{
		":help csv":                         "csv.rows",
		":doc planhat.company.bulk_upsert":  "PUT /companies",
		"help planhat.task":                 "planhat.task",
		"help(planhat.company)":             "get_lean_list",
		":models":                           "time_entry",
		":fields company":                   "externalId",
		":fields compny":                    "did you mean 'company'?",
		":hlep":                             "did you mean ':help'?",
		":quota":                            "of 200 calls used this minute",
		":dry maybe":                        ":dry takes on or off",
		":time #planhat.company.get_list()": ", 1 call\n",
	} {
		term.Keys("\x0c") // all of what was shown before and now would not fit
		assert.Contains(t, term.Enter(input), want, input)
	}
	term.Enter(":dry on")
	assert.Equal(t, "planhat (simulated, dry run)>", term.LastLine())
	assert.Contains(t, term.Enter("planhat.company.create{ name = 'Held back' }"), `_id         "00000000`)
	assert.Contains(t, term.Enter("#planhat.company.get_list()"), "\n5\n", "with the planned one")
	term.Enter(":dry off")
	assert.Equal(t, "planhat (simulated)>", term.LastLine())
	term.Keys("\x0c")
	assert.Contains(t, term.Enter("#planhat.company.get_list()"), "\n4\n")
	term.Enter("planhat.company.create{ name = 'Sent', externalId = 's-1' }")
	assert.Contains(t, term.Enter("#planhat.company.get_list()"), "\n5\n")
}

// TestSavesNoWriteThatWasHeldBack: what a dry run held back does not become a
// write in a saved script.
func TestSavesNoWriteThatWasHeldBack(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Enter(":dry on")
	term.Enter("planhat.company.create{ name = 'Trial' }")
	term.Enter(":dry off")
	term.Enter("planhat.company.create{ name = 'Real' }")
	assert.Contains(t, term.Enter(":save work.lua"), "2 inputs saved to work.lua")
	text, err := os.ReadFile(filepath.Join(term.Home, "work.lua"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "-- Withheld by the dry run:\n-- planhat.company.create{ name = 'Trial' }\nplanhat.company.create{ name = 'Real' }\n")
}

// TestEscRecallsNothing: a letter typed after Esc puts no earlier input on the
// line, which might be a write.
func TestEscRecallsNothing(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate")
	term.Prompt()
	term.Enter("earlier = 1")
	term.Keys("\x1bp")
	term.Keys("later = 2")
	term.Wait("what was typed", func() bool { return strings.Contains(term.LastLine(), "later = 2") })
	assert.NotContains(t, term.LastLine(), "earlier")
}

func TestSavesAndLoads(t *testing.T) {
	t.Parallel()
	term := start(t, terminal.Setting{}, "repl", "--simulate", "--companies", "4")
	term.Prompt()
	assert.Contains(t, term.Enter(":save work.lua"), "nothing to save yet")
	term.Enter("local list = planhat.company.get_list()")
	term.Enter("nil + 1")
	term.Enter("#list")
	term.Enter("_ * 2")
	assert.Contains(t, term.Enter(":save work.lua"), "3 inputs saved to work.lua")
	file := filepath.Join(term.Home, "work.lua")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(text), "local list = planhat.company.get_list()\n_ = #list\nprint(inspect(_ * 2))\n")
	assert.Contains(t, term.Enter(":save work.lua"), "already exists")
	assert.Contains(t, term.Enter(":save! work.lua"), "saved to work.lua")

	run := exec.Command(program.Path(t), "run", "--quiet", "--simulate", "--companies", "4", file)
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, "8\n", string(out))

	fresh := start(t, terminal.Setting{Home: term.Home}, "repl", "--simulate", "--companies", "4")
	fresh.Prompt()
	assert.Contains(t, fresh.Enter(":load work.lua"), "\n8\n")
	assert.Contains(t, fresh.Enter("#list"), "\n4\n", "what a loaded script declares stays")
	assert.Contains(t, fresh.Enter(":load nothing.lua"), "no such file")
	require.NoError(t, os.WriteFile(filepath.Join(term.Home, "broken.lua"), []byte("x = 1\ny = nil + x\n"), 0o600))
	assert.Contains(t, fresh.Enter(":load broken.lua"), "broken.lua:2: attempt to perform arithmetic")
}

// piped runs phscript with text on standard input.
func piped(t *testing.T, input string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(program.Path(t), args...)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "TERM=xterm-256color"}
	cmd.Stdin = strings.NewReader(input)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run() // the code says it all
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestPipedInput(t *testing.T) {
	t.Parallel()
	stdout, stderr, code := piped(t, "print(1+1)\n", "repl")
	assert.Equal(t, "2\n", stdout)
	assert.Empty(t, stderr)
	assert.Equal(t, 0, code)

	stdout, stderr, code = piped(t, "local n = 0\nfor i = 1, 3 do\n  n = n + i\nend\nn\n:models\nplanhat.company.get_list{ limit = 1 }", "repl", "--simulate", "--companies", "2")
	assert.True(t, strings.HasPrefix(stdout, "6\n"), stdout)
	assert.Contains(t, stdout, "time_entry")
	assert.Contains(t, stdout, "company-1")
	assert.NotContains(t, stdout+stderr, "\x1b", "no escape sequences")
	assert.NotContains(t, stdout, ">")
	assert.Equal(t, 0, code)

	stdout, stderr, code = piped(t, "print('before')\nnil + 1\nprint('behind')\n", "repl")
	assert.Equal(t, "before\n", stdout, "a failure ends it")
	assert.Contains(t, stderr, "attempt to perform arithmetic")
	assert.Equal(t, 1, code)

	_, stderr, code = piped(t, "for i = 1, 3 do", "repl")
	assert.Contains(t, stderr, "'end' expected")
	assert.Equal(t, 1, code)

	stdout, _, code = piped(t, "line = io.read()\nthis is read\nline\nos.exit(4)\n", "repl")
	assert.Equal(t, "\"this is read\"\n", stdout)
	assert.Equal(t, 4, code)

	stdout, _, _ = piped(t, "print(1+1)\n")
	assert.Contains(t, stdout, "Usage:", "the plain command shows its help where nobody types")
}
