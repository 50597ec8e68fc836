package bindings

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheFirstAndLastMoments: of a day, a month and the calendar are taken, and
// those before and after them are not.
func TestTheFirstAndLastMoments(t *testing.T) {
	L := newState(t, newTestHost(t), Time())
	for args, want := range map[string]string{
		"2024, 1, 15, 0, 0, 0":     "2024-01-15T00:00:00Z",
		"2024, 1, 15, 23, 59, 59":  "2024-01-15T23:59:59Z",
		"2024, 1, 1":               "2024-01-01T00:00:00Z",
		"2024, 12, 31":             "2024-12-31T00:00:00Z",
		"2024, 2, 29":              "2024-02-29T00:00:00Z",
		"0, 1, 1":                  "0000-01-01T00:00:00Z",
		"9999, 12, 31, 23, 59, 59": "9999-12-31T23:59:59Z",
	} {
		got, err := run(t, L, "return time.iso(time.date("+args+"))")
		require.NoError(t, err, args)
		assert.Equal(t, []string{want}, got, args)
	}
	for args, want := range map[string]string{
		"2024, 1, 15, 24": "no such time of day", "2024, 1, 15, -1": "no such time of day", "2024, 1, 15, 0, 60": "no such time of day",
		"2024, 1, 15, 0, -1": "no such time of day", "2024, 1, 15, 0, 0, 60": "no such time of day", "2024, 1, 15, 0, 0, -1": "no such time of day",
		"2024, 0, 1": "no such day", "2024, 13, 1": "no such day", "2024, 1, 0": "no such day", "2024, 1, 32": "no such day", "2023, 2, 29": "no such day",
		"10000, 1, 1": "the year 10000 is out of range", "-1, 1, 1": "the year -1 is out of range",
	} {
		got, err := run(t, L, "local ok, e = pcall(time.date, "+args+") return type(e) == \"table\" and e.message or e")
		require.NoError(t, err, args)
		require.Len(t, got, 1, args)
		assert.Contains(t, got[0], want, args)
	}
}
