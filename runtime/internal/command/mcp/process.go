package mcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// outDir is where scripts can write.
const outDir = "out"

// kept bounds the output that is returned, in bytes: as much of its start and of its end.
const kept = 12_000

// harmless are the environment variables that every process gets. Tokens are in others.
var harmless = []string{"TZ", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT"}

// liveVariables are the beginnings of those that a plan of the real Planhat gets.
var liveVariables = []string{"PLANHAT_", "PHSCRIPT_", "HOME=", "USER", "PATH=", "XDG_", "CREDENTIALS_DIRECTORY=", "HTTP_PROXY=", "HTTPS_PROXY=", "NO_PROXY=", "http_proxy=", "https_proxy=", "no_proxy=", "SSL_CERT_", "DBUS_", "APPDATA=", "LOCALAPPDATA="}

// grace is how long a process has to end by itself, which says where the script was.
const grace = 5 * time.Second

// finished is how a process ended.
type finished struct {
	code           int
	stdout, stderr *ends
	timedOut       bool
}

// start runs phscript in a workspace.
func (s *server) start(ctx context.Context, w *workspace, live bool, stdin string, args ...string) (*finished, error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout+grace, errTooLong)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.program, args...)
	cmd.Dir = w.dir
	cmd.Env = s.variables(w, live)
	cmd.Stdin = strings.NewReader(stdin)
	f := &finished{stdout: &ends{}, stderr: &ends{}}
	cmd.Stdout, cmd.Stderr = f.stdout, f.stderr
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	f.timedOut = errors.Is(context.Cause(ctx), errTooLong)
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited && !f.timedOut {
		return nil, fmt.Errorf("phscript could not be started: %w", err)
	}
	if ctx.Err() != nil && !f.timedOut {
		return nil, ctx.Err()
	}
	f.code = cmd.ProcessState.ExitCode()
	return f, nil
}

var errTooLong = errors.New("the call took too long")

// variables returns the environment of a process.
func (s *server) variables(w *workspace, live bool) []string {
	state := filepath.Join(w.dir, ".state")
	var list []string
	for _, one := range s.env.Environ() {
		name, _, _ := strings.Cut(one, "=")
		if slices.Contains(harmless, strings.ToUpper(name)) ||
			live && slices.Contains(w.variables, name) || live && slices.ContainsFunc(liveVariables, func(begin string) bool { return strings.HasPrefix(one, begin) }) {
			list = append(list, one)
		}
	}
	if !live {
		list = append(list, "HOME="+w.dir, "XDG_STATE_HOME="+state, "XDG_CONFIG_HOME="+state, "XDG_CACHE_HOME="+state)
	}
	return append(list, "NO_COLOR=1", "CI=1")
}

// text describes how a process ended, for the assistant.
func (f *finished) text(s *server, meaning map[int]string) string {
	var b strings.Builder
	if f.timedOut {
		fmt.Fprintf(&b, "ended after %v: it took too long\n", s.timeout)
	} else {
		fmt.Fprintf(&b, "exit code %d", f.code)
		if text := meaning[f.code]; text != "" {
			b.WriteString(" (" + text + ")")
		}
		b.WriteString("\n")
	}
	for _, one := range []struct {
		name string
		out  *ends
	}{{"stdout", f.stdout}, {"stderr", f.stderr}} {
		if text := one.out.String(); text != "" {
			fmt.Fprintf(&b, "\n%s:\n%s\n", one.name, strings.TrimRight(text, "\n"))
		}
	}
	return b.String()
}

// ends keeps the start and the end of what is written to it.
type ends struct {
	first, last []byte
	lost        int
}

func (e *ends) Write(p []byte) (int, error) {
	n := len(p)
	room := min(max(kept-len(e.first), 0), n)
	e.first = append(e.first, p[:room]...)
	e.last = append(e.last, p[room:]...)
	if len(e.last) > 2*kept {
		e.lost += len(e.last) - kept
		e.last = append(e.last[:0:0], e.last[len(e.last)-kept:]...)
	}
	return n, nil
}

func (e *ends) String() string {
	lost, last := e.lost, e.last
	if len(last) > kept {
		lost += len(last) - kept
		last = last[len(last)-kept:]
	}
	if lost == 0 {
		return readable(append(e.first[:len(e.first):len(e.first)], last...), 2*kept)
	}
	return readable(e.first, kept) + fmt.Sprintf("\n[%d bytes left out]\n", lost) + readable(last, kept)
}

// readable returns text in valid UTF-8, at most a number of bytes.
func readable(text []byte, most int) string {
	if bytes.IndexByte(text, 0) >= 0 {
		return "[not text]"
	}
	more := ""
	if len(text) > most {
		more = fmt.Sprintf("\n[the first %d bytes]", most)
		text = text[:most]
		for range utf8.UTFMax - 1 { // a character that was cut
			if r, size := utf8.DecodeLastRune(text); r == utf8.RuneError && size == 1 {
				text = text[:len(text)-1]
			}
		}
	}
	return strings.ToValidUTF8(string(text), "\ufffd") + more
}
