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

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// temporary is the pattern of temporary files. Only their owner can read them, since
// they hold customers' data.
const temporary = ".phscript-*"

// removed is the ending of those that the next run removes if this one is killed.
const removed = ".tmp"

// Recorder is an observer that keeps rejected rows in a temporary file, so that their
// number does not matter, and writes them to their own file at the end. It is safe for
// concurrent use.
type Recorder struct {
	name string
	// Replaces reports whether the file replaces an earlier one of that name, or, if no
	// row is rejected, removes it.
	Replaces bool

	mu    sync.Mutex
	spool *os.File
	out   *bufio.Writer
	count int
	// written counts the rows of the file.
	written outcome.Written
	err     error
}

// Written counts the rows of the file, once it is closed: fewer than were rejected if a
// row was rejected several times.
func (r *Recorder) Written() outcome.Written { return r.written }

// NewRecorder returns a recorder for a file that does not exist yet. It fails if the
// file's folder cannot be written.
func NewRecorder(name string) (*Recorder, error) {
	spool, err := os.CreateTemp(filepath.Dir(name), temporary+removed)
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

// Unwritten is the error of rows that are not all in their file. Kept of them are in
// File, which is "" if Kept is 0.
type Unwritten struct {
	Name, File  string
	Kept, Total int
	Cause       error
}

func (e *Unwritten) Error() string {
	text := fmt.Sprintf("cannot write the rejected rows to %s: %v", e.Name, e.Cause)
	if e.Kept > 0 {
		text += fmt.Sprintf("; %s of %s are in %s", humanize.Comma(int64(e.Kept)), english.Plural(e.Total, "row", ""), e.File)
	}
	return text
}

func (e *Unwritten) Unwrap() error { return e.Cause }

// Close writes the file, through what filter returns, and discards the temporary one.
// If no row was rejected, there is no file. If the file cannot be written, as many rows
// as possible are written to another one beside it, or else to the system's folder for
// temporary files, and the error is an *Unwritten.
func (r *Recorder) Close(filter func(io.Writer) io.Writer) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.Discard()
	if r.count == 0 && r.Replaces {
		if err := os.Remove(r.name); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if r.count == 0 {
		return nil
	}
	lost := &Unwritten{Name: r.name, Total: r.count, Cause: r.err}
	if lost.Cause == nil {
		lost.Cause = r.out.Flush()
	}
	complete := lost.Cause == nil
	kept := r.count
	if !complete {
		kept = 0
		for _, err := range r.rows {
			if err != nil {
				break
			}
			kept++
		}
	}
	for _, dir := range []string{filepath.Dir(r.name), os.TempDir()} {
		// Half as many rows may fit where all do not.
		for n := kept; n > 0; n /= 2 {
			file, err := r.writeFirst(n, dir, filter)
			if err != nil {
				if lost.Cause == nil {
					lost.Cause = err
				}
				continue
			}
			if complete && n == r.count && lost.Cause == nil {
				if err = r.publish(file); err == nil {
					return nil
				}
				lost.Cause = err
			}
			lost.File, lost.Kept = file, n
			return lost
		}
	}
	return lost
}

// writeFirst writes the first n rows to a new file in a folder.
func (r *Recorder) writeFirst(n int, dir string, filter func(io.Writer) io.Writer) (string, error) {
	file, err := os.CreateTemp(dir, temporary+".csv")
	if err != nil {
		return "", err
	}
	to := filter(file)
	r.written, err = Write(to, func(yield func(outcome.RejectedRow, error) bool) {
		left := n
		for row, err := range r.rows {
			if left == 0 || !yield(row, err) {
				return
			}
			left--
		}
	})
	if flusher, ok := to.(interface{ Flush() error }); ok {
		err = errors.Join(err, flusher.Flush())
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// publish gives the complete file its name, which nothing else may have by now unless
// the file replaces it.
func (r *Recorder) publish(file string) error {
	if r.Replaces {
		return os.Rename(file, r.name)
	}
	err := os.Link(file, r.name)
	if err == nil {
		return os.Remove(file)
	}
	if _, exists := os.Lstat(r.name); errors.Is(exists, fs.ErrNotExist) {
		err = os.Rename(file, r.name) // a file system without links
	}
	return err
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
