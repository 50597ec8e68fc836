package plans

import (
	"context"
	"slices"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/planfile"
)

// Needs is what must be confirmed to approve a plan.
type Needs struct {
	// Question says what the plan does that must be confirmed, "" for nothing. Name is what
	// confirms it, "" if a yes does.
	Question string `json:"question,omitempty" doc:"what must be confirmed, such as deletes"`
	Name     string `json:"profile_name,omitempty" doc:"the name of the production profile, which confirms it"`
	// Fields are the custom fields that are deleted or get another type.
	Fields []string `json:"fields,omitempty" doc:"the custom fields that are deleted or get another type; each is confirmed by its name"`
	// Empty are the inputs without data, if the plan deletes records.
	Empty []string `json:"empty_inputs,omitempty" doc:"the input files that have no data, if the plan deletes records"`
	// Inexact counts what the plan does not know.
	Inexact int `json:"not_known,omitempty" doc:"how many things the plan does not know"`

	Production bool           `json:"production,omitempty" doc:"whether its profile is for production"`
	Threshold  int            `json:"confirm_above,omitempty" doc:"how many records its profile lets scripts write without confirmation"`
	Allow      []string       `json:"allow,omitempty" doc:"what its profile allows"`
	Known      map[string]int `json:"records_read,omitempty" doc:"how many records the script read, by model"`
	// Seconds is what all calls take at least.
	Seconds int `json:"seconds,omitempty" doc:"how many seconds all requests take at least"`
}

// Nothing reports whether nothing must be confirmed.
func (n *Needs) Nothing() bool {
	return n.Question == "" && len(n.Fields) == 0 && len(n.Empty) == 0 && n.Inexact == 0
}

// needsOf returns what must be confirmed to approve a plan.
func needsOf(h *planfile.Header, r *planfile.Report, profile consent.Profile) Needs {
	n := Needs{
		Production: profile.Production, Threshold: profile.Threshold, Allow: profile.Allow, Known: h.Known, Seconds: h.Seconds,
		Inexact: max(len(h.Inexact), len(r.Blind())),
	}
	for _, name := range r.Fields() {
		if !slices.Contains(n.Fields, name) {
			n.Fields = append(n.Fields, name)
		}
	}
	if r.Sum().Deleted > 0 {
		for _, f := range h.Files {
			if f.Empty {
				n.Empty = append(n.Empty, f.Name)
			}
		}
	}
	terms := consent.Terms{Profile: profile}
	question, named := terms.Question(workOf(h.Undo != nil, r.Totals(), h.Known))
	if n.Question = question; named {
		n.Name = profile.Called()
	}
	return n
}

// workOf is what a plan would write.
func workOf(undo bool, totals map[string]planfile.Counts, known map[string]int) consent.Work {
	w := consent.Work{What: "the plan", Models: map[string]consent.Rows{}}
	if undo {
		w.What = "the undo"
	}
	for model, c := range totals {
		w.Models[model] = consent.Rows{Created: c.Created, Updated: c.Updated, Deleted: c.Deleted, Upserted: c.Blind, Sent: c.Sent, Known: known[model]}
	}
	return w
}

// Given is what somebody confirms.
type Given struct {
	// Terms are the flags and the terminal of who approves. Their profile is that of the plan.
	Terms consent.Terms
	// MaxDeletes is the text of the limit in Terms.
	MaxDeletes string
	Fields     []string
	Inexact    bool
	SkipStale  bool
	// InDoubt says what happens to rows that an interrupted run may have sent: "sent" or "send".
	InDoubt string
}

// consented is what was confirmed, as the store has it.
type consented struct {
	Yes         bool     `json:"yes,omitempty"`
	Confirm     string   `json:"confirm,omitempty"`
	Fields      []string `json:"fields,omitempty"`
	EmptySource bool     `json:"empty_source,omitempty"`
	Inexact     bool     `json:"inexact,omitempty"`
	SkipStale   bool     `json:"skip_stale,omitempty"`
	MaxDeletes  string   `json:"max_deletes,omitempty"`
	InDoubt     string   `json:"in_doubt,omitempty"`
}

// flags are those of phscript apply that say the same.
func (c *consented) flags() (list []string) {
	for _, one := range []struct {
		set  bool
		flag string
	}{
		{c.Yes, "--yes"}, {c.Confirm != "", "--confirm=" + c.Confirm}, {c.EmptySource, "--allow-empty-source"}, {c.Inexact, "--accept-inexact"},
		{c.SkipStale, "--skip-stale"}, {c.MaxDeletes != "", "--max-deletes=" + c.MaxDeletes}, {c.InDoubt != "", "--in-doubt=" + c.InDoubt},
	} {
		if one.set {
			list = append(list, one.flag)
		}
	}
	for _, name := range c.Fields {
		list = append(list, "--confirm-field="+name)
	}
	return list
}

// Unconfirmed is returned if a plan does not know everything that the script would do, and
// nobody accepts that.
type Unconfirmed struct {
	Message, Hint string
}

func (u *Unconfirmed) Error() string { return u.Message }

// ErrorHint says what to do about it.
func (u *Unconfirmed) ErrorHint() string { return u.Hint }

// ExitCode is that of phscript apply.
func (u *Unconfirmed) ExitCode() int { return fault.ExitNotConfirmed }

// confirmed checks that everything is confirmed that must be, and asks at the terminal if there
// is one. It returns a *consent.Refused or an *Unconfirmed if something is not.
func (p *Plan) confirmed(ctx context.Context, g *Given) (*consented, error) {
	n := &p.Needs
	if n.Inexact > 0 && !g.Inexact {
		return nil, &Unconfirmed{
			"the plan does not know everything that the script would do: " + english.Plural(n.Inexact, "thing is", "things are") + " not known",
			"look at it, then pass --accept-inexact if it does what you want",
		}
	}
	t := g.Terms
	t.Profile = consent.Profile{Name: p.Profile, Production: n.Production, Threshold: n.Threshold, Allow: n.Allow}
	t.Simulated, t.Scheduled = false, false
	w := workOf(p.Undoes > 0, p.Totals, n.Known)
	w.Empty = n.Empty
	if err := t.Plan(ctx, w); err != nil {
		return nil, err
	}
	if err := t.Fields(ctx, w.What, n.Fields, g.Fields); err != nil {
		return nil, err
	}
	return &consented{
		Yes: true, Confirm: n.Name, Fields: n.Fields, EmptySource: g.Terms.EmptySource && len(n.Empty) > 0, Inexact: g.Inexact,
		SkipStale: g.SkipStale, MaxDeletes: g.MaxDeletes, InDoubt: g.InDoubt,
	}, nil
}
