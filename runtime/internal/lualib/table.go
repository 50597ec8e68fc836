package lualib

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
	"github.com/phscript/phscript/runtime/internal/machine"
	lua "github.com/yuin/gopher-lua"
)

// openTable defines the table library.
func (lib *library) openTable(L *lua.LState) {
	lib.module(L, "table", functions{
		{"concat", tableConcat},
		{"foreach", tableForEach},
		{"foreachi", tableForEachI},
		{"getn", func(c call) int { return c.results(lua.LNumber(c.table(1).Len())) }},
		{"insert", tableInsert},
		{"maxn", tableMaxN},
		{"remove", tableRemove},
		{"setn", func(c call) int { c.raise("'setn' is obsolete"); return 0 }},
		{"sort", tableSort},
	})
}

// tableConcat is table.concat.
func tableConcat(c call) int {
	table := c.table(1)
	separator := c.optStr(2, "")
	first, last := c.optInt(3, 1), table.Len()
	if !c.absent(4) {
		last = c.integer(4)
	}
	var buf []byte
	for i := first; i <= last; i++ {
		switch v := table.RawGet(lua.LNumber(i)).(type) {
		case lua.LString:
			buf = append(buf, v...)
		case lua.LNumber:
			buf = append(buf, number.Format(float64(v))...)
		default:
			c.raise("invalid value (" + v.Type().String() + ") at index " + strconv.Itoa(i) + " in table for 'concat'")
		}
		if i < last {
			buf = append(buf, separator...)
		}
		compile.CheckSize(c.LState, len(buf))
	}
	return c.results(lua.LString(buf))
}

// tableForEach is the old table.foreach.
func tableForEach(c call) int {
	table, fn := c.table(1), c.function(2)
	for key, value := table.Next(lua.LNil); key != lua.LNil; key, value = table.Next(key) {
		if result := c.invoke(fn, key, value); result != lua.LNil {
			return c.results(result)
		}
	}
	return 0
}

// tableForEachI is the old table.foreachi.
func tableForEachI(c call) int {
	table, fn := c.table(1), c.function(2)
	for i := 1; i <= table.Len(); i++ {
		if result := c.invoke(fn, lua.LNumber(i), table.RawGetInt(i)); result != lua.LNil {
			return c.results(result)
		}
	}
	return 0
}

// tableInsert is table.insert.
func tableInsert(c call) int {
	table := c.table(1)
	end := table.Len() + 1
	switch c.GetTop() {
	case 2:
		machine.BeforeSet(c.LState, table, lua.LNumber(end))
		table.RawSetInt(end, c.Get(2))
	case 3:
		position := c.int(2)
		if position >= 1 && position < end {
			table.Insert(position, c.Get(3))
			return 0
		}
		for i := max(end, position); i > position; i-- {
			if i%stepsPerCheck == 0 {
				c.look()
			}
			table.RawSet(lua.LNumber(i), table.RawGet(lua.LNumber(i-1)))
		}
		table.RawSet(lua.LNumber(position), c.Get(3))
	default:
		c.raise("wrong number of arguments to 'insert'")
	}
	return 0
}

// tableMaxN is table.maxn.
func tableMaxN(c call) int {
	highest := lua.LNumber(0)
	c.table(1).ForEach(func(key, _ lua.LValue) {
		if n, ok := key.(lua.LNumber); ok {
			highest = max(highest, n)
		}
	})
	return c.results(highest)
}

// tableRemove is table.remove.
func tableRemove(c call) int {
	table := c.table(1)
	length := table.Len()
	position := c.optInt(2, length)
	if position < 1 || position > length {
		return 0
	}
	return c.results(table.Remove(position))
}

// tableSort is table.sort. An order function that contradicts itself leaves
// the items in some order; it never harms the table.
func tableSort(c call) int {
	table := c.table(1)
	items := make([]lua.LValue, table.Len())
	for i := range items {
		items[i] = table.RawGetInt(i + 1)
	}
	defer func() {
		for i, item := range items {
			table.RawSetInt(i+1, item)
		}
	}()
	var fn *lua.LFunction
	if !c.absent(2) {
		fn = c.function(2)
	} else if c.sortPlain(items) {
		return 0
	}
	slices.SortFunc(items, func(a, b lua.LValue) int {
		if c.less(fn, a, b) {
			return -1
		}
		return 1
	})
	return 0
}

// sortPlain sorts items that are all numbers or all strings.
func (c call) sortPlain(items []lua.LValue) bool {
	numbers, texts := 0, 0
	for _, item := range items {
		switch item.(type) {
		case lua.LNumber:
			numbers++
		case lua.LString:
			texts++
		}
	}
	// A comparison of long texts takes as long as many others.
	steps := 0
	work := func(bytes int) {
		if steps += 1 + bytes/64; steps >= stepsPerCheck {
			steps = 0
			c.look()
		}
	}
	switch len(items) {
	case numbers:
		slices.SortFunc(items, func(a, b lua.LValue) int {
			work(0)
			return cmp.Compare(a.(lua.LNumber), b.(lua.LNumber))
		})
		return true
	case texts:
		slices.SortFunc(items, func(a, b lua.LValue) int {
			x, y := a.(lua.LString), b.(lua.LString)
			work(min(len(x), len(y)))
			return cmp.Compare(x, y)
		})
		return true
	}
	return false
}

// less compares by an order function, or else by Lua's "<". It raises an error for
// values without order.
func (c call) less(fn *lua.LFunction, a, b lua.LValue) bool {
	switch {
	case fn != nil:
		return lua.LVAsBool(c.invoke(fn, a, b))
	case a.Type() != b.Type():
		c.raise("attempt to compare " + a.Type().String() + " with " + b.Type().String())
	case a.Type() == lua.LTTable && c.GetMetaField(a, "__lt") == lua.LNil:
		c.raise("attempt to compare two table values")
	}
	return c.LessThan(a, b)
}
