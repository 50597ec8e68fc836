//go:build unix

package documents

import (
	"bufio"
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
	// home is the reader's folder, and dir where the terminal is.
	home, dir string
	// variables are those that the reader sets.
	variables []string
	// shown and real are the address of the simulator on the page, and in the test.
	shown, real string
}

// walked are the documents that are walked through.
var walked = []string{"tutorial.md", "first-import.md"}

// TestWalks walks through documents as a reader does: it saves the files, types the inputs at
// the prompt and runs the commands, and compares what it sees with the page. With -update it
// writes that into the page.
func TestWalks(t *testing.T) {
	for _, name := range walked {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(root, "docs", name)
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			dir := t.TempDir()
			p := &walk{t: t, binary: program.Path(t), home: dir, dir: dir}
			seen := fence.ReplaceAllStringFunc(string(text), p.block)
			if *update && seen != string(text) {
				require.NoError(t, os.WriteFile(file, []byte(seen), 0o644))
				return
			}
			changed, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: difflib.SplitLines(string(text)), B: difflib.SplitLines(seen), Context: 2})
			require.NoError(t, err)
			assert.Empty(t, changed, "docs/"+name+" "+regenerate)
		})
	}
}

// block does what a block of a page says, and returns it with what the reader sees.
func (p *walk) block(block string) string {
	m := fence.FindStringSubmatch(block)
	info, code := strings.TrimSpace(m[2]), m[3]
	language, option, _ := strings.Cut(info, " ")
	switch verb, name, _ := strings.Cut(option, "="); {
	case verb == "file":
		require.NoError(p.t, os.WriteFile(filepath.Join(p.dir, name), []byte(code), 0o644))
	case verb == "append":
		f, err := os.OpenFile(filepath.Join(p.dir, name), os.O_WRONLY|os.O_APPEND, 0)
		require.NoError(p.t, err)
		_, err = f.WriteString("\n" + p.to(code))
		require.NoError(p.t, err)
		require.NoError(p.t, f.Close())
	case verb == "server":
		p.serve(code)
	case language == "console":
		return "```console\n" + p.console(code) + "```"
	case language == "repl":
		return "```repl\n" + p.repl(code) + "```"
	}
	return block
}

// to puts the real address of the simulator in the place of the page's.
func (p *walk) to(text string) string {
	if p.shown == "" {
		return text
	}
	return strings.ReplaceAll(text, p.shown, p.real)
}

// serve starts the simulator that a page starts in a second terminal.
func (p *walk) serve(code string) {
	words := strings.Fields(code)
	require.Equal(p.t, []string{"phscript", "simulate", "--addr"}, words[:3])
	p.shown = words[3]
	words[3] = "127.0.0.1:0"
	cmd := exec.Command(p.binary, words[1:]...)
	cmd.Dir, cmd.Env = p.dir, p.environment()
	out, err := cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, cmd.Start())
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for p.real == "" && lines.Scan() {
		if _, address, found := strings.Cut(lines.Text(), "PLANHAT_API_URL=http://"); found {
			p.real = address
		}
	}
	require.NotEmpty(p.t, p.real)
	go func() {
		for lines.Scan() { // so that it never waits for its reader
		}
	}()
}

// timings and clocks are the times in what the program prints, which differ
// each time.
var (
	timings = regexp.MustCompile(`( in |\()[0-9.]+ ?(µs|ms|s)\b`)
	clocks  = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d `)
	moments = regexp.MustCompile(`20\d\d-\d\d-\d\d \d\d:\d\d(:\d\d)?( UTC)?`)
)

func steady(text string) string {
	text = strings.ReplaceAll(moments.ReplaceAllString(text, "2026-01-12 09:00${1}"), "expires at 2026-01-12", "expires at 2026-01-13")
	return clocks.ReplaceAllString(timings.ReplaceAllString(text, "${1}12 ms"), "09:00:00 ")
}

// environment is that of a person with a fresh account.
func (p *walk) environment() []string {
	return append([]string{
		"PATH=" + filepath.Dir(p.binary) + ":" + os.Getenv("PATH"), "HOME=" + p.home, "XDG_STATE_HOME=" + filepath.Join(p.home, ".state"),
		"TERM=xterm-256color", "LANG=C.UTF-8", "TZ=UTC", "NO_COLOR=1", "COLUMNS=100",
	}, p.variables...)
}

// console runs the commands of a block, and returns it with what they print.
func (p *walk) console(code string) string {
	var out strings.Builder
	for line := range strings.Lines(code) {
		command, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		if folder, isCD := strings.CutPrefix(strings.TrimSpace(command), "cd "); isCD {
			p.dir = filepath.Join(p.dir, folder)
			out.WriteString(line)
			continue
		}
		if variable, exported := strings.CutPrefix(strings.TrimSpace(command), "export "); exported {
			p.variables = append(p.variables, variable)
			out.WriteString(line)
			continue
		}
		cmd := exec.Command("sh", "-c", p.to(strings.TrimSpace(command)))
		cmd.Dir, cmd.Env = p.dir, p.environment()
		printed, _ := cmd.CombinedOutput() // the page says what comes of it
		text := strings.ReplaceAll(steady(strings.TrimRight(string(printed), "\n")), p.dir, "/home/ada/planhat-scripts")
		if p.real != "" {
			text = strings.ReplaceAll(text, p.real, p.shown)
		}
		out.WriteString(line + text)
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
