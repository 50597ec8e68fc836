package bindings

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"path/filepath"
	"strings"

	"github.com/phscript/phscript/bindings/internal/luajson"

	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/textfile"
	"github.com/phscript/phscript/planhat/catalog"
)

// Aborter is implemented by files of Files.OpenWrite that can discard what was
// written: after Abort, the name has its earlier contents.
type Aborter interface {
	Abort() error
}

// fileFailure says which file could not be used. Its kind for scripts is "io".
type fileFailure struct {
	// op is what was tried, such as "read"; name is the file's name as the script
	// gave it.
	op, name string
	cause    error
	hint     string
}

func (e *fileFailure) Error() string {
	cause := e.cause.Error()
	var pathErr *fs.PathError
	switch {
	case errors.Is(e.cause, fs.ErrNotExist):
		cause = "there is no such file or folder"
	case errors.As(e.cause, &pathErr):
		cause = pathErr.Err.Error()
	}
	return fmt.Sprintf("cannot %s %q: %s", e.op, e.name, cause)
}

func (e *fileFailure) Unwrap() error { return e.cause }

func (e *fileFailure) ErrorKind() string { return "io" }

func (e *fileFailure) ErrorHint() string {
	var hinter Hinter
	if errors.As(e.cause, &hinter) {
		return hinter.ErrorHint()
	}
	return e.hint
}

// FileError wraps the error of a file operation. nil, and errors that have their
// own kind, such as a refusal or a cancelled run, are returned unchanged.
func FileError(files Files, op, name string, err error) error {
	var kinder ErrorKinder
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kinder), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &fileFailure{op: op, name: name, cause: err, hint: fileHint(files, op, name, err)}
}

// fileHint says what to do about a failed file operation, or returns "".
func fileHint(files Files, op, name string, err error) string {
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist) && op == "write":
		dir := path.Dir(filepath.ToSlash(name))
		return fmt.Sprintf("the folder is missing: create it with fs.mkdir(%q)%s", dir, similarFile(files, dir))
	case errors.Is(err, fs.ErrNotExist):
		return "check the name; a relative name starts at the working folder" + similarFile(files, name)
	case !errors.As(err, &pathErr):
		return ""
	case errors.Is(err, fs.ErrPermission):
		return "check the file's permissions"
	case errors.Is(err, fs.ErrExist):
		return "remove the existing one first, or use another name"
	}
	return ""
}

// similarFile suggests a name from the folder in which name was expected.
func similarFile(files Files, name string) string {
	entries, err := files.ReadDir(path.Dir(name))
	if err != nil {
		return ""
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return catalog.DidYouMean(path.Base(name), names)
}

// source is a file or a text that is read, until the run ends.
type source struct {
	io.ReadCloser
	files Files
	name  string
	l     *lua.LState
	// most is how many bytes one text may have.
	most int
}

// Read implements io.Reader. A script cannot be interrupted while a function in Go
// reads, so this looks whether it should be.
func (s *source) Read(p []byte) (int, error) {
	if err := luajson.Ended(s.l); err != nil {
		return 0, err
	}
	return s.ReadCloser.Read(p)
}

// whole returns the file for reading at any place, and its size.
func (s *source) whole() (io.ReaderAt, int64, error) {
	if at, ok := s.ReadCloser.(io.ReaderAt); ok {
		info, err := s.files.Stat(s.name)
		if err != nil {
			return nil, 0, err
		}
		return &anywhere{at, s.l}, info.Size(), nil
	}
	text, err := io.ReadAll(io.LimitReader(s, int64(min(s.most, math.MaxInt-1))+1))
	if err == nil && len(text) > s.most {
		err = s.tooLong("the file", "save it in parts", s.most)
	}
	return bytes.NewReader(text), int64(len(text)), err
}

// anywhere reads a file at any place, unless the script should end.
type anywhere struct {
	io.ReaderAt
	l *lua.LState
}

func (r *anywhere) ReadAt(p []byte, at int64) (int, error) {
	if err := luajson.Ended(r.l); err != nil {
		return 0, err
	}
	return r.ReaderAt.ReadAt(p, at)
}

// buffer is how much is read at once of a text in memory, since a small one must not
// take the time of a large one, and 0 for a file.
func (s *source) buffer() int {
	if text, ok := s.ReadCloser.(memory); ok {
		return min(64<<10, max(4<<10, text.Len()))
	}
	return 0
}

// memory is a text in memory, as a file.
type memory struct{ *strings.Reader }

func (memory) Close() error { return nil }

// openSource opens a file, textSource a text of the script.
func openSource(a *Args, name string) (*source, error) {
	f, err := a.Host.Files.OpenRead(name)
	if err != nil {
		return nil, FileError(a.Host.Files, "read", name, err)
	}
	return &source{a.Host.watched(f, name), a.Host.Files, name, a.L, a.Host.mostText()}, nil
}

func textSource(a *Args, text string) (*source, error) {
	return &source{ReadCloser: memory{strings.NewReader(text)}, name: "the text", l: a.L, most: a.Host.mostText()}, nil
}

// file returns the name of the file, "" for a text.
func (s *source) file() string {
	if s.files == nil {
		return ""
	}
	return s.name
}

// fail returns the error of reading.
func (s *source) fail(err error) error { return FileError(s.files, "read", s.name, err) }

// all reads the whole file, whose size is asked for first: a text that grows needs
// more than twice its size.
func (s *source) all() (string, error) {
	tooLong := s.tooLong("the file", "read it in parts with fs.lines, csv.rows or json.rows", s.most)
	info, err := s.files.Stat(s.name)
	if err != nil {
		return "", s.fail(err)
	}
	if info.Size() > int64(s.most) {
		return "", tooLong
	}
	var text strings.Builder
	text.Grow(int(info.Size()))
	// It may have grown since.
	if _, err := io.Copy(&text, io.LimitReader(s, int64(s.most))); err != nil {
		return "", s.fail(err)
	}
	if n, _ := s.Read(make([]byte, 1)); n > 0 {
		return "", tooLong
	}
	return text.String(), nil
}

// tooLong is the error about what is larger than one text may be.
func (s *source) tooLong(what, hint string, most int) error {
	return invalid.Errorf(hint, "cannot read %q: %s is larger than %s",
		s.name, what, humanize.IBytes(uint64(most)))
}

// done closes the source, whose errors no longer matter.
func (s *source) done() { _ = s.Close() }

// iterator returns a function for a loop that returns what next returns: a value
// and its position, until io.EOF or another error. Then it closes the source.
func (s *source) iterator(a *Args, next func(L *lua.LState) (lua.LValue, int, error)) *lua.LFunction {
	done := false
	return a.Host.Function(a.L, func(L *lua.LState) (int, error) {
		if done {
			return 0, nil
		}
		s.l = L
		v, position, err := next(L)
		if err != nil {
			done = true
			s.done()
			if errors.Is(err, io.EOF) {
				return 0, nil
			}
			return 0, s.fail(err)
		}
		L.Push(v)
		L.Push(lua.LNumber(position))
		return 2, nil
	})
}

// textEnd reports whether a file holds text already, and whether its last line has
// no line end.
func textEnd(a *Args, name string) (existing, midline bool, err error) {
	info, err := a.Host.Files.Stat(name)
	if err != nil || info.Size() == 0 {
		return false, false, nil
	}
	f, err := openSource(a, name)
	if err != nil {
		return false, false, err
	}
	defer f.done()
	if s, ok := f.ReadCloser.(io.Seeker); ok {
		if _, err := s.Seek(-1, io.SeekEnd); err != nil {
			return false, false, f.fail(err)
		}
	}
	last, buf := byte('\n'), make([]byte, 32<<10)
	for err == nil {
		var n int
		if n, err = f.Read(buf); n > 0 {
			last = buf[n-1]
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return true, last != '\n', f.fail(err)
}

// target is a file that is written, or a text.
type target struct {
	io.WriteCloser
	files Files
	name  string
}

func openTarget(a *Args, name string, appendTo bool) (*target, error) {
	t := &target{files: a.Host.Files, name: name}
	var err error
	t.WriteCloser, err = t.files.OpenWrite(name, appendTo)
	return t, t.fail(err)
}

// fail returns the error of writing.
func (t *target) fail(err error) error { return FileError(t.files, "write", t.name, err) }

// abort discards what was written. If the host cannot discard it, the file stays
// open, because closing would publish it.
func (t *target) abort() {
	if a, ok := t.WriteCloser.(Aborter); ok {
		// The error that led here is the one to report.
		_ = a.Abort()
	}
}

// finish closes the file, or discards it if err is set, and returns the first
// error.
func (t *target) finish(err error) error {
	if err != nil {
		t.abort()
		return err
	}
	return t.fail(t.Close())
}

// writerModule makes the object that csv.writer and json.writer return, which
// takes one value at a time.
func (t *target) writerModule(value Param, write func(a *Args) error, end func(ctx context.Context) error) *Module {
	count, closed := 0, false
	return &Module{Name: "writer", Funcs: []*Func{
		{
			Name: "write", Params: []Param{value},
			Call: func(a *Args) (int, error) {
				if closed {
					return 0, a.Errorf("the file %s is already closed", t.name)
				}
				err := write(a)
				if err == nil {
					count++
				}
				return 0, err
			},
		},
		{
			Name: "count",
			Call: func(a *Args) (int, error) { return a.Push(lua.LNumber(count)) },
		},
		{
			Name: "close",
			Call: func(a *Args) (int, error) {
				if closed {
					return 0, nil
				}
				closed = true
				return 0, end(a.Context())
			},
		},
	}}
}

// lineCounter counts the lines of what is read through it.
type lineCounter struct {
	r    io.Reader
	read int64
	// consumed returns the offset of what was decoded; tooLong is the error if that is
	// textfile.MostLine bytes behind.
	consumed func() int64
	tooLong  error
	// ends are the offsets of the line ends after the last asked offset;
	// passed counts those before it.
	ends   []int64
	passed int
}

// mostRead is how many bytes are read at once.
const mostRead = 64 << 10

func (l *lineCounter) Read(p []byte) (int, error) {
	if l.read-l.consumed() > textfile.MostLine {
		return 0, l.tooLong
	}
	p = p[:min(len(p), mostRead)] // the decoder's buffer may be much larger
	n, err := l.r.Read(p)
	for i, rest := 0, p[:n]; ; {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			break
		}
		l.ends = append(l.ends, l.read+int64(i+end))
		i, rest = i+end+1, rest[end+1:]
	}
	l.read += int64(n)
	return n, err
}

// line returns the line of an offset, from 1. Offsets must not go back.
func (l *lineCounter) line(offset int64) int {
	n := 0
	for n < len(l.ends) && l.ends[n] < offset {
		n++
	}
	l.ends, l.passed = l.ends[n:], l.passed+n
	return l.passed + 1
}
