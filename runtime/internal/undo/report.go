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

// Report says what of a run can be undone. Each record that the run changed is one change, as
// is each row of metrics and activities.
type Report struct {
	Run    int64  `json:"run" doc:"the run that it undoes"`
	Script string `json:"script" doc:"the script of that run"`
	// Changes counts all, Reverted those that the plan reverts, Partly those of them of which
	// it reverts only some properties.
	Changes  int `json:"changes" doc:"how many records the run changed, and how many metrics and activities it sent"`
	Reverted int `json:"reverted" doc:"how many the plan reverts"`
	Partly   int `json:"partly" doc:"how many of those only in part"`
	// Recreated are those of them that were deleted and get a new _id.
	Recreated int `json:"recreated,omitempty" doc:"how many deleted records the plan creates again with a new _id"`
	// Already are as they were before the run.
	Already int `json:"already" doc:"how many are as they were before the run"`
	// Stay are those that were changed since the run, or that other records belong to.
	Stay int `json:"stay" doc:"how many are not reverted, because they were changed since or are in use"`
	// Trashed were deleted by the run; Until is when the first leaves the Trash Bin.
	Trashed int       `json:"deleted" doc:"how many the run deleted"`
	Until   time.Time `json:"trash_until,omitzero" doc:"when the first of them leaves Planhat's Trash Bin"`
	// Unread were changed without reading them before.
	Unread int `json:"not_read" doc:"how many were not read before the change"`
	// Never can't be undone: metrics and activities by operation, and others.
	Never map[string]int `json:"never,omitempty" doc:"what can't be undone, by operation"`
	// Lines name the first records of each kind that the plan leaves out.
	Lines []Line `json:"left_out,omitempty" doc:"the first records of each kind that the plan leaves out"`
	// Left counts the lines of each kind, also those that are not kept.
	Left map[string]int `json:"left_out_count,omitempty" doc:"how many records of each kind the plan leaves out"`
}

// Line is a record that is not reverted, or not completely.
type Line struct {
	// Kind is stay, part, deleted, not_read or never.
	Kind   string `json:"kind" doc:"stay (not reverted), part (only some properties are reverted), deleted, not_read or never"`
	Record string `json:"record" doc:"the record"`
	Why    string `json:"why" doc:"why"`
}

// The kinds of lines.
const (
	stay    = "stay"
	part    = "part"
	trashed = "deleted"
	unread  = "not_read"
	never   = "never"
)

func (r *Report) leave(kind, record, why string) {
	if r.Left == nil {
		r.Left = map[string]int{}
	}
	if r.Left[kind]++; r.Left[kind] <= Shown {
		r.Lines = append(r.Lines, Line{kind, record, why})
	}
}

// LeftOut returns how many lines of a kind there are.
func (r *Report) LeftOut(kind string) int { return r.Left[kind] }

// Whole reports whether nothing is left out.
func (r *Report) Whole() bool {
	return r.Partly+r.Stay+r.Trashed+r.Unread == 0 && len(r.Never) == 0
}

// String says it in a few sentences.
func (r *Report) String() string {
	var parts []string
	add := func(format string, values ...any) { parts = append(parts, fmt.Sprintf(format, values...)+".") }
	n := func(n int) string { return humanize.Comma(int64(n)) }
	switch whole := r.Reverted - r.Partly; {
	case r.Partly == 0:
		add("%s of %s can be reverted", n(r.Reverted), english.Plural(r.Changes, "change", ""))
	case whole == 0:
		add("%s of %s can be reverted, but only in part", n(r.Reverted), english.Plural(r.Changes, "change", ""))
	default:
		add("%s of %s can be reverted: %s completely, %s in part", n(r.Reverted), english.Plural(r.Changes, "change", ""), n(whole), n(r.Partly))
	}
	if r.Recreated > 0 {
		add("%s created again with a new _id: metrics, activities, history, and references to the old _id do not come back", english.Plural(r.Recreated, "deleted record is", "deleted records are"))
	}
	if r.Already > 0 {
		add("%s already reverted", n(r.Already)+" "+are(r.Already))
	}
	if r.Stay > 0 {
		add("%s, because somebody has changed %s since or other records belong to %s", n(r.Stay)+" "+english.PluralWord(r.Stay, "stays", "stay"), it(r.Stay), it(r.Stay))
	}
	if r.Trashed > 0 {
		add("%s: restore %s from Planhat's Trash Bin before %s", english.Plural(r.Trashed, "deleted record", ""), it(r.Trashed), r.Until.Local().Format(time.DateOnly))
	}
	if r.Unread > 0 {
		add("%s not read before the change", n(r.Unread)+" "+were(r.Unread))
	}
	for _, what := range sorted(r.Never) {
		add("%s can't be undone", n(r.Never[what])+" "+worded(what, r.Never[what]))
	}
	return strings.Join(parts, " ") + " Automations that ran are not reverted."
}

func it(n int) string { return english.PluralWord(n, "it", "them") }

func are(n int) string { return english.PluralWord(n, "is", "are") }

func were(n int) string { return english.PluralWord(n, "was", "were") }

// changesOf ends the names in Never that are no operations.
const changesOf = " changes"

// worded names metrics and activities of an operation.
func worded(operation string, n int) string {
	if model, ok := strings.CutSuffix(operation, changesOf); ok {
		if m := catalog.Load().Model(model); m != nil {
			model = m.Noun
		}
		return model + " " + english.PluralWord(n, "change", "")
	}
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
