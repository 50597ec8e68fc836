package redact

import (
	"io"
	"strings"
	"sync"
)

// Writer replaces secrets in text, also if they arrive in pieces: an end that may begin
// a secret is kept until the next Write or Flush. It is safe for concurrent use.
type Writer struct {
	mu      sync.Mutex
	w       io.Writer
	secrets *Secrets
	pending string
	// failed is the first failure to write.
	failed error
}

// Writer returns a Writer over w.
func (s *Secrets) Writer(w io.Writer) *Writer {
	return &Writer{w: w, secrets: s}
}

// Write implements io.Writer. It returns len(p), even if it wrote a shorter or longer
// text.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for done := 0; ; {
		n, err := w.write(p[done:min(len(p), done+piece)])
		if done += n; err != nil || done == len(p) {
			return done, err
		}
	}
}

// piece is how much is searched at once, in bytes: each takes several times its size.
const piece = 64 << 10

func (w *Writer) write(p []byte) (int, error) {
	list := w.secrets.list.Load()
	if list == nil && w.pending == "" {
		n, err := w.w.Write(p)
		return n, w.note(err)
	}
	text := w.pending + string(p)
	w.pending = ""
	text, w.pending = list.Piece(text)
	if text == "" {
		return len(p), nil
	}
	if _, err := io.WriteString(w.w, text); err != nil {
		return 0, w.note(err)
	}
	return len(p), nil
}

func (w *Writer) note(err error) error {
	if w.failed == nil {
		w.failed = err
	}
	return err
}

// longestNumber is the length of the longest number that Pass writes.
const longestNumber = 3

// Pass writes what was kept if it is only the beginning of an escape or a short number, such
// as that of a progress in percent: nothing of a secret is in it, unless a secret begins with
// that number.
func (w *Writer) Pass() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	number := strings.Trim(w.pending, `\%&`)
	if w.pending == "" || len(number) > longestNumber || strings.Trim(number, "0123456789") != "" || number != "" && w.secrets.begins(number) {
		return nil
	}
	_, err := io.WriteString(w.w, w.pending)
	w.pending = ""
	return w.note(err)
}

// Flush writes what was kept. It returns the first error of any Write or Flush.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending != "" {
		text := w.secrets.String(w.pending)
		w.pending = ""
		_, err := io.WriteString(w.w, text)
		_ = w.note(err)
	}
	return w.failed
}
