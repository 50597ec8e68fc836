package repl

import (
	"io"
	"sync"
)

// Screen tracks whether the last line written is complete, so a prompt can
// begin on its own line. It is safe for concurrent use.
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

// Break ends an incomplete line.
func (s *Screen) Break() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open {
		_, _ = io.WriteString(s.w, "\n")
		s.open = false
	}
}
