package lualib

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/phscript/phscript/runtime/internal/compile"
	lua "github.com/yuin/gopher-lua"
)

// openPackage defines the package table. The loaders and require are the
// runtime's; libraries in C cannot be loaded.
func (lib *library) openPackage(L *lua.LState) {
	registry := L.Get(lua.RegistryIndex).(*lua.LTable)
	table := L.CreateTable(0, 8)
	known := L.CreateTable(0, 16)
	registry.RawSetString("_LOADED", known)
	table.RawSetString("loaded", known)
	table.RawSetString("preload", L.CreateTable(0, 0))
	table.RawSetString("path", lua.LString(ModulePath))
	loaders := L.CreateTable(2, 0)
	for _, search := range []lua.LGFunction{searchPreload, searchOthers} {
		fn := L.NewFunction(search)
		lib.loaders = append(lib.loaders, fn)
		loaders.Append(fn)
	}
	table.RawSetString("loaders", loaders)
	table.RawSetString("cpath", lua.LString(""))
	table.RawSetString("config", lua.LString("/\n;\n?\n!\n-"))
	known.RawSetString("package", table)
	lib.pkg = table
	L.Get(lua.GlobalsIndex).(*lua.LTable).RawSetString("package", table)
	register(L, table, functions{
		{"seeall", seeAll},
		{"loadlib", func(c call) int {
			return c.results(lua.LNil, lua.LString("libraries in C cannot be loaded"), lua.LString("absent"))
		}},
	})
}

// ModulePath is package.path at the start.
const ModulePath = "./?.lua;./lib/?.lua"

// PackageField is a field of the package table.
func PackageField(L *lua.LState, name string) lua.LValue { return of(L).pkg.RawGetString(name) }

// IsLoader reports whether a function is one of those that package.loaders holds at
// the start.
func IsLoader(L *lua.LState, fn *lua.LFunction) bool { return slices.Contains(of(L).loaders, fn) }

// searchPreload is the first of package.loaders: it finds what a script put into
// package.preload.
func searchPreload(L *lua.LState) int {
	c := call{LState: L, name: "loader_preload"}
	name := c.str(1)
	preload := PackageField(L, "preload")
	if fn := c.GetField(preload, name); fn != lua.LNil {
		return c.results(fn)
	}
	return c.results(lua.LString("\n\tno field package.preload['" + name + "']"))
}

// searchOthers is the second of package.loaders: a function that has require load
// the module, since only require knows where files and built-in modules are.
func searchOthers(L *lua.LState) int {
	c := call{LState: L, name: "loader_Lua"}
	name := lua.LString(c.str(1))
	return c.results(c.NewFunction(func(L *lua.LState) int {
		return call{LState: L, name: "loader_Lua"}.results(call{LState: L}.invoke(L.G.Global.RawGetString("require"), name))
	}))
}

// seeAll is package.seeall.
func seeAll(c call) int {
	module := c.table(1)
	meta, ok := module.Metatable.(*lua.LTable)
	if !ok {
		meta = c.NewTable()
		module.Metatable = meta
	}
	meta.RawSetString("__index", c.Get(lua.GlobalsIndex))
	return 0
}

// chunk compiles source and returns the function, or nil and the message.
func (lib *library) chunk(c call, src []byte, name string) int {
	compile.CheckSource(c.LState, src)
	proto, err := compile.Options{Context: c.Context()}.Compile(src, name)
	if err != nil {
		return c.refuse(err)
	}
	return c.results(c.NewFunctionFromProto(proto))
}

// loadString is loadstring.
func (lib *library) loadString(c call) int {
	src := c.str(1)
	return lib.chunk(c, []byte(src), compile.ChunkName(c.optStr(2, src)))
}

// load is Lua's load, which reads the source from a function.
func (lib *library) load(c call) int {
	reader := c.function(1)
	name := c.optStr(2, "=(load)")
	var src strings.Builder
	for {
		piece := c.invoke(reader)
		text, ok := piece.(lua.LString)
		if piece == lua.LNil || ok && text == "" {
			return lib.chunk(c, []byte(src.String()), compile.ChunkName(name))
		}
		if !ok {
			return c.results(lua.LNil, lua.LString("reader function must return a string"))
		}
		compile.CheckSize(c.LState, src.Len()+len(text))
		src.WriteString(string(text))
	}
}

// source reads the file that loadfile and dofile name, or standard input.
func (lib *library) source(c call) (src []byte, path string, err error) {
	if c.absent(1) {
		lib.stdin.readFor(c.LState)
		src, err = io.ReadAll(lib.stdin.reader)
		return src, "stdin", err
	}
	name := c.str(1)
	src, path, err = lib.host.ReadSource(name)
	if err != nil {
		text, named := strings.CutPrefix(words(name, err), name+": ")
		if !named {
			text = err.Error()
		}
		if _, ok := err.(interface{ ErrorHint() string }); ok {
			compile.Faults(c.LState).Note(text, err)
		}
		return nil, "", fmt.Errorf("cannot open %s: %s", name, text)
	}
	return src, path, nil
}

// loadFile is loadfile.
func (lib *library) loadFile(c call) int {
	src, path, err := lib.source(c)
	if err != nil {
		return c.refuse(err)
	}
	proto, err := lib.compileFile(c.LState, src, path)
	if err != nil {
		return c.refuse(err)
	}
	return c.results(c.NewFunctionFromProto(proto))
}

// compileFile compiles a file for loadfile and dofile.
func (lib *library) compileFile(L *lua.LState, src []byte, path string) (*lua.FunctionProto, error) {
	compiler := func(ctx context.Context, src []byte, path string) (*lua.FunctionProto, error) {
		return compile.Options{Context: ctx}.Compile(src, path)
	}
	if host, ok := lib.host.(FileCompiler); ok {
		compiler = host.CompileFile
	}
	compile.CheckSource(L, src)
	proto, err := compiler(L.Context(), src, path)
	if err != nil {
		compile.Faults(L).Note(err.Error(), err)
	}
	return proto, err
}

// doFile is dofile.
func (lib *library) doFile(c call) int {
	src, path, err := lib.source(c)
	if err == nil {
		proto, compileErr := lib.compileFile(c.LState, src, path)
		if compileErr == nil {
			top := c.GetTop()
			c.Push(c.NewFunctionFromProto(proto))
			c.Call(0, lua.MultRet)
			return c.GetTop() - top
		}
		err = compileErr
	}
	c.Error(lua.LString(err.Error()), 0)
	return 0
}
