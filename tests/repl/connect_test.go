//go:build unix

package repl_test

import (
	"syscall"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	xterm "golang.org/x/term"

	"github.com/phscript/phscript/tests/terminal"
)

// What ends a prompt of connect ends it at once, and the terminal shows again what is typed.
func TestPromptsOfConnectEnd(t *testing.T) {
	t.Parallel()
	const hidden = "AHA_TOKEN (the API key, not shown):"
	ctrlC := func(term *terminal.Terminal) { term.Keys(terminal.CtrlC) }
	for name, c := range map[string]struct {
		system, prompt string
		end            func(*terminal.Terminal)
		code           int
	}{
		"hidden, Ctrl-C":   {"aha", hidden, ctrlC, 130},
		"hidden, a signal": {"aha", hidden, func(term *terminal.Terminal) { require.NoError(t, term.Signal(syscall.SIGTERM)) }, 143},
		"shown, Ctrl-C":    {"google_calendar", "Which way (1 to 2)?", ctrlC, 130},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			master, slave, err := pty.Open()
			require.NoError(t, err)
			defer func() { _, _ = master.Close(), slave.Close() }()
			untouched, err := xterm.GetState(int(master.Fd()))
			require.NoError(t, err)
			term := start(t, terminal.Setting{}, "connect", c.system)
			term.See(c.prompt)
			if c.prompt == hidden {
				term.Wait("the echo's end", func() bool {
					state, err := xterm.GetState(term.Fd())
					return err == nil && *state != *untouched
				})
			}
			c.end(term)
			assert.Equal(t, c.code, term.Ends(), term.Output())
			if after, err := xterm.GetState(term.Fd()); err == nil { // some systems forget it with the program
				assert.Equal(t, untouched, after)
			}
		})
	}
}
