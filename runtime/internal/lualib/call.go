package lualib

import (
	"fmt"
	"math"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/machine"
	lua "github.com/yuin/gopher-lua"
)

// call is one call of a library function. Its methods read the arguments by
// Lua's rules and raise Lua's errors.
type call struct {
	*lua.LState
	name string
}

// fail raises an error about one argument. A method's object does not count.
func (c call) fail(n int, message string) {
	got := c.typeName(n)
	if machine.Blame(c.LState, 1, lua.LNil).Called(c.name).Operand.Scope == fault.Method {
		n--
	}
	if n == 0 {
		c.raise("calling '" + c.name + "' on bad self")
	}
	compile.Fail(c.LState, &fault.Fault{
		Operation: fault.Argument, Function: c.name, Type: got, Loop: compile.NewBlame(c.LState, 1, lua.LNil).Loop(),
		Message: fmt.Sprintf("bad argument #%d to '%s' (%s)", n, c.name, message),
	})
}

// raise raises an error with the position of the caller.
func (c call) raise(message string) { c.RaiseError("%s", message) }

// wrongType raises the error for an argument of another type than expected.
func (c call) wrongType(n int, expected string) {
	c.fail(n, expected+" expected, got "+c.typeName(n))
}

// typeName names the type of an argument.
func (c call) typeName(n int) string {
	if n > c.GetTop() {
		return "no value"
	}
	return c.Get(n).Type().String()
}

// present checks that there is an argument, nil included.
func (c call) present(n int) lua.LValue {
	if n > c.GetTop() {
		c.fail(n, "value expected")
	}
	return c.Get(n)
}

// absent reports whether an optional argument is missing or nil.
func (c call) absent(n int) bool { return c.Get(n) == lua.LNil }

// str reads a string; numbers count as their text.
func (c call) str(n int) string {
	switch v := c.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return number.Format(float64(v))
	}
	c.wrongType(n, "string")
	return ""
}

// CheckString reads a text argument of a library function that the host defines.
func CheckString(L *lua.LState, n int, function string) string {
	return call{LState: L, name: function}.str(n)
}

// optStr reads a string that may be left out.
func (c call) optStr(n int, otherwise string) string {
	if c.absent(n) {
		return otherwise
	}
	return c.str(n)
}

// num reads a number; strings that hold one count.
func (c call) num(n int) float64 {
	value, ok := compile.ToNumber(c.Get(n))
	if !ok {
		c.wrongType(n, "number")
	}
	return value
}

// integer reads a number and cuts off its fraction.
func (c call) integer(n int) int { return truncate(c.num(n)) }

// int reads a number as an int of C, which has 32 bits.
func (c call) int(n int) int {
	value := c.num(n)
	if math.IsNaN(value) || math.Abs(value) >= 1<<63 {
		return 0
	}
	return int(int32(int64(value)))
}

// optInt reads an integer that may be left out.
func (c call) optInt(n, otherwise int) int {
	if c.absent(n) {
		return otherwise
	}
	return c.integer(n)
}

// truncate makes an integer of a number, the nearest that there is for numbers
// out of range.
func truncate(n float64) int {
	switch {
	case math.IsNaN(n):
		return math.MinInt
	case n >= math.MaxInt:
		return math.MaxInt
	case n <= math.MinInt:
		return math.MinInt
	}
	return int(n)
}

// look raises an error once the run is over. What takes long calls it now and then.
func (c call) look() {
	if ctx := c.Context(); ctx != nil && ctx.Err() != nil {
		c.raise(ctx.Err().Error())
	}
}

// table reads a table.
func (c call) table(n int) *lua.LTable {
	table, ok := c.Get(n).(*lua.LTable)
	if !ok {
		c.wrongType(n, "table")
	}
	compile.Fill(table)
	return table
}

// function reads a function.
func (c call) function(n int) *lua.LFunction {
	fn, ok := c.Get(n).(*lua.LFunction)
	if !ok {
		c.wrongType(n, "function")
	}
	return fn
}

// results pushes values and counts them.
func (c call) results(values ...lua.LValue) int {
	for _, v := range values {
		c.Push(v)
	}
	return len(values)
}

// refuse returns nil and the text of an error, as the io and os functions do.
func (c call) refuse(err error) int {
	return c.results(lua.LNil, lua.LString(err.Error()))
}

// invoke calls a function and returns its first result.
func (c call) invoke(fn lua.LValue, args ...lua.LValue) lua.LValue {
	c.Push(fn)
	for _, arg := range args {
		c.Push(arg)
	}
	c.Call(len(args), 1)
	result := c.Get(-1)
	c.Pop(1)
	return result
}
