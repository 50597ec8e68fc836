//go:build unix

// Package progress_test looks at the progress of runs in a pseudo-terminal.
package progress_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/terminal"
)

func TestMain(m *testing.M) { os.Exit(program.Run(m)) }

// slowly is what makes each call of a run take so long that its progress is shown.
var slowly = []string{"--simulate", "--faults", "latency:delay=200ms"}

const (
	upsert = `local rows = {}
for i = 1, 40 do rows[i] = { externalId = "c" .. i, name = "Company " .. i } end
local result = planhat.company.bulk_upsert(rows, { chunk_size = 2, progress = function(done)
  if done == 10 then print("printed ten") log.info("logged ten") end
end })
print("created", result.created)`

	endless = `while true do planhat.company.get_list{ limit = 1 } end`

	asks = `local task = require("progress").start{ name = "work", total = 2 }
task:add()
local began = os.time()
while os.time() - began < 3 do planhat.company.get_list{ limit = 1 } end
io.write("Your name: ") io.flush()
local name = io.read()
print("hello " .. name)
task:add() task:finish()`
)

// run runs a script in a terminal.
func run(t *testing.T, s terminal.Setting, script string, flags ...string) *terminal.Terminal {
	t.Helper()
	s.Home, s.Program = t.TempDir(), program.Path(t)
	require.NoError(t, os.WriteFile(filepath.Join(s.Home, "job.lua"), []byte(script), 0o600))
	return terminal.Start(t, s, append(append([]string{"run"}, flags...), "job.lua")...)
}

// drawn are characters that only a terminal understands, except colors.
var drawn = regexp.MustCompile("\x1b\\[[0-9;]*[^0-9;m]")

func TestABulkCall(t *testing.T) {
	term := run(t, terminal.Setting{}, upsert, slowly...)
	term.See("job.lua 0:0", "company.bulk_upsert [", "of 40 rows", " left")
	term.See("printed ten", "logged ten")
	lines := strings.Split(term.Text(), "\n")
	assert.Contains(t, lines[0], "printed ten", "what is printed is above")
	assert.Equal(t, 0, term.Ends())
	text := term.Text()
	assert.Contains(t, text, "company.bulk_upsert [####################] 100% 40 rows")
	assert.Equal(t, 1, strings.Count(text, "company.bulk_upsert ["), "one line stays:\n%s", text)
	assert.NotContains(t, text, "job.lua 0:")
	assert.Contains(t, text, "created 40")
}

func TestNarrowAndResized(t *testing.T) {
	term := run(t, terminal.Setting{Width: 40, Height: 10}, upsert, slowly...)
	term.See("company.bulk_upsert ", "%")
	assert.NotContains(t, term.Text(), "left")
	term.Resize(100, 10)
	term.See(" of 40 rows", " left")
	term.Resize(30, 4)
	term.Wait("a short line", func() bool { return !strings.Contains(term.Text(), "left") })
	assert.Equal(t, 0, term.Ends())
}

func TestCtrlC(t *testing.T) {
	term := run(t, terminal.Setting{}, endless, slowly...)
	term.See("job.lua 0:0", " calls")
	term.Keys("\x03")
	term.See("press Ctrl-C again", "interrupted")
	assert.Equal(t, 130, term.Ends())
	assert.NotContains(t, term.Text(), "job.lua 0:0", "nothing is left of what was drawn:\n%s", term.Text())
}

func TestAScriptThatAsks(t *testing.T) {
	term := run(t, terminal.Setting{}, asks, slowly...)
	term.See("Your name:")
	assert.Contains(t, term.Output(), "1 of 2 items", "it was drawn before")
	assert.Equal(t, "Your name:", term.LastLine())
	term.Keys("Kim" + terminal.EnterKey)
	assert.Equal(t, 0, term.Ends())
	assert.Contains(t, term.Text(), "Your name: Kim\nhello Kim")
}

// Where nothing may be drawn, nothing is.
func TestNothingIsDrawn(t *testing.T) {
	for name, c := range map[string]struct {
		env   []string
		flags []string
	}{
		"dumb":  {env: []string{"TERM=dumb"}},
		"CI":    {env: []string{"CI=true"}},
		"off":   {flags: []string{"--progress", "off"}},
		"plain": {flags: []string{"--progress", "plain"}},
		"quiet": {flags: []string{"--quiet"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			term := run(t, terminal.Setting{Env: c.env}, upsert, append(c.flags, slowly...)...)
			assert.Equal(t, 0, term.Ends())
			assert.Empty(t, drawn.FindString(term.Output()))
			assert.NotContains(t, term.Output(), "[###")
		})
	}
}

func TestNoColor(t *testing.T) {
	term := run(t, terminal.Setting{Env: []string{"NO_COLOR=1"}}, upsert, slowly...)
	term.See("of 40 rows")
	assert.NotContains(t, term.Output(), "\x1b[36m")
	assert.Equal(t, 0, term.Ends())
}
