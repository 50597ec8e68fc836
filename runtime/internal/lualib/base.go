package lualib

import (
	"errors"
	"io"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/machine"
	lua "github.com/yuin/gopher-lua"
)

// openBase defines the functions that are globals.
func (lib *library) openBase(L *lua.LState) {
	globals := L.Get(lua.GlobalsIndex).(*lua.LTable)
	globals.RawSetString("_G", globals)
	globals.RawSetString("_VERSION", lua.LString(lua.LuaVersion))
	loaded(L).RawSetString("_G", globals)
	register(L, globals, environments())
	register(L, globals, functions{
		{"assert", lib.assertTrue},
		{"collectgarbage", lib.collectGarbage},
		{"dofile", lib.doFile},
		{"error", lib.raiseValue},
		{"gcinfo", func(c call) int { c.SetTop(0); c.Push(lua.LString("count")); return lib.collectGarbage(c) }},
		{"getmetatable", lib.getMetatable},
		{"load", lib.load},
		{"loadfile", lib.loadFile},
		{"loadstring", lib.loadString},
		{"next", next},
		{"print", lib.print},
		{"rawequal", func(c call) int { return c.results(lua.LBool(c.RawEqual(c.present(1), c.present(2)))) }},
		{"rawget", func(c call) int { return c.results(c.table(1).RawGet(c.present(2))) }},
		{"rawset", rawSet},
		{"select", selectArgs},
		{"setmetatable", setMetatable},
		{"tonumber", toNumber},
		{"tostring", func(c call) int { return c.results(converted(c.LState, c.present(1))) }},
		{"type", func(c call) int { return c.results(lua.LString(c.present(1).Type().String())) }},
		{"unpack", unpack},
	})
	lib.tostring = globals.RawGetString("tostring")
	step := L.NewFunction(func(L *lua.LState) int { return nextPair(call{LState: L, name: "ipairs"}) })
	advance := globals.RawGetString("next")
	machine.MarkNext(advance.(*lua.LFunction))
	register(L, globals, functions{
		{"ipairs", func(c call) int { return c.results(step, c.table(1), lua.LNumber(0)) }},
		{"pairs", func(c call) int {
			// next fills the table if it has to.
			if t, ok := c.Get(1).(*lua.LTable); ok {
				return c.results(advance, t, lua.LNil)
			}
			return c.results(advance, c.table(1), lua.LNil)
		}},
	})
}

// assertTrue is Lua's assert. An error object that is not text is raised as it is.
func (lib *library) assertTrue(c call) int {
	if lua.LVAsBool(c.present(1)) {
		return c.GetTop()
	}
	switch v := c.Get(2).(type) {
	case lua.LString, lua.LNumber:
		lib.words = c.str(2)
		c.raise(lib.words)
	case *lua.LNilType:
		c.raise("assertion failed!")
	default:
		c.Error(v, 0)
	}
	return 0
}

// raiseValue is error.
func (lib *library) raiseValue(c call) int {
	level := c.optInt(2, 1)
	value := c.Get(1)
	if text, ok := value.(lua.LString); ok && level > 0 {
		value = lua.LString(lib.where(c.LState, level)) + text
	} else if n, ok := value.(lua.LNumber); ok && level > 0 {
		value = lua.LString(lib.where(c.LState, level) + number.Format(float64(n)))
	}
	if text, ok := value.(lua.LString); ok {
		lib.words = string(text)
	}
	c.Error(value, 0)
	return 0
}

// where is the position that a running function is at, in the form that error
// messages start with. Level 1 is the function that called the running Go
// function. As in Lua, a function that ended by calling another one is a level
// without a position, and so is pcall. It is empty for Go functions.
func (lib *library) where(L *lua.LState, level int) string {
	for f := range machine.Frames(L) {
		hidden := !f.Fn.IsG && f.Fn.Proto.SourceName == HiddenSource
		if level == 0 {
			if f.Fn.IsG || hidden {
				return ""
			}
			return f.Fn.Proto.SourceName + ":" + strconv.Itoa(f.Line) + ": "
		}
		level--
		if !hidden {
			level -= f.Tail
		}
		if level < 0 {
			return ""
		}
	}
	return ""
}

// collectGarbage is collectgarbage. Go collects by itself, so the options that
// tune the collector only return what was set before; "count" is the memory of the
// process in KiB.
func (lib *library) collectGarbage(c call) int {
	value := c.optInt(2, 0)
	switch option := c.optStr(1, "collect"); option {
	case "collect":
		runtime.GC()
	case "count":
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(sample)
		return c.results(lua.LNumber(float64(sample[0].Value.Uint64()) / 1024))
	case "step":
		return c.results(lua.LTrue)
	case "setpause", "setstepmul":
		before, ok := lib.tuning[option]
		if !ok {
			before = 200
		}
		lib.tuning[option] = value
		return c.results(lua.LNumber(before))
	case "stop", "restart":
	default:
		c.fail(1, "invalid option '"+option+"'")
	}
	return c.results(lua.LNumber(0))
}

// getMetatable is getmetatable. It does not show the metatables that scripts do not
// know: those of the basic types but strings, and those of the host's records.
func (lib *library) getMetatable(c call) int {
	meta := lib.visible(c.present(1))
	if meta == nil {
		return c.results(lua.LNil)
	}
	if field := meta.RawGetString("__metatable"); field != lua.LNil {
		return c.results(field)
	}
	return c.results(meta)
}

// visible is the metatable of a value, or nil if it has none that scripts may see.
func (lib *library) visible(v lua.LValue) *lua.LTable {
	var meta lua.LValue
	switch v := v.(type) {
	case *lua.LTable:
		meta = v.Metatable
	case *lua.LUserData:
		meta = v.Metatable
	default:
		meta = lib.shared[v.Type()]
	}
	table, ok := meta.(*lua.LTable)
	if !ok || table.RawGetString(PrintField) != lua.LNil || table.RawGetString(compile.FillField) != lua.LNil {
		return nil
	}
	return table
}

// setMetatable is setmetatable.
func setMetatable(c call) int {
	table := c.table(1)
	if t := c.Get(2).Type(); c.GetTop() < 2 || t != lua.LTNil && t != lua.LTTable {
		c.fail(2, "nil or table expected")
	}
	if meta, ok := c.Get(2).(*lua.LTable); ok {
		compile.Fill(meta)
	}
	if old, ok := table.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		c.raise("cannot change a protected metatable")
	}
	table.Metatable = c.Get(2)
	return c.results(table)
}

// next is Lua's next.
func next(c call) int {
	var key, value lua.LValue
	t, known := c.Get(1).(*lua.LTable)
	if known {
		key, value, known = machine.FollowingField(t, c.Get(2))
	}
	if !known {
		key, value, known = machine.Next(c.table(1), c.Get(2))
	}
	if !known {
		c.raise("invalid key to 'next'")
	}
	if key == lua.LNil {
		return c.results(lua.LNil)
	}
	return c.results(key, value)
}

// nextPair is the iterator of ipairs.
func nextPair(c call) int {
	index := c.integer(2) + 1
	value := c.table(1).RawGetInt(index)
	if value == lua.LNil {
		return c.results(lua.LNil)
	}
	return c.results(lua.LNumber(index), value)
}

// rawSet is rawset.
func rawSet(c call) int {
	table := c.table(1)
	c.RawSet(table, c.present(2), c.present(3))
	return c.results(table)
}

// selectArgs is select.
func selectArgs(c call) int {
	count := c.GetTop() - 1
	if c.Get(1) == lua.LString("#") {
		return c.results(lua.LNumber(count))
	}
	n := c.int(1)
	if n < 0 {
		n = count + n + 1
	}
	if n < 1 {
		c.fail(1, "index out of range")
	}
	return max(count-n+1, 0)
}

// toNumber is tonumber.
func toNumber(c call) int {
	base := c.optInt(2, 10)
	if base == 10 {
		n, ok := compile.ToNumber(c.present(1))
		if !ok {
			return c.results(lua.LNil)
		}
		return c.results(lua.LNumber(n))
	}
	text, _, _ := strings.Cut(c.str(1), "\x00")
	text = strings.Trim(text, " \t\n\v\f\r")
	if base < 2 || base > 36 {
		c.fail(2, "base out of range")
	}
	digits, negative := strings.CutPrefix(text, "-")
	if !negative {
		digits = strings.TrimPrefix(text, "+")
	}
	if base == 16 && len(digits) > 2 && strings.EqualFold(digits[:2], "0x") {
		digits = digits[2:]
	}
	if strings.ContainsAny(digits, "+-") {
		return c.results(lua.LNil)
	}
	n, err := strconv.ParseUint(digits, base, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		return c.results(lua.LNil)
	}
	if negative && err == nil {
		n = -n
	}
	return c.results(lua.LNumber(n))
}

// maxUnpacked is how many values one call can return.
const maxUnpacked = 250_000

// unpack is Lua's unpack.
func unpack(c call) int {
	table := c.table(1)
	first := c.optInt(2, 1)
	last := table.Len()
	if !c.absent(3) {
		last = c.integer(3)
	}
	if first > last {
		return 0
	}
	if last-first >= maxUnpacked || last-first < 0 {
		c.raise("too many results to unpack")
	}
	machine.Reserve(c.LState, last-first+1)
	for i := first; i <= last; i++ {
		c.Push(table.RawGet(lua.LNumber(i)))
	}
	return last - first + 1
}

// print writes its arguments to the standard output of the host, by the global
// tostring.
func (lib *library) print(c call) int {
	convert := c.GetTable(c.Get(lua.GlobalsIndex), lua.LString("tostring"))
	var line strings.Builder
	for i := 1; i <= c.GetTop(); i++ {
		if i > 1 {
			line.WriteByte('\t')
		}
		text := lib.printed(c, convert, c.Get(i))
		if line.Len()+len(text) > longestPiece {
			lib.write(c, line.String())
			line.Reset()
		}
		for ; len(text) > longestPiece; text = text[longestPiece:] {
			lib.write(c, text[:longestPiece])
		}
		line.WriteString(text)
	}
	line.WriteByte('\n')
	lib.write(c, line.String())
	return 0
}

// longestPiece is how much of a line is written at once, in bytes.
const longestPiece = 64 << 10

// write writes to the standard output.
func (lib *library) write(c call, text string) {
	c.look()
	_, err := io.WriteString(lib.host.Stdout(), text)
	switch {
	case errors.Is(err, syscall.EPIPE):
		c.raise("the output cannot be written: the program that reads it has ended")
	case err != nil:
		c.raise("the output cannot be written: " + err.Error())
	}
}

// printed is what print shows of a value.
func (lib *library) printed(c call, convert, v lua.LValue) string {
	if convert == lib.tostring {
		return ToString(c.LState, v)
	}
	switch text := c.invoke(convert, v).(type) {
	case lua.LString:
		return string(text)
	case lua.LNumber:
		return number.Format(float64(text))
	}
	c.raise("'tostring' must return a string to 'print'")
	return ""
}
