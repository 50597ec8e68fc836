package serve

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/history"
)

// TestRecordsAndText: only what follows the mark at the start of a line is a record of the
// log. What a script writes is text, also if it looks like one, ends without a line end
// before a record, or is longer than a line of a log.
func TestRecordsAndText(t *testing.T) {
	const mark, record = "MARK", `{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"m"}`
	long := strings.Repeat("x", longestLine)
	for text, want := range map[string][]string{
		record + "\n":                                         {"text " + record},
		"\n" + mark + record + "\n":                           {"record " + record},
		"a\n\n\n" + mark + record + "\nb\n":                   {"text a", "text ", "record " + record, "text b"},
		"a\n" + mark + record + "\n\n" + mark + record + "\n": {"text a", "record " + record, "record " + record},
		"a\n\n":                                  {"text a", "text "},
		long + record + "\n":                     {"text " + long, "text " + record},
		long + mark + record + "\n":              {"text " + long, "text " + mark + record},
		"x" + mark + record + "\n":               {"text x" + mark + record},
		"\n" + mark + long + long + "y\nz\n":     {"record " + long + long + "y", "text z"},
		"\n" + mark + "{\"time\"":                {"record {\"time\""},
		long + "\n\n" + mark + record + "\nlast": {"text " + long, "record " + record, "text last"},
	} {
		var got []string
		readLines(strings.NewReader(text), mark, func(text string, record bool) {
			if record {
				text = "record " + text
			} else {
				text = "text " + text
			}
			got = append(got, text)
		})
		assert.Equal(t, want, got, "%.80q", text)
	}
}

// TestLongRecords keep their level and time.
func TestLongRecords(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const start = `{"time":"2026-01-02T03:04:05Z","level":"WARN","msg":"`
	long := strings.Repeat("x", longestLine+1)
	assert.Equal(t, history.Line{At: at, Level: "warn", Message: long}, logLine(start+long+`"}`))
	assert.Equal(t, history.Line{At: at, Level: "warn", Message: long}, logLine(start+long), "its end was cut off")
	assert.Equal(t, history.Line{At: at, Level: "warn", Message: "m", Fields: []byte(`{"left_out":"the fields of this record are longer than 64 KiB"}`)}, logLine(start+`m","f":"`+long+`"}`))
}
