package runtime

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openFiles are the handles that a script got from io.open and io.output. Lua
// flushes what a script left open when it ends; what is buffered in a handle is
// out of reach of the sandbox, so the handles themselves are closed.
type openFiles struct {
	handles []*lua.LUserData
	// prune is the number of handles at which closed ones are looked for.
	prune int
}

// trackFiles puts a note of every handle around io.open and io.output.
func (r *run) trackFiles() {
	lib, ok := r.L.G.Global.RawGetString("io").(*lua.LTable)
	if !ok {
		return
	}
	r.files.prune = 64
	for _, name := range []string{"open", "output"} {
		original := lib.RawGetString(name)
		lib.RawSetString(name, r.L.NewFunction(func(L *lua.LState) int {
			n := L.GetTop()
			L.Insert(original, 1)
			L.Call(n, lua.MultRet)
			if handle, ok := L.Get(1).(*lua.LUserData); ok {
				r.files.add(L, handle)
			}
			return L.GetTop()
		}))
	}
}

func (f *openFiles) add(L *lua.LState, handle *lua.LUserData) {
	if len(f.handles) >= f.prune {
		open := f.handles[:0]
		for _, h := range f.handles {
			if isOpen(L, h) {
				open = append(open, h)
			}
		}
		clear(f.handles[len(open):])
		f.handles, f.prune = open, max(64, 2*len(open))
	}
	f.handles = append(f.handles, handle)
}

// isOpen asks io.type, as a script would.
func isOpen(L *lua.LState, handle *lua.LUserData) bool {
	return lua.LVAsString(callLibrary(L, "type", handle)) == "file"
}

// callLibrary calls a function of the io library and returns its first result,
// or nil where it fails.
func callLibrary(L *lua.LState, name string, handle *lua.LUserData) lua.LValue {
	lib, ok := L.G.Global.RawGetString("io").(*lua.LTable)
	if !ok {
		return lua.LNil
	}
	if err := L.CallByParam(lua.P{Fn: lib.RawGetString(name), NRet: 1, Protect: true}, handle); err != nil {
		return lua.LNil
	}
	v := L.Get(-1)
	L.Pop(1)
	return v
}

// closeAll closes the handles that a finished script left open.
func (f *openFiles) closeAll(L *lua.LState) {
	for _, h := range f.handles {
		if isOpen(L, h) {
			callLibrary(L, "close", h)
		}
	}
	f.handles = nil
}

// unclosed is the error for files that a module holds open for writing when the
// script has ended: part of their text never left the module.
func unclosed(names []string) error {
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("%s: opened for writing and never closed, so nothing was written: call close() on what the module returned",
		strings.Join(names, ", "))
}

// closeFiles ends the sandbox. What is still open is dropped, and that is an
// error where the script has finished.
func (h *host) closeFiles(finished bool) error {
	var left error
	if finished {
		left = unclosed(h.box.Unfinished())
	}
	return errors.Join(left, h.box.Close())
}
