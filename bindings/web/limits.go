package web

import (
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

// Defaults of the options, and their limits.
const (
	defaultTimeout = 60 * time.Second
	defaultRetries = 4
	defaultMaxWait = 5 * time.Minute
	defaultMost    = 32 << 20
	defaultMostTo  = 4 << 30
	longestTimeout = 24 * time.Hour
	mostRetries    = 100
	mostBytes      = 1 << 40
	mostTimes      = 1 << 30
)

// setLimits reads the options that limit a request.
func (r *request) setLimits(a *args, s settings) (err error) {
	if r.timeout, err = seconds(a, s, "timeout", defaultTimeout); err != nil {
		return err
	}
	if r.maxWait, err = seconds(a, s, "max_wait", defaultMaxWait); err != nil {
		return err
	}
	if r.retries, err = whole(a, s.get("retries"), "retries", defaultRetries, 0, mostRetries); err != nil {
		return err
	}
	otherwise := defaultMost
	if r.to != "" {
		otherwise = defaultMostTo
	}
	most, err := whole(a, s.get("max_bytes"), "max_bytes", otherwise, 1, mostBytes)
	r.most = int64(most)
	if longest := a.Host.MaxString; err == nil && r.to == "" && longest > 0 && r.most > int64(longest) {
		if s.own.Has("max_bytes") {
			return a.Errorf("option 'max_bytes' must be at most %d, which is how long a text of a script may be; write a longer response to a file with the option to", longest)
		}
		r.most = int64(longest)
	}
	return err
}

// whole returns a number that must be a whole one in a range.
func whole(a *args, v lua.LValue, name string, otherwise, least, most int) (int, error) {
	if v == lua.LNil {
		return otherwise, nil
	}
	n := float64(lua.LVAsNumber(v))
	if err := refusedWhole(name, least, most)(n); err != nil {
		return 0, a.Errorf("%w", err)
	}
	return int(n), nil
}

func refusedWhole(name string, least, most int) func(float64) error {
	return func(n float64) error {
		if n >= float64(least) && n <= float64(most) && n == float64(int(n)) {
			return nil
		}
		return fmt.Errorf("option '%s' must be a whole number from %d to %d", name, least, most)
	}
}

func refusedSeconds(name string) func(float64) error {
	return func(n float64) error {
		if n >= 0.001 && n <= longestTimeout.Seconds() {
			return nil
		}
		return fmt.Errorf("option '%s' must be a number of seconds, from 0.001 to %d", name, int(longestTimeout.Seconds()))
	}
}

func seconds(a *args, s settings, name string, otherwise time.Duration) (time.Duration, error) {
	v := s.get(name)
	if v == lua.LNil {
		return otherwise, nil
	}
	n := float64(lua.LVAsNumber(v))
	if err := refusedSeconds(name)(n); err != nil {
		return 0, a.Errorf("%w", err)
	}
	return time.Duration(n * float64(time.Second)), nil
}

// checkLimits returns an error if the defaults of a client are out of range.
func checkLimits(a *args, o bindings.Options) error {
	return (&request{to: "any"}).setLimits(a, settings{own: o})
}

// shownWait is a pause in words.
func shownWait(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d > 365*day:
		return "more than a year"
	case d >= 2*day:
		return fmt.Sprintf("%d days", (d+day-1)/day)
	}
	return d.Round(time.Second).String()
}
