//go:build unix

package documents

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/tests/program"
	"github.com/phscript/phscript/tests/terminal"
)

// walk is a reader's way through a document.
type walk struct {
	t      *testing.T
	binary string
	dir    string
}

// TestTutorial walks through the tutorial as a reader does: it saves the files,
// types the inputs at the prompt and runs the commands, and compares what it
// sees with the page. With -update it writes that into the page.
func TestTutorial(t *testing.T) {
	file := filepath.Join(root, "docs", "tutorial.md")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	p := &walk{t: t, binary: program.Path(t), dir: t.TempDir()}
	walked := fence.ReplaceAllStringFunc(string(text), func(block string) string {
		m := fence.FindStringSubmatch(block)
		info, code := strings.TrimSpace(m[1]), m[2]
		switch name, isFile := strings.CutPrefix(info, "lua file="); {
		case isFile:
			require.NoError(t, os.WriteFile(filepath.Join(p.dir, name), []byte(code), 0o644))
		case info == "console":
			return "```console\n" + p.console(code) + "```"
		case info == "repl":
			return "```repl\n" + p.repl(code) + "```"
		}
		return block
	})
	if *update && walked != string(text) {
		require.NoError(t, os.WriteFile(file, []byte(walked), 0o644))
		return
	}
	changed, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: difflib.SplitLines(string(text)), B: difflib.SplitLines(walked), Context: 2})
	require.NoError(t, err)
	assert.Empty(t, changed, "docs/tutorial.md "+regenerate)
}

// timings and clocks are the times in what the program prints, which differ
// each time.
var (
	timings = regexp.MustCompile(`( in |\()[0-9.]+ ?(µs|ms|s)\b`)
	clocks  = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d `)
)

func steady(text string) string {
	return clocks.ReplaceAllString(timings.ReplaceAllString(text, "${1}12 ms"), "09:00:00 ")
}

// environment is that of a person with a fresh account.
func (p *walk) environment() []string {
	return []string{
		"PATH=" + filepath.Dir(p.binary) + ":" + os.Getenv("PATH"), "HOME=" + p.dir, "XDG_STATE_HOME=" + filepath.Join(p.dir, ".state"),
		"TERM=xterm-256color", "LANG=C.UTF-8", "TZ=UTC", "NO_COLOR=1", "COLUMNS=100",
	}
}

// console runs the commands of a block, and returns it with what they print.
func (p *walk) console(code string) string {
	var out strings.Builder
	for line := range strings.Lines(code) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		cmd := exec.Command("sh", "-c", strings.TrimSpace(command))
		cmd.Dir, cmd.Env = p.dir, p.environment()
		printed, _ := cmd.CombinedOutput() // the page says what comes of it
		out.WriteString(line + steady(strings.TrimRight(string(printed), "\n")))
		if len(printed) > 0 {
			out.WriteString("\n")
		}
	}
	return out.String()
}

// prompted is a line that is typed at a prompt.
var prompted = regexp.MustCompile(`^planhat[^>]*> (.*)$`)

// inputs returns the lines that are typed in a block, those of one input
// together. An input goes on for as long as Lua wants more of it.
func inputs(lines []string) [][]string {
	var all [][]string
	for i := 0; i < len(lines); i++ {
		m := prompted.FindStringSubmatch(lines[i])
		if m == nil {
			continue
		}
		input := []string{m[1]}
		for i+1 < len(lines) && wantsMore(strings.Join(input, "\n")) {
			i++
			input = append(input, strings.TrimSpace(lines[i]))
		}
		all = append(all, input)
	}
	return all
}

func wantsMore(input string) bool {
	if strings.HasPrefix(input, ":") {
		return false
	}
	_, err := compile.Compile([]byte(input), "input")
	return compile.IsIncomplete(err)
}

// repl types the inputs of a block at a prompt, and returns what the terminal
// shows in the end.
func (p *walk) repl(code string) string {
	lines := strings.Split(strings.TrimSuffix(code, "\n"), "\n")
	command := strings.Fields(strings.TrimPrefix(lines[0], "$ "))
	require.Equal(p.t, "phscript", command[0])
	term := terminal.Start(p.t, terminal.Setting{Program: p.binary, Dir: p.dir, Env: p.environment(), Width: 110, Height: 250}, command[1:]...)
	term.Prompt()
	for _, input := range inputs(lines[1:]) {
		for _, line := range input {
			term.Write(line)
			term.Keys(terminal.EnterKey)
		}
		term.Prompt()
	}
	shown := term.Text()
	_, shown, found := strings.Cut(shown, "quits\n") // the end of the greeting
	require.True(p.t, found, shown)
	return lines[0] + "\n" + steady(shown[:strings.LastIndexByte(shown, '\n')+1])
}
