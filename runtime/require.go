package runtime

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib"
	"github.com/phscript/phscript/stdlib"
)

const builtinKey = builtins.Key

// longestName is how many bytes the name of a module that is looked for in files can have.
const longestName = 1000

// loaded is the table of the modules that this run loaded.
func (r *run) loaded() *lua.LTable { return builtins.Loaded(r.L) }

// require is Lua's require: it looks next to the script, in lib/ next to it,
// and among the built-in modules, in that order. A module runs once per run, even
// if its file is required by several names.
func (r *run) require(L *lua.LState) int {
	name := lualib.CheckString(L, 1, "require")
	if calledByBuiltin(L) {
		L.Push(r.builtin(L, name))
		return 1
	}
	if v := r.loaded().RawGetString(name); lua.LVAsBool(v) {
		L.Push(v)
		return 1
	}
	r.checkCycle(L, name, name)
	v := r.load(L, name)
	r.loaded().RawSetString(name, v)
	L.Push(v)
	return 1
}

// calledByBuiltin reports whether a built-in module calls the current function.
func calledByBuiltin(L *lua.LState) bool {
	dbg, ok := L.GetStack(1)
	if !ok {
		return false
	}
	_, err := L.GetInfo("S", dbg, lua.LNil)
	name, internal := strings.CutPrefix(dbg.Source, bindings.InternalChunk+" ")
	_, builtin := stdlib.Source(name)
	return err == nil && internal && builtin
}

// builtin loads a built-in module. Built-in modules get each other that way, whatever
// files of these names a script has.
func (r *run) builtin(L *lua.LState, name string) lua.LValue {
	text, ok := stdlib.Source(name)
	if !ok && !r.rt.hasGoModule(name) {
		L.RaiseError("there is no built-in module '%s'%s", name, catalog.DidYouMean(name, r.rt.ModuleNames()))
	}
	if !ok {
		return r.open(name)
	}
	if v := r.loaded().RawGetString(builtinKey + name); v != lua.LNil {
		return v
	}
	proto, err := r.compile(L.Context(), text, bindings.InternalChunk+" "+name, "")
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
	v := r.runModule(L, name, L.NewFunctionFromProto(proto))
	r.loaded().RawSetString(builtinKey+name, v)
	return v
}

// checkCycle raises an error if a module, which name requires, is being loaded.
func (r *run) checkCycle(L *lua.LState, module, name string) {
	if i := slices.Index(r.loading, module); i >= 0 {
		circle := append(slices.Clone(r.loading[i:]), name)
		L.RaiseError("modules require each other in a cycle: %s", strings.Join(circle, " → "))
	}
}

// isModuleName reports whether a name can lead to a module.
func isModuleName(name string) bool {
	return !strings.ContainsAny(name, `/\`) && !slices.Contains(strings.Split(name, "."), "")
}

// load finds and runs a module and returns its value.
func (r *run) load(L *lua.LState, name string) lua.LValue {
	if !isModuleName(name) {
		L.RaiseError("'%s' is not a module name: write it with dots and without .lua, as in require \"lib.accounts\"", name)
	}
	if loader := r.preloaded(name); loader != nil {
		return r.runModule(L, name, loader)
	}
	loader, told := r.customLoader(L, name)
	if loader != nil {
		return r.runModule(L, name, loader)
	}
	if len(name) > longestName {
		L.RaiseError("'%s...' is not a module name: it is %d bytes long", name[:60], len(name))
	}
	src, chunk, file, tried, err := r.findModule(name)
	if err != nil {
		L.RaiseError("cannot read module '%s': %s", name, err.Error())
	}
	if src == nil {
		if _, ok := stdlib.Source(name); ok || r.rt.hasGoModule(name) {
			return r.builtin(L, name)
		}
		L.RaiseError("module '%s' not found%s; looked for %s, and among the built-in modules%s",
			name, catalog.DidYouMean(name, r.rt.ModuleNames()), strings.Join(tried, ", "), told)
	}
	if file != "" {
		r.noteModule(file, src)
		files := builtins.ModuleFiles(r.L)
		if first, ok := files.RawGetString(file).(lua.LString); ok {
			if v := r.loaded().RawGetString(string(first)); lua.LVAsBool(v) {
				return v
			}
			r.checkCycle(L, string(first), name)
		}
		files.RawSetString(file, lua.LString(name))
	}
	proto, err := r.compile(L.Context(), src, chunk, file)
	if err != nil {
		compile.Faults(L).Note(err.Error(), err)
		L.Error(lua.LString(err.Error()), 0)
	}
	return r.runModule(L, name, L.NewFunctionFromProto(proto))
}

// preloaded returns the loader that a script put into package.preload, or nil.
func (r *run) preloaded(name string) *lua.LFunction {
	preload, ok := lualib.PackageField(r.L, "preload").(*lua.LTable)
	if !ok {
		r.L.Error(lua.LString("'package.preload' must be a table"), 0)
	}
	fn, _ := preload.RawGetString(name).(*lua.LFunction)
	return fn
}

// customLoader returns what the first of a script's own functions in package.loaders
// returns for a module, or nil, and what they say about it. Those that are there from
// the start are skipped: they are what load does.
func (r *run) customLoader(L *lua.LState, name string) (loader *lua.LFunction, told string) {
	loaders, ok := lualib.PackageField(L, "loaders").(*lua.LTable)
	if !ok {
		L.RaiseError("'package.loaders' must be a table")
	}
	for i := 1; i <= loaders.Len(); i++ {
		fn, ok := loaders.RawGetInt(i).(*lua.LFunction)
		if !ok || lualib.IsLoader(L, fn) {
			continue
		}
		L.Push(fn)
		L.Push(lua.LString(name))
		L.Call(1, 1)
		answer := L.Get(-1)
		L.Pop(1)
		switch answer := answer.(type) {
		case *lua.LFunction:
			return answer, ""
		case lua.LString, lua.LNumber:
			told += answer.String()
		}
	}
	return nil, told
}

// runModule calls a module's chunk. The module is the chunk's result, or else
// what it left in package.loaded, or true.
func (r *run) runModule(L *lua.LState, name string, fn *lua.LFunction) lua.LValue {
	depth := len(r.loading)
	r.loading = append(r.loading, name)
	// Restore the list even if the chunk fails or never returns.
	defer func() { r.loading = r.loading[:depth] }()
	// Two functions of parallel.map may need the module: the second one gets it when it is
	// complete.
	defer r.threads.Hold()()
	L.Push(fn)
	L.Push(lua.LString(name))
	arguments := 1
	if fn.Proto != nil && strings.HasPrefix(fn.Proto.SourceName, bindings.InternalChunk) {
		L.Push(L.NewFunction(explainMissing))
		L.Push(r.privileges(L, name))
		arguments += 2
	}
	L.Call(arguments, 1)
	v := L.Get(-1)
	L.Pop(1)
	if v != lua.LNil {
		return v
	}
	if v := r.loaded().RawGetString(name); v != lua.LNil {
		return v
	}
	return lua.LTrue
}

// findModule looks for a module's source, and its file if it has one. Without a
// source, src is nil and tried names the files that were tried.
func (r *run) findModule(name string) (src []byte, chunk, file string, tried []string, err error) {
	rel := strings.ReplaceAll(name, ".", "/")
	for _, dir := range r.moduleDirs() {
		for _, candidate := range []string{rel + ".lua", rel + "/init.lua", "lib/" + rel + ".lua", "lib/" + rel + "/init.lua"} {
			candidate = path.Join(dir, candidate)
			file := filepath.Join(r.dir(), filepath.FromSlash(candidate))
			src, err := r.readModule(file)
			if err == nil {
				return src, r.shownAs(candidate), file, nil, nil
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, "", "", nil, err
			}
			tried = append(tried, r.shownAs(candidate))
		}
	}
	for _, candidate := range r.pathCandidates(rel) {
		file := candidate
		if !filepath.IsAbs(file) {
			file = filepath.Join(r.dir(), filepath.FromSlash(file))
		}
		src, err := r.readModule(file)
		if err == nil {
			return src, candidate, file, nil, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, "", "", nil, err
		}
		tried = append(tried, candidate)
	}
	if text, ok := r.opts.LuaModules[name]; ok {
		return []byte(text), name, "", nil, nil
	}
	return nil, "", "", tried, nil
}

// pathCandidates are the files that the templates of package.path name, without
// those that are searched anyway.
func (r *run) pathCandidates(rel string) []string {
	path := lualib.PackageField(r.L, "path")
	if !lua.LVCanConvToString(path) {
		r.L.Error(lua.LString("'package.path' must be a string"), 0)
	}
	var files []string
	for template := range strings.SplitSeq(path.String(), ";") {
		if template != "" && !slices.Contains(searchedAnyway, template) {
			files = append(files, strings.ReplaceAll(template, "?", rel))
		}
	}
	return files
}

// searchedAnyway are the templates of package.path that require always knows.
var searchedAnyway = strings.Split(lualib.ModulePath, ";")

// moduleDirs are the folders that require searches, relative to the script's.
func (r *run) moduleDirs() []string {
	dirs := []string{"."}
	for _, dir := range r.opts.ModuleDirs {
		if rel, err := filepath.Rel(r.dir(), dir); err == nil && rel != "." {
			dirs = append(dirs, filepath.ToSlash(rel))
		}
	}
	return dirs
}

// shownAs is a neighboring file's name in messages: the script's own name with
// the last part replaced.
func (r *run) shownAs(candidate string) string {
	if r.script.Path == "" {
		return candidate
	}
	return path.Join(path.Dir(filepath.ToSlash(r.script.Name)), candidate)
}
