package undo

import (
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat/catalog"
)

// Shown is how many lines of a kind a report keeps.
const Shown = 20

// binDays is how long Planhat's Trash Bin keeps most records.
const binDays = 7

// Report says what of a run can be taken back. Each record that the run changed is one change, as
// is each value or event.
type Report struct {
	Run    int64  `json:"run" doc:"the run that it takes back"`
	Script string `json:"script" doc:"the script of that run"`
	// Changes counts all, Reverted those that the plan takes back, Partly those of them of
	// which it takes back only some properties.
	Changes  int `json:"changes" doc:"how many records the run changed, with values and events"`
	Reverted int `json:"reverted" doc:"how many the plan takes back"`
	Partly   int `json:"partly" doc:"how many of those only in part"`
	// Already are as they were before the run.
	Already int `json:"already" doc:"how many are as they were before the run"`
	// Stay are those that were changed since the run, or that other records belong to.
	Stay int `json:"stay" doc:"how many were changed since or are in use"`
	// Trashed were deleted by the run; Until is when the first leaves the Trash Bin.
	Trashed int       `json:"deleted" doc:"how many the run deleted"`
	Until   time.Time `json:"trash_until,omitzero" doc:"when the first of them leaves Planhat's Trash Bin"`
	// Unread were changed without reading them before.
	Unread int `json:"not_read" doc:"how many were not read before the change"`
	// Never can't be taken back: values and events by operation, and others.
	Never map[string]int `json:"never,omitempty" doc:"what can't be taken back, by operation"`
	// Lines name the first records of each kind that the plan leaves out.
	Lines []Line `json:"left_out,omitempty" doc:"the first records of each kind that the plan leaves out"`
	left  map[string]int
}

// Line is a record of which something is not taken back.
type Line struct {
	// Kind is stay, deleted, not_read or never.
	Kind   string `json:"kind" doc:"stay, deleted, not_read or never"`
	Record string `json:"record" doc:"the record"`
	Why    string `json:"why" doc:"why"`
}

// The kinds of lines.
const (
	stay    = "stay"
	trashed = "deleted"
	unread  = "not_read"
	never   = "never"
)

func (r *Report) leave(kind, record, why string) {
	if r.left == nil {
		r.left = map[string]int{}
	}
	if r.left[kind]++; r.left[kind] <= Shown {
		r.Lines = append(r.Lines, Line{kind, record, why})
	}
}

// LeftOut returns how many lines of a kind there are.
func (r *Report) LeftOut(kind string) int { return r.left[kind] }

// Whole reports whether nothing is left out.
func (r *Report) Whole() bool {
	return r.Partly+r.Stay+r.Trashed+r.Unread == 0 && len(r.Never) == 0
}

// String says it in a sentence.
func (r *Report) String() string {
	var parts []string
	add := func(format string, values ...any) { parts = append(parts, fmt.Sprintf(format, values...)) }
	n := func(n int) string { return humanize.Comma(int64(n)) }
	first := fmt.Sprintf("%s of %s can be reverted", n(r.Reverted), english.Plural(r.Changes, "change", ""))
	if r.Partly > 0 {
		first += fmt.Sprintf(", %s of them in part", n(r.Partly))
	}
	parts = append(parts, first)
	if r.Already > 0 {
		add("%s %s as before the run", n(r.Already), are(r.Already))
	}
	if r.Stay > 0 {
		add("%s changed since or in use, and %s", n(r.Stay)+" "+were(r.Stay), english.PluralWord(r.Stay, "stays", "stay"))
	}
	if r.Trashed > 0 {
		add("%s: restore %s in Planhat's Trash Bin before %s", english.Plural(r.Trashed, "delete", ""), english.PluralWord(r.Trashed, "it", "them"), r.Until.Local().Format(time.DateOnly))
	}
	if r.Unread > 0 {
		add("%s not read before the change", n(r.Unread)+" "+were(r.Unread))
	}
	for _, what := range sorted(r.Never) {
		add("%s can't be taken back", n(r.Never[what])+" "+worded(what, r.Never[what]))
	}
	return strings.Join(parts, "; ") + ". Automations that ran are not reverted."
}

func are(n int) string { return english.PluralWord(n, "is", "are") }

func were(n int) string { return english.PluralWord(n, "was", "were") }

// worded names values and events of an operation.
func worded(operation string, n int) string {
	model, op, _ := strings.Cut(operation, ".")
	m := catalog.Load().Model(model)
	switch {
	case m == nil || op == "":
		return operation
	case m.Operation(op) == nil:
		return english.PluralWord(n, "request", "") + " (" + op + ")"
	case n == 1:
		return "row of " + operation
	}
	return "rows of " + operation
}
