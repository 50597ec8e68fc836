package repl

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/reeflective/readline"
	"github.com/reeflective/readline/inputrc"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/pattern"
	"github.com/phscript/phscript/runtime/internal/repl/complete"
)

// ErrInterrupt is what a Reader returns for Ctrl-C, which drops the input.
var ErrInterrupt = errors.New("interrupted at the prompt")

// Reader returns complete inputs, and io.EOF at the end.
type Reader interface {
	Read() (string, error)
}

// Editor reads inputs from the process's terminal, with history, completion and
// colors.
type Editor struct {
	shell *readline.Shell
	o     EditorOptions
	// row is the input's row that the terminal's cursor is in.
	row int
}

// EditorOptions configure an Editor.
type EditorOptions struct {
	// Prompt is called before each input, as is Before, if set.
	Prompt func() string
	Before func()
	// Complete returns the candidates at the cursor, an offset in bytes.
	Complete func(text string, cursor int) complete.Result
	// Highlight returns the text with colors; nil leaves it plain.
	Highlight func(text string) string
	History   *History
	// Terminal is where the editor draws; Width and Height are its size.
	Terminal      io.Writer
	Width, Height func() int
}

// NewEditor makes an Editor. It must be the only reader of the terminal during
// Read, and does not touch the terminal otherwise.
func NewEditor(o EditorOptions) *Editor {
	shell := readline.NewShell()
	for name, value := range map[string]any{
		// When the editor asks the terminal for the cursor's position, it loses
		// what is typed before the answer; see reserve.
		"cursor-position-probe":        false,
		"menu-complete-display-prefix": true,
		"completion-list-separator":    `""`,
		"completion-selection-style":   "\x1b[7m",
		"completion-query-items":       0,
		"comment-begin":                "\x00",
		// What is pasted is one input, and a tab in it no completion.
		"enable-bracketed-paste": true,
		// Letters such as ä are letters, not keys held with Alt.
		"convert-meta": false, "input-meta": true, "output-meta": true,
	} {
		_ = shell.Config.Set(name, value)
	}
	e := &Editor{shell: shell, o: o}
	shell.Keymap.Register(map[string]func(){
		"interrupt": e.interrupt,
		// The editor's own command miscounts wide characters, and takes only
		// the first rune of a character of several.
		"self-insert": func() {
			shell.History.SkipSave()
			shell.Cursor().InsertAt(shell.Keys.Caller()...)
		},
	})
	completeWord := shell.Keymap.Commands()["complete"]
	shell.Keymap.Register(map[string]func(){"complete": func() {
		if e.indents() {
			shell.History.SkipSave()
			shell.Cursor().InsertAt('\t')
			return
		}
		completeWord()
	}})
	shell.PasteTransformer = pasted
	shell.Prompt.Primary(o.Prompt)
	shell.Prompt.Secondary(func() string { return "" })
	shell.AcceptMultiline = func(line []rune) bool { return isComplete(string(line)) }
	for _, keys := range shell.Config.Binds {
		keys[ctrlC] = inputrc.Bind{Action: "interrupt"}
		// Esc closes a menu, and a letter typed after it is that letter: as a
		// command of Alt it could insert an earlier input, perhaps a write.
		for _, letter := range "pn._<>" {
			delete(keys, "\x1b"+string(letter))
			delete(keys, string(0x80|letter))
		}
	}
	shell.SyntaxHighlighter = e.draw
	if o.Complete != nil {
		shell.Completer = func(line []rune, cursor int) readline.Completions {
			result := o.Complete(string(line), len(string(line[:cursor])))
			if with, at, ok := replaced(result, line, cursor); ok {
				shell.Line().Set(with...)
				shell.Cursor().Set(at)
				return readline.Completions{}
			}
			return offer(result, line, cursor, o.Height()-4)
		}
	}
	if o.History != nil {
		shell.History.Add("history", o.History)
	}
	return e
}

// indents reports whether a tab is white space: at the beginning of a further line, or if it
// came together with the text after it, from a terminal that does not mark what is pasted.
func (e *Editor) indents() bool {
	if !e.shell.Keys.Empty() {
		return true
	}
	line := []rune(*e.shell.Line())
	before := string(line[:min(e.shell.Cursor().Pos(), len(line))])
	at := strings.LastIndexByte(before, '\n')
	return at >= 0 && strings.TrimSpace(before[at:]) == ""
}

// ctrlC is the code of that key.
const ctrlC = "\x03"

// interrupt drops the input. The editor's own command swallows the next key,
// and in a menu only closes the menu.
func (e *Editor) interrupt() {
	fmt.Fprint(e.o.Terminal, "^C")
	e.shell.Display.ResetHelpers()
	e.shell.Display.AcceptLine()
	e.shell.History.Accept(false, false, readline.ErrInterrupt)
}

// draw returns what the editor shows for an input.
func (e *Editor) draw(line []rune) string {
	e.reserve(line)
	if e.o.Highlight == nil {
		return string(line)
	}
	return e.o.Highlight(string(line))
}

// reserve makes sure that there are rows below for what is about to be drawn:
// the editor assumes one below the input. Moving down and up again does nothing
// unless it passes the bottom, where the terminal scrolls.
func (e *Editor) reserve(line []rune) {
	indent := runewidth.StringWidth(escapes().ReplaceAllString(e.o.Prompt(), ""))
	rows := e.rows(line, indent)
	if below := rows - e.row + 1; below > 0 {
		below = min(below, e.o.Height()-1)
		fmt.Fprintf(e.o.Terminal, "%s\x1b[%dA", strings.Repeat("\x1bD", below), below)
	}
	e.row = e.rows(line[:min(e.shell.Cursor().Pos(), len(line))], indent)
}

// rows is how many rows an input takes besides the first.
func (e *Editor) rows(line []rune, indent int) int {
	width, rows := max(e.o.Width(), indent+1), 0
	for i, text := range strings.Split(string(line), "\n") {
		if i > 0 {
			rows++
		}
		rows += (indent + runewidth.StringWidth(text)) / width
	}
	return rows
}

var escapes = pattern.Lazy(`\x1b\[[0-9;]*m`)

// Read implements Reader. A panic while drawing or completing drops the input,
// not the session.
func (e *Editor) Read() (text string, err error) {
	defer func() {
		if recover() != nil {
			fmt.Fprint(e.o.Terminal, "\r\n")
			text, err = "", ErrInterrupt
		}
	}()
	if e.o.Before != nil {
		e.o.Before()
	}
	e.row = 0
	text, err = e.shell.Readline()
	if errors.Is(err, readline.ErrInterrupt) {
		return "", ErrInterrupt
	}
	return text, err
}

// isComplete reports whether an input can be evaluated, correct or not.
func isComplete(text string) bool {
	if isCommand(text) || strings.TrimSpace(text) == "" {
		return true
	}
	_, err := compile.NewInput([]byte(unprompted(text)), "input", func(string) bool { return false })
	return !compile.IsIncomplete(err)
}
