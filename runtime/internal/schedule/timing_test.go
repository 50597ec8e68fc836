package schedule

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// due lists the times at which an expression is due from one moment to
// another, as the clocks of its zone show them, with their offset.
func due(t *testing.T, expression, from, to string) []string {
	t.Helper()
	timing, err := ParseCron(expression, time.UTC)
	require.NoError(t, err)
	start, err := time.Parse(time.RFC3339, from)
	require.NoError(t, err)
	end, err := time.Parse(time.RFC3339, to)
	require.NoError(t, err)
	var list []string
	for at := timing.Next(start); at.Before(end); at = timing.Next(at) {
		list = append(list, at.Format("2 15:04 -07"))
	}
	return list
}

// Stockholm's clocks go from 02:00 to 03:00 on 2026-03-29, and from 03:00 back
// to 02:00 on 2026-10-25.
func TestClocksGoForward(t *testing.T) {
	for expression, want := range map[string][]string{
		"30 2 * * * Europe/Stockholm":      {"28 02:30 +01", "29 03:00 +02", "30 02:30 +02"},
		"0,15,45 2 * * * Europe/Stockholm": {"28 02:00 +01", "28 02:15 +01", "28 02:45 +01", "29 03:00 +02", "30 02:00 +02", "30 02:15 +02", "30 02:45 +02"},
		"0 3 * * * Europe/Stockholm":       {"28 03:00 +01", "29 03:00 +02", "30 03:00 +02"},
		"0 2,3 * * * Europe/Stockholm":     {"28 02:00 +01", "28 03:00 +01", "29 03:00 +02", "30 02:00 +02", "30 03:00 +02"},
		"59 1 * * * Europe/Stockholm":      {"28 01:59 +01", "29 01:59 +01", "30 01:59 +02"},
	} {
		assert.Equal(t, want, due(t, expression, "2026-03-28T00:00:00+01:00", "2026-03-30T12:00:00+02:00"), expression)
	}
	assert.Equal(t, []string{"29 01:30 +01", "29 03:00 +02", "29 03:30 +02", "29 04:00 +02"},
		due(t, "*/30 * * * * Europe/Stockholm", "2026-03-29T01:00:00+01:00", "2026-03-29T04:15:00+02:00"))
}

func TestClocksGoBack(t *testing.T) {
	for expression, want := range map[string][]string{
		"30 2 * * * Europe/Stockholm":   {"24 02:30 +02", "25 02:30 +02", "26 02:30 +01"},
		"0 2,3 * * * Europe/Stockholm":  {"24 02:00 +02", "24 03:00 +02", "25 02:00 +02", "25 03:00 +01", "26 02:00 +01", "26 03:00 +01"},
		"0 3 * * * Europe/Stockholm":    {"24 03:00 +02", "25 03:00 +01", "26 03:00 +01"},
		"0 0 25 10 * Europe/Stockholm":  {"25 00:00 +02"},
		"0 0 * * SUN Europe/Stockholm":  {"25 00:00 +02"},
		"0 0 25 * MON Europe/Stockholm": {"25 00:00 +02", "26 00:00 +01"},
	} {
		assert.Equal(t, want, due(t, expression, "2026-10-23T23:59:00+02:00", "2026-10-26T12:00:00+01:00"), expression)
	}
	assert.Equal(t, []string{"25 01:30 +02", "25 02:00 +02", "25 02:30 +02", "25 02:00 +01", "25 02:30 +01", "25 03:00 +01"},
		due(t, "*/30 * * * * Europe/Stockholm", "2026-10-25T01:00:00+02:00", "2026-10-25T03:15:00+01:00"))
}

// TestEveryDayOnce: a time of day is due exactly once a day, whatever the zone
// does, and hourly ones at an even pace.
func TestEveryDayOnce(t *testing.T) {
	zones := []string{"Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata", "America/Havana", "Asia/Beirut", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		zone, err := ParseZone(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		daily, err := ParseCron(time.Date(0, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, time.UTC).Format("4 15 * * *"), zone)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, zone).Add(time.Duration(rapid.IntRange(0, 700*24*60).Draw(t, "start")) * time.Minute)
		seen := map[string]int{}
		for range 400 {
			next := daily.Next(at)
			if !next.After(at) || next.Sub(at) > 26*time.Hour {
				t.Fatalf("after %v comes %v", at, next)
			}
			// Asked at any moment before it, the answer is the same.
			if between := at.Add(next.Sub(at) / 3 * 2).Truncate(time.Second); !daily.Next(between).Equal(next) {
				t.Fatalf("from %v on the next is %v, not %v", between, daily.Next(between), next)
			}
			seen[next.Format(time.DateOnly)]++
			at = next
		}
		for day, n := range seen {
			if n != 1 {
				t.Fatalf("%d times on %s", n, day)
			}
		}
		if len(seen) != 400 {
			t.Fatalf("%d days", len(seen))
		}
		hourly, err := ParseCron("*/15 * * * *", zone)
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			next := hourly.Next(at)
			if pace := next.Sub(at); next.Sub(at) <= 0 || pace > 15*time.Minute {
				t.Fatalf("after %v comes %v", at, next)
			}
			at = next
		}
	})
}

func TestEvery(t *testing.T) {
	timing, err := ParseEvery("15m")
	require.NoError(t, err)
	at := time.Date(2026, 1, 1, 10, 7, 3, 0, time.UTC)
	assert.Equal(t, time.Date(2026, 1, 1, 10, 15, 0, 0, time.UTC), timing.Next(at).UTC())
	assert.Equal(t, time.Date(2026, 1, 1, 10, 30, 0, 0, time.UTC), timing.Next(timing.Next(at)).UTC())
	assert.Equal(t, "every 15m", timing.String())
}

func TestWhatIsNoTiming(t *testing.T) {
	for expression, want := range map[string]string{
		"":                        "is not a cron expression",
		"every night":             "is not a cron expression",
		"0 25 * * *":              "is not a cron expression",
		"* * * *":                 "is not a cron expression",
		"CRON_TZ=UTC 0 2 * * *":   "is not a cron expression",
		"Europe/Nobody":           "is not a cron expression",
		"0 2 * * * Europe/Nobody": "unknown time zone 'Europe/Nobody'",
		"0 0 30 2 *":              "is never due",
		"@every 0s":               "is not an interval",
		"@every soon":             "is not an interval",
	} {
		_, err := ParseCron(expression, time.UTC)
		assert.ErrorContains(t, err, want, expression)
	}
	for _, expression := range []string{"@daily", "@hourly UTC", "0 2 * * 1-5", "*/15 8-18 * * MON-FRI", "0 0 L * *", "0 9 * * MON#1", "30 0 2 * * *", "@every 5m"} {
		_, err := ParseCron(expression, time.UTC)
		assert.NoError(t, err, expression)
	}
	_, err := ParseCron("25 * * *", time.UTC)
	assert.ErrorContains(t, err, "is not a cron expression: ", "otherwise what is missing is the reason")
}

// TestTheZoneOfATiming: the one in the expression comes before the one that is set.
func TestTheZoneOfATiming(t *testing.T) {
	for expression, want := range map[string]string{
		"0 2 * * *": "Asia/Tokyo", "0 2 * * * UTC": "UTC", "0 2 * * * America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires", "@every 5m": "UTC",
	} {
		tokyo, err := ParseZone("Asia/Tokyo")
		require.NoError(t, err)
		timing, err := ParseCron(expression, tokyo)
		require.NoError(t, err, expression)
		assert.Equal(t, want, timing.Zone().String(), expression)
	}
}

func TestZonesAreToldFromFields(t *testing.T) {
	for _, zone := range []string{"UTC", "Local", "Europe/Stockholm", "America/New_York", "Etc/UTC", "America/Argentina/Salta"} {
		assert.True(t, isZone(zone), zone)
	}
	for _, field := range []string{"", "*", "*/15", "1/2", "MON", "MON/2", "MON-FRI/2", "/UTC", "*/x", "L"} {
		assert.False(t, isZone(field), field)
	}
}
