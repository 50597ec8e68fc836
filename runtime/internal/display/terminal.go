package display

import (
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Terminal returns a writer for what people see on a terminal. As git does with what a
// server says, it passes colors, tabs and line ends, and shows other control characters as
// Text does: a script prints data of strangers, and may want colors, but nothing that
// scripts do with a terminal besides is worth obeying a name in a record. Carriage returns
// pass in a line that begins or is left with one, as counters of progress do, not within
// other text, which they could hide.
//
// It is safe for concurrent use.
func Terminal(w io.Writer) io.Writer { return &terminal{w: w} }

type terminal struct {
	mu sync.Mutex
	w  io.Writer
	// begun is the beginning of a character or color, written so far.
	begun string
	// inLine reports whether the line has text, redrawn whether it is written again and again.
	inLine, redrawn bool
}

func (t *terminal) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.begun + string(p)
	whole := len(text) - unfinished(text)
	text, t.begun = text[:whole], text[whole:]
	if _, err := io.WriteString(t.w, t.clean(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (t *terminal) clean(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "\r") && !t.inLine || strings.HasSuffix(line, "\r") {
			t.redrawn = true
		}
		out.WriteString(visible(line, "\n", func(rest string) int {
			switch {
			case rest[0] == '\r' && (t.redrawn || strings.HasPrefix(rest, "\r\n")):
				return 1
			case rest[0] == '\x1b':
				n, _ := color(rest)
				return n
			}
			return 0
		}))
		t.inLine = !strings.HasSuffix(line, "\n")
		t.redrawn = t.redrawn && t.inLine
	}
	return out.String()
}

// longestColor bounds the sequence for a color, in bytes.
const longestColor = 32

// color returns the length of the sequence that text begins with if it sets colors (SGR). It
// reports whether text ends within one.
func color(text string) (n int, open bool) {
	if text == "\x1b" {
		return 0, true
	}
	rest, ok := strings.CutPrefix(text, "\x1b[")
	if !ok {
		return 0, false
	}
	end := len(rest) - len(strings.TrimLeft(rest, "0123456789;:"))
	switch {
	case end > longestColor:
		return 0, false
	case end == len(rest):
		return 0, true
	case rest[end] == 'm':
		return len("\x1b[") + end + 1, false
	}
	return 0, false
}

// unfinished returns how many bytes at the end of text are the beginning of a character or
// a color.
func unfinished(text string) int {
	if at := strings.LastIndexByte(text, '\x1b'); at >= 0 {
		if _, open := color(text[at:]); open {
			return len(text) - at
		}
	}
	for n := 1; n < min(utf8.UTFMax, len(text)+1); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRuneInString(last) {
				return n
			}
			break
		}
	}
	return 0
}
