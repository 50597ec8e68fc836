package bindings

import (
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/catalog"
)

const spanDoc = "Seconds, text such as `1h30m`, `3 days`, `2w`, `6mo` or `PT1H30M`, or a table such as `{ days = 3 }`."

func timeMoving() []*Func {
	return []*Func{
		{
			Name: "add",
			Doc: "Moves a time by a duration. A number is in seconds; if `t` is a day without a time, it must add up to whole days (write 30 days as `\"30d\"`). Months and years keep the day of the month, or use the month's last day: January 31 plus one month is the end of " +
				"February. Days keep the time of day in the zone, even across daylight saving changes.",
			Params: []Param{timeParam("t", "The time."),
				{Name: "duration", Type: "number|string|TimeSpan", Doc: "How far: " + spanDoc + " Negative durations move back.", Fields: spanFields}, zoneParam},
			Returns: []Return{{Type: "number|string", Doc: "The moved time, in the form of `t`."}},
			Errors:  timeErrors + " Also when `t` is a day without a time and `duration` is a number of seconds that is not whole days.",
			Example: `print(time.add("2024-01-31", "1mo"))       --> 2024-02-29
print(time.add("2024-01-15", { days = -1 })) --> 2024-01-14`,
			Call: func(a *Args) (int, error) {
				loc, err := zoneArg(a, 2)
				if err != nil {
					return 0, err
				}
				m, err := momentArg(a, 0, loc)
				if err != nil {
					return 0, err
				}
				by, err := spanArg(a, 1)
				if err != nil {
					return 0, err
				}
				if err := daysMeant(a, m, by); err != nil {
					return 0, err
				}
				return a.Push(m.value(by.after(m.at)))
			},
		},
		{
			Name: "diff",
			Doc:  "Returns how much later one time is than another. Seconds to weeks are exact and may have a fraction (a day is 24 hours). Months, quarters and years are whole calendar units.",
			Params: []Param{timeParam("later", "The time to count to."), timeParam("earlier", "The time to count from."),
				{Name: "unit", Type: "string", Optional: true, Doc: "`seconds`, `minutes`, `hours`, `days`, `weeks`, `months`, `quarters` or `years`. Default: `seconds`."}},
			Returns: []Return{{Type: "number", Doc: "The difference; negative if `later` is before `earlier`."}},
			Errors:  timeErrors,
			Example: `local age = time.diff(time.now(), company.createdAt, "days")`,
			Call:    timeDiff,
		},
	}
}

// daysMeant rejects a number of seconds for a day without a time, unless they
// are whole days: a script that passes 30 there means days.
func daysMeant(a *Args, m moment, by span) error {
	n, plain := lua.LVAsNumber(a.Get(1)), numberKinds(a.Get(1)) != 0
	if m.form != asDate || !plain || by.clock%day == 0 {
		return nil
	}
	text, noun := n.String(), "days"
	if n == 1 {
		noun = "day"
	}
	return a.Errorf("a number is in seconds, but %q is a day without a time: write \"%sd\" to add %s %s, or \"%ss\" if you mean seconds",
		a.String(0), text, text, noun, text)
}

func timeDiff(a *Args) (int, error) {
	later, err := momentArg(a, 0, time.UTC)
	if err != nil {
		return 0, err
	}
	earlier, err := momentArg(a, 1, time.UTC)
	if err != nil {
		return 0, err
	}
	unit := "seconds"
	if a.Given(2) {
		unit = units[a.String(2)]
	}
	length := map[string]time.Duration{"ms": time.Millisecond, "seconds": time.Second, "minutes": time.Minute, "hours": time.Hour, "days": day, "weeks": 7 * day}[unit]
	if length != 0 {
		apart := (seconds(later.at) - seconds(earlier.at)) / length.Seconds()
		return a.Push(lua.LNumber(apart))
	}
	months := map[string]int{"months": 1, "quarters": 3, "years": 12}[unit]
	if months == 0 {
		known := []string{"seconds", "minutes", "hours", "days", "weeks", "months", "quarters", "years"}
		return 0, a.Errorf("unknown unit '%s'%s; valid units: %s", a.String(2), catalog.DidYouMean(a.String(2), known), strings.Join(known, ", "))
	}
	return a.Push(lua.LNumber(monthsBetween(later.at, earlier.at) / months))
}

func timeDurations() []*Func {
	length := Param{Name: "duration", Type: "number|string|TimeSpan", Doc: spanDoc, Fields: spanFields}
	return []*Func{
		{
			Name:    "duration",
			Doc:     "Returns the length of a duration in seconds. A day is 24 hours. Months and years have no fixed length and raise an error.",
			Params:  []Param{length},
			Returns: []Return{{Type: "number", Doc: "Seconds."}},
			Errors:  "With kind `validation` when the text is not a duration, or contains months or years.",
			Example: `print(time.duration("1h30m")) --> 5400`,
			Call: func(a *Args) (int, error) {
				d, err := fixedArg(a, 0)
				if err != nil {
					return 0, err
				}
				return a.Push(lua.LNumber(d.Seconds()))
			},
		},
		{
			Name:    "format_duration",
			Doc:     "Writes a duration as readable text, such as `1d 2h 5m`.",
			Params:  []Param{length},
			Returns: []Return{{Type: "string", Doc: "The text; seconds are rounded to thousandths."}},
			Errors:  "With kind `validation` when the text is not a duration, or contains months or years.",
			Example: `print(time.format_duration(5400)) --> 1h 30m`,
			Call: func(a *Args) (int, error) {
				d, err := fixedArg(a, 0)
				if err != nil {
					return 0, err
				}
				return a.Push(lua.LString(formatSpan(d)))
			},
		},
		{
			Name:    "sleep",
			Doc:     "Waits. It stops waiting when the run is cancelled or reaches its deadline. You do not need to wait between calls to Planhat: they wait for the quota automatically.",
			Params:  []Param{length},
			Errors:  "With kind `cancelled` or `timeout` when the run ends first.",
			Example: `time.sleep("1.5s")`,
			Call: func(a *Args) (int, error) {
				d, err := fixedArg(a, 0)
				if err != nil {
					return 0, err
				}
				return 0, pause(a.Context(), d)
			},
		},
	}
}
