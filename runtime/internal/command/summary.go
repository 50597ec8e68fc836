package command

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/redact"
)

// shownReasons and shownRows bound what the printed summary says of rejected
// rows; the file has them all.
const (
	shownReasons = 3
	shownRows    = 5
)

// summary is what a run has done, on its way to a file or a person.
type summary struct{ *outcome.Summary }

// writeFile writes the summary as JSON; it appears whole or not at all.
func (s *summary) writeFile(env *environment, name string, secrets *redact.Secrets) error {
	text, err := json.MarshalIndent(s.Summary, "", "  ")
	if err != nil {
		return fmt.Errorf("the summary cannot be written: %w", err)
	}
	text = []byte(secrets.String(string(text)) + "\n")
	return summaryOutput.write(env, name, text)
}

// print writes the summary for a person, on standard error.
func (s *summary) print(env *environment, file string, secrets *redact.Secrets) {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "  %-9s  %s\n", name, fmt.Sprintf(format, args...))
	}
	end := map[string]string{"done": "done", "rejected": "done, with rejected rows", "exited": fmt.Sprintf("ended by os.exit(%d)", s.ExitCode), "failed": "failed", "interrupted": "interrupted"}[s.Outcome]
	where := ""
	if s.Simulated {
		where = " (simulated)"
	}
	fmt.Fprintf(&b, "\n%s: %s in %s%s\n", s.Script, end, roundSeconds(s.Seconds), where)
	s.counts(func(name, value string) { line(name, "%s", value) })
	s.printRejected(&b, file)
	s.printPlanned(&b)
	if file != "" && s.Rejected == 0 {
		line("summary", "%s", file)
	}
	fmt.Fprint(env.stderr, secrets.String(b.String()))
}

// counts tells of calls and records, where there were any.
func (s *summary) counts(line func(name, value string)) {
	if s.Calls == 0 && s.Planned == 0 {
		return
	}
	calls := strconv.Itoa(s.Calls)
	if s.Retries > 0 {
		calls += fmt.Sprintf(", %d of them retries", s.Retries)
	}
	if s.WaitedSeconds >= 0.1 {
		calls += fmt.Sprintf(", waited %s for quota", roundSeconds(s.WaitedSeconds))
	}
	line("calls", calls)
	line("read", strconv.Itoa(s.Read))
	line("created", strconv.Itoa(s.Created))
	line("updated", strconv.Itoa(s.Updated))
	line("unchanged", strconv.Itoa(s.Unchanged))
	if s.Deleted > 0 {
		line("deleted", strconv.Itoa(s.Deleted))
	}
	line("rejected", strconv.Itoa(s.Rejected))
}

func (s *summary) printRejected(b *strings.Builder, file string) {
	if s.Rejected == 0 {
		return
	}
	if s.Told < s.Rejected {
		s.printReasons(b)
	}
	switch {
	case file != "":
		fmt.Fprintf(b, "    all of them, with their data, are in %s\n", file)
	case s.Rejected > shownRows:
		fmt.Fprintf(b, "    %d more; --summary FILE.json keeps all of them, with their data\n", s.Rejected-shownRows)
	default:
		fmt.Fprintln(b, "    --summary FILE.json keeps them with their data")
	}
}

// printReasons writes why rows were rejected, and the first rows.
func (s *summary) printReasons(b *strings.Builder) {
	for _, why := range s.Reasons[:min(len(s.Reasons), shownReasons)] {
		fmt.Fprintf(b, "    %d x %s\n", why.Count, why.Message)
	}
	for _, row := range s.Rows[:min(len(s.Rows), shownRows)] {
		fmt.Fprintf(b, "    %s\n", &row)
	}
}

func (s *summary) printPlanned(b *strings.Builder) {
	if !s.DryRun || s.Outcome == "failed" && len(s.Writes) == 0 {
		return
	}
	fmt.Fprintf(b, "  dry run: nothing was sent; it would have been\n")
	if len(s.Writes) == 0 {
		fmt.Fprintln(b, "    no writes")
	}
	for _, w := range s.Writes {
		fmt.Fprintf(b, "    %s.%s: %s in %s\n", w.Model, w.Operation, count(w.Rows, "row"), count(w.Requests, "request"))
		for _, row := range w.First {
			fmt.Fprintf(b, "      %s\n", shorten(row))
		}
	}
}

// mostShown is the most characters of a row that the printed summary shows.
const mostShown = 100

func shorten(text string) string {
	if r := []rune(text); len(r) > mostShown {
		return string(r[:mostShown]) + "..."
	}
	return text
}

// count writes a number with its noun: 1 row, 2 rows.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func roundSeconds(seconds float64) time.Duration {
	d := time.Duration(seconds * float64(time.Second))
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
