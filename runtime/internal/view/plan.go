package view

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
)

// PlanShown is what plan show prints with --json.
type PlanShown struct {
	Form
	*planfile.Header
	*planfile.Report
}

// PlanForm makes the form of a plan.
func PlanForm(h *planfile.Header, r *planfile.Report) PlanShown { return PlanShown{current, h, r} }

// shownValue bounds each value of a plan, in characters.
const shownValue = 60

// planText writes a plan for people.
type planText struct {
	strings.Builder
	header *planfile.Header
	report *planfile.Report
	// redacted leaves out what comes from records.
	redacted bool
}

// Plan is what a plan does, as text.
func Plan(h *planfile.Header, r *planfile.Report, redacted bool) string {
	p := &planText{header: h, report: r, redacted: redacted}
	simulated := ""
	if h.Simulated {
		simulated = " (simulated)"
	}
	fmt.Fprintf(p, "plan of %s%s: %s\n", display.OneLine(h.Script.Name), simulated, planTotals(r.Sum()))
	// What cannot be undone comes first.
	p.everywhere()
	p.deletes()
	for _, name := range slices.Sorted(maps.Keys(r.Models)) {
		p.model(name, r.Models[name])
	}
	p.rejected()
	p.granted()
	p.cost()
	p.sideEffects()
	p.unknown()
	return p.String()
}

// planTotals are the counts of a plan in one line.
func planTotals(c planfile.Counts) string {
	var parts []string
	for _, part := range []struct {
		count int
		text  string
	}{
		{c.Deleted, "%s to delete"}, {c.Created, "%s to create"}, {c.Updated, "%s to update"}, {c.Sent, "%s to send"},
		{c.Blind, "%s to create or update, not looked up"}, {c.Unchanged, "%s unchanged"}, {c.Rejected, "%s rejected"},
	} {
		if part.count > 0 {
			parts = append(parts, fmt.Sprintf(part.text, humanize.Comma(int64(part.count))))
		}
	}
	if c.Changes() == 0 {
		parts = append([]string{"no changes"}, parts...)
	}
	return strings.Join(parts, ", ")
}

func (p *planText) deletes() {
	for _, name := range slices.Sorted(maps.Keys(p.report.Models)) {
		m := p.report.Models[name]
		title := "delete " + name
		if header.Target(name) != name {
			title = "delete with " + header.Target(name)
		}
		p.list(title, '-', m.Deletes, m.Listed().Deleted)
	}
}

func (p *planText) model(name string, m *planfile.Model) {
	p.list("create "+name, '+', m.Creates, m.Created)
	p.list("update "+name, '~', m.Updates, m.Listed().Updated)
	p.list("create or update "+name+", not looked up", '?', m.Blinds, m.Listed().Blind)
	if header.Target(name) != name {
		p.list("send with "+header.Target(name), '>', m.Requests, m.Sent)
		return
	}
	name = display.OneLine(name)
	for _, operation := range slices.Sorted(maps.Keys(m.Operations)) {
		fmt.Fprintf(p, "  send %s.%s: %s\n", name, display.OneLine(operation), english.Plural(m.Operations[operation], "row", ""))
	}
	if m.Unchanged > 0 {
		fmt.Fprintf(p, "  unchanged %s: %s, not sent\n", name, humanize.Comma(int64(m.Unchanged)))
	}
}

// list shows the first records of a kind.
func (p *planText) list(title string, mark rune, records []planfile.Record, count int) {
	if count == 0 {
		return
	}
	fmt.Fprintf(p, "  %s: %s\n", display.OneLine(title), humanize.Comma(int64(count)))
	more := count
	for i := range records {
		p.record(mark, &records[i])
		more -= max(1, records[i].Rows)
	}
	if more > 0 {
		fmt.Fprintf(p, "    and %s more\n", humanize.Comma(int64(more)))
	}
}

func (p *planText) record(mark rune, r *planfile.Record) {
	at := ""
	if r.Line > 0 {
		at = fmt.Sprintf(", line %d", r.Line)
	}
	if r.Client > 1 {
		at += fmt.Sprintf(", in account %d", r.Client)
	}
	if r.Keyless {
		at += ", no key"
	}
	if p.redacted {
		fields := strings.Join(r.Fields, ", ")
		fmt.Fprintf(p, "    %c%s%s\n", mark, strings.TrimPrefix(at, ","), display.OneLine(prefixed(": ", fields)))
		return
	}
	fmt.Fprintf(p, "    %c %s%s\n", mark, display.OneLine(p.names(r)), at)
	p.values(r)
	for _, c := range r.Changes {
		fmt.Fprintf(p, "        %s: %s → %s\n", display.OneLine(c.Path), p.before(c), p.after(c))
	}
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

// names says which record a row is about.
func (p *planText) names(r *planfile.Record) string {
	var parts []string
	if r.Request != "" {
		parts = append(parts, p.path(r.Request))
		if r.Rows > 0 {
			parts = append(parts, english.Plural(r.Rows, "row", ""))
		}
	}
	if r.Name != "" {
		parts = append(parts, r.Name)
	}
	if r.Key != nil && r.Key.Value != r.Name && r.Key.Name != "_id" {
		parts = append(parts, r.Key.Name+" "+r.Key.Value)
	}
	switch n := p.number(r.ID); {
	case r.Request != "": // which names the record
		return strings.Join(parts, ", ")
	case n > 0:
		parts = append(parts, fmt.Sprintf("#%d", n))
	case r.ID != "":
		parts = append(parts, r.ID)
	case r.Key != nil && r.Key.Name == "_id":
		parts = append(parts, r.Key.Value)
	}
	if len(parts) == 0 {
		return "a record without a name"
	}
	return strings.Join(parts, ", ")
}

// path shows a request. The placeholder of a new record in it is its number.
func (p *planText) path(request string) string {
	const digits = 24
	at := strings.Index(request, p.header.Mark)
	if p.header.Mark == "" || at < 0 || len(request) < at+digits {
		return request
	}
	if n := p.number(request[at : at+digits]); n > 0 {
		return request[:at] + fmt.Sprintf("(new #%d)", n) + p.path(request[at+digits:])
	}
	return request
}

// number returns that of a placeholder, 0 for every other id.
func (p *planText) number(id string) int {
	rest, ok := strings.CutPrefix(id, p.header.Mark)
	if !ok || p.header.Mark == "" {
		return 0
	}
	n, err := strconv.ParseInt(rest, 16, 0)
	if err != nil {
		return 0
	}
	return int(n)
}

func (p *planText) before(c plan.Change) string {
	switch {
	case c.Unread:
		return "not looked up"
	case c.Absent:
		return "not set"
	}
	return p.value(c.Before) + date(c, c.Before)
}

func (p *planText) after(c plan.Change) string { return p.value(c.After) + date(c, c.After) }

// date is that of a number of days, in parentheses.
func date(c plan.Change, value []byte) string {
	days, err := strconv.Atoi(strings.Trim(string(value), `"`))
	if !c.Day || err != nil {
		return ""
	}
	return " (" + time.Unix(0, 0).UTC().AddDate(0, 0, days).Format(time.DateOnly) + ")"
}

// value shows a JSON value. The placeholder of a new record is its number.
func (p *planText) value(v []byte) string {
	text := string(v)
	if id := strings.Trim(text, `"`); p.number(id) > 0 {
		return fmt.Sprintf("new #%d", p.number(id))
	}
	if r := []rune(text); len(r) > shownValue {
		text = string(r[:shownValue]) + "..."
	}
	return display.OneLine(text)
}

func (p *planText) rejected() {
	n := p.report.Sum().Rejected
	if n == 0 {
		return
	}
	fmt.Fprintf(p, "  rejected: %s, not sent\n", humanize.Comma(int64(n)))
	for i := range p.report.Rejected {
		row := &p.report.Rejected[i]
		fmt.Fprintf(p, "    ! %s\n", display.OneLine(at(row.Script, row.ScriptLine)+row.String()))
	}
	if more := n - len(p.report.Rejected); more > 0 {
		fmt.Fprintf(p, "    and %s more\n", humanize.Comma(int64(more)))
	}
}

func (p *planText) cost() {
	if p.header.Calls == 0 {
		return
	}
	calls := humanize.Comma(int64(p.header.Calls)) + " " + english.PluralWord(p.header.Calls, "call", "")
	took := "less than a minute"
	if minutes := p.header.Seconds / int(time.Minute/time.Second); minutes > 0 {
		took = "at least " + english.Plural(minutes, "minute", "")
	}
	fmt.Fprintf(p, "  the writes take %s, %s at %d calls a minute\n", calls, took, p.header.Settings.CallsPerMinute)
}

func (p *planText) sideEffects() {
	effects := p.header.SideEffects
	for _, files := range []struct {
		what  string
		names []string
	}{{"wrote", effects.Written}, {"removed", effects.Removed}} {
		if n := len(files.names); n > 0 {
			shown := strings.Join(files.names[:min(n, shownFiles)], ", ")
			if p.redacted {
				shown = english.Plural(n, "file", "")
			} else if n > shownFiles {
				shown += fmt.Sprintf(" and %d more", n-shownFiles)
			}
			fmt.Fprintf(p, "  the script %s %s while it was planned\n", files.what, display.OneLine(shown))
		}
	}
	for _, r := range effects.Withheld {
		fmt.Fprintf(p, "  not sent, and not part of the plan: %s to %s, %s\n", r.Kind, display.OneLine(r.To), english.Plural(r.Count, "time", ""))
	}
	if p.header.ExitCode != 0 {
		fmt.Fprintf(p, "  the script ended with os.exit(%d)\n", p.header.ExitCode)
	}
}

func (p *planText) unknown() {
	list := p.header.Inexact
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(p, "  not known:")
	for _, u := range list[:min(len(list), planfile.Shown)] {
		fmt.Fprintf(p, "    %s\n", display.OneLine(at(u.Script, u.Line)+u.Text))
	}
	if more := len(list) - planfile.Shown; more > 0 {
		fmt.Fprintf(p, "    and %d more\n", more)
	}
}

// at names a line of a script, "" if it is not known.
func at(script string, line int) string {
	if line == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", script, line)
}
