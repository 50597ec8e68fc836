package runtime

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/phscript/phscript/runtime/internal/redact"
)

// stream is what a script writes to: secrets are redacted, and whole lines are
// passed on.
type stream struct {
	*redact.Writer
	lines *lineWriter
}

func newStream(w io.Writer, lock *sync.Mutex, secrets *Secrets) *stream {
	lines := &lineWriter{w: w, lock: lock}
	return &stream{secrets.Writer(lines), lines}
}

// Flush passes on what the script wrote of a line. What may be the beginning of
// a secret stays.
func (s *stream) Flush() error { return errors.Join(s.Pass(), s.lines.Flush()) }

// finish passes on everything.
func (s *stream) finish() error {
	return errors.Join(s.Writer.Flush(), s.lines.Flush())
}

// longestLine is how much of a line is kept, in bytes. Longer lines are passed
// on in pieces.
const longestLine = 64 << 10

// lineWriter passes whole lines to a writer that others use, too. The lock is
// that of the writer.
type lineWriter struct {
	w    io.Writer
	lock *sync.Mutex
	// begun is the part of a line that was not passed on.
	begun []byte
}

func (l *lineWriter) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	whole, rest := p[:end], p[end:]
	if end > 0 && len(l.begun) > 0 {
		whole = append(l.begun, whole...)
		l.begun = nil
	}
	l.begun = append(l.begun, rest...)
	if err := l.pass(whole); err != nil {
		return 0, err
	}
	if len(l.begun) > longestLine {
		return len(p), l.Flush()
	}
	return len(p), nil
}

// Flush passes on what was written of a line.
func (l *lineWriter) Flush() error {
	rest := l.begun
	l.begun = nil
	return l.pass(rest)
}

func (l *lineWriter) pass(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	l.lock.Lock()
	defer l.lock.Unlock()
	_, err := l.w.Write(text)
	return err
}
