package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/internal/invalid"
)

// TestExcel: what spreadsheets show for these numbers.
func TestExcel(t *testing.T) {
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	require.NoError(t, err)
	for text, want := range map[string]string{
		"1": "1900-01-01T00:00:00", "59": "1900-02-28T00:00:00", "61": "1900-03-01T00:00:00", "25569": "1970-01-01T00:00:00", "45306": "2024-01-15T00:00:00",
		" 45306 ": "2024-01-15T00:00:00", "45306.5": "2024-01-15T12:00:00", "45306.5208333333": "2024-01-15T12:30:00", "45306.9999999999": "2024-01-16T00:00:00",
		"45382.5": "2024-03-31T12:00:00", "2958465": "9999-12-31T00:00:00", "2958465.5": "9999-12-31T12:00:00",
	} {
		for _, zone := range []*time.Location{time.UTC, stockholm} {
			r := Reader{Zone: zone, Layout: Excel}
			require.NoError(t, r.Check())
			at, dateOnly, err := r.Read(text)
			require.NoError(t, err, text)
			assert.Equal(t, want, at.Format("2006-01-02T15:04:05.999"), text)
			assert.Equal(t, zone, at.Location())
			assert.Equal(t, text == "45306.9999999999" || at.Hour() > 0, !dateOnly, text)
		}
	}
	for _, text := range []string{"", "0", "0.5", "60", "60.5", "2958466", "-1", "1e4", "45,306", "45306,5", "0x10", "nan", "inf", "2024-01-15", "4 5306", "1.2.3"} {
		_, _, err := Reader{Zone: time.UTC, Layout: Excel}.Read(text)
		var data *invalid.Error
		require.ErrorAs(t, err, &data, text)
	}
}

// TestExcelIsProposed: the date that the hint promises is the one that its option
// reads.
func TestExcelIsProposed(t *testing.T) {
	_, _, err := Reader{Zone: time.UTC, Option: CSVFormat}.Read("45306")
	var data *invalid.Error
	require.ErrorAs(t, err, &data)
	assert.Equal(t, `if it is a day number of Excel, it is 2024-01-15: { date_format = "excel" }`, data.Hint)
	at, _, err := Reader{Zone: time.UTC, Layout: "excel"}.Read("45306")
	require.NoError(t, err)
	assert.Equal(t, "2024-01-15", at.Format(time.DateOnly))
	for _, text := range []string{"19999", "80000", "4530", "453060", "4530a", "45.30"} {
		_, _, err := Reader{Zone: time.UTC, Option: CSVFormat}.Read(text)
		require.ErrorAs(t, err, &data, text)
		assert.NotContains(t, data.Hint, "excel", text)
	}
}
