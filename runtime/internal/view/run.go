package view

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
)

// RunColumns are the columns of a list of runs.
var RunColumns = []Column{
	{Name: "RUN"}, {Name: "NAME", Least: 8}, {Name: "DUE"}, {Name: "STATUS"}, {Name: "TOOK"}, {Name: "CALLS"}, {Name: "REJECTED"}, {Name: "REASON", Below: true},
}

// RunCells are a run's cells for RunColumns.
func RunCells(r *history.Run, now time.Time) []string {
	took := "-"
	if d := r.Duration(now); d > 0 {
		took = Duration(d)
	}
	name := cmp.Or(r.Schedule, r.Definition.Name, commandOf(r))
	if p := r.Definition.Profile; p != "" {
		name += " in " + display.OneLine(p)
	}
	return []string{
		strconv.FormatInt(r.ID, 10), name, At(r.Due), string(r.Status), took,
		count(r.Calls), count(r.Rejected), history.Why(r.Reason, r.Error),
	}
}

// commandOf names a run that has no schedule.
func commandOf(r *history.Run) string {
	if r.Cause == history.ByUndo { // whose script says so
		return display.OneLine(r.Script)
	}
	if r.Cause.Command() {
		return string(r.Cause) + " " + display.OneLine(r.Script)
	}
	return ""
}

// count returns a number of a run as text.
func count(n int) string {
	if n == history.Unknown {
		return "?"
	}
	return strconv.Itoa(n)
}

// RunLines are all that is known of a run, apart from its error.
func RunLines(r *history.Run, now time.Time) []Line {
	var lines []Line
	line := func(name, value string) {
		if value != "" {
			lines = append(lines, Line{name, value})
		}
	}
	line("run", strconv.FormatInt(r.ID, 10))
	line("schedule", r.Schedule)
	line("script", r.Script)
	line("profile", r.Definition.Profile)
	line("version", Clip(r.ScriptHash, 13))
	line("cause", string(r.Cause))
	if r.Attempt > 1 {
		line("attempt", fmt.Sprintf("%d, repeats run %d", r.Attempt, r.RetryOf))
	}
	line("asked by", because(r.AskedBy, r.AskedWhy))
	line("tick", At(r.Tick))
	line("due", At(r.Due))
	line("status", string(r.Status))
	line("reason", r.Reason)
	if !strings.Contains(r.Reason, "by "+r.CancelledBy) {
		line("cancelled by", r.CancelledBy)
	}
	line("worker", r.Worker)
	line("started", At(r.Started))
	line("ended", At(r.Ended))
	if d := r.Duration(now); d > 0 {
		line("took", Duration(d))
	}
	if r.ExitCode != nil {
		line("exit code", strconv.Itoa(*r.ExitCode))
	}
	line("params", r.Definition.Params.JSON())
	if r.Status == history.Running {
		lines = append(lines, soFar(r)...)
	}
	var done outcome.Summary
	if len(r.Summary) > 0 && json.Unmarshal(r.Summary, &done) == nil {
		for _, m := range done.Modules {
			lines = append(lines, Line{"module", m.File + " " + Clip(m.SHA256, 13)})
		}
		lines = append(lines, Totals(&done)...)
	}
	return lines
}

// because is who did something, and why.
func because(who, why string) string {
	if why == "" {
		return display.OneLine(who)
	}
	return display.OneLine(who + ": " + why)
}

// soFar is what a run at work last reported.
func soFar(r *history.Run) (lines []Line) {
	if t := r.Task; t != nil {
		text := humanize.Comma(t.Done)
		if t.Total > 0 {
			text += " of " + humanize.Comma(t.Total)
		}
		text = display.OneLine(t.Name) + ", " + text + " " + display.OneLine(t.Unit)
		if t.Left >= 0 {
			text += ", about " + Duration(time.Duration(t.Left)*time.Second) + " left"
		}
		lines = append(lines, Line{"doing", text})
	}
	return append(lines, Line{"calls so far", humanize.Comma(int64(r.Calls))}, Line{"written so far", humanize.Comma(int64(r.Written))}, Line{"rejected so far", humanize.Comma(int64(r.Rejected))})
}

// LastLine is the last line that a run at work wrote, if it wrote any.
func LastLine(lines []history.Line) []Line {
	if len(lines) == 0 {
		return nil
	}
	return []Line{{"last line", LogText(lines[len(lines)-1])}}
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
	return display.OneLine(fmt.Sprintf("%s %-6s %s%s", l.At.Local().Format("15:04:05.000 MST"), l.Level, l.Message, fields))
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
