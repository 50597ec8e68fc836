//go:build unix

// Package repl_test talks to the program through a pseudo-terminal and reads what
// a person would see there.
package repl_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// patience is how long something may take to show. It is long, because it only
// passes where something is broken.
const patience = 30 * time.Second

// built is the folder of the program, for TestMain to remove.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		_ = os.RemoveAll(built) // a folder in the system's temporary one
	}
	os.Exit(code)
}

var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "phscript-repl-")
	if err != nil {
		return "", err
	}
	built = dir
	binary := filepath.Join(dir, "phscript")
	if out, err := exec.Command("go", "build", "-o", binary, "../../cmd/phscript").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building phscript: %w\n%s", err, out)
	}
	return binary, nil
})

// setting is how a program is started.
type setting struct {
	// home is the person's folder, a fresh one where empty; dir where the program
	// starts, home where empty.
	home, dir     string
	env           []string
	width, height int
}

// terminal is a program in a pseudo-terminal.
type terminal struct {
	t    *testing.T
	home string
	cmd  *exec.Cmd
	pty  *os.File
	done chan struct{}

	mu     sync.Mutex
	screen *vt.Emulator
	raw    bytes.Buffer
}

// start starts phscript with arguments in a terminal of 100 by 30.
func start(t *testing.T, s setting, args ...string) *terminal {
	t.Helper()
	binary, err := program()
	require.NoError(t, err)
	if s.home == "" {
		s.home = t.TempDir()
	}
	if s.dir == "" {
		s.dir = s.home
	}
	if s.width == 0 {
		s.width, s.height = 100, 30
	}
	term := &terminal{t: t, home: s.home, screen: vt.NewEmulator(s.width, s.height), done: make(chan struct{})}
	term.cmd = exec.Command(binary, args...)
	term.cmd.Dir = s.dir
	term.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "XDG_STATE_HOME=" + filepath.Join(s.home, "state"),
		"TERM=xterm-256color", "LANG=C.UTF-8", "INPUTRC=/dev/null",
	}, s.env...)
	term.pty, err = pty.StartWithSize(term.cmd, &pty.Winsize{Cols: uint16(s.width), Rows: uint16(s.height)})
	require.NoError(t, err)
	go term.show()
	go func() { _, _ = io.Copy(term.pty, term.screen) }() // what a terminal answers
	t.Cleanup(func() {
		_ = term.cmd.Process.Kill()
		<-term.done
		_ = term.cmd.Wait()
		_ = term.pty.Close()
		_ = term.screen.Close()
	})
	return term
}

// show keeps the screen up to date.
func (term *terminal) show() {
	defer close(term.done)
	buf := make([]byte, 4096)
	for {
		n, err := term.pty.Read(buf)
		term.mu.Lock()
		_, _ = term.screen.Write(buf[:n])
		term.raw.Write(buf[:n])
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// text is the screen without the blanks at the ends of lines.
func (term *terminal) text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	lines := strings.Split(term.screen.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// lastLine is the last line of the screen that is not empty.
func (term *terminal) lastLine() string {
	text := term.text()
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// output is everything that was written so far, escape sequences included.
func (term *terminal) output() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.raw.String()
}

// wait waits until something holds.
func (term *terminal) wait(what string, holds func() bool) {
	term.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			require.FailNow(term.t, "it never came", "waited for %s; the screen shows:\n%s", what, term.text())
		}
		select {
		case <-term.done:
			if !holds() {
				require.FailNow(term.t, "the program ended", "waited for %s; the screen shows:\n%s", what, term.text())
			}
		case <-time.After(time.Millisecond):
		}
	}
}

// see waits until the screen shows all texts.
func (term *terminal) see(texts ...string) {
	term.t.Helper()
	for _, text := range texts {
		term.wait(fmt.Sprintf("%q", text), func() bool { return strings.Contains(term.text(), text) })
	}
}

// prompt waits for an empty prompt.
func (term *terminal) prompt() {
	term.t.Helper()
	term.wait("a prompt", func() bool {
		line := term.lastLine()
		return strings.HasPrefix(line, "planhat") && strings.HasSuffix(line, ">")
	})
}

// keys sends what is typed, with nothing behind it.
func (term *terminal) keys(text string) {
	term.t.Helper()
	_, err := term.pty.WriteString(text)
	require.NoError(term.t, err)
}

// write types a text and waits until it shows.
func (term *terminal) write(text string) {
	term.t.Helper()
	term.keys(text)
	end := text[strings.LastIndexByte(text, '\n')+1:]
	term.wait(fmt.Sprintf("what was typed, %q", text), func() bool { return strings.HasSuffix(term.lastLine(), strings.TrimRight(end, " ")) })
}

// enter types an input, waits for the next prompt and returns the screen.
func (term *terminal) enter(text string) string {
	term.t.Helper()
	term.write(text)
	term.keys(enterKey)
	term.prompt()
	return term.text()
}

// ends waits for the program's end and returns its exit code.
func (term *terminal) ends() int {
	term.t.Helper()
	term.wait("the end", func() bool {
		select {
		case <-term.done:
			return true
		default:
			return false
		}
	})
	_ = term.cmd.Wait() // the code says it all
	return term.cmd.ProcessState.ExitCode()
}

// The keys that are no letters.
const (
	enterKey = "\r"
	tabKey   = "\t"
	ctrlC    = "\x03"
	ctrlD    = "\x04"
	upKey    = "\x1b[A"
	leftKey  = "\x1b[D"
)
