package lualib

import (
	"context"
	"io"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Host is what the library asks for everything outside of the Lua state. It
// decides what a script may do: its errors are shown to the script's author, so
// they should say what was refused and how to allow it. The library calls it
// from the goroutine that runs the state.
type Host interface {
	// ReadSource returns the Lua source that loadfile and dofile load under a
	// name, with the path that error positions show.
	ReadSource(name string) (src []byte, path string, err error)
	// OpenRead opens a file for io.open, io.lines and io.input.
	OpenRead(name string) (io.ReadCloser, error)
	// OpenWrite creates a file, or opens it to add at its end.
	OpenWrite(name string, appendTo bool) (io.WriteCloser, error)
	// OpenUpdate opens a file for reading and writing: an existing one for 'r', a new
	// one for 'w', and for 'a' one whose writes go to its end.
	OpenUpdate(name string, mode byte) (ReadWriteSeekCloser, error)
	// Remove deletes a file and Rename moves one.
	Remove(name string) error
	Rename(from, to string) error
	// TempName creates an empty file for os.tmpname and returns its name. The file
	// is deleted at the end of the run.
	TempName() (string, error)
	// Getenv returns an environment variable that the script may see.
	Getenv(name string) (value string, ok bool)
	// ReadStdin reads the run's input as an io.Reader does, until ctx, the
	// context of the state that reads, ends.
	ReadStdin(ctx context.Context, p []byte) (int, error)
	// Stdout and Stderr are the run's output.
	Stdout() io.Writer
	Stderr() io.Writer
	// Exit ends the run for os.exit. It cancels ctx, the context of the state,
	// before it returns. The error that it returns is then raised, so that no
	// pcall of the script continues.
	Exit(ctx context.Context, code int) error
	// Now is the clock and Location the zone that os.date and os.time use.
	Now() time.Time
	Location() *time.Location
}

// FileCompiler is a Host that compiles the files of loadfile and dofile itself,
// with what ReadSource gave.
type FileCompiler interface {
	CompileFile(ctx context.Context, src []byte, path string) (*lua.FunctionProto, error)
}

// Limits bounds what single library calls may use.
type Limits struct {
	// MaxString is the most bytes that one string may have when a call or ".."
	// builds it; 0 stands for DefaultMaxString.
	MaxString int
	// BeforeLong, if set, is told the size of each long string before it is made.
	BeforeLong func(L *lua.LState, size int)
}

// DefaultMaxString is 64 MiB.
const DefaultMaxString = 64 << 20
