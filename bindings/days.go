package bindings

import (
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
)

// dayLayouts are the formats of a day.
var dayLayouts = []string{time.DateOnly, time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "20060102"}

// epochDays converts an ISO date or time to days since 1970-01-01. A date
// without a zone is that calendar day.
func epochDays(text string) (int, error) {
	for _, layout := range dayLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return planhat.EpochDays(t), nil
		}
	}
	return 0, fmt.Errorf("%q is not a day; write it as 2024-01-15 or as the number of days since 1970-01-01", text)
}

// dayOf reads a day that is given as ISO text or as a number of days.
func dayOf(v lua.LValue) (int, error) {
	if s, ok := v.(lua.LString); ok {
		return epochDays(string(s))
	}
	return int(lua.LVAsNumber(v)), nil
}

func epochDaysFormat() *Func {
	return &Func{
		Name: "epoc_days_format",
		Doc:  "Converts a date to days since 1970-01-01, as Planhat stores the days of metrics, invoices and timesheets.",
		Params: []Param{{Name: "date", Type: "string|number", Optional: true,
			Doc: "ISO text such as `2024-01-15`, or seconds since 1970 as `os.time()` returns them. Default: today."}},
		Returns: []Return{{Type: "integer", Doc: "The day's number, counted in UTC."}},
		Errors:  "When the text is not a date.",
		Example: "print(planhat.metrics.epoc_days_format(\"2024-01-15\")) --> 19737",
		Source:  "§10 Data standards",
		Call: func(a *Args) (int, error) {
			var days int
			switch v := a.Get(0).(type) {
			case lua.LString:
				var err error
				if days, err = epochDays(string(v)); err != nil {
					return 0, a.Errorf("%v", err)
				}
			case lua.LNumber:
				days = planhat.EpochDays(time.Unix(int64(v), 0))
			default:
				days = planhat.EpochDays(a.Host.Clock.Now())
			}
			return a.Push(lua.LNumber(days))
		},
	}
}
