package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/apply"
	"github.com/phscript/phscript/runtime/internal/display"
)

// ApplyDone is what apply prints with --json.
type ApplyDone struct {
	Form
	Plan string `json:"plan" doc:"the id of the plan"`
	Run  int64  `json:"run,omitempty" doc:"the number of the run"`
	*apply.Result
	ExitCode int    `json:"exit_code" doc:"the exit code of the command"`
	Resume   string `json:"resume,omitempty" doc:"the command that continues the apply"`
}

// ApplyForm makes the form of an apply.
func ApplyForm(id string, run int64, r *apply.Result, code int, resume string) ApplyDone {
	return ApplyDone{current, id, run, r, code, resume}
}

// Applied says what an apply has done. run is its number in the history, resume is the command that continues it, again how to
// make a new plan.
func Applied(script string, run int64, r *apply.Result, resume, again string) string {
	var b strings.Builder
	line := func(format string, values ...any) { fmt.Fprintf(&b, format+"\n", values...) }
	if r.Stales > 0 && !r.Began && r.Done() == 0 {
		line("the plan of %s was not applied: %s changed since it was made, and nothing was sent", display.OneLine(script), english.Plural(r.Stales, "row has", "rows have"))
		stale(line, r)
		line("\nskip them with --skip-stale, or %s", again)
		return b.String()
	}
	title := "plan of " + display.OneLine(script)
	if run > 0 {
		title += fmt.Sprintf(", run %d", run)
	}
	line("%s: %s", title, done(r.Counts))
	if len(r.Models) > 1 {
		for _, name := range slices.Sorted(maps.Keys(r.Models)) {
			line("  %s: %s", name, done(*r.Models[name]))
		}
	}
	if r.Planned > 0 {
		line("  not sent: %s that the plan lists as rejected", english.Plural(r.Planned, "row", ""))
	}
	if r.Verified != nil {
		line("  %s", verified(r))
	}
	if r.Stales > 0 {
		outcome := "and " + pluralWas(r.Stales) + " skipped"
		if r.NotBegun > 0 && r.Skipped == 0 {
			outcome = "so apply stopped; add --skip-stale to skip it"
		}
		line("\n%s since the plan was made, %s:", english.Plural(r.Stales, "row has changed", "rows have changed"), outcome)
		stale(line, r)
	}
	section(line, "rejected", r.Rejected, r.Rejects)
	section(line, "not applied, because they need a record that was not created", r.Needing, r.Needs)
	section(line, "may have been sent", r.Doubtful, r.Doubts)
	if r.Differed > 0 {
		line("\n%s not as planned:", english.Plural(r.Differed, "record is", "records are"))
		for _, one := range r.Differs {
			line("  %s", display.OneLine(one.Record))
			for _, d := range one.Differences {
				line("    %s", display.OneLine(d.Text))
			}
		}
		more(line, r.Differed-len(r.Differs))
	}
	if resume != "" {
		line("\nto continue, run: %s", resume)
	}
	return b.String()
}

// verified says what --verify found.
func verified(r *apply.Result) string {
	v := r.Verified
	text := "verified: no records to read again"
	switch {
	case v.Records > 0 && r.Differed == 0:
		text = fmt.Sprintf("verified: %s as planned", english.Plural(v.Records, "record is", "records are"))
	case v.Records > 0:
		text = fmt.Sprintf("verified: %s of %s as planned", humanize.Comma(int64(v.Records-r.Differed)), english.Plural(v.Records, "record is", "records are"))
	}
	if v.Unread > 0 {
		text += fmt.Sprintf("; %s can't be read again", english.Plural(v.Unread, "row", ""))
	}
	return text
}

func pluralWas(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func stale(line func(string, ...any), r *apply.Result) {
	for _, one := range r.Stale {
		line("  %s", titled(one))
		for _, d := range one.Differences {
			line("    %s", display.OneLine(d.Text))
		}
	}
	more(line, r.Stales-len(r.Stale))
}

func titled(one apply.Line) string {
	text := display.OneLine(one.Record)
	if one.Line > 0 {
		text += fmt.Sprintf(", line %d", one.Line)
	}
	return text
}

func section(line func(string, ...any), what string, n int, lines []apply.Line) {
	if n == 0 {
		return
	}
	line("\n%s %s:", english.Plural(n, "row", ""), what)
	for _, one := range lines {
		line("  %s: %s", titled(one), display.OneLine(one.Why))
	}
	more(line, n-len(lines))
}

func more(line func(string, ...any), n int) {
	if n > 0 {
		line("  and %s more", humanize.Comma(int64(n)))
	}
}

// done words counts.
func done(c apply.Counts) string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, humanize.Comma(int64(n))+" "+what)
		}
	}
	add(c.Deleted, "deleted")
	add(c.Created, "created")
	add(c.Updated, "updated")
	add(c.Sent, "sent")
	add(c.Unchanged, "already as planned")
	add(c.Rejected, "rejected")
	add(c.Skipped, "skipped")
	add(c.Needing, "not applied")
	add(c.Doubtful, "may have been sent")
	add(c.NotBegun, "not sent yet")
	if len(parts) == 0 {
		return "nothing was done"
	}
	return strings.Join(parts, ", ")
}
