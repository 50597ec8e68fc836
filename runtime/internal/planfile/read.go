package planfile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

	"github.com/dustin/go-humanize"

	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/sourcefile"
)

// DamagedError says that a file is not a whole plan.
type DamagedError struct {
	Why string
	// Altered is true if the file is whole, and phscript would not have written it.
	Altered bool
}

func (e *DamagedError) Error() string {
	if e.Altered {
		return "the plan was altered: " + e.Why
	}
	return "the file is not a whole plan: " + e.Why
}

// ErrorHint says what to do about it.
func (e *DamagedError) ErrorHint() string {
	return "make a new plan with 'phscript plan SCRIPT -o FILE'"
}

// reader reads the lines of a plan.
type reader struct {
	lines *bufio.Reader
	sum   hash.Hash
	// line counts them, size their bytes.
	line int
	size int64
}

// next returns the next line, nil at the end.
func (r *reader) next() ([]byte, error) {
	var line []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		if r.size += int64(len(part)); r.size > Most {
			return nil, &DamagedError{Why: "it is larger than " + humanize.IBytes(Most)}
		}
		if len(line)+len(part) > mostLine {
			return nil, &DamagedError{Why: fmt.Sprintf("line %d is longer than %s", r.line+1, humanize.IBytes(mostLine))}
		}
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, &DamagedError{Why: "its last line is not complete"}
		case errors.Is(err, io.EOF):
			return nil, nil
		}
		r.line++
		return line, err
	}
}

// Open opens a plan's file. It refuses what is not a file, such as a device, without reading it.
func Open(name string) (*os.File, error) {
	f, info, err := sourcefile.Open(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.Join(&fs.PathError{Op: "open", Path: name, Err: errors.New("is not a file")}, f.Close())
	}
	return f, nil
}

// Read reads a plan and calls step and rejected with each of its parts, which are valid for
// the time of the call. It fails with a DamagedError if the file is not as it was written;
// that may show only at its end.
func Read(from io.Reader, step func(*plan.Step), rejected func(outcome.RejectedRow)) (*Header, error) {
	r := &reader{lines: bufio.NewReaderSize(from, 1<<16), sum: sha256.New()}
	line, err := r.next()
	if err != nil {
		return nil, err
	}
	h := &Header{}
	if !bytes.HasPrefix(line, []byte(Begins)) || json.Unmarshal(line, h) != nil {
		return nil, &DamagedError{Why: "it does not begin like a plan"}
	}
	if h.Version != Version {
		return nil, &DamagedError{Why: fmt.Sprintf("it has the format version %d, and this phscript reads %d", h.Version, Version)}
	}
	var valid validity
	if err := valid.of(h); err != nil {
		return nil, &DamagedError{err.Error(), true}
	}
	r.sum.Write(line)
	var seen Trailer
	for {
		line, err := r.next()
		if err != nil {
			return nil, err
		}
		if line == nil {
			return nil, &DamagedError{Why: "its end is missing"}
		}
		switch {
		case bytes.HasPrefix(line, []byte(`{"step":`)):
			var s plan.Step
			if err := json.Unmarshal(line, &s); err != nil {
				return nil, r.damaged(err)
			}
			seen.Steps++
			seen.Rows += len(s.Rows)
			if err := valid.step(&s); err != nil {
				return nil, &DamagedError{err.Error(), true}
			}
			step(&s)
		case bytes.HasPrefix(line, []byte(`{"rejected":`)):
			var row Rejection
			if err := json.Unmarshal(line, &row); err != nil {
				return nil, r.damaged(err)
			}
			seen.Rejected++
			rejected(row.Rejected)
		default:
			return h, r.end(h, line, seen)
		}
		r.sum.Write(line)
	}
}

func (r *reader) damaged(err error) error {
	return &DamagedError{Why: fmt.Sprintf("line %d: %v", r.line, err)}
}

// end compares the trailer with what was read.
func (r *reader) end(h *Header, line []byte, seen Trailer) error {
	var t Trailer
	if err := json.Unmarshal(line, &t); err != nil || t.End == "" {
		return &DamagedError{Why: fmt.Sprintf("line %d is neither a step nor the end", r.line)}
	}
	seen.End, seen.SHA256 = h.ID, hex.EncodeToString(r.sum.Sum(nil))
	if t != seen {
		return &DamagedError{Why: "it was changed after it was written"}
	}
	if more, err := r.next(); err != nil || more != nil {
		return &DamagedError{Why: "something follows its end"}
	}
	return nil
}
