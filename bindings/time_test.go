package bindings

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
)

func TestTime(t *testing.T) {
	L := newState(t, newTestHost(t), Time())
	runCases(t, L, []luaCase{
		{"the last day, which systems write for never", `local last = time.parse("31/12/9999", { format = "%d/%m/%Y" })
			return time.iso(last), time.format(last, "%Y"), time.diff(last, "9999-12-30", "days"), time.date(9999, 12, 31), time.from_epoch_days(time.epoch_days("9999-12-31"))`,
			[]string{"9999-12-31T00:00:00Z", "9999", "1", "253402214400", "9999-12-31"}},
		{"now", `return time.now()`, []string{"1705314600"}},
		{"today", `return time.today(), time.today("Pacific/Kiritimati")`, []string{"2024-01-15", "2024-01-16"}},
		{"parse", `return time.parse("2024-01-15"), time.parse("2024-01-15", { zone = "Europe/Stockholm" }), time.parse(5)`,
			[]string{"1705276800", "1705273200", "5"}},
		{"parse with a format", `return time.parse("5/1/2024 9:30 pm", { format = "%d/%m/%Y %I:%M %p" })`, []string{"1704490200"}},
		{"day numbers of Excel", `local excel = { format = "excel", zone = "Europe/Stockholm" }; return time.parse("45306", excel), time.parse(45306.5, excel), time.parse("25569", { format = "excel" })`,
			[]string{"1705273200", "1705316400", "0"}},
		{"try_parse", `local v, why = time.try_parse("soon"); return v, why`, []string{"nil", `"soon" is not in a known date or time format`}},
		{"try_parse nil", `return time.try_parse(nil)`, []string{"nil", "a nil is not a date or time"}},
		{"try_parse good", `return (time.try_parse("1970-01-02"))`, []string{"86400"}},
		{"iso", `return time.iso(0), time.iso(0.5), time.iso("2024-07-01", "Europe/Stockholm"), time.iso("2024-07-01 12:00", "+02:00")`,
			[]string{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.500Z", "2024-07-01T00:00:00+02:00", "2024-07-01T12:00:00+02:00"}},
		{"format", `return time.format("2024-01-05", "%d %B %Y, %A, %j %e %% %y"), time.format(0), time.format(0, "date"), time.format(0, "datetime", "local")`,
			[]string{"05 January 2024, Friday, 005 5 % 24", "1970-01-01T00:00:00Z", "1970-01-01", "1970-01-01 01:00:00"}},
		{"format weeks and more", `return time.format("2024-12-30T15:04:05.678Z", "%G-W%V-%u %I:%M:%S.%f %p %z %s")`,
			[]string{"2025-W01-1 03:04:05.678 PM +0000 1735571045"}},
		{"epoch_days", `return time.epoch_days("2024-01-15"), time.epoch_days(-1), time.epoch_days("2024-01-15T23:30:00Z", "Europe/Stockholm"), time.epoch_days("2024-01-15", "Europe/Stockholm")`,
			[]string{"19737", "-1", "19738", "19737"}},
		{"from_epoch_days", `return time.from_epoch_days(19737), time.from_epoch_days(-1)`, []string{"2024-01-15", "1969-12-31"}},
		{"date", `return time.date(2024, 1, 15), time.date(2024, 2, 29, 12, 30, 1.5) - 1709209800, time.date(2024, 7, 1, 2, 0, 0, "Europe/Stockholm")`,
			[]string{"1705276800", "1.5", "1719792000"}},
		{"add keeps the form", `return time.add("2024-01-31", "1mo"), time.add("2024-01-15", "36h"), time.add(0, { days = 1, hours = -1 }), time.add("2024-01-15T10:00:00Z", 60)`,
			[]string{"2024-02-29", "2024-01-16T12:00:00Z", "82800", "2024-01-15T10:01:00Z"}},
		{"add across the clock change", `return time.add("2024-03-30T12:00:00", "1 day", "Europe/Stockholm"), time.add("2024-03-30T12:00:00", "24h", "Europe/Stockholm")`,
			[]string{"2024-03-31T12:00:00+02:00", "2024-03-31T13:00:00+02:00"}},
		{"add whole days in seconds to a day", `return time.add("2024-01-15", 30 * 86400), time.add("2024-01-15", "30s"), time.add("2024-01-15", 0)`,
			[]string{"2024-02-14", "2024-01-15T00:00:30Z", "2024-01-15"}},
		{"add years", `return time.add("2024-02-29", "1y"), time.add("2024-02-29", "-1y"), time.add("2023-12-15", { months = 2 })`,
			[]string{"2025-02-28", "2023-02-28", "2024-02-15"}},
		{"diff", `return time.diff("2024-01-15", "2024-01-14"), time.diff("2024-01-15", "2024-01-14", "days"), time.diff("2024-01-15T12:00:00Z", "2024-01-14", "d"), time.diff("2024-01-14", "2024-01-15", "hours")`,
			[]string{"86400", "1", "1.5", "-24"}},
		{"diff by the calendar", `return time.diff("2024-03-30", "2024-01-31", "months"), time.diff("2024-03-31", "2024-01-31", "months"), time.diff("2023-02-28", "2024-02-29", "years"), time.diff("2023-02-27", "2024-02-29", "years"), time.diff("2024-12-31", "2024-01-01", "quarters")`,
			[]string{"1", "2", "-1", "-1", "3"}},
		{"start_of", `return time.start_of("2024-02-15", "month"), time.start_of("2024-02-15", "quarter"), time.start_of("2024-02-18", "week"), time.start_of(1705314600, "day"), time.start_of("2024-02-15T10:30:00Z", "hour")`,
			[]string{"2024-02-01", "2024-01-01", "2024-02-12", "1705276800", "2024-02-15T10:00:00Z"}},
		{"start_of in a zone", `return time.start_of("2024-06-30T23:00:00Z", "month", "Europe/Stockholm")`, []string{"2024-07-01T00:00:00+02:00"}},
		{"end_of", `return time.end_of("2024-02-15", "month"), time.end_of("2024-02-15T10:00:00Z", "day"), time.end_of("2024-02-15", "year"), time.end_of(0, "hour")`,
			[]string{"2024-02-29", "2024-02-15T23:59:59Z", "2024-12-31", "3599"}},
		{"weekday", `return time.weekday("2024-01-15"), time.weekday("2024-01-21")`, []string{"1", "7"}},
		{"parts", `local p = time.parts("2024-02-29T12:30:01.5Z", "Europe/Stockholm"); return p.year, p.month, p.day, p.hour, p.min, p.sec, p.weekday, p.yday, p.week, p.quarter, p.offset`,
			[]string{"2024", "2", "29", "13", "30", "1.5", "4", "60", "9", "1", "3600"}},
		{"duration", `return time.duration("1h30m"), time.duration("2 days, 3 hours"), time.duration("PT1H30M"), time.duration("-1.5s"), time.duration{ weeks = 1 }, time.duration("90"), time.duration(7)`,
			[]string{"5400", "183600", "5400", "-1.5", "604800", "90", "7"}},
		{"format_duration", `return time.format_duration(5400), time.format_duration("25h"), time.format_duration(-61.25), time.format_duration(0)`,
			[]string{"1h 30m", "1d 1h", "-1m 1.25s", "0s"}},
		{"numbers as text", `return time.iso("1705314600"), time.epoch_days("1705314600")`, []string{"2024-01-15T10:30:00Z", "19737"}},
	})
}

func TestTimeErrors(t *testing.T) {
	L := newState(t, newTestHost(t), Time())
	runErrors(t, L, []errorCase{
		{"no such day", `time.parse("2024-02-30")`, []string{`"2024-02-30" is not a date: February has 29 days in 2024`, "(validation)"}},
		{"no such day with dots", `time.parse("30.2.2022 10:00")`, []string{`"30.2.2022 10:00" is not a date: February has 28 days in 2022`, "correct the date"}},
		{"no such day in digits", `time.parse("20220431")`, []string{"April has 30 days"}},
		{"no such day in words", `time.parse("Feb 29, 2023")`, []string{"February has 28 days in 2023"}},
		{"no such day in a format", `time.parse("30.2.22", { format = "%d.%m.%y" })`, []string{`"30.2.22" is not a date: February has 28 days in 2022`, "correct the date"}},
		{"no such day without a year", `time.parse("30.2.", { format = "%d.%m." })`, []string{"February has 28 or 29 days"}},
		{"no such day, day first", `time.parse("30/02/2022")`, []string{`"30/02/2022" is not a date: February has 28 days in 2022`, "correct the date"}},
		{"no such day, month first", `time.parse("6/31/22 10:05")`, []string{"June has 30 days"}},
		{"no such day in any month", `time.parse("32.1.2022")`, []string{"January has 31 days"}},
		{"no such month", `time.parse("2022-13-31")`, []string{"there is no such month, day or hour"}},
		{"no such minute", `time.parse("2022-02-28T10:61:29")`, []string{"there is no such month, day or hour"}},
		{"two readings", `time.parse("01/02/2024")`, []string{"can be read in two ways", `%d/%m/%Y`}},
		{"day first", `time.parse("31/03/2026")`, []string{`"31/03/2026" seems to have the day first`, `time.parse(text, { format = "%d/%m/%Y" })`}},
		{"month first", `time.iso("3/31/26 10:05")`, []string{`"3/31/26 10:05" seems to have the month first`, `time.parse(text, { format = "%m/%d/%y %H:%M" })`}},
		{"neither", `time.iso("31-13-2026")`, []string{`there is no such day or month`}},
		{"a name as a format", `time.parse("2024-01-15", { format = "iso" })`, []string{`the layout "iso" is for time.format`, "are read without a layout"}},
		{"a format of spreadsheets", `time.parse("15/01/2024", { format = "dd/mm/yyyy" })`, []string{`it has no % sign`, `use time.parse(text, { format = "%d/%m/%Y" })`}},
		{"a format of spreadsheets tried", `time.try_parse("15/01/2024", { format = "yyyy-MM-dd" })`, []string{`{ format = "%Y-%m-%d" }`}},
		{"no format", `time.parse("15/01/2024", { format = "day first" })`, []string{`use the specifiers of the date, such as time.parse(text, { format = "%Y-%m-%d %H:%M:%S" })`}},
		{"milliseconds", `time.iso(1705314600000)`, []string{"1705314600000 seems to be in milliseconds", "divide it by 1000"}},
		{"nonsense", `time.add("soon", 1)`, []string{`"soon" is not in a known date or time format`, "2024-01-15"}},
		{"empty", `time.iso("")`, []string{"an empty text is not a date"}},
		{"zone", `time.today("Europe/Stokholm")`, []string{`unknown time zone "Europe/Stokholm"`, "Europe/Stockholm"}},
		{"layout of another language", `time.format(0, "YYYY-MM-DD")`, []string{"it has no % sign", `use "%Y-%m-%d"`}},
		{"layout that is none", `time.format(0, "European")`, []string{`use "iso", "date", "datetime", or specifiers`}},
		{"unknown specifier", `time.format(0, "%Q")`, []string{"unknown specifier %Q"}},
		{"text and format differ", `time.parse("2024-01-15", { format = "%d.%m.%Y" })`, []string{"does not match the format %d.%m.%Y"}},
		{"vague zone", `time.parse("15.1.2024 CST", { format = "%d.%m.%Y %Z" })`, []string{"has the zone CST"}},
		{"unit", `time.diff(0, 0, "dayss")`, []string{"time.diff: unknown unit 'dayss' (did you mean 'days'"}},
		{"period", `time.start_of(0, "monht")`, []string{"unknown period 'monht' (did you mean 'month'"}},
		{"duration", `time.duration("1 fortnight")`, []string{`"1 fortnight" is not a duration: unknown unit "fortnight"`}},
		{"months have no length", `time.duration("1mo")`, []string{"months and years have no fixed length"}},
		{"a number and a day", `time.add("2024-01-15", 30)`,
			[]string{`test.lua:1: time.add: a number is in seconds, but "2024-01-15" is a day without a time: write "30d" to add 30 days, or "30s" if you mean seconds`}},
		{"a number back", `time.add(time.today(), "-1.5")`, []string{`write "-1.5d" to add -1.5 days`}},
		{"one day", `time.add(time.today(), 1)`, []string{`write "1d" to add 1 day,`}},
		{"span field", `time.add(0, { dayz = 1 })`, []string{"unknown option 'dayz' (did you mean 'days'?)"}},
		{"half a month", `time.add(0, "0.5mo")`, []string{"must be whole numbers"}},
		{"no such date", `time.date(2023, 2, 29)`, []string{"there is no such day as 2023-2-29: February has 28 days in 2023"}},
		{"no such hour", `time.date(2023, 2, 28, 24)`, []string{"no such time of day"}},
		{"too long", `time.sleep(1e300)`, []string{"too long"}},
	})
}

func TestSleep(t *testing.T) {
	t.Run("waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			L := newState(t, newTestHost(t), Time())
			started := time.Now()
			_, err := run(t, L, `time.sleep(1.5); time.sleep("2m")`)
			require.NoError(t, err)
			assert.Equal(t, 121500*time.Millisecond, time.Since(started))
		})
	})
	t.Run("ends with the run", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			L := newState(t, newTestHost(t), Time())
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			L.SetContext(ctx)
			started := time.Now()
			_, obj := raised(t, L, `time.sleep("1h")`)
			require.NotNil(t, obj)
			assert.Equal(t, "timeout", lua.LVAsString(obj.RawGetString("kind")))
			assert.Equal(t, time.Second, time.Since(started))
		})
	})
}
