package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

func TestRead(t *testing.T) {
	noon := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	midnight := noon.Add(-12 * time.Hour)
	for _, text := range []string{
		"2024-01-15", " 2024-01-15 ", "20240115", "2024/1/15", "15.1.2024", "15 Jan 2024", "15 January 2024", "Jan 15, 2024",
		"January 15, 2024", "15-Jan-2024", "Mon, 15 Jan 2024",
	} {
		got, dateOnly, err := Reader{Zone: time.UTC, Option: ParseFormat}.Read(text)
		require.NoError(t, err, text)
		assert.True(t, dateOnly, text)
		assert.Equal(t, midnight, got.UTC(), text)
	}
	for _, text := range []string{
		"2024-01-15T12:00:00Z", "2024-01-15T12:00:00.000Z", "2024-01-15 12:00:00", "2024-01-15t12:00", "2024-01-15T13:00:00+01:00",
		"2024-01-15T13:00:00+0100", "2024-01-15T13:00:00+01", "2024-01-15 13:00:00 +01:00", "2024-01-15 12:00:00 UTC",
		"20240115T120000Z", "15.1.2024 12:00", "2024/01/15 12:00:00", "Mon, 15 Jan 2024 12:00:00 GMT", "Mon, 15 Jan 2024 13:00:00 +0100",
		"Jan 15, 2024 12:00 PM", "1705320000", "1705320000.0",
	} {
		got, dateOnly, err := Reader{Zone: time.UTC, Option: ParseFormat}.Read(text)
		require.NoError(t, err, text)
		assert.False(t, dateOnly, text)
		assert.Equal(t, noon, got.UTC(), text)
	}
	for _, text := range []string{"", "x", "2024-13-01", "2024-01-15T25:00:00Z", "31.2.2024", "2024-01-15 and more", "12", "1e10", "0x1234567890", "2024-1-1x"} {
		_, _, err := Reader{Zone: time.UTC, Option: ParseFormat}.Read(text)
		assert.Error(t, err, text)
	}
}

// TestLayoutRoundTrip writes times by a layout and reads them back.
func TestLayoutRoundTrip(t *testing.T) {
	layouts := []string{"%Y-%m-%d %H:%M:%S", "%d/%m/%Y %I:%M:%S %p", "%e %B %Y, %T", "%a %b %d %H:%M:%S %z %Y", "%FT%TZ", "%Y%m%d%H%M%S", "%d.%m.%y %H.%M.%S"}
	rapid.Check(t, func(r *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 3e9).Draw(r, "at"), 0).UTC()
		layout := rapid.SampledFrom(layouts).Draw(r, "layout")
		if strings.Contains(layout, "%y") && at.Year() >= 2069 {
			at = at.AddDate(-40, 0, 0)
		}
		text, err := Format(at, layout)
		require.NoError(r, err)
		got, dateOnly, err := Reader{Zone: time.UTC, Layout: layout, Option: ParseFormat}.Read(text)
		require.NoError(r, err, text)
		require.False(r, dateOnly)
		require.True(r, at.Equal(got), "%s by %s is %s, not %s", text, layout, got, at)
	})
}

// TestSpanRoundTrip writes durations and reads them back.
func TestSpanRoundTrip(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(r, "ms")) * time.Millisecond
		s, err := ParseSpan(FormatSpan(d))
		require.NoError(r, err)
		got, err := s.Length()
		require.NoError(r, err)
		require.Equal(r, d, got)
	})
}

// TestReadTakesAnyText makes sure that no text makes it fail otherwise
// than by an error for people.
func TestReadTakesAnyText(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("0123456789-/.:TZ+ JanPM,eE"))).Draw(r, "text")
		if _, _, err := (Reader{Zone: time.UTC, Option: ParseFormat}).Read(text); err != nil {
			var data *invalid.Error
			require.ErrorAs(r, err, &data)
			require.NotEmpty(r, data.Hint)
		}
	})
}

func TestOutOfRange(t *testing.T) {
	for text, layout := range map[string]string{
		"2024-02-30": "2006-01-02", "2024-13-01": "2006-01-02", "2024-366": "2006-002", "2023-366": "2006-002", "25:00": "15:04", "10:00:60": "15:04:05",
		"2024-01-15T10:00:00+30:00": time.RFC3339,
	} {
		_, err := time.Parse(layout, text)
		assert.Equal(t, text != "2024-366", outOfRange(err), text)
	}
	for text, layout := range map[string]string{"2024-01-15x": "2006-01-02", "x": "15:04", "2024-01-1x": "2006-01-02", "": "15:04", "2024-01-15 and 25:00": "2006-01-02"} {
		_, err := time.Parse(layout, text)
		assert.Error(t, err)
		assert.False(t, outOfRange(err), text)
	}
}

// A text of megabytes is not tried in every form.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("1", 1001)
	for _, r := range []Reader{{}, {Layout: Excel}, {Layout: "%Y"}} {
		r.Zone, r.Option = time.UTC, ParseFormat
		_, _, err := r.Read(long)
		assert.EqualError(t, err, `"`+long[:60]+`..." is not a date or time: it is 1001 bytes long`)
	}
	_, err := ParseSpan(long)
	assert.EqualError(t, err, `"`+long[:60]+`..." is not a duration: it is 1001 bytes long`)
}

func TestSpansThatAreTooLong(t *testing.T) {
	for text, message := range map[string]string{
		"1e300": `"1e300" is not a duration: 1e+300 seconds is too long`, "60001mo": `"60001mo" is not a duration: 60001 months: months and years must be whole numbers, at most 5000 years`,
		"-+5s": `"-+5s" is not a duration: expected a number with a unit at "+5s"`, "p1yt": `"p1yt" is not a duration: it is incomplete`, "p1s": `"p1s" is not a duration: unknown unit "s"`,
		"9e6 hours": `"9e6 hours" is not a duration: unknown unit "e"`, "p": `"p" is not a duration: it is incomplete`, "": `"" is not a duration: it is empty`,
	} {
		_, err := ParseSpan(text)
		assert.EqualError(t, err, message)
	}
}

func TestEpochDays(t *testing.T) {
	for text, want := range map[string]int{"1970-01-01": 0, "1969-12-31": -1, "2024-01-15T23:30:00-02:00": 19738, "20240115": 19737} {
		days, err := EpochDays(text)
		assert.NoError(t, err)
		assert.Equal(t, want, days, text)
	}
	_, err := EpochDays("15.1.2024")
	assert.Error(t, err)
}
