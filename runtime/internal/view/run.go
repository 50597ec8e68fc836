package view

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// RunColumns are the columns of a list of runs.
var RunColumns = []string{"RUN", "SCHEDULE", "DUE", "STATUS", "TOOK", "CALLS", "REJECTED", "REASON"}

// RunCells are a run's cells for RunColumns.
func RunCells(r *history.Run, now time.Time) []string {
	name := r.Schedule
	if name == "" {
		name = r.Definition.Name
	}
	took := "-"
	if d := r.Duration(now); d > 0 {
		took = d.Round(100 * time.Millisecond).String()
	}
	return []string{
		strconv.FormatInt(r.ID, 10), name, r.Due.Local().Format("2006-01-02 15:04:05"), string(r.Status), took,
		strconv.Itoa(r.Calls), strconv.Itoa(r.Rejected), Clip(history.Why(r.Reason, r.Error), 60),
	}
}

// RunLines are all that is known of a run, apart from its error.
func RunLines(r *history.Run, now time.Time) []Line {
	var lines []Line
	line := func(name, value string) {
		if value != "" {
			lines = append(lines, Line{name, value})
		}
	}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Local().Format("2006-01-02 15:04:05 MST")
	}
	line("run", strconv.FormatInt(r.ID, 10))
	line("schedule", r.Schedule)
	line("script", r.Script)
	line("version", Clip(r.ScriptHash, 13))
	line("cause", string(r.Cause))
	if r.Attempt > 1 {
		line("attempt", fmt.Sprintf("%d, repeats run %d", r.Attempt, r.RetryOf))
	}
	line("tick", at(r.Tick))
	line("due", at(r.Due))
	line("status", string(r.Status))
	line("reason", r.Reason)
	line("worker", r.Worker)
	line("started", at(r.Started))
	line("ended", at(r.Ended))
	if d := r.Duration(now); d > 0 {
		line("took", d.Round(time.Millisecond).String())
	}
	if r.ExitCode != nil {
		line("exit code", strconv.Itoa(*r.ExitCode))
	}
	line("params", r.Definition.Params.JSON())
	var done outcome.Summary
	if len(r.Summary) > 0 && json.Unmarshal(r.Summary, &done) == nil {
		lines = append(lines, Totals(&done)...)
	}
	return lines
}

// LogText is a line of a run's log as text.
func LogText(l history.Line) string {
	fields := ""
	var values map[string]json.RawMessage
	if len(l.Fields) > 0 && json.Unmarshal(l.Fields, &values) == nil {
		for _, name := range sorted(values) {
			fields += " " + name + "=" + plain(values[name])
		}
	}
	return display.OneLine(fmt.Sprintf("%s %-6s %s%s", l.At.Local().Format("15:04:05.000"), l.Level, l.Message, fields))
}

// plain returns a JSON value as text: a string without quotes, unless it could be
// mistaken for several fields.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) != nil || text == "" || strings.ContainsFunc(text, func(r rune) bool {
		return r == '"' || r == '=' || unicode.IsSpace(r) || !unicode.IsPrint(r)
	}) {
		return string(value)
	}
	return text
}
