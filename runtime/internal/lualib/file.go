package lualib

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/pattern"
	lua "github.com/yuin/gopher-lua"
)

// file is an open file or stream of a script.
type file struct {
	reader *bufio.Reader
	// source is what reader reads. seeker is nil for a stream.
	source io.Reader
	seeker io.Seeker
	writer io.Writer
	buffer *bufio.Writer
	closer io.Closer
	closed bool
	value  *lua.LUserData
	// forget is called when it is closed.
	forget func()
	// stdin is set for the file that reads the run's input.
	stdin *stdin
}

// Weight is how many bytes the buffers take, and what a temporary file holds.
func (f *file) Weight() int64 {
	var n int64
	if f.reader != nil {
		n += int64(f.reader.Size())
	}
	if f.buffer != nil {
		n += int64(f.buffer.Size())
	}
	if m, ok := f.seeker.(*memoryFile); ok {
		n += int64(cap(m.data))
	}
	return n
}

// stdin reads the run's input, for the state that asks for it.
type stdin struct {
	host Host
	ctx  context.Context
}

func (s *stdin) Read(p []byte) (int, error) { return s.host.ReadStdin(s.ctx, p) }

// readFor lets the reads that follow end with a state's context.
func (f *file) readFor(L *lua.LState) {
	if f.stdin != nil {
		f.stdin.ctx = L.Context()
	}
}

// newFile makes a file of what it can do; the rest may be nil. Files that are
// closed are buffered, the streams of the run are not.
func newFile(reader io.Reader, writer io.Writer, closer io.Closer) *file {
	f := &file{writer: writer, closer: closer}
	if reader != nil {
		f.source, f.reader = reader, bufio.NewReader(reader)
	}
	f.seeker, _ = closer.(io.Seeker)
	if writer != nil && closer != nil {
		f.buffer = bufio.NewWriter(writer)
		f.writer = f.buffer
	}
	return f
}

// CloseFiles closes the files that a script left open, as Lua does at the end of
// a program: what they have buffered is written. The host knows of writes that fail.
func CloseFiles(L *lua.LState) {
	for f := range of(L).open {
		_ = f.close()
	}
}

// openFile opens a file of the host in one of the modes of io.open.
func (lib *library) openFile(name, mode string) (*file, error) {
	switch mode = strings.ReplaceAll(mode, "b", ""); mode {
	case "r":
		reader, err := lib.host.OpenRead(name)
		if err != nil {
			return nil, err
		}
		return lib.keep(newFile(reader, nil, reader)), nil
	case "w", "a":
		writer, err := lib.host.OpenWrite(name, strings.HasPrefix(mode, "a"))
		if err != nil {
			return nil, err
		}
		f := newFile(nil, writer, writer)
		if f.seeker != nil && mode == "a" {
			// As in C, its position is the end; a pipe has none.
			_, _ = f.seeker.Seek(0, io.SeekEnd)
		}
		return lib.keep(f), nil
	case "r+", "w+", "a+":
		both, err := lib.host.OpenUpdate(name, mode[0])
		if err != nil {
			return nil, err
		}
		return lib.update(both), nil
	}
	return nil, fmt.Errorf("%s: unknown mode %q: a mode is r, w or a, followed by + to read and write", name, mode)
}

// update makes a file that is read and written.
func (lib *library) update(f ReadWriteSeekCloser) *file { return lib.keep(newFile(f, f, f)) }

// keep notes an open file until it is closed.
func (lib *library) keep(f *file) *file {
	lib.open[f] = struct{}{}
	f.forget = func() { delete(lib.open, f) }
	return f
}

// flush writes out what is buffered.
func (f *file) flush() error {
	if f.buffer != nil {
		return f.buffer.Flush()
	}
	if stream, ok := f.writer.(interface{ Flush() error }); ok {
		return stream.Flush()
	}
	return nil
}

// close closes a file that was opened. The host gets what is buffered first, so that it
// knows whether the file is complete.
func (f *file) close() error {
	f.closed = true
	f.forget()
	return cmp.Or(f.flush(), f.closer.Close())
}

// line reads a line, with its end if asked to. At the end it is io.EOF.
func (c call) line(f *file, keepEnd bool) (string, error) {
	if f.reader == nil {
		return "", syscall.EBADF
	}
	part, err := f.reader.ReadSlice('\n')
	line := string(part)
	if errors.Is(err, bufio.ErrBufferFull) {
		var long strings.Builder
		long.Write(part)
		for errors.Is(err, bufio.ErrBufferFull) {
			part, err = f.reader.ReadSlice('\n')
			compile.CheckSize(c.LState, long.Len()+len(part))
			long.Write(part)
		}
		line = long.String()
	}
	if err == io.EOF && line != "" {
		err = nil
	}
	if !keepEnd {
		line = strings.TrimSuffix(line, "\n")
	}
	return line, err
}

// write writes the arguments from n on and returns true, or nil and a message.
func (c call) write(f *file, n int) int {
	if f.writer == nil {
		return c.failed("", syscall.EBADF)
	}
	if err := f.toWrite(); err != nil {
		return c.failed("", err)
	}
	_, temporary := f.seeker.(*memoryFile)
	for i := n; i <= c.GetTop(); i++ {
		text := c.str(i)
		if temporary {
			compile.CheckRoom(c.LState, len(text))
		}
		if _, err := io.WriteString(f.writer, text); err != nil {
			return c.failed("", err)
		}
	}
	return c.results(lua.LTrue)
}

// read reads by the formats from argument n on, a line when there are none.
func (c call) read(f *file, n int) int {
	if f.reader == nil {
		return c.failed("", syscall.EBADF)
	}
	if f.buffer != nil {
		if err := f.flush(); err != nil {
			return c.failed("", err)
		}
	}
	f.readFor(c.LState)
	if c.GetTop() < n {
		return c.readOne(f, lua.LString("*l"), n)
	}
	top := c.GetTop()
	for i := n; i <= top; i++ {
		c.readOne(f, c.Get(i), i)
		if c.Get(-1) == lua.LNil {
			break
		}
	}
	return c.GetTop() - top
}

// readOne reads by one format and pushes the result, nil at the end.
func (c call) readOne(f *file, format lua.LValue, arg int) int {
	if n, ok := format.(lua.LNumber); ok {
		return c.readBytes(f, truncate(float64(n)))
	}
	text, _ := format.(lua.LString)
	if !strings.HasPrefix(string(text), "*") {
		c.fail(arg, "invalid option")
	}
	switch string(text[1:min(2, len(text))]) {
	case "l":
		line, err := c.line(f, false)
		if err != nil {
			return c.results(lua.LNil)
		}
		return c.results(lua.LString(line))
	case "a":
		return c.readAll(f)
	case "n":
		n, ok := readNumber(f.reader)
		if !ok {
			return c.results(lua.LNil)
		}
		return c.results(lua.LNumber(n))
	}
	c.fail(arg, "invalid format")
	return 0
}

// readAll reads what is left.
func (c call) readAll(f *file) int {
	var out strings.Builder
	buf := make([]byte, 64<<10)
	for {
		n, err := f.reader.Read(buf)
		out.Write(buf[:n])
		compile.CheckSize(c.LState, out.Len())
		if err == io.EOF {
			return c.results(lua.LString(out.String()))
		}
		if err != nil {
			return c.results(lua.LNil)
		}
	}
}

// readBytes reads at most that many bytes.
func (c call) readBytes(f *file, count int) int {
	if count <= 0 {
		if _, err := f.reader.Peek(1); err != nil {
			return c.results(lua.LNil)
		}
		return c.results(lua.LString(""))
	}
	compile.CheckSize(c.LState, count)
	buf := make([]byte, count)
	n, err := io.ReadFull(f.reader, buf)
	if n == 0 && err != nil {
		return c.results(lua.LNil)
	}
	return c.results(lua.LString(buf[:n]))
}

// beginsNumber matches what a number may begin with, as scanf of C reads it.
var beginsNumber = pattern.Lazy(`^[+-]?(0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*([pP][+-]?[0-9]*)?|` +
	`([0-9]+\.?[0-9]*|\.[0-9]*)?|([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]*|` +
	`(?i:i(n(f(i(n(i(ty?)?)?)?)?)?)?|n(an?)?))$`)

// readNumber reads a number after white space.
func readNumber(r *bufio.Reader) (float64, bool) {
	text := ""
	for len(text) < 200 {
		b, err := r.ReadByte()
		if err != nil {
			break
		}
		if text == "" && strings.IndexByte(" \t\n\r\v\f", b) >= 0 {
			continue
		}
		if !beginsNumber().MatchString(text + string(rune(b))) {
			if err := r.UnreadByte(); err != nil {
				return 0, false
			}
			break
		}
		text += string(rune(b))
	}
	return number.Parse(text)
}
