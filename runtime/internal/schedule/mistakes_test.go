package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
)

// TestMistakesInACronExpression: the error names the field, what it takes, and what was
// probably meant.
func TestMistakesInACronExpression(t *testing.T) {
	const days, months = "; use a number from 0 to 7, or sun to sat", "; use a number from 1 to 12, or jan to dec"
	for expression, want := range map[string]string{
		"0 2 * * MONDAY":         "'MONDAY' is unknown as the day of the week (did you mean 'mon'?)" + days,
		"0 2 * * monday":         "'monday' is unknown as the day of the week (did you mean 'mon'?)" + days,
		"0 2 * * mon-friday":     "'friday' is unknown as the day of the week (did you mean 'fri'?)" + days,
		"0 2 * * tues":           "'tues' is unknown as the day of the week (did you mean 'tue'?)" + days,
		"0 2 * * sat,wdnesday":   "'wdnesday' is unknown as the day of the week (did you mean 'wed'?)" + days,
		"0 0 2 * * MONDAY":       "'MONDAY' is unknown as the day of the week (did you mean 'mon'?)" + days,
		"0 2 * * MONDAY#1":       "'MONDAY' is unknown as the day of the week (did you mean 'mon'?)" + days,
		"0 2 * January *":        "'January' is unknown as the month (did you mean 'jan'?)" + months,
		"0 2 * sept *":           "'sept' is unknown as the month (did you mean 'sep'?)" + months,
		"0 25 * * *":             "the hour must be from 0 to 23, not 25",
		"0 20-24 * * *":          "the hour must be from 0 to 23, not 24",
		"60 2 * * *":             "the minute must be from 0 to 59, not 60",
		"61 0 2 * * *":           "the second must be from 0 to 59, not 61",
		"0 2 32 * *":             "the day of the month must be from 1 to 31, not 32",
		"0 2 0 * *":              "the day of the month must be from 1 to 31, not 0",
		"0 2 * 13 *":             "the month must be from 1 to 12, not 13",
		"0 2 * * 8":              "the day of the week must be from 0 to 7, not 8",
		"0 noon * * *":           "the hour must be a number from 0 to 23, not 'noon'",
		"*/0 * * * *":            "the minute takes a step from 1 to 59, such as */15, not '*/0'",
		"*/90 * * * *":           "the minute takes a step from 1 to 59, such as */15, not '*/90'",
		"0 2 * * * MONDAY":       "'MONDAY' is unknown as the day of the week",
		"0 25 * * * UTC":         "the hour must be from 0 to 23, not 25",
		"@dayly":                 "'@dayly' is unknown (did you mean '@daily'?)",
		"@Daily Europe/Helsinki": "'@Daily' is unknown (did you mean '@daily'?)",
	} {
		_, err := ParseCron(expression, time.UTC)
		require.ErrorContains(t, err, "'"+expression+"' is not a cron expression: ", expression)
		assert.ErrorContains(t, err, want, expression)
		assert.NotContains(t, err.Error(), "strconv", expression)
	}
}

// TestMistakesInATimeZone: also where only a city or a short form is written.
func TestMistakesInATimeZone(t *testing.T) {
	for zone, want := range map[string]string{
		"Stokholm": "Europe/Stockholm", "Stockholm": "Europe/Stockholm", "europe/stockholm": "Europe/Stockholm", "utc": "UTC", "z": "UTC",
	} {
		for _, expression := range []string{"0 2 * * * " + zone, "0 0 2 * * * " + zone, "@daily " + zone} {
			_, err := ParseCron(expression, time.UTC)
			assert.ErrorContains(t, err, "unknown time zone '"+zone+"' (did you mean '"+want+"'?)", expression)
		}
		_, err := New(config.Schedule{Name: "a", Script: "a.lua", Cron: "@daily", TimeZone: zone}, "test")
		assert.ErrorContains(t, err, "unknown time zone '"+zone+"' (did you mean '"+want+"'?)")
	}
	_, err := ParseCron("0 2 * * * CEST", time.UTC)
	assert.EqualError(t, err, "unknown time zone 'CEST'; use a name such as Europe/Stockholm, America/New_York or UTC")
}

func TestDoubts(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	doubts := func(s config.Schedule) []string {
		s.Name, s.Script = "a", "a.lua"
		d, err := New(s, "test")
		require.NoError(t, err)
		return d.Doubts(now)
	}
	for _, s := range []config.Schedule{
		{Every: "1h", Jitter: "1h"}, {Cron: "0 * * * *", Jitter: "60m"}, {Cron: "0 2 * * *", TimeZone: "UTC"},
		{Cron: "0 2 * * * UTC", TimeZone: "UTC"}, {Cron: "0 2 * * * Asia/Tokyo"}, {Every: "1h"}, {Cron: "@every 5m"}, {Cron: "0 0 29 2 *", Jitter: "1h"},
	} {
		assert.Empty(t, doubts(s), "%+v", s)
	}
	for _, tt := range []struct {
		s    config.Schedule
		want string
	}{
		{config.Schedule{Every: "1h", TimeZone: "Europe/Stockholm"}, "time_zone has no effect on an interval"},
		{config.Schedule{Cron: "@every 1h", TimeZone: "Europe/Stockholm"}, "time_zone has no effect on an interval"},
		{config.Schedule{Cron: "@every 1h Asia/Tokyo"}, "the time zone Asia/Tokyo has no effect on an interval"},
		{config.Schedule{Cron: "0 2 * * * Asia/Tokyo", TimeZone: "Europe/Stockholm"}, `time_zone = "Europe/Stockholm" has no effect, because the cron expression names the time zone Asia/Tokyo`},
		{config.Schedule{Every: "1h", Jitter: "61m"}, `jitter = "61m" is longer than the time between two ticks (1h), so`},
		{config.Schedule{Cron: "0 * * * *", Jitter: "2h"}, `jitter = "2h" is longer than the time between two ticks (1h), so`},
		{config.Schedule{Cron: "0,10 2 * * *", Jitter: "15m"}, `jitter = "15m" is longer than the time between two ticks (10m), so runs can be due in another order than their ticks; use at most 10m`},
	} {
		list := doubts(tt.s)
		require.Len(t, list, 1, "%+v", tt.s)
		assert.Contains(t, list[0], "schedule 'a': "+tt.want)
	}
}
