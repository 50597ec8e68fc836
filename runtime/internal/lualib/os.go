package lualib

import (
	"strings"
	"time"

	"github.com/ncruces/go-strftime"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
)

// openOS defines the os library. What reaches outside goes through the host.
func (lib *library) openOS(L *lua.LState) {
	lib.module(L, "os", functions{
		{"clock", func(c call) int { return c.results(lua.LNumber(lib.host.Now().Sub(lib.started).Seconds())) }},
		{"date", lib.date},
		{"difftime", func(c call) int { return c.results(lua.LNumber(c.num(1) - c.num(2))) }},
		{"execute", execute},
		{"exit", lib.exit},
		{"getenv", lib.getenv},
		{"remove", func(c call) int { return c.outcome(c.str(1), lib.host.Remove(c.str(1))) }},
		{"rename", func(c call) int { return c.outcome(c.str(1), lib.host.Rename(c.str(1), c.str(2))) }},
		{"setlocale", setLocale},
		{"time", lib.time},
		{"tmpname", lib.tmpName},
	})
}

// execute is os.execute. Without a command it returns 0: a shell is not available.
func execute(c call) int {
	if c.absent(1) {
		return c.results(lua.LNumber(0))
	}
	c.raise("os.execute is not available: scripts cannot start programs")
	return 0
}

// tmpName is os.tmpname.
func (lib *library) tmpName(c call) int {
	name, err := lib.host.TempName()
	if err != nil {
		c.raise(err.Error())
	}
	return c.results(lua.LString(name))
}

// exit is os.exit: the host ends the run, and what it answers is raised.
func (lib *library) exit(c call) int {
	code := 0
	switch c.Get(1) {
	case lua.LTrue:
	case lua.LFalse:
		code = 1
	default:
		code = c.optInt(1, 0)
	}
	if err := lib.host.Exit(c.Context(), code); err != nil {
		c.Error(lua.LString(err.Error()), 0)
	}
	return 0
}

// getenv is os.getenv.
func (lib *library) getenv(c call) int {
	value, ok := lib.host.Getenv(c.str(1))
	if !ok {
		return c.results(lua.LNil)
	}
	return c.results(lua.LString(value))
}

// setLocale is os.setlocale: there is only the C locale.
func setLocale(c call) int {
	switch c.optStr(1, "") {
	case "", "C", "POSIX":
		return c.results(lua.LString("C"))
	}
	return c.results(lua.LNil)
}

// mostFormat is how many bytes the format of a date may have.
const mostFormat = 64 << 10

// date is os.date.
func (lib *library) date(c call) int {
	format := c.optStr(1, "%c")
	if len(format) > mostFormat {
		c.raise("the format is longer than 64 KiB")
	}
	when := lib.host.Now()
	if !c.absent(2) {
		when = time.Unix(int64(c.integer(2)), 0)
	}
	when = when.In(lib.host.Location())
	if rest, utc := strings.CutPrefix(format, "!"); utc {
		format, when = rest, when.UTC()
	}
	if strings.HasPrefix(format, "*t") {
		return c.results(dateTable(c.LState, when))
	}
	return c.results(lua.LString(strftime.Format(format, when)))
}

// dateTable is what os.date returns for "*t".
func dateTable(L *lua.LState, when time.Time) *lua.LTable {
	table := L.NewTable()
	for key, n := range map[string]int{
		"year": when.Year(), "month": int(when.Month()), "day": when.Day(),
		"hour": when.Hour(), "min": when.Minute(), "sec": when.Second(),
		"wday": int(when.Weekday()) + 1, "yday": when.YearDay(),
	} {
		table.RawSetString(key, lua.LNumber(n))
	}
	table.RawSetString("isdst", lua.LBool(when.IsDST()))
	return table
}

// time is os.time. Fields out of range carry over, and isdst shifts by the hour
// that the zone's clocks are ahead of or behind it.
func (lib *library) time(c call) int {
	if c.absent(1) {
		return c.results(lua.LNumber(lib.host.Now().Unix()))
	}
	table := c.table(1)
	field := func(key string, otherwise int) int {
		n, ok := compile.ToNumber(table.RawGetString(key))
		if ok {
			return truncate(n)
		}
		if otherwise < 0 {
			c.raise("field '" + key + "' missing in date table")
		}
		return otherwise
	}
	second, minute, hour := field("sec", 0), field("min", 0), field("hour", 12)
	day, month, year := field("day", -1), field("month", -1), field("year", -1)
	when := time.Date(year, time.Month(month), day, hour, minute, second, 0, lib.host.Location())
	if said, ok := table.RawGetString("isdst").(lua.LBool); ok && bool(said) != when.IsDST() {
		if said {
			when = when.Add(-time.Hour)
		} else {
			when = when.Add(time.Hour)
		}
	}
	return c.results(lua.LNumber(when.Unix()))
}
