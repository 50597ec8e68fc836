package lualib

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	lua "github.com/yuin/gopher-lua"
)

// failed returns nil, the text of an error and the number that C gives it, as the
// functions for files do. The name is that of the file, or "".
func (c call) failed(name string, err error) int {
	return c.results(lua.LNil, lua.LString(words(name, err)), lua.LNumber(errno(err)))
}

// outcome returns true, or what failed returns.
func (c call) outcome(name string, err error) int {
	if err != nil {
		return c.failed(name, err)
	}
	return c.results(lua.LTrue)
}

// cannotOpen raises the error about the file that the first argument names.
func (c call) cannotOpen(name string, err error) {
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		c.fail(1, words(name, err))
	}
	c.raise(err.Error())
}

// words is the text of an error in C's form: "name: No such file or directory". Errors
// that neither the system nor a file has, such as refusals, keep their own text.
func words(name string, err error) string {
	text := err.Error()
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		text = number.Error()
		text = strings.ToUpper(text[:1]) + text[1:]
	} else if path, ok := errors.AsType[*fs.PathError](err); ok {
		text = path.Err.Error()
	} else {
		return text
	}
	if name == "" {
		return text
	}
	return name + ": " + text
}

// errno is the number of an error. One that the system did not raise gets that of
// a similar one.
func errno(err error) int {
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return int(number)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return int(syscall.ENOENT)
	case errors.Is(err, fs.ErrPermission):
		return int(syscall.EACCES)
	case errors.Is(err, fs.ErrExist):
		return int(syscall.EEXIST)
	}
	return int(syscall.EINVAL)
}
