package lualib

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openDebug defines the part of the debug library that only looks.
func (lib *library) openDebug(L *lua.LState) {
	list := functions{
		{"traceback", traceback},
		{"getmetatable", lib.anyMetatable},
		{"setmetatable", lib.setAnyMetatable},
		{"getinfo", getInfo},
		{"gethook", func(c call) int { return c.results(lua.LNil, lua.LString(""), lua.LNumber(0)) }},
		{"sethook", setHook},
	}
	for _, name := range []string{"debug", "getlocal", "getregistry", "getupvalue", "getfenv", "setfenv", "setlocal", "setupvalue"} {
		list = append(list, function{name, func(c call) int {
			c.raise("debug." + name + " is not available: a script cannot reach into running functions")
			return 0
		}})
	}
	lib.module(L, "debug", list)
}

// setHook is debug.sethook. Hooks are not supported, so it can only remove one.
func setHook(c call) int {
	hook := 1
	if c.Get(1).Type() == lua.LTThread {
		hook = 2
	}
	if !c.absent(hook) {
		c.raise("debug.sethook is not available: phscript does not support hooks")
	}
	return 0
}

// anyMetatable is debug.getmetatable, which shows protected ones too.
func (lib *library) anyMetatable(c call) int {
	if meta := lib.visible(c.present(1)); meta != nil {
		return c.results(meta)
	}
	return c.results(lua.LNil)
}

// setAnyMetatable is debug.setmetatable. The basic types share one metatable each.
func (lib *library) setAnyMetatable(c call) int {
	v := c.Get(1)
	if t := c.Get(2).Type(); c.GetTop() < 2 || t != lua.LTNil && t != lua.LTTable {
		c.fail(2, "nil or table expected")
	}
	if _, userdata := v.(*lua.LUserData); userdata || c.GetMetaField(v, PrintField) != lua.LNil {
		c.raise("debug.setmetatable is not available for this value: it belongs to phscript")
	}
	lib.share(c.LState, v, c.Get(2))
	return c.results(lua.LTrue)
}

// getInfo is debug.getinfo, with all that it knows whatever is asked for.
func getInfo(c call) int {
	frame := &lua.Debug{}
	what, asked := "Slunf", c.Get(1)
	switch v := asked.(type) {
	case *lua.LFunction:
		what = ">Suf"
	case lua.LNumber:
		found, ok := c.GetStack(int(v))
		if !ok || v < 0 {
			return c.results(lua.LNil)
		}
		frame = found
	default:
		c.fail(1, "function or level expected")
	}
	value, err := c.GetInfo(what, frame, asked)
	if err != nil {
		return c.refuse(err)
	}
	table := c.NewTable()
	fn, _ := value.(*lua.LFunction)
	kind, source, line, first, last := "C", "=[C]", -1, -1, -1
	if fn != nil && !fn.IsG && fn.Proto.SourceName != HiddenSource {
		kind, source, first, last = "Lua", "@"+frame.Source, fn.Proto.LineDefined, fn.Proto.LastLineDefined
		if first == 0 {
			kind = "main"
		}
		if what != ">Suf" {
			line = frame.CurrentLine
		}
	}
	if frame.Name != "" && frame.What != "main" { // gopher-lua names what a thread runs
		table.RawSetString("name", lua.LString(frame.Name))
	}
	table.RawSetString("what", lua.LString(kind))
	table.RawSetString("source", lua.LString(source))
	table.RawSetString("short_src", lua.LString(source[1:]))
	table.RawSetString("currentline", lua.LNumber(line))
	table.RawSetString("linedefined", lua.LNumber(first))
	table.RawSetString("lastlinedefined", lua.LNumber(last))
	table.RawSetString("nups", lua.LNumber(frame.NUpvalues))
	table.RawSetString("func", value)
	return c.results(table)
}

// Bounds of a traceback: maxTraceback is how many lines it has at most, and
// maxLevels how many calls of a thread are looked at. Each look walks down from
// the innermost call.
const (
	maxTraceback = 22
	maxLevels    = 1000
)

// traceback is debug.traceback.
func traceback(c call) int {
	thread, first := c.LState, 1
	if other, ok := c.Get(1).(*lua.LState); ok {
		thread, first = other, 2
	}
	message := c.Get(first)
	switch message.(type) {
	case lua.LString, lua.LNumber:
	default:
		if c.GetTop() >= first {
			return c.results(message)
		}
	}
	level := 1
	if thread != c.LState {
		level = 0
	}
	lines := Traceback(thread, c.optInt(first+1, level))
	if message != lua.LNil {
		lines = append([]string{ToString(c.LState, message)}, lines...)
	}
	return c.results(lua.LString(strings.Join(lines, "\n")))
}

// Traceback lists the functions that run in a thread, from a level on and without
// the library's own functions. The first line is the title.
func Traceback(L *lua.LState, level int) []string {
	lines := []string{"stack traceback:"}
	// unnamed is the last line without the name of the function. A function that the
	// library calls has no name in the script.
	unnamed := ""
	for end := level + maxLevels; level < end; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			break
		}
		line, without := frameLine(L, frame)
		if unnamed != "" && frame.Source == HiddenSource {
			lines[len(lines)-1] = "\t" + unnamed
		}
		if line != "" {
			lines = append(lines, "\t"+line)
		}
		unnamed = without
	}
	if len(lines) > maxTraceback {
		const ends = maxTraceback / 2
		lines = append(append(lines[:ends:ends], "\t..."), lines[len(lines)-ends+1:]...)
	}
	return lines
}

// frameLine describes one running function, with its name and without; both are ""
// for one to leave out, and a function of Go has a name always.
func frameLine(L *lua.LState, frame *lua.Debug) (line, unnamed string) {
	value, err := L.GetInfo("Slnf", frame, lua.LNil)
	if err != nil || frame.Source == HiddenSource {
		return "", ""
	}
	fn, ok := value.(*lua.LFunction)
	if !ok || fn.IsG {
		if frame.Name == "" || strings.ContainsAny(frame.Name[:1], "(?<\x00") {
			return "", ""
		}
		return "[C]: in function '" + frame.Name + "'", ""
	}
	at := fmt.Sprintf("%s:%d: in ", frame.Source, frame.CurrentLine)
	unnamed = fmt.Sprintf("%sfunction <%s:%d>", at, frame.Source, fn.Proto.LineDefined)
	switch {
	case fn.Proto.LineDefined == 0:
		return at + "main chunk", ""
	case frame.What == "main" || frame.Name == "" || strings.ContainsAny(frame.Name[:1], "(?<\x00"):
		return unnamed, unnamed
	}
	return at + "function '" + frame.Name + "'", unnamed
}
