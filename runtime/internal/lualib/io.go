package lualib

import (
	"bufio"
	"errors"
	"io"

	lua "github.com/yuin/gopher-lua"
)

// openIO defines the io library over the files and streams of the host.
func (lib *library) openIO(L *lua.LState) {
	lib.fileMeta = L.CreateTable(0, 9)
	register(L, lib.fileMeta, functions{
		{"close", fileClose},
		{"flush", func(c call) int { return c.outcome("", c.file(1).flush()) }},
		{"lines", func(c call) int { return c.lines(c.file(1), false) }},
		{"read", func(c call) int { return c.read(c.file(1), 2) }},
		{"seek", fileSeek},
		{"setvbuf", fileSetvbuf},
		{"write", func(c call) int { return c.write(c.file(1), 2) }},
		{"__tostring", fileText},
	})
	lib.fileMeta.RawSetString("__index", lib.fileMeta)
	lib.stdin = newFile(nil, nil, nil)
	lib.stdin.stdin = &stdin{host: lib.host}
	lib.stdin.reader = bufio.NewReader(lib.stdin.stdin)
	lib.input, lib.output = lib.stdin, newFile(nil, lib.host.Stdout(), nil)
	table := lib.module(L, "io", functions{
		{"close", lib.ioClose},
		{"flush", func(c call) int { return c.outcome("", c.standard(lib.output, "output").flush()) }},
		{"input", func(c call) int { return lib.redirect(c, &lib.input, "r") }},
		{"lines", lib.ioLines},
		{"open", lib.ioOpen},
		{"output", func(c call) int { return lib.redirect(c, &lib.output, "w") }},
		{"popen", func(c call) int { c.raise("io.popen is not available: scripts cannot start programs"); return 0 }},
		{"read", func(c call) int { return c.read(c.standard(lib.input, "input"), 1) }},
		{"tmpfile", func(c call) int {
			return c.results(lib.wrapFile(lib.update(&memoryFile{most: lib.maxString})))
		}},
		{"type", ioType},
		{"write", func(c call) int { return c.write(c.standard(lib.output, "output"), 1) }},
	})
	table.RawSetString("stdin", lib.wrapFile(lib.stdin))
	table.RawSetString("stdout", lib.wrapFile(lib.output))
	table.RawSetString("stderr", lib.wrapFile(newFile(nil, lib.host.Stderr(), nil)))
}

// wrapFile makes the Lua value of a file, always the same one.
func (lib *library) wrapFile(f *file) lua.LValue {
	if f.value == nil {
		f.value = &lua.LUserData{Value: f, Metatable: lib.fileMeta}
	}
	return f.value
}

// anyFile reads a file argument, closed ones included.
func (c call) anyFile(n int) *file {
	holder, ok := c.Get(n).(*lua.LUserData)
	if ok {
		if f, ok := holder.Value.(*file); ok {
			return f
		}
	}
	c.wrongType(n, "FILE*")
	return nil
}

// file reads a file argument that has to be open.
func (c call) file(n int) *file {
	f := c.anyFile(n)
	if f.closed {
		c.raise("attempt to use a closed file")
	}
	return f
}

// fileClose is file:close. The streams of the run stay open.
func fileClose(c call) int {
	f := c.file(1)
	if f.closer == nil {
		return c.results(lua.LNil, lua.LString("cannot close standard file"))
	}
	return c.outcome("", f.close())
}

// fileSetvbuf is file:setvbuf. Files are always buffered, the streams of the run never.
func fileSetvbuf(c call) int {
	c.file(1)
	switch mode := c.str(2); mode {
	case "no", "full", "line":
	default:
		c.fail(2, "invalid option '"+mode+"'")
	}
	c.optInt(3, 0)
	return c.results(lua.LTrue)
}

// fileText is tostring of a file.
func fileText(c call) int {
	if c.anyFile(1).closed {
		return c.results(lua.LString("file (closed)"))
	}
	return c.results(lua.LString("file (" + c.Get(1).String() + ")"))
}

// ioType is io.type.
func ioType(c call) int {
	holder, ok := c.present(1).(*lua.LUserData)
	if !ok {
		return c.results(lua.LNil)
	}
	f, ok := holder.Value.(*file)
	switch {
	case !ok:
		return c.results(lua.LNil)
	case f.closed:
		return c.results(lua.LString("closed file"))
	}
	return c.results(lua.LString("file"))
}

// ioClose is io.close, of the output file when none is given.
func (lib *library) ioClose(c call) int {
	if c.GetTop() == 0 {
		c.Push(lib.wrapFile(lib.output))
	}
	return fileClose(c)
}

// ioOpen is io.open.
func (lib *library) ioOpen(c call) int {
	f, err := lib.openFile(c.str(1), c.optStr(2, "r"))
	if err != nil {
		return c.failed(c.str(1), err)
	}
	return c.results(lib.wrapFile(f))
}

// redirect is io.input or io.output: it sets a default file to the one that the
// first argument is or names, and returns the file.
func (lib *library) redirect(c call, target **file, mode string) int {
	switch name, named := c.Get(1).(lua.LString); {
	case named:
		f, err := lib.openFile(string(name), mode)
		if err != nil {
			c.cannotOpen(string(name), err)
		}
		*target = f
	case !c.absent(1):
		*target = c.file(1)
	}
	return c.results(lib.wrapFile(*target))
}

// ioLines is io.lines; it closes a file that it opened at its end.
func (lib *library) ioLines(c call) int {
	if c.absent(1) {
		if lib.input.closed {
			c.raise("attempt to use a closed file")
		}
		return c.lines(lib.input, false)
	}
	f, err := lib.openFile(c.str(1), "r")
	if err != nil {
		c.cannotOpen(c.str(1), err)
	}
	return c.lines(f, true)
}

// standard returns a default file, which has to be open.
func (c call) standard(f *file, name string) *file {
	if f.closed {
		c.raise("standard " + name + " file is closed")
	}
	return f
}

// lines returns an iterator over the lines of a file.
func (c call) lines(f *file, closeAtEnd bool) int {
	return c.results(c.NewFunction(func(L *lua.LState) int {
		inner := call{LState: L, name: "lines"}
		if f.closed {
			inner.raise("file is already closed")
		}
		f.readFor(L)
		line, err := inner.line(f, false)
		if err == nil {
			return inner.results(lua.LString(line))
		}
		if !errors.Is(err, io.EOF) {
			inner.raise(words("", err))
		}
		if closeAtEnd {
			if err := f.close(); err != nil {
				inner.raise(words("", err))
			}
		}
		return inner.results(lua.LNil)
	}))
}
