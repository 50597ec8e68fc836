package pages

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/apply"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/web"
)

// longestValue is how many characters of a value the page of a plan shows.
const longestValue = 400

// valueOf is a value of a plan for people: text without quotes, the date of a number of days,
// and the number of a record that does not exist yet.
func valueOf(h *planfile.Header, raw []byte, day bool) string {
	text := string(raw)
	var words string
	switch {
	case text == "" || text == "null":
		return "empty"
	case json.Unmarshal(raw, &words) == nil:
		if n := placeholder(h, words); n > 0 {
			return fmt.Sprintf("new #%d", n)
		}
		if text = words; text == "" {
			return "empty text"
		}
	}
	if days, err := strconv.Atoi(text); day && err == nil {
		text = time.Unix(0, 0).UTC().AddDate(0, 0, days).Format(time.DateOnly)
	}
	return display.OneLine(short(text, longestValue))
}

// placeholder returns the number of a record that does not exist yet, 0 for every other id.
func placeholder(h *planfile.Header, id string) int64 {
	rest, ok := strings.CutPrefix(id, h.Mark)
	if !ok || h.Mark == "" {
		return 0
	}
	n, _ := strconv.ParseInt(rest, 16, 64) // 0 if it is none
	return n
}

// marked shows a path. The placeholder of a new record in it is its number.
func marked(h *planfile.Header, path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if n := placeholder(h, part); n > 0 {
			parts[i] = fmt.Sprintf("(new #%d)", n)
		}
	}
	return strings.Join(parts, "/")
}

// unconfirmed is the problem of a form that does not confirm what it must.
func unconfirmed(text string) error {
	return &web.Problem{Status: 400, Title: "Not confirmed, and nothing was sent", Text: text, Hint: "Go back and confirm it, or refuse the plan."}
}

// given reads what a form confirms.
func given(q *web.Request, p *plans.Plan) (g plans.Given, err error) {
	if _, err := q.Form("why"); err != nil {
		return g, err
	}
	form, n := q.PostForm, &p.Needs
	is := func(name string) bool { return form.Get(name) == "yes" }
	g.Inexact, g.SkipStale, g.InDoubt = is("inexact"), is("skip_stale"), form.Get("in_doubt")
	g.Terms = consent.Terms{Yes: is("confirmed"), EmptySource: is("empty")}
	switch {
	case n.Inexact > 0 && !g.Inexact:
		return g, unconfirmed("The plan does not know everything that the script would do.")
	case n.Name != "" && strings.TrimSpace(form.Get("name")) != n.Name:
		return g, unconfirmed("The name of the production profile, " + n.Name + ", was not typed.")
	case n.Name == "" && n.Question != "" && !g.Terms.Yes:
		return g, unconfirmed("Nobody has confirmed this: " + n.Question + ".")
	case len(n.Empty) > 0 && !g.Terms.EmptySource:
		return g, unconfirmed("The plan deletes records, but " + strings.Join(n.Empty, ", ") + " has no data.")
	case g.InDoubt != "" && g.InDoubt != apply.Sent && g.InDoubt != apply.Send:
		return g, unconfirmed("It is not clear what happens to rows that may have been sent.")
	}
	g.Terms.Confirm = n.Name
	for i, name := range n.Fields {
		if strings.TrimSpace(form.Get("field."+strconv.Itoa(i))) != name {
			return g, unconfirmed("The name of the custom field, " + name + ", was not typed.")
		}
		g.Fields = append(g.Fields, name)
	}
	return g, nil
}

func (o Options) approvePlan(q *web.Request) error {
	p, err := o.planOf(q)
	if err != nil {
		return err
	}
	g, err := given(q, p)
	if err != nil {
		return err
	}
	if _, err := o.Plans.Approve(q.Context(), p.ID, g, plans.Decision{By: q.Actor(), Why: q.PostForm.Get("why")}); err != nil {
		return undecided(err)
	}
	return q.Back(fmt.Sprintf("/plans/%d", p.ID))
}

func (o Options) refusePlan(q *web.Request) error {
	p, err := o.planOf(q)
	if err != nil {
		return err
	}
	why, err := q.Form("why")
	if err != nil {
		return err
	}
	if err := o.Plans.Refuse(q.Context(), p.ID, plans.Decision{By: q.Actor(), Why: why}); err != nil {
		return undecided(err)
	}
	return q.Back(fmt.Sprintf("/plans/%d", p.ID))
}

// undecided says why nobody could decide about a plan.
func undecided(err error) error {
	if decided, ok := errors.AsType[*plans.DecidedError](err); ok {
		text := decided.Error()
		return &web.Problem{Status: 409, Title: "This plan no longer waits", Text: strings.ToUpper(text[:1]) + text[1:] + "."}
	}
	if refused, ok := errors.AsType[*consent.Refused](err); ok {
		return unconfirmed(refused.Message + ".")
	}
	return err
}
