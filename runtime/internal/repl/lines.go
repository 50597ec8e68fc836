package repl

import (
	"bufio"
	"bytes"
	"io"
	"strings"
)

// Lines reads inputs from text, such as a pipe, without a prompt. A script that
// reads standard input reads the lines after its input.
type Lines struct{ from *bufio.Reader }

// NewLines returns the inputs in a text.
func NewLines(from io.Reader) *Lines { return &Lines{bufio.NewReader(from)} }

// Rest returns the text that scripts can read.
func (l *Lines) Rest() io.Reader { return rest{l.from} }

// rest returns one line at a time, so no reader takes more than it needs.
type rest struct{ from *bufio.Reader }

func (r rest) Read(p []byte) (int, error) {
	if _, err := r.from.Peek(1); err != nil {
		return 0, err
	}
	ready, _ := r.from.Peek(min(len(p), r.from.Buffered())) // is there already
	if end := bytes.IndexByte(ready, '\n'); end >= 0 {
		ready = ready[:end+1]
	}
	return r.from.Read(p[:len(ready)])
}

// Prompted reads inputs that a person types on a terminal without editing.
type Prompted struct {
	*Lines
	// Prompt is called before each input, as is Before. The prompt goes to Terminal.
	Prompt   func() string
	Before   func()
	Terminal io.Writer
}

// Read implements Reader.
func (p *Prompted) Read() (string, error) {
	p.Before()
	if _, err := io.WriteString(p.Terminal, p.Prompt()); err != nil {
		return "", err
	}
	return p.Lines.Read()
}

// Read implements Reader.
func (l *Lines) Read() (string, error) {
	var text strings.Builder
	waits := waiting{}
	for {
		line, err := l.from.ReadString('\n')
		text.WriteString(line)
		switch {
		case err != nil && strings.TrimSpace(text.String()) != "":
			return text.String(), nil
		case err != nil:
			return "", err
		case waits.foresees(line, text.String()):
		case isComplete(text.String()):
			return strings.TrimSuffix(text.String(), "\n"), nil
		}
	}
}
