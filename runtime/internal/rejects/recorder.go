package rejects

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// temporary is the pattern of temporary files. Only their owner can read them, since
// they hold customers' data.
const temporary = ".phscript-*"

// Recorder is an observer that keeps rejected rows in a temporary file, so that their
// number does not matter, and writes them to their own file at the end. It is safe for
// concurrent use.
type Recorder struct {
	name string

	mu    sync.Mutex
	spool *os.File
	out   *bufio.Writer
	count int
	err   error
}

// NewRecorder returns a recorder for a file that does not exist yet. It fails if the
// file's folder cannot be written.
func NewRecorder(name string) (*Recorder, error) {
	spool, err := os.CreateTemp(filepath.Dir(name), temporary)
	if err != nil {
		return nil, err
	}
	// Where an open file can be removed, nothing is left behind whatever ends the run.
	_ = os.Remove(spool.Name())
	return &Recorder{name: name, spool: spool, out: bufio.NewWriter(spool)}, nil
}

// Attempt does nothing.
func (r *Recorder) Attempt(planhat.Attempt) {}

// Outcome keeps the rejected rows of an operation.
func (r *Recorder) Outcome(o planhat.Outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, row := range o.Rejected {
		text, err := json.Marshal(outcome.Rejected(planhat.TalliedRow{Model: o.Model, Operation: o.Operation, RowError: row}))
		if err == nil {
			_, err = r.out.Write(append(text, '\n'))
		}
		r.count++
		if r.err == nil {
			r.err = err
		}
	}
}

// Discard removes the temporary file.
func (r *Recorder) Discard() {
	_ = r.spool.Close()
	_ = os.Remove(r.spool.Name())
}

// Close writes the file, through what filter returns, and discards the temporary one.
// If no row was rejected, there is no file.
func (r *Recorder) Close(filter func(io.Writer) io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.Discard()
	if err := errors.Join(r.err, r.out.Flush()); err != nil {
		return r.failed(err)
	}
	if r.count == 0 {
		return nil
	}
	file, err := os.CreateTemp(filepath.Dir(r.name), temporary)
	if err != nil {
		return r.failed(err)
	}
	to := filter(file)
	err = Write(to, r.rows)
	if flusher, ok := to.(interface{ Flush() error }); ok {
		err = errors.Join(err, flusher.Flush())
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(r.failed(err), os.Remove(file.Name()))
	}
	return r.publish(file.Name())
}

func (r *Recorder) failed(err error) error {
	return fmt.Errorf("cannot write the rejected rows to %s: %w", r.name, err)
}

// publish gives the complete file its name, which nothing else may have by now.
func (r *Recorder) publish(file string) error {
	err := os.Link(file, r.name)
	if err == nil {
		return os.Remove(file)
	}
	if _, exists := os.Lstat(r.name); errors.Is(exists, fs.ErrNotExist) {
		err = os.Rename(file, r.name) // a file system without links
	}
	if err != nil {
		return fmt.Errorf("cannot write the rejected rows to %s; they are in %s: %w", r.name, file, err)
	}
	return nil
}

// rows reads the temporary file.
func (r *Recorder) rows(yield func(outcome.RejectedRow, error) bool) {
	_, err := r.spool.Seek(0, io.SeekStart)
	d := json.NewDecoder(r.spool)
	for err == nil {
		var row outcome.RejectedRow
		if err = d.Decode(&row); errors.Is(err, io.EOF) {
			return
		}
		if err == nil && !yield(row, nil) {
			return
		}
	}
	yield(outcome.RejectedRow{}, err)
}
