package repl

import (
	"io"
	"sync"
)

// Screen remembers whether the last line that was written has come to its end,
// so that a prompt can begin on a line of its own. It is safe for use by many
// goroutines.
type Screen struct {
	mu   sync.Mutex
	w    io.Writer
	open bool
}

// NewScreen returns a Screen over w.
func NewScreen(w io.Writer) *Screen { return &Screen{w: w} }

// Write implements io.Writer.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) > 0 {
		s.open = p[len(p)-1] != '\n'
	}
	return s.w.Write(p)
}

// Break ends the line that was begun, if there is one.
func (s *Screen) Break() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		_, _ = io.WriteString(s.w, "\n")
		s.open = false
	}
}
