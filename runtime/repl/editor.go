package repl

import (
	"errors"
	"io"
	"strings"

	"github.com/reeflective/readline"

	"github.com/phscript/phscript/runtime/compile"
	"github.com/phscript/phscript/runtime/repl/complete"
)

// ErrInterrupt is what a Reader returns for Ctrl-C: the input is dropped.
var ErrInterrupt = errors.New("interrupted at the prompt")

// Reader hands out inputs, each whole. It returns io.EOF at the end.
type Reader interface {
	Read() (string, error)
}

// Editor reads inputs from the terminal of the process, with history, completion
// and colors.
type Editor struct {
	shell  *readline.Shell
	before func()
}

// EditorOptions set an Editor up.
type EditorOptions struct {
	// Prompt is asked before each input, Before is called then, where set.
	Prompt func() string
	Before func()
	// Complete returns what may stand at the cursor, an offset in bytes.
	Complete func(text string, cursor int) complete.Result
	// Highlight returns the text with colors; nil leaves it plain.
	Highlight func(text string) string
	History   *History
}

// NewEditor makes an Editor. It must be the only reader of the terminal while
// Read runs, and leaves the terminal alone otherwise.
func NewEditor(o EditorOptions) *Editor {
	shell := readline.NewShell()
	for name, value := range map[string]any{
		"menu-complete-display-prefix": true,
		"completion-list-separator":    `""`,
		"completion-selection-style":   "\x1b[7m",
		"completion-query-items":       0,
		"comment-begin":                "\x00",
		// Letters such as ä are letters, and not keys held with Alt.
		"convert-meta": false, "input-meta": true, "output-meta": true,
	} {
		_ = shell.Config.Set(name, value)
	}
	shell.Keymap.Register(map[string]func(){
		// The editor's own command miscounts wide characters, and takes the first
		// rune only of what is one character to a person.
		"self-insert": func() {
			shell.History.SkipSave()
			shell.Cursor().InsertAt(shell.Keys.Caller()...)
		},
	})
	shell.Prompt.Primary(o.Prompt)
	shell.Prompt.Secondary(func() string { return continuation })
	shell.AcceptMultiline = func(line []rune) bool { return isComplete(string(line)) }
	if o.Highlight != nil {
		shell.SyntaxHighlighter = func(line []rune) string { return o.Highlight(string(line)) }
	}
	if o.Complete != nil {
		shell.Completer = func(line []rune, cursor int) readline.Completions {
			return offer(o.Complete, line, cursor)
		}
	}
	if o.History != nil {
		shell.History.Add("history", o.History)
	}
	return &Editor{shell: shell, before: o.Before}
}

// continuation begins the further lines of an input.
const continuation = "│ "

// Read implements Reader.
func (e *Editor) Read() (string, error) {
	if e.before != nil {
		e.before()
	}
	text, err := e.shell.Readline()
	if errors.Is(err, readline.ErrInterrupt) {
		return "", ErrInterrupt
	}
	return text, err
}

// isComplete tells whether an input can be evaluated, be it right or wrong.
func isComplete(text string) bool {
	if isCommand(text) || strings.TrimSpace(text) == "" {
		return true
	}
	_, err := compile.CompileInput([]byte(text), "input", func(string) bool { return false })
	return !compile.IsIncomplete(err)
}

// Lines reads inputs from text, such as a pipe, without a prompt.
type Lines struct {
	// From is where lines come from; whoever reads on behind an input gets what
	// follows it.
	From interface {
		ReadString(delim byte) (string, error)
	}
	// Prompt, where set, is called before each line; more says that the line
	// goes on with an input.
	Prompt func(more bool)
}

// Read implements Reader.
func (l *Lines) Read() (string, error) {
	var text strings.Builder
	for {
		if l.Prompt != nil {
			l.Prompt(text.Len() > 0)
		}
		line, err := l.From.ReadString('\n')
		text.WriteString(line)
		switch {
		case err != nil && strings.TrimSpace(text.String()) != "":
			return text.String(), nil
		case err != nil:
			return "", err
		case isComplete(text.String()):
			return strings.TrimSuffix(text.String(), "\n"), nil
		}
	}
}

var _, _ Reader = &Editor{}, &Lines{}

// atEnd tells whether a Reader has no more inputs.
func atEnd(err error) bool { return errors.Is(err, io.EOF) }
