package bindings

import (
	"context"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/calendar"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

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
			Call: atMoment(2, func(a *Args, m moment) (lua.LValue, error) {
				by, err := spanArg(a, 1)
				if err != nil {
					return nil, err
				}
				return m.value(by.After(m.at)), daysMeant(a, m, by)
			}),
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
func daysMeant(a *Args, m moment, by calendar.Span) error {
	n, plain := lua.LVAsNumber(a.Get(1)), numberKinds(a.Get(1)) != 0
	if m.form != asDate || !plain || by.WholeDays() {
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
	later, err := a.Time(0)
	if err != nil {
		return 0, err
	}
	earlier, err := a.Time(1)
	if err != nil {
		return 0, err
	}
	unit := "seconds"
	if a.Given(2) {
		unit = a.String(2)
	}
	n, known := calendar.Between(later, earlier, unit)
	if !known {
		return 0, a.Errorf("unknown unit '%s'%s; valid units: %s", unit, catalog.DidYouMean(unit, calendar.Units), strings.Join(calendar.Units, ", "))
	}
	return a.Push(lua.LNumber(n))
}

func timePeriods() []*Func {
	make := func(name, doc, example string, pick func(start, next time.Time, m moment) lua.LValue) *Func {
		return &Func{
			Name: name, Doc: doc, Params: []Param{timeParam("t", "A time in the period."),
				{Name: "period", Type: "string", Doc: "`hour`, `day`, `week` (from Monday), `month`, `quarter` or `year`."}, zoneParam},
			Returns: []Return{{Type: "number|string", Doc: "The time, in the form of `t`."}},
			Errors:  timeErrors, Example: example,
			Call: atMoment(2, func(a *Args, m moment) (lua.LValue, error) {
				period := a.String(1)
				start, next, ok := calendar.StartOf(m.at, period)
				if !ok {
					return nil, a.Errorf("unknown period '%s'%s; valid periods: %s", period, catalog.DidYouMean(period, calendar.Periods), strings.Join(calendar.Periods, ", "))
				}
				return pick(start, next, m), nil
			}),
		}
	}
	return []*Func{
		make("start_of", "Returns the start of the hour, day, week, month, quarter or year that contains a time.", `print(time.start_of("2024-02-15", "quarter")) --> 2024-01-01`,
			func(start, _ time.Time, m moment) lua.LValue { return m.value(start) }),
		make("end_of", "Returns the end of the hour, day, week, month, quarter or year that contains a time: its last day if you passed a day, otherwise its last second.", `print(time.end_of("2024-02-15", "month")) --> 2024-02-29`,
			func(_, next time.Time, m moment) lua.LValue {
				if m.form == asDate {
					return m.value(calendar.Midnight(next.Add(-time.Second)))
				}
				return m.value(next.Add(-time.Second))
			}),
	}
}

func timeDurations() []*Func {
	onLength := func(f Func, call func(a *Args, d time.Duration) (int, error)) *Func {
		f.Params = []Param{{Name: "duration", Type: "number|string|TimeSpan", Doc: spanDoc, Fields: spanFields}}
		f.Call = func(a *Args) (int, error) {
			s, err := spanArg(a, 0)
			if err != nil {
				return 0, err
			}
			length, err := s.Length()
			if err != nil {
				return 0, err
			}
			return call(a, length)
		}
		return &f
	}
	const notFixed = "With kind `validation` when the text is not a duration, or contains months or years."
	return []*Func{
		onLength(Func{
			Name:    "duration",
			Doc:     "Returns the length of a duration in seconds. A day is 24 hours. Months and years have no fixed length and raise an error.",
			Returns: []Return{{Type: "number", Doc: "Seconds."}},
			Errors:  notFixed,
			Example: `print(time.duration("1h30m")) --> 5400`,
		}, func(a *Args, d time.Duration) (int, error) { return a.Push(lua.LNumber(d.Seconds())) }),
		onLength(Func{
			Name:    "format_duration",
			Doc:     "Writes a duration as readable text, such as `1d 2h 5m`.",
			Returns: []Return{{Type: "string", Doc: "The text; seconds are rounded to thousandths."}},
			Errors:  notFixed,
			Example: `print(time.format_duration(5400)) --> 1h 30m`,
		}, func(a *Args, d time.Duration) (int, error) { return a.Push(lua.LString(calendar.FormatSpan(d))) }),
		onLength(Func{
			Name:    "sleep",
			Doc:     "Waits. It stops waiting when the run is cancelled or reaches its deadline. You do not need to wait between calls to Planhat: they wait for the quota automatically.",
			Errors:  "With kind `cancelled` or `timeout` when the run ends first.",
			Example: `time.sleep("1.5s")`,
		}, func(a *Args, d time.Duration) (int, error) { return 0, pause(a.Context(), d) }),
	}
}

// pause waits, or returns the context's cause if the run ends first.
func pause(ctx context.Context, d time.Duration) error {
	if pause := planhat.PauseOf(ctx); pause != nil {
		return pause(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
