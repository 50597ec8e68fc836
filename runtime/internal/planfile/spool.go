package planfile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/unfinished"
)

// permission lets only the owner read a plan, since it holds records of customers.
const permission = 0o600

// Most is the size above which a plan is refused, in bytes.
const Most = 1 << 30

// mostLine is the size of the longest line, in bytes: a request of the most bytes, with the
// values before and after.
const mostLine = 128 << 20

var errTooLarge = errors.New("the plan is larger than 1 GiB; plan a part of the work at a time")

// Spool keeps the steps of a plan in a file until it is complete.
type Spool struct {
	// Secret reports whether a text has a token in it.
	Secret func(text string) bool

	root  *os.Root
	file  *unfinished.File
	w     *bufio.Writer
	size  int64
	steps int
	rows  int
	err   error
}

// NewSpool returns a spool in the folder of the plan's file. Close it after use.
func NewSpool(name string) (*Spool, error) {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	unfinished.Clear(root, ".")
	file, err := unfinished.Create(root, ".", os.O_RDWR, permission)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &Spool{root: root, file: file, w: bufio.NewWriterSize(file, 1<<16), Secret: func(string) bool { return false }}, nil
}

// Add adds a step. Finish returns its error.
func (s *Spool) Add(step *plan.Step) {
	if s.err != nil {
		return
	}
	line, err := encode(step)
	switch {
	case err != nil:
	case s.Secret(string(line)):
		err = fmt.Errorf("%s.%s at %s:%d would write a token to Planhat, and a plan never holds tokens", step.Model, step.Operation, step.Script, step.Line)
	case len(line) > mostLine:
		err = fmt.Errorf("%s.%s at %s:%d sends too much in one request for a plan; send fewer rows at a time", step.Model, step.Operation, step.Script, step.Line)
	case s.size+int64(len(line)) > Most:
		err = errTooLarge
	default:
		_, err = s.w.Write(line)
	}
	s.size += int64(len(line))
	s.steps++
	s.rows += len(step.Rows)
	s.err = err
}

// encode returns a line.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// Close removes the spool.
func (s *Spool) Close() error {
	return errors.Join(s.file.Close(), s.file.Release(), s.root.Remove(s.file.Temporary), s.root.Close())
}

// Finish writes the plan's file. It appears whole or not at all, and returns its size.
func (s *Spool) Finish(name string, h *Header, rejected []outcome.RejectedRow) (size int64, err error) {
	if s.err != nil {
		return 0, s.err
	}
	if err := s.w.Flush(); err != nil {
		return 0, err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	err = unfinished.Replace(name, permission, func(f *os.File) error {
		size, err = s.compose(f, h, rejected)
		return err
	})
	return size, err
}

// compose writes all lines.
func (s *Spool) compose(to io.Writer, h *Header, rejected []outcome.RejectedRow) (int64, error) {
	sum := sha256.New()
	out := bufio.NewWriterSize(to, 1<<16)
	all := io.MultiWriter(out, sum)
	line, err := encode(h)
	if err == nil && s.Secret(string(line)) {
		err = errors.New("the plan would hold a token in its first line")
	}
	if err != nil {
		return 0, err
	}
	if _, err := all.Write(line); err != nil {
		return 0, err
	}
	size := int64(len(line))
	n, err := io.Copy(all, s.file)
	if err != nil {
		return 0, err
	}
	size += n
	for _, row := range rejected {
		if line, err = encode(Rejection{row}); err != nil {
			return 0, err
		}
		if s.Secret(string(line)) {
			row.Data, row.Source, row.Message = nil, nil, "the row has a token in it"
			if line, err = encode(Rejection{row}); err != nil {
				return 0, err
			}
		}
		if _, err := all.Write(line); err != nil {
			return 0, err
		}
		size += int64(len(line))
	}
	line, err = encode(Trailer{End: h.ID, Steps: s.steps, Rows: s.rows, Rejected: len(rejected), SHA256: hex.EncodeToString(sum.Sum(nil))})
	if err != nil {
		return 0, err
	}
	if _, err := out.Write(line); err != nil {
		return 0, err
	}
	if size += int64(len(line)); size > Most {
		return 0, errTooLarge
	}
	return size, out.Flush()
}
