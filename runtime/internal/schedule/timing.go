// Package schedule checks schedules, and computes when they are due.
package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/netresearch/go-cron"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
)

// Timing is when a schedule is due. It is immutable and safe for concurrent use.
//
// Times of day are in a time zone. When its clocks go forward, all skipped times are
// due once, right after the change. When they go back, a repeated time is due the
// first time. A schedule that is due in every hour of the day keeps its even pace.
type Timing struct {
	spec  *cron.SpecSchedule
	every time.Duration
	zone  *time.Location
	text  string
	// ignored is a time zone that was written after an interval.
	ignored string
}

// parser accepts cron's five fields, or six that begin with seconds, with names, steps,
// L, W and #, and words such as @daily. As in cron, a day of the month and a day of
// the week mean either.
var parser = sync.OnceValue(func() cron.Parser {
	return cron.MustNewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow |
		cron.Descriptor | cron.Extended | cron.DowOrDom)
})

// ParseCron parses a cron expression. A time zone may follow it, as in
// "0 2 * * * Europe/Stockholm"; the default is zone.
func ParseCron(expression string, zone *time.Location) (Timing, error) {
	t := Timing{zone: zone, text: strings.Join(strings.Fields(expression), " ")}
	fields := strings.Fields(expression)
	if n := len(fields); n > 1 && isZone(fields[n-1]) {
		named, err := ParseZone(fields[n-1])
		if err != nil {
			return t, err
		}
		t.zone, fields = named, fields[:n-1]
	}
	if len(fields) > 0 && fields[0] == "@every" {
		every, err := ParseEvery(strings.Join(fields[1:], ""))
		if t.zone != zone {
			every.ignored = t.zone.String()
		}
		return every, err
	}
	parsed, err := parser().Parse(strings.Join(fields, " "))
	spec, ok := parsed.(*cron.SpecSchedule)
	if err != nil || !ok || strings.Contains(expression, "=") {
		return t, notCron(expression, fields, err)
	}
	t.spec = spec
	if t.Next(time.Now()).IsZero() {
		return t, fmt.Errorf("'%s' is never due", expression)
	}
	return t, nil
}

// isZone reports whether a field is a time zone, such as Europe/Stockholm or UTC, and
// not one such as MON-FRI, */15 or SUN.
func isZone(field string) bool {
	first, rest, _ := strings.Cut(field, "/")
	return field == "UTC" || field == "Local" || startsWithLetter(first) && startsWithLetter(rest)
}

func startsWithLetter(text string) bool { return strings.IndexFunc(text, unicode.IsLetter) == 0 }

// ParseZone finds a time zone by its name.
func ParseZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err == nil {
		return zone, nil
	}
	near := catalog.NearestZone(name)
	if upper := strings.ToUpper(name); len(near) == 0 && (upper == "UTC" || upper == "GMT" || upper == "Z") {
		near = []string{"UTC"}
	}
	return nil, fmt.Errorf("unknown time zone '%s'%s; use a name such as Europe/Stockholm, America/New_York or UTC", name, catalog.Aside(near))
}

// ParseEvery parses an interval such as "15m". It is due at multiples of the interval
// since 1970-01-01 00:00 UTC, so that it does not drift.
func ParseEvery(interval string) (Timing, error) {
	interval = strings.TrimSpace(interval)
	if _, failed := strconv.ParseUint(interval, 10, 64); failed == nil && strings.Trim(interval, "0") != "" {
		_, err := config.ParseDuration(interval)
		return Timing{}, err
	}
	d, err := time.ParseDuration(interval)
	if err != nil || d < time.Second || d%time.Second != 0 {
		return Timing{}, fmt.Errorf("'%s' is not an interval: write whole seconds, minutes or hours, such as 30s, 15m or 6h", interval)
	}
	return Timing{every: d, zone: time.UTC, text: "every " + interval}, nil
}

// String returns it as it was written.
func (t Timing) String() string { return t.text }

// Zone is the time zone of its times of day.
func (t Timing) Zone() *time.Location { return t.zone }

// Next returns the first time after another one at which it is due, or the zero time
// if there is none within years.
func (t Timing) Next(after time.Time) time.Time {
	switch {
	case t.every > 0:
		step := int64(t.every / time.Second)
		return time.Unix((after.Unix()/step+1)*step, 0).In(t.zone)
	case t.hourly():
		return t.nextHourly(after)
	}
	return t.nextOfDay(after)
}

// hourly reports whether it is due in every hour of the day.
func (t Timing) hourly() bool {
	const allHours = 1<<24 - 1
	return t.spec.Hour&allHours == allHours
}

// nextHourly counts hours as they pass. Between two changes of the clocks, the zone has
// a fixed offset.
func (t Timing) nextHourly(after time.Time) time.Time {
	for range 1000 {
		local := after.In(t.zone)
		name, offset := local.Zone()
		next := t.spec.Next(local.In(time.FixedZone(name, offset)))
		if next.IsZero() {
			return next
		}
		_, end := local.ZoneBounds()
		if end.IsZero() || next.Before(end) {
			return next.In(t.zone)
		}
		// The clocks change before that. The first moment after it counts as well.
		after = end.Add(-time.Second)
		_, offset = end.In(t.zone).Zone()
		next = t.spec.Next(after.In(time.FixedZone("", offset)))
		if _, until := end.In(t.zone).ZoneBounds(); until.IsZero() || next.Before(until) {
			return next.In(t.zone)
		}
		after = end
	}
	return time.Time{}
}

// nextOfDay counts by what a clock shows.
func (t Timing) nextOfDay(after time.Time) time.Time {
	local := after.In(t.zone)
	// The clock's time is calculated in UTC, which has no changes.
	wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	// The moments at which a clock first shows or skips its times have the same order as
	// the times, so no later time is due before this one.
	for {
		wall = t.spec.Next(wall)
		if wall.IsZero() {
			return wall
		}
		if at := firstAt(wall, t.zone); at.After(after) {
			return at
		}
	}
}

// firstAt returns the first moment at which the clocks of a zone show a time, which is
// given in UTC, or skip it.
func firstAt(wall time.Time, zone *time.Location) time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	start, end := t.ZoneBounds()
	_, offset := t.Zone()
	shown := time.Unix(t.Unix()+int64(offset), 0).UTC()
	switch {
	case shown.After(wall): // skipped, and t is after the change
		return start
	case shown.Before(wall): // skipped, and t is before the change
		return end
	case start.IsZero():
		return t
	}
	// If the clocks were set back, they may have shown it before.
	_, earlier := start.Add(-time.Second).Zone()
	if first := t.Add(-time.Duration(earlier-offset) * time.Second); earlier > offset && first.Before(start) {
		return first
	}
	return t
}
