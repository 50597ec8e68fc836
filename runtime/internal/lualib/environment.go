package lualib

import (
	"sync"

	lua "github.com/yuin/gopher-lua"
)

// environments are the functions for environments, and module. They check their
// arguments as Lua does, and leave the rest to those of gopher-lua.
func environments() functions {
	stock := stockBase()
	return functions{
		{"getfenv", func(c call) int {
			if !c.absent(1) {
				c.functionOrLevel()
			}
			return stock["getfenv"](c.LState)
		}},
		{"setfenv", func(c call) int {
			c.table(2)
			fn := c.functionOrLevel()
			if fn == nil && c.Get(1) != lua.LNumber(0) {
				c.fail(1, "invalid level")
			}
			if fn != nil && (fn.IsG || fn.Proto.SourceName == HiddenSource) {
				c.raise("'setfenv' cannot change environment of given object")
			}
			return stock["setfenv"](c.LState)
		}},
		{"module", func(c call) int {
			c.str(1)
			return stock["module"](c.LState)
		}},
		{"newproxy", newProxy},
	}
}

// stockBase are the functions that are gopher-lua's own.
var stockBase = sync.OnceValue(func() map[string]lua.LGFunction {
	L := lua.NewState(lua.Options{SkipOpenLibs: true, CallStackSize: 8, RegistrySize: 64})
	defer L.Close()
	L.Push(L.NewFunction(lua.OpenBase))
	L.Call(0, 0)
	list := map[string]lua.LGFunction{}
	for _, name := range []string{"getfenv", "module", "setfenv"} {
		list[name] = L.GetGlobal(name).(*lua.LFunction).GFunction
	}
	return list
})

// functionOrLevel reads the first argument, a function or a level of the stack, and
// returns the function, which is nil for level 0 and for a level without one.
func (c call) functionOrLevel() *lua.LFunction {
	if fn, ok := c.Get(1).(*lua.LFunction); ok {
		return fn
	}
	level := c.int(1)
	if level < 0 {
		c.fail(1, "level must be non-negative")
	}
	c.Replace(1, lua.LNumber(level))
	frame, ok := c.GetStack(level)
	if !ok || level == 0 {
		return nil
	}
	value, err := c.GetInfo("f", frame, lua.LNil)
	if err != nil {
		return nil
	}
	fn, _ := value.(*lua.LFunction)
	return fn
}

// proxy is the value of what newproxy makes.
type proxy struct{}

// newProxy is newproxy.
func newProxy(c call) int {
	made := &lua.LUserData{Value: proxy{}, Env: c.Env, Metatable: lua.LNil}
	switch v := c.Get(1).(type) {
	case *lua.LNilType:
	case lua.LBool:
		if v {
			made.Metatable = c.NewTable()
		}
	default:
		like, ok := v.(*lua.LUserData)
		if ok {
			_, ok = like.Value.(proxy)
		}
		if !ok || like.Metatable == lua.LNil {
			c.fail(1, "boolean or proxy expected")
		}
		made.Metatable = like.Metatable
	}
	return c.results(made)
}
