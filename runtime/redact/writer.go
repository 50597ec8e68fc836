package redact

import (
	"io"
	"sync"
)

// Writer passes text on with secrets replaced. A secret that arrives in pieces
// is caught as well: an end that may be the start of one is kept until more
// arrives or Flush is called. It is safe for use by many goroutines.
type Writer struct {
	mu      sync.Mutex
	w       io.Writer
	secrets *Secrets
	pending string
}

// Writer returns a Writer over w.
func (s *Secrets) Writer(w io.Writer) *Writer {
	return &Writer{w: w, secrets: s}
}

// Write implements io.Writer. It reports len(p) bytes written even where the
// text it wrote is shorter or longer.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.secrets.list.Load()
	if list == nil && w.pending == "" {
		return w.w.Write(p)
	}
	text := w.pending + string(p)
	w.pending = ""
	if list != nil {
		text = list.replacer.Replace(text)
		keep := list.held(text)
		text, w.pending = text[:len(text)-keep], text[len(text)-keep:]
	}
	if text == "" {
		return len(p), nil
	}
	if _, err := io.WriteString(w.w, text); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes what was kept back.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending == "" {
		return nil
	}
	text := w.secrets.String(w.pending)
	w.pending = ""
	_, err := io.WriteString(w.w, text)
	return err
}
