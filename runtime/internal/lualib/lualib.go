// Package lualib is the standard library of Lua 5.1 for gopher-lua states: with
// the results that Lua 5.1 gives where gopher-lua's own library differs, with
// every act outside of the state going through a Host, and without a way to
// outlive the state's context.
//
// What gopher-lua cannot do is not here either: weak tables (__mode) and
// finalizers (__gc) are accepted and have no effect, string.dump, loading of C
// libraries and debug hooks are refused.
package lualib

import (
	"math/rand"
	"time"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/machine"
	lua "github.com/yuin/gopher-lua"
)

// registryKey is where a state's registry holds the library.
const registryKey = "phscript.lualib"

// library is what one open library keeps besides its functions.
type library struct {
	host    Host
	started time.Time
	// random is nil until a script needs it.
	random *rand.Rand

	// nesting counts the coroutines that run inside of each other.
	nesting int

	// trace is the traceback of the last error in a protected call.
	trace []string

	// words is the last text that a script raised itself, so it is not taken for one
	// of the machine's messages even if it reads like one.
	words string

	// onLost is what OnLost set.
	onLost func(L *lua.LState, cause lua.LValue)

	// pkg is the package table, and loaders are the functions of its loaders.
	pkg     *lua.LTable
	loaders []*lua.LFunction

	// tostring is the function of that name.
	tostring lua.LValue

	// pcall is the function of that name, body makes a Lua function of a Go function.
	pcall, body *lua.LFunction
	// raiseWrapped takes the errors of coroutines that coroutine.wrap makes, raiseWorker
	// those of threads that AsWorker was called for, raisePlain those of all others.
	raiseWrapped, raiseWorker, raisePlain func(*lua.LState)

	input, output *file
	stdin         *file
	fileMeta      *lua.LTable
	// maxString is the most bytes of a string.
	maxString int

	// shared are the metatables of basic types that scripts see.
	shared map[lua.LValueType]lua.LValue

	// tuning holds what collectgarbage set.
	tuning map[string]int

	// open are the files that were opened and not closed yet.
	open map[*file]struct{}
}

// StateOptions returns the options of a state that the library is meant for:
// small at first, because every coroutine has its own stacks, and
// growing to Lua's usual depth of calls.
func StateOptions() lua.Options {
	return lua.Options{
		SkipOpenLibs:        true,
		CallStackSize:       16000,
		MinimizeStackMemory: true,
		RegistrySize:        256,
		RegistryMaxSize:     1 << 20,
		RegistryGrowStep:    2048,
	}
}

// Open puts the standard library into the globals of a fresh state. The
// package.loaded table holds the libraries; require itself is not defined here.
func Open(L *lua.LState, host Host, limits Limits) {
	if limits.MaxString <= 0 {
		limits.MaxString = DefaultMaxString
	}
	registry := L.Get(lua.RegistryIndex).(*lua.LTable)
	registry.RawSetString(compile.MaxStringKey, lua.LNumber(limits.MaxString))
	if limits.BeforeLong != nil {
		registry.RawSetString(compile.BeforeLongKey, &lua.LUserData{Value: limits.BeforeLong, Metatable: lua.LNil})
	}
	registry.RawSetString(compile.FaultsKey, &lua.LUserData{Value: &fault.Log{}, Metatable: lua.LNil})
	lib := &library{
		host:      host,
		maxString: limits.MaxString,
		started:   host.Now(),
		open:      map[*file]struct{}{},
		tuning:    map[string]int{},
		shared:    map[lua.LValueType]lua.LValue{},
	}
	lib.raisePlain = func(L *lua.LState) { lib.raise(L, plain) }
	lib.raiseWorker = func(L *lua.LState) { lib.raise(L, worker) }
	lib.raiseWrapped = func(L *lua.LState) { lib.raise(L, wrapped) }
	registry.RawSetString(registryKey, &lua.LUserData{Value: lib, Metatable: lua.LNil})
	machine.Attach(L)
	lib.openPackage(L)
	lib.openBase(L)
	lib.openCoroutine(L)
	lib.openProtected(L)
	lib.openTable(L)
	lib.openString(L)
	lib.openMath(L)
	lib.openIO(L)
	lib.openOS(L)
	lib.openDebug(L)
	lib.openTypes(L)
	L.SetTop(0)
}

// of returns the library of a state, or nil where Open was not called.
func of(L *lua.LState) *library {
	registry, ok := L.Get(lua.RegistryIndex).(*lua.LTable)
	if !ok {
		return nil
	}
	holder, ok := registry.RawGetString(registryKey).(*lua.LUserData)
	if !ok {
		return nil
	}
	lib, _ := holder.Value.(*library)
	return lib
}

// function is a function of Lua.
type function struct {
	name string
	run  func(call) int
}

type functions []function

// module makes a library table, in the globals and in package.loaded.
func (lib *library) module(L *lua.LState, name string, list functions) *lua.LTable {
	table := L.CreateTable(0, 0)
	register(L, table, list)
	L.Get(lua.GlobalsIndex).(*lua.LTable).RawSetString(name, table)
	loaded(L).RawSetString(name, table)
	return table
}

// register adds functions to a table.
func register(L *lua.LState, table *lua.LTable, list functions) {
	machine.GrowFields(table, len(list))
	made := make([]lua.LFunction, len(list))
	for i, f := range list {
		made[i] = lua.LFunction{
			IsG: true, Env: L.Env,
			GFunction: func(L *lua.LState) int { return f.run(call{LState: L, name: f.name}) },
		}
		machine.SetField(table, lua.LString(f.name), &made[i])
	}
}

// loaded returns package.loaded.
func loaded(L *lua.LState) *lua.LTable {
	return L.Get(lua.RegistryIndex).(*lua.LTable).RawGetString("_LOADED").(*lua.LTable)
}
