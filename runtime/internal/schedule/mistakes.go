package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

// field is one field of a cron expression: its name, the numbers that it takes, and the
// words for them.
type field struct {
	name        string
	least, most int
	words       []string
}

var (
	second = field{name: "the second", most: 59}
	fields = []field{
		{name: "the minute", most: 59},
		{name: "the hour", most: 23},
		{name: "the day of the month", least: 1, most: 31},
		{name: "the month", least: 1, most: 12, words: names(time.January, time.December)},
		{name: "the day of the week", most: 7, words: names(time.Sunday, time.Saturday)},
	}
	descriptors = []string{"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly", "@every"}
)

// names returns the names of months or days, in lower case.
func names[T interface {
	~int
	fmt.Stringer
}](first, last T) (list []string) {
	for v := first; v <= last; v++ {
		list = append(list, strings.ToLower(v.String()))
	}
	return list
}

// short is how cron writes the name of a month or a day.
func short(name string) string { return name[:3] }

// notCron says why a cron expression, split into its fields, cannot be used.
func notCron(expression string, written []string, err error) error {
	refuse := func(format string, values ...any) error {
		return fmt.Errorf("'%s' is not a cron expression: %s", expression, fmt.Sprintf(format, values...))
	}
	n := len(written)
	if n > 0 && strings.HasPrefix(written[0], "@") {
		if near := catalog.Nearest(written[0], descriptors); len(near) > 0 && near[0] != written[0] {
			return refuse("'%s' is unknown%s", written[0], catalog.Aside(near))
		}
	}
	if n > 1 && isPlace(written[n-1]) {
		if _, failed := parser().Parse(strings.Join(written[:n-1], " ")); failed == nil {
			if _, failed := ParseZone(written[n-1]); failed != nil {
				return failed
			}
		}
	}
	const needs = "it needs the fields minute, hour, day of the month, month and day of the week, such as '0 2 * * *' for every night at 2"
	all := fields
	if n == len(fields)+1 {
		all = append([]field{second}, fields...)
	}
	if n != len(all) {
		return refuse("%s", needs)
	}
	for i, f := range all {
		for part := range strings.SplitSeq(written[i], ",") {
			if why := misnamed(f, part); why != "" {
				return refuse("%s", why)
			}
		}
	}
	if err != nil {
		return refuse("%v; %s", err, needs)
	}
	return refuse("%s", needs)
}

// isPlace reports whether a text may be the name of a time zone, and not of days.
func isPlace(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",-/#", r) }) {
		if known, near := fields[4].word(part); known || len(near) > 0 {
			return false
		}
	}
	return startsWithLetter(text)
}

// misnamed says which number or word in a part of a field the field does not take, or
// returns "" if the mistake is another one.
func misnamed(f field, part string) string {
	bounds, step, stepped := strings.Cut(part, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1 || n > f.most-f.least) {
		return fmt.Sprintf("%s takes a step from 1 to %d, such as */%d, not '%s'", f.name, f.most-f.least, min(15, f.most-f.least), part)
	}
	bounds, _, _ = strings.Cut(bounds, "#")
	for text := range strings.SplitSeq(bounds, "-") {
		n, err := strconv.Atoi(text)
		switch {
		case err == nil && (n < f.least || n > f.most):
			return fmt.Sprintf("%s must be from %d to %d, not %d", f.name, f.least, f.most, n)
		case err == nil || strings.Trim(text, "*?LWlw0123456789") == "" || !startsWithLetter(text):
			continue
		case f.words == nil:
			return fmt.Sprintf("%s must be a number from %d to %d, not '%s'", f.name, f.least, f.most, text)
		}
		if known, near := f.word(text); !known {
			return fmt.Sprintf("'%s' is unknown as %s%s; use a number from %d to %d, or %s to %s", text, f.name, catalog.Aside(near),
				f.least, f.most, short(f.words[0]), short(f.words[len(f.words)-1]))
		}
	}
	return ""
}

// word reports whether a field takes a word, and returns those that are likely meant.
func (f field) word(text string) (known bool, near []string) {
	lower := strings.ToLower(text)
	for _, name := range f.words {
		switch {
		case lower == short(name):
			return true, nil
		case len(lower) > 3 && strings.HasPrefix(name, lower):
			return false, []string{short(name)}
		}
	}
	for _, name := range catalog.Nearest(lower, f.words) {
		near = append(near, short(name))
	}
	return false, near
}

// Doubts lists settings that have no effect, or probably not the intended one.
func (d Definition) Doubts(now time.Time) (list []string) {
	doubt := func(format string, values ...any) {
		list = append(list, fmt.Sprintf("schedule '%s': ", d.Name)+fmt.Sprintf(format, values...))
	}
	switch zone := d.Timing.zone; {
	case d.TimeZone == "":
	case d.Timing.every > 0:
		doubt("time_zone has no effect on an interval, which does not depend on the time of day; for times of day, write cron = \"0 2 * * *\"")
	case zone != nil && zone.String() != d.TimeZone:
		doubt("time_zone = \"%s\" has no effect, because the cron expression names the time zone %s", d.TimeZone, zone)
	}
	if d.Timing.ignored != "" {
		doubt("the time zone %s has no effect on an interval, which does not depend on the time of day", d.Timing.ignored)
	}
	if d.Jitter > 0 {
		if pace := d.Timing.pace(now); pace > 0 && d.Jitter > pace {
			doubt("jitter = \"%s\" is longer than the time between two ticks (%s), so runs can be due in another order than their ticks; use at most %[2]s", d.Schedule.Jitter, plainly(pace))
		}
	}
	return list
}

// looked is how many ticks are compared to find the shortest time between two.
const looked = 100

// pace is the shortest time between two of the next ticks.
func (t Timing) pace(now time.Time) (shortest time.Duration) {
	if t.every > 0 {
		return t.every
	}
	last := t.Next(now)
	for range looked {
		next := t.Next(last)
		if last.IsZero() || next.IsZero() {
			break
		}
		if gap := next.Sub(last); shortest == 0 || gap < shortest {
			shortest = gap
		}
		last = next
	}
	return shortest
}

// plainly writes a duration without parts that are zero.
func plainly(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
