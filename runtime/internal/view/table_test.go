package view_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/view"
)

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 350 * time.Millisecond: "350ms", 999600 * time.Microsecond: "1s", 12345 * time.Millisecond: "12.3s", 59960 * time.Millisecond: "1m",
		80 * time.Second: "1m20s", time.Hour: "1h", time.Hour - time.Millisecond: "1h", 125 * time.Minute: "2h5m", 24*time.Hour - time.Second: "1d",
		76 * time.Hour: "3d4h", 48 * time.Hour: "2d", -90 * time.Second: "-1m30s",
	} {
		assert.Equal(t, want, view.Duration(d))
	}
}

// TestTimesCarryTheirZone: in each listing.
func TestTimesCarryTheirZone(t *testing.T) {
	zone := time.FixedZone("CEST", 2*60*60)
	at := time.Date(2026, 7, 15, 9, 0, 1, 0, zone)
	local := " " + at.Local().Format("MST")
	assert.Contains(t, view.RunCells(&history.Run{Due: at}, at)[2], local)
	assert.Contains(t, view.Schedule{Timing: view.Timing{Next: at}}.Cells()[3], " CEST")
	assert.Contains(t, view.Checked{Timing: view.Timing{Next: at}}.Cells()[3], " CEST")
	assert.Contains(t, view.Tick{At: at}.Cells()[1], " CEST")
	assert.Contains(t, view.LogText(history.Line{At: at}), local)
	var q view.Quota
	q.Last429 = at
	assert.Contains(t, q.Rows()[4][1], local)
	for _, l := range view.RunLines(&history.Run{Tick: at, Due: at, Started: at, Ended: at}, at) {
		if strings.Contains(l.Value, "2026") {
			assert.True(t, strings.HasSuffix(l.Value, local), l)
		}
	}
}

// TestListingsFit: on a terminal of 80 columns, with long names and reasons; what is
// piped has every character.
func TestListingsFit(t *testing.T) {
	long := strings.Repeat("import-", 9)
	reason := "sync.lua:12: company.bulk_upsert: " + strings.Repeat("no such owner ", 10) + "end"
	at := time.Date(2026, 7, 15, 9, 0, 1, 0, time.FixedZone("CEST", 2*60*60))
	run := &history.Run{ID: 1234567, Schedule: long, Due: at, Started: at, Ended: at.Add(125 * time.Minute), Status: history.TimedOut, Calls: 12345, Rejected: 12345, Reason: reason}
	short := &history.Run{ID: 1, Definition: config.Schedule{Name: "a"}, Due: at, Status: history.Queued}
	s := view.Schedule{Name: long, Script: "jobs/" + long + ".lua", Timing: view.Timing{When: "0,15,30,45 8-18 * * MON-FRI Europe/Stockholm", Next: at}, State: "disabled", LastRun: 1234567, Last: history.Succeeded}
	var q view.Quota
	q.Host, q.Last429, q.LastScript = "api.planhat.com", at, "sync.lua"
	for name, table := range map[string]struct {
		columns []view.Column
		rows    [][]string
		whole   []string
	}{
		"runs":      {view.RunColumns, [][]string{view.RunCells(run, at), view.RunCells(short, at)}, []string{long, reason}},
		"schedules": {view.ScheduleColumns, [][]string{s.Cells()}, []string{long, s.When, s.Script}},
		"checked":   {view.CheckedColumns, [][]string{view.Checked{Name: long, Script: s.Script, Timing: s.Timing, Source: "/etc/phscript/phscript.toml"}.Cells()}, []string{long, s.When}},
		"ticks":     {view.TickColumns, [][]string{view.Tick{Schedule: long, At: at}.Cells()}, []string{long}},
		"quota":     {view.QuotaColumns, append(q.Rows(), []string{"  jobs/" + long, "a-host-with-a-long-name.example.com:12345", "150 used, 20 waiting, the first for another 12s"}), []string{long}},
	} {
		wide := 80
		for _, line := range strings.Split(view.Table(table.columns, table.rows, wide), "\n") {
			assert.LessOrEqual(t, utf8.RuneCountInString(line), wide, "%s: %q", name, line)
			assert.Equal(t, strings.TrimRight(line, " "), line, name)
		}
		piped := view.Table(table.columns, table.rows, 0)
		for _, whole := range table.whole {
			assert.Contains(t, piped, whole, name)
		}
		assert.NotContains(t, piped, "…", name)
	}
}

func TestTable(t *testing.T) {
	columns := []view.Column{{Name: "RUN"}, {Name: "NAME", Least: 4}, {Name: "WHY", Below: true}}
	rows := [][]string{{"1", "nightly", "no worker was running"}, {"20", "b", ""}}
	assert.Equal(t, "RUN  NAME     WHY\n1    nightly  no worker was running\n20   b\n", view.Table(columns, rows, 0))
	assert.Equal(t, view.Table(columns, rows, 0), view.Table(columns, rows, 35), "it fits")
	assert.Equal(t, "RUN  NAME\n1    nightly\n  no worker was running\n20   b\n", view.Table(columns, rows, 30))
	assert.Equal(t, "RUN  NAME\n1    nigh…\n  no work…\n20   b\n", view.Table(columns, rows, 10))
	assert.Equal(t, "RUN  NAME\n1    nig…\n  no…\n20   b\n", view.Table(columns, rows, 5), "as narrow as the columns allow")
	assert.Equal(t, "a  b\nlong title\n", view.Table([]view.Column{{Least: 1}, {}}, [][]string{{"a", "b"}, {"long title"}}, 0), "without names")
}

func TestLines(t *testing.T) {
	lines := []view.Line{{Name: "run", Value: "1"}, {Name: "reason", Value: "one two three four five six seven"}}
	assert.Equal(t, "run     1\nreason  one two three four five six seven\n", view.Lines(lines, 0))
	assert.Equal(t, "run     1\nreason  one two three four\n        five six seven\n", view.Lines(lines, 30))
}
