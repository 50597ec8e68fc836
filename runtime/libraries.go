package runtime

import (
	"context"
	"errors"
	"io"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/runtime/internal/sandbox"
)

// prepare opens Lua's own libraries and the other globals. They serve every run
// in the state.
func (r *run) prepare() {
	L := r.L
	lualib.Open(L, luaHost{r.host, r.box, clock{r.opts.Now, r.opts.Location}}, lualib.Limits{
		MaxString:  r.opts.MaxString,
		BeforeLong: func(L *lua.LState, size int) { running(L.Context()).heap.Before(size) },
	})
	lualib.OnLost(L, func(L *lua.LState, cause lua.LValue) { running(L.Context()).lose(L, cause) })
	L.G.Global.RawSetString("require", L.NewFunction(func(L *lua.LState) int { return running(L.Context()).require(L) }))
	r.setValues()
	r.lazyGlobals()
}

// luaHost is the host as Lua's own libraries see it.
type luaHost struct {
	*host
	*sandbox.Sandbox
	clock
}

var (
	_ lualib.Host         = luaHost{}
	_ lualib.FileCompiler = luaHost{}
)

// ReadSource reads a file for loadfile and dofile. Messages use the script's
// name for it. Its text is kept for error reports.
func (h luaHost) ReadSource(name string) ([]byte, string, error) {
	src, path, err := h.box.ReadFile(name)
	if err == nil && h.opts.AllowFile != nil {
		err = h.opts.AllowFile(path)
	}
	if err == nil {
		h.paths[name] = path
	}
	return src, name, err
}

// CompileFile compiles what ReadSource read.
func (h luaHost) CompileFile(ctx context.Context, src []byte, name string) (*lua.FunctionProto, error) {
	return h.compile(ctx, src, name, h.paths[name])
}

// Getenv returns a declared variable. os.getenv has no errors: an undeclared
// variable looks unset, and is reported once.
func (h luaHost) Getenv(name string) (string, bool) {
	value, ok, err := h.env.Lookup(name)
	if err != nil {
		h.journal.WarnOnce(context.Background(), "getenv "+name, err.Error())
	}
	return value, ok
}

func (h luaHost) Stdout() io.Writer { return h.stdout }

func (h luaHost) Stderr() io.Writer { return h.stderr }

// Exit ends the run of ctx: nothing of the script runs after it.
func (h luaHost) Exit(ctx context.Context, code int) error {
	exit := &ExitError{Code: code}
	running(ctx).cancel(exit)
	return exit
}

// exited returns the os.exit that ended the script, or nil.
func exited(err error) *ExitError {
	exit, _ := errors.AsType[*ExitError](err)
	return exit
}
