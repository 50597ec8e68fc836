//go:build unix

// Package terminal lets tests talk to a program through a pseudo-terminal, and
// read what a person would see there.
package terminal

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

// Setting is how a program is started.
type Setting struct {
	// Program is its file.
	Program string
	// Home is the person's folder, a fresh one where empty; Dir where the program
	// starts, Home where empty.
	Home, Dir     string
	Env           []string
	Width, Height int
}

// Terminal is a program in a pseudo-terminal.
type Terminal struct {
	t *testing.T
	// Home is the person's folder, Process the program.
	Home string
	cmd  *exec.Cmd
	pty  *os.File
	done chan struct{}

	mu     sync.Mutex
	screen *vt.Emulator
	raw    bytes.Buffer
}

// Start starts a program with arguments in a terminal of 100 by 30.
func Start(t *testing.T, s Setting, args ...string) *Terminal {
	t.Helper()
	if s.Home == "" {
		s.Home = t.TempDir()
	}
	if s.Dir == "" {
		s.Dir = s.Home
	}
	if s.Width == 0 {
		s.Width, s.Height = 100, 30
	}
	term := &Terminal{t: t, Home: s.Home, screen: vt.NewEmulator(s.Width, s.Height), done: make(chan struct{})}
	term.cmd = exec.Command(s.Program, args...)
	term.cmd.Dir = s.Dir
	term.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.Home, "XDG_STATE_HOME=" + filepath.Join(s.Home, "state"),
		"TERM=xterm-256color", "LANG=C.UTF-8", "INPUTRC=/dev/null",
	}, s.Env...)
	var err error
	term.pty, err = pty.StartWithSize(term.cmd, &pty.Winsize{Cols: uint16(s.Width), Rows: uint16(s.Height)})
	require.NoError(t, err)
	go term.show()
	go func() { _, _ = io.Copy(term.pty, term.screen) }() // what a terminal answers
	t.Cleanup(func() {
		_ = term.cmd.Process.Kill()
		<-term.done
		_ = term.cmd.Wait()
		_ = term.pty.Close()
		// The screen's own Close may run beside its Read.
		if answers, ok := term.screen.InputPipe().(io.Closer); ok {
			_ = answers.Close()
		}
	})
	return term
}

// show keeps the screen up to date.
func (term *Terminal) show() {
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

// Text is the screen without the blanks at the ends of lines.
func (term *Terminal) Text() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	lines := strings.Split(term.screen.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \r")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// LastLine is the last line of the screen that is not empty.
func (term *Terminal) LastLine() string {
	text := term.Text()
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// Output is everything that was written so far, escape sequences included.
func (term *Terminal) Output() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.raw.String()
}

// Wait waits until something holds.
func (term *Terminal) Wait(what string, holds func() bool) {
	term.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			require.FailNow(term.t, "it never came", "waited for %s; the screen shows:\n%s", what, term.Text())
		}
		select {
		case <-term.done:
			if !holds() {
				require.FailNow(term.t, "the program ended", "waited for %s; the screen shows:\n%s", what, term.Text())
			}
		case <-time.After(time.Millisecond):
		}
	}
}

// See waits until the screen shows all texts.
func (term *Terminal) See(texts ...string) {
	term.t.Helper()
	for _, text := range texts {
		term.Wait(fmt.Sprintf("%q", text), func() bool { return strings.Contains(term.Text(), text) })
	}
}

// Prompt waits for an empty prompt.
func (term *Terminal) Prompt() {
	term.t.Helper()
	term.Wait("a prompt", func() bool {
		line := term.LastLine()
		return strings.HasPrefix(line, "planhat") && strings.HasSuffix(line, ">")
	})
}

// Keys sends what is typed, with nothing behind it.
func (term *Terminal) Keys(text string) {
	term.t.Helper()
	_, err := term.pty.WriteString(text)
	require.NoError(term.t, err)
}

// Write types a text and waits until it shows.
func (term *Terminal) Write(text string) {
	term.t.Helper()
	term.Keys(text)
	end := text[strings.LastIndexByte(text, '\n')+1:]
	term.Wait(fmt.Sprintf("what was typed, %q", text), func() bool { return strings.HasSuffix(term.LastLine(), strings.TrimRight(end, " ")) })
}

// Enter types an input, waits for the next prompt and returns the screen.
func (term *Terminal) Enter(text string) string {
	term.t.Helper()
	term.Write(text)
	term.Keys(EnterKey)
	term.Prompt()
	return term.Text()
}

// Ends waits for the program's end and returns its exit code.
func (term *Terminal) Ends() int {
	term.t.Helper()
	term.Wait("the end", func() bool {
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

// Resize changes the terminal's size, as a person does with a window.
func (term *Terminal) Resize(width, height int) {
	term.t.Helper()
	require.NoError(term.t, pty.Setsize(term.pty, &pty.Winsize{Cols: uint16(width), Rows: uint16(height)}))
	term.mu.Lock()
	defer term.mu.Unlock()
	term.screen.Resize(width, height)
}

// Signal sends the program a signal.
func (term *Terminal) Signal(s os.Signal) error { return term.cmd.Process.Signal(s) }

// Fd is the terminal's file descriptor, to ask how it is set.
func (term *Terminal) Fd() int { return int(term.pty.Fd()) }

// The keys that are no letters.
const (
	EnterKey = "\r"
	TabKey   = "\t"
	CtrlC    = "\x03"
	CtrlD    = "\x04"
	UpKey    = "\x1b[A"
	LeftKey  = "\x1b[D"
)
