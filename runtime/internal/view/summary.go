package view

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// shownReasons and shownRows bound what a summary's text says of rejected rows;
// its JSON has them all. shownCharacters bounds each planned row.
const (
	shownReasons    = 3
	shownRows       = 5
	shownCharacters = 100
	shownFiles      = 5
)

// Files are those that a run wrote: its summary as JSON, and its rejected rows as CSV.
// Each may be "". Written counts the rows of Rejects, and Missing the rejected rows that
// could not be written to it.
type Files struct {
	Summary, Rejects string
	Written          outcome.Written
	Missing          int
}

// Summary is a run's summary as text for a terminal.
func Summary(s *outcome.Summary, files Files) string {
	var b strings.Builder
	end := map[string]string{"done": "done", "rejected": "done, with rejected rows", "exited": fmt.Sprintf("ended by os.exit(%d)", s.ExitCode), "failed": "failed", "interrupted": "interrupted"}[s.Outcome]
	simulated := ""
	if s.Simulated {
		simulated = " (simulated)"
	}
	number := ""
	if s.Run > 0 {
		number = fmt.Sprintf(", run %d", s.Run)
	}
	fmt.Fprintf(&b, "\n%s: %s in %s%s%s\n", display.OneLine(s.Script), end, Seconds(s.Seconds), number, simulated)
	line := func(l Line) { fmt.Fprintf(&b, "  %-9s  %s\n", l.Name, display.OneLine(l.Value)) }
	for _, l := range Totals(s) {
		line(l)
	}
	writeRejected(&b, s, files)
	writePlanned(&b, s)
	if u := s.Recorded; u != nil && s.Run > 0 {
		line(Line{"undo", fmt.Sprintf("phscript undo %d, until %s; it recorded %s with %s", s.Run, u.Until.Local().Format(time.DateOnly), english.Plural(u.Changes, "change", ""), english.Plural(u.Calls, "call", ""))})
	}
	if s.Resumed != nil {
		line(Line{"resumed", s.Resumed.String()})
	}
	if files.Summary != "" && s.Lost() == 0 {
		line(Line{"summary", files.Summary})
	}
	if s.Resume != "" {
		fmt.Fprintf(&b, "  to continue where it ended: %s\n", display.OneLine(s.Resume))
	}
	return b.String()
}

func writeRejected(b *strings.Builder, s *outcome.Summary, files Files) {
	if s.Lost() == 0 || s.Unconfirmed() && files.Rejects == "" {
		return
	}
	if s.Told < s.Lost() {
		rows := s.Rows[:min(len(s.Rows), shownRows)]
		for _, why := range s.Reasons[:min(len(s.Reasons), shownReasons)] {
			fmt.Fprintf(b, "    %d x %s\n", why.Count, display.OneLine(why.Message))
			shown := slices.ContainsFunc(rows, func(row outcome.RejectedRow) bool { return row.Message == why.Example })
			if why.Example != why.Message && !shown {
				fmt.Fprintf(b, "      such as: %s\n", display.OneLine(why.Example))
			}
		}
		if n := len(s.Reasons) - shownReasons; n > 0 {
			fmt.Fprintf(b, "    and %s\n", english.Plural(n, "more reason", "more reasons"))
		}
		for _, row := range rows {
			fmt.Fprintf(b, "    %s\n", display.OneLine(row.String()))
		}
	}
	more, them := "", "them"
	if s.Told < s.Lost() && s.Lost() > shownRows {
		more, them = fmt.Sprintf("%d more; ", s.Lost()-shownRows), "all of them"
	}
	unknown := s.Unknown
	switch {
	case files.Missing > 0 && files.Rejects == "":
		fmt.Fprintf(b, "    all %d are missing from the file: none of them could be written\n", files.Missing)
	case files.Missing > 0:
		unknown = files.Written.Unknown
		n := s.Lost() - files.Missing
		fmt.Fprintf(b, "    %d of them %s in %s; %d could not be written\n", n, english.PluralWord(n, "is", "are"), files.Rejects, files.Missing)
	case files.Rejects != "":
		joined := ""
		if n := files.Written.Rows; n > 0 && n < s.Lost() {
			joined = fmt.Sprintf(" as %s, since some were rejected several times", english.Plural(n, "row", ""))
		}
		unknown = files.Written.Unknown
		fmt.Fprintf(b, "    %sall of them are in %s%s, to correct and import again\n", more, files.Rejects, joined)
	case files.Summary != "" && len(s.Rows) < s.Lost():
		fmt.Fprintf(b, "    %sthe first %d, with their data, are in %s; --rejects FILE.csv keeps all of them\n", more, len(s.Rows), files.Summary)
	case files.Summary != "":
		fmt.Fprintf(b, "    %sall of them, with their data, are in %s\n", more, files.Summary)
	default:
		fmt.Fprintf(b, "    %s--rejects FILE.csv keeps %s, to correct and import again\n", more, them)
	}
	if n := files.Written.Unidentified; n > 0 && files.Rejects != "" {
		fmt.Fprintf(b, "    %d of them %s no data there, because Planhat does not say which rows it rejected\n", n, english.PluralWord(n, "has", "have"))
	}
	if unknown > 0 {
		fmt.Fprintf(b, "    %s\n", lookUp(unknown))
	}
}

// lookUp says what to do about rows that may be stored before they are imported again.
func lookUp(n int) string {
	if n == 1 {
		return "1 row may be stored (state unknown): look it up in Planhat before you import it again"
	}
	return fmt.Sprintf("%d rows may be stored (state unknown): look them up in Planhat before you import them again", n)
}

func writePlanned(b *strings.Builder, s *outcome.Summary) {
	if !s.DryRun || s.Outcome == "failed" && len(s.Writes) == 0 {
		return
	}
	fmt.Fprintln(b, "  dry run: nothing was sent; a real run would send")
	if len(s.Writes) == 0 {
		fmt.Fprintln(b, "    no writes")
	}
	if len(s.Accounts) == 0 {
		writeWrites(b, "    ", s.Plan, s.Writes)
	}
	for _, account := range s.Accounts {
		fmt.Fprintf(b, "    in account %d, %s\n", account.Client, display.OneLine(account.Host))
		writeWrites(b, "      ", account.Plan, ofClient(s.Writes, account.Client))
	}
	if len(s.Accounts) > 0 {
		writeWrites(b, "    ", nil, ofClient(s.Writes, 0)) // to other systems
	}
	for _, why := range s.IfNew {
		fmt.Fprintf(b, "    %s: %s; Planhat rejects the rows whose record it does not have\n", english.Plural(why.Count, "row", ""), display.OneLine(why.Message))
	}
	for _, files := range []struct {
		what  string
		names []string
	}{{"wrote", s.Written}, {"removed", s.Removed}} {
		if n := len(files.names); n > 0 {
			shown := strings.Join(files.names[:min(n, shownFiles)], ", ")
			if n > shownFiles {
				shown += fmt.Sprintf(" and %d more", n-shownFiles)
			}
			fmt.Fprintf(b, "    the dry run %s %s\n", files.what, display.OneLine(shown))
		}
	}
}

// ofClient returns the writes to one account.
func ofClient(writes []outcome.PlannedWrite, client int) []outcome.PlannedWrite {
	return slices.DeleteFunc(slices.Clone(writes), func(w outcome.PlannedWrite) bool { return w.Client != client })
}

// writeWrites says what would be done, and which requests would be sent.
func writeWrites(b *strings.Builder, indent string, plan map[string]plan.Counts, writes []outcome.PlannedWrite) {
	for _, line := range planned(plan) {
		fmt.Fprintf(b, "%s%s\n", indent, line)
	}
	for _, w := range writes {
		fmt.Fprintf(b, "%s%s.%s: %s in %s\n", indent, w.Model, w.Operation, english.Plural(w.Rows, "row", ""), english.Plural(w.Requests, "request", ""))
		for _, row := range w.First {
			if r := []rune(row); len(r) > shownCharacters {
				row = string(r[:shownCharacters]) + "..."
			}
			fmt.Fprintf(b, "%s  %s\n", indent, display.OneLine(row))
		}
	}
}

// planned says for each model what a real run would do.
func planned(plan map[string]plan.Counts) (lines []string) {
	for _, model := range slices.Sorted(maps.Keys(plan)) {
		c := plan[model]
		var parts []string
		for _, part := range []struct {
			count int
			name  string
		}{
			{c.Created, "created"}, {c.Updated, "updated"}, {c.Unchanged, "unchanged"}, {c.Deleted, "deleted"},
			{c.Sent, "sent"}, {c.Rejected, "rejected"},
		} {
			if part.count > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", part.count, part.name))
			}
		}
		line := model + ": " + strings.Join(parts, ", ")
		if c.Blind > 0 {
			line += fmt.Sprintf("; %d of them without a look-up", c.Blind)
		}
		lines = append(lines, line)
	}
	return lines
}

// Totals are a run's calls and records. There are none for a run without calls.
// Records are also counted by model if there is more than one.
func Totals(s *outcome.Summary) []Line {
	waited := Waited(s.Totals)
	none := s.Calls == 0 && s.Planned == 0 && waited == "" && s.Resumed == nil
	switch {
	case none && s.Lost() == 0:
		return nil
	case none:
		return lost(s, s.Rejected > 0)
	}
	calls := strconv.Itoa(s.Calls)
	if s.Retries > 0 {
		calls += fmt.Sprintf(", %d of them retries", s.Retries)
	}
	calls += waited
	read := strconv.Itoa(s.Read)
	if s.Late > 0 {
		read += fmt.Sprintf(", %d of them out of order because their list changed", s.Late)
	}
	if s.Unseen > 0 {
		read += "; a list changed while it was read, so records may be missing"
	}
	lines := []Line{{"calls", calls}, {"read", read}}
	if !s.DryRun { // which writes nothing
		lines = append(lines, Line{"created", strconv.Itoa(s.Created)}, Line{"updated", strconv.Itoa(s.Updated)}, Line{"unchanged", strconv.Itoa(s.Unchanged)})
	}
	if s.UncertainOutcome > 0 {
		lines = append(lines, Line{"stored", fmt.Sprintf("%d more; a lost answer leaves open whether they were created, updated or unchanged", s.UncertainOutcome)})
	}
	if s.Deleted > 0 {
		lines = append(lines, Line{"deleted", strconv.Itoa(s.Deleted)})
	}
	lines = append(lines, lost(s, true)...)
	if models := byModel(s.Models); len(models) > 1 {
		lines = append(lines, Line{"by model", strings.Join(models, "; ")})
	}
	return lines
}

// lost are the counts of rows that are not known to be stored.
func lost(s *outcome.Summary, rejected bool) (lines []Line) {
	if rejected {
		by := ""
		if s.Calls > 0 || s.Planned > 0 {
			by = byScript(s)
		}
		lines = append(lines, Line{"rejected", strconv.Itoa(s.Rejected) + by})
	}
	switch {
	case s.Unconfirmed():
		lines = append(lines, Line{"unsent", fmt.Sprintf("%d, because nobody confirmed the write", s.Unsent)})
	case s.Unsent > 0:
		lines = append(lines, Line{"unsent", fmt.Sprintf("%d, because requests failed", s.Unsent)})
	}
	if s.Unknown > 0 {
		lines = append(lines, Line{"unknown", fmt.Sprintf("%d, which may be stored although their requests failed", s.Unknown)})
	}
	return lines
}

// Waited says what calls waited for and how long: ", waited 57s for quota".
func Waited(t outcome.Totals) string {
	var parts []string
	for _, part := range []struct {
		seconds float64
		what    string
	}{
		{t.WaitedSeconds - t.PausedSeconds, "for quota"},
		{t.PausedSeconds, "because Planhat asked to (429)"},
		{t.RetrySeconds, "before retries"},
	} {
		if part.seconds >= 0.1 {
			parts = append(parts, Seconds(part.seconds).String()+" "+part.what)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ", waited " + english.OxfordWordSeries(parts, "and")
}

// byScript says how many of the rejected rows the script rejected.
func byScript(s *outcome.Summary) string {
	switch n := s.Models[outcome.ByScript].Rejected; n {
	case 0:
		return ""
	case s.Rejected:
		return ", by the script"
	default:
		return fmt.Sprintf(", %d of them by the script", n)
	}
}

// byModel writes each model's counts that are not 0: "company: 12 created, 3
// updated".
func byModel(models map[string]outcome.Counts) []string {
	var list []string
	for _, model := range sorted(models) {
		if model == outcome.ByScript {
			continue
		}
		c := models[model]
		var parts []string
		for _, part := range []struct {
			count int
			name  string
		}{
			{c.Read, "read"}, {c.Created, "created"}, {c.Updated, "updated"}, {c.Unchanged, "unchanged"},
			{c.Deleted, "deleted"}, {c.Planned, "planned"}, {c.Rejected, "rejected"},
			{c.Unsent, "unsent"}, {c.Unknown, "unknown"},
			{c.UncertainOutcome, "stored with an uncertain outcome"},
		} {
			if part.count > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", part.count, part.name))
			}
		}
		if len(parts) > 0 {
			list = append(list, model+": "+strings.Join(parts, ", "))
		}
	}
	return list
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
