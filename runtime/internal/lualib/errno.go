package lualib

import (
	"errors"
	"io/fs"
	"syscall"

	lua "github.com/yuin/gopher-lua"
)

// failed returns nil, the text of an error and the number that C gives it, as the
// functions for files do.
func (c call) failed(err error) int {
	return c.results(lua.LNil, lua.LString(err.Error()), lua.LNumber(errno(err)))
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
	case errors.Is(err, errNotReadable), errors.Is(err, errNotWritable):
		return int(syscall.EBADF)
	case errors.Is(err, errNotSeekable):
		return int(syscall.ESPIPE)
	}
	return int(syscall.EINVAL)
}
