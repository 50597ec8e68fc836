package view

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/plans"
)

// WaitingList is what plans list prints.
type WaitingList struct {
	Form
	Plans []*plans.Plan `json:"plans" doc:"the plans, the latest first"`
}

// WaitingPlan is what plans show prints.
type WaitingPlan struct {
	Form
	*plans.Plan
	// Does is nil if the content was deleted.
	Does *PlanDoes `json:"does,omitempty" doc:"what it does; left out if its content was deleted"`
}

// PlanDoes is what a plan does.
type PlanDoes struct {
	*planfile.Header
	*planfile.Report
}

// WaitingForm makes the form of plans.
func WaitingForm(list []*plans.Plan) WaitingList {
	return WaitingList{current, append([]*plans.Plan{}, list...)}
}

// WaitingPlanForm makes the form of a plan. h is nil if its content was deleted.
func WaitingPlanForm(p *plans.Plan, h *planfile.Header, r *planfile.Report) WaitingPlan {
	form := WaitingPlan{Form: current, Plan: p}
	if h != nil {
		form.Does = &PlanDoes{h, r}
	}
	return form
}

// WaitingColumns are the columns of a list of plans.
var WaitingColumns = []Column{{Name: "PLAN"}, {Name: "OF", Least: 8}, {Name: "STATE"}, {Name: "MADE"}, {Name: "BY", Least: 6}, {Name: "CHANGES", Least: 12}, {Name: "NOTE", Below: true}}

// WaitingCells are the cells for WaitingColumns.
func WaitingCells(p *plans.Plan) []string {
	by := p.MadeBy
	if by == "" && p.MadeRun > 0 {
		by = fmt.Sprintf("run %d", p.MadeRun)
	}
	note := p.Reason
	switch {
	case p.State == plans.Waiting && note == "":
		note = "until " + At(p.Expires)
	case p.DecidedBy != "" && note == "":
		note = "by " + p.DecidedBy + prefixed(": ", p.DecidedWhy)
	}
	return []string{strconv.FormatInt(p.ID, 10), cmp.Or(p.Schedule, p.Script), string(p.State), At(p.Made), by, plans.Says(p.Sum()), note}
}

// WaitingLines are all that is known of a plan, apart from its content.
func WaitingLines(p *plans.Plan) []Line {
	var lines []Line
	line := func(name, value string) {
		if value != "" {
			lines = append(lines, Line{name, value})
		}
	}
	run := func(n int64) string {
		if n == 0 {
			return ""
		}
		return "run " + strconv.FormatInt(n, 10)
	}
	line("plan", strconv.FormatInt(p.ID, 10))
	line("state", string(p.State)+prefixed(": ", p.Reason))
	line("schedule", p.Schedule)
	line("script", p.Script)
	line("profile", p.Profile)
	line("undoes", run(p.Undoes))
	line("made", At(p.Made)+prefixed(" by ", strings.Join(filled(run(p.MadeRun), p.MadeBy), ", "))+prefixed(": ", p.MadeWhy))
	if p.SeenRun != p.MadeRun {
		line("confirmed", "run "+strconv.FormatInt(p.SeenRun, 10)+" has found the same changes")
	}
	if p.State == plans.Waiting || p.State == plans.Expired {
		line("expires", At(p.Expires))
	}
	if p.DecidedBy != "" {
		line("decided", At(p.Decided)+" by "+p.DecidedBy+prefixed(": ", p.DecidedWhy))
	}
	line("applied by", run(p.Run))
	line("ended", At(p.Ended))
	n := &p.Needs
	if p.State.Open() {
		line("confirm", n.Question)
		line("", prefixed("with the name of the production profile: --confirm ", n.Name))
		for _, name := range n.Fields {
			line("confirm", "the custom field "+name+" changes in all records: --confirm-field "+name)
		}
		if len(n.Empty) > 0 {
			line("confirm", strings.Join(n.Empty, ", ")+" has no data: --allow-empty-source")
		}
		if n.Inexact > 0 {
			line("confirm", english.Plural(n.Inexact, "thing is", "things are")+" not known: --accept-inexact")
		}
	}
	size := humanize.IBytes(uint64(p.Size))
	if p.Size == 0 {
		size = "deleted"
	}
	line("content", size)
	return lines
}

func filled(texts ...string) (list []string) {
	for _, one := range texts {
		if one != "" {
			list = append(list, one)
		}
	}
	return list
}
