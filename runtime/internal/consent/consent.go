// Package consent decides whether a run, a plan or an undo may write. Deletes, and many
// writes, need a person's consent: a question on a terminal, or a flag. It is the only
// place that decides this.
package consent

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/fault"
)

// DefaultThreshold is how many records may be written without consent.
const DefaultThreshold = 1000

// Operations are what a profile can allow. Reading is always allowed.
var Operations = []string{"read", "create", "update", "delete"}

// Profile is what a profile says about writes.
type Profile struct {
	Name string
	// Production is true for the profile of the tenant whose data people work with.
	// Deletes there are confirmed by its name.
	Production bool
	// Threshold is how many records may be written without consent; 0 is
	// DefaultThreshold.
	Threshold int
	// Allow are the operations that are allowed; nil allows all.
	Allow []string
}

// Called is the name that confirms deletes in production.
func (p Profile) Called() string {
	if p.Name == "" {
		return "production"
	}
	return p.Name
}

func (p Profile) allows(operation string) bool {
	return p.Allow == nil || slices.Contains(p.Allow, operation)
}

// Terms are the conditions of one command.
type Terms struct {
	Profile Profile
	// Yes and Confirm are the flags of the same names.
	Yes     bool
	Confirm string
	// ConfirmedFields are the custom fields that may be deleted or get another type.
	ConfirmedFields []string
	// Most limits the deletes.
	Most Limit
	// EmptySource allows deletes although an input has no data.
	EmptySource bool
	// Simulated is true if the records are made up. Nobody is asked then.
	Simulated bool
	// Scheduled is true for a run that a service started. Nobody is asked then.
	Scheduled bool
	// Ask asks the person at the terminal and returns the answer. It is nil without a
	// terminal.
	Ask func(ctx context.Context, question string) (string, error)
}

// Work is what a plan would write, by model.
type Work struct {
	// What names it in a sentence, such as "the plan".
	What   string
	Models map[string]Rows
	// Empty are the inputs that have no data.
	Empty []string
}

// Rows count records.
type Rows struct {
	Created, Updated, Deleted int
	// Upserted are created or updated, as Planhat finds. Sent are metrics and activities.
	Upserted, Sent int
	// Known is how many records of the model are known, for the share of deletes.
	Known int
}

// Of returns what a request does with its rows, which are records unless it is one of values
// and events. operation is that of a model, or "request" for any other request, of which only
// the method says what it does.
func Of(method, operation string, rows int) Rows {
	switch {
	case method == "DELETE":
		return Rows{Deleted: rows}
	case operation == "update", method == "PATCH":
		return Rows{Updated: rows}
	case operation == "create", operation == "duplicate":
		return Rows{Created: rows}
	case method == "PUT":
		return Rows{Upserted: rows}
	}
	return Rows{Sent: rows}
}

// Add adds the rows of another request. Known stays.
func (r Rows) Add(o Rows) Rows {
	return Rows{r.Created + o.Created, r.Updated + o.Updated, r.Deleted + o.Deleted, r.Upserted + o.Upserted, r.Sent + o.Sent, r.Known}
}

// written are the records that are written and not deleted.
func (r Rows) written() int { return r.Created + r.Updated + r.Upserted + r.Sent }

// Refused is the error of a write that may not go ahead.
type Refused struct {
	Message, Hint string
	// Limit is true if there were more deletes than --max-deletes allows.
	Limit bool
	code  int
}

func (r *Refused) Error() string { return r.Message }

// ErrorHint says what to do about it.
func (r *Refused) ErrorHint() string { return r.Hint }

// ExitCode returns fault.ExitNotConfirmed, or fault.ExitAuth if the profile does not allow
// the operation.
func (r *Refused) ExitCode() int { return r.code }

func refused(message, hint string) *Refused {
	return &Refused{Message: message, Hint: hint, code: fault.ExitNotConfirmed}
}

// Plan decides about all that a plan would write, before anything is sent. It returns a
// *Refused, or the error of asking.
func (t *Terms) Plan(ctx context.Context, w Work) error {
	names := make([]string, 0, len(w.Models))
	for name := range w.Models {
		names = append(names, name)
	}
	slices.Sort(names)
	var deletes []string
	for _, name := range names {
		rows := w.Models[name]
		if err := t.allowed(name, rows); err != nil {
			return err
		}
		if rows.Deleted == 0 {
			continue
		}
		if t.Most.Over(rows.Deleted, rows.Known) {
			return t.tooMany(w.What+" deletes "+count(name, rows.Deleted), rows, notSent)
		}
		deletes = append(deletes, count(name, rows.Deleted))
	}
	if len(deletes) > 0 && t.Most.OverTotal(total(w)) {
		return t.tooMany(w.What+" deletes "+english.WordSeries(deletes, "and"), Rows{}, notSent)
	}
	if len(deletes) > 0 && len(w.Empty) > 0 && !t.EmptySource {
		return emptySource(w.What+" deletes "+english.WordSeries(deletes, "and"), w.Empty)
	}
	asked, _ := t.Question(w)
	if asked == "" {
		return nil
	}
	return t.confirm(ctx, asked, "", len(deletes) > 0)
}

// Question returns what Plan asks about, "" for nothing, and whether the answer is the name of
// the profile.
func (t *Terms) Question(w Work) (asked string, named bool) {
	written := 0
	var deletes []string
	for _, name := range slices.Sorted(maps.Keys(w.Models)) {
		rows := w.Models[name]
		written += rows.written()
		if rows.Deleted > 0 {
			deletes = append(deletes, count(name, rows.Deleted))
		}
	}
	switch {
	case len(deletes) > 0 && written > 0:
		asked = w.What + " deletes " + english.WordSeries(deletes, "and") + " and writes " + records(written)
	case len(deletes) > 0:
		asked = w.What + " deletes " + english.WordSeries(deletes, "and")
	case written > t.threshold():
		asked = w.What + " writes " + records(written) + ", more than " + humanize.Comma(int64(t.threshold()))
	}
	return asked, t.Profile.Production && len(deletes) > 0
}

func total(w Work) (n int) {
	for _, rows := range w.Models {
		n += rows.Deleted
	}
	return n
}

func (t *Terms) threshold() int {
	if t.Profile.Threshold == 0 {
		return DefaultThreshold
	}
	return t.Profile.Threshold
}

// allowed refuses what the profile does not allow.
func (t *Terms) allowed(model string, rows Rows) error {
	for _, one := range []struct {
		operation string
		rows      int
	}{
		{"delete", rows.Deleted}, {"create", rows.Created + rows.Upserted + rows.Sent}, {"update", rows.Updated + rows.Upserted},
	} {
		if one.rows > 0 && !t.Profile.allows(one.operation) {
			return &Refused{
				Message: "the profile " + t.Profile.Called() + " does not allow scripts to " + one.operation + " records, such as " + count(model, one.rows),
				Hint:    "it allows: " + english.WordSeries(slices.Clone(t.Profile.Allow), "and"),
				code:    fault.ExitAuth,
			}
		}
	}
	return nil
}

// What was done before a limit of deletes stopped it.
const (
	notSent = "nothing was sent"
	before  = "nothing was deleted beyond that limit"
)

func (t *Terms) tooMany(what string, rows Rows, done string) error {
	r := refused(what+t.Most.of(rows)+", and --max-deletes allows "+t.Most.String(), done+"; if that many deletes are correct, raise --max-deletes")
	r.Limit = true
	return r
}

func emptySource(what string, empty []string) error {
	verb := "has"
	if len(empty) > 1 {
		verb = "have"
	}
	return refused(what+", but "+english.WordSeries(slices.Clone(empty), "and")+" "+verb+" no data",
		"if the input is meant to be empty, add --allow-empty-source")
}

// confirm asks for consent. more ends the question, and deletes says whether records are deleted.
func (t *Terms) confirm(ctx context.Context, what, more string, deletes bool) error {
	if t.Simulated || t.Scheduled {
		return nil
	}
	name := t.Profile.Called()
	named := t.Profile.Production && deletes
	if t.Confirm != "" {
		if t.Profile.Name == "" && !t.Profile.Production {
			return refused("not confirmed: --confirm names the profile "+t.Confirm+", and no profile is in use", "use --yes instead")
		}
		if t.Confirm != name {
			return refused("not confirmed: --confirm names "+t.Confirm+", and the profile is "+name, "to go ahead in "+name+", use --confirm "+name)
		}
		return nil
	}
	if t.Yes && !named {
		return nil
	}
	if t.Ask == nil {
		hint := "add --yes to confirm it"
		if named {
			what += ", and " + name + " is a production profile"
			hint = "add --confirm " + name + " to confirm it; --yes is not enough for deletes in production"
		}
		return refused("not confirmed: "+what, hint)
	}
	if named {
		answer, err := t.Ask(ctx, sentence(what)+" in production"+more+". Type the name of the profile, "+name+", to go ahead: ")
		if err != nil {
			return err
		}
		if answer != name {
			hint := ""
			if answer != "" {
				hint = "to go ahead, type the name of the profile, " + name
			}
			return refused("not confirmed: "+what, hint)
		}
		return nil
	}
	answer, err := t.Ask(ctx, sentence(what)+more+". Go ahead? [y/N] ")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return refused("not confirmed: "+what, "")
	}
	return nil
}

// Sure asks about something that is not a question of numbers, such as "undo run 12". hint
// says what to do without a terminal.
func (t *Terms) Sure(ctx context.Context, what, hint string) error {
	if t.Yes || t.Confirm != "" {
		return nil
	}
	if t.Ask == nil {
		return refused("not confirmed: "+what, hint)
	}
	answer, err := t.Ask(ctx, sentence(what)+" as shown? [y/N] ")
	if err != nil {
		return err
	}
	if answer = strings.ToLower(answer); answer != "y" && answer != "yes" {
		return refused("not confirmed: "+what, "")
	}
	return nil
}

func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// count is a number of records of a model.
func count(model string, n int) string {
	one, many := strings.ReplaceAll(model, "_", " ")+" record", strings.ReplaceAll(model, "_", " ")+" records"
	if model == "planhat" {
		one, many = "record with planhat.request", "records with planhat.request"
	} else if m := catalog.Load().Model(model); m != nil {
		one, many = m.Noun, m.Plural
	}
	if n == 1 {
		return "1 " + one
	}
	return humanize.Comma(int64(n)) + " " + many
}

func records(n int) string {
	return humanize.Comma(int64(n)) + " " + english.PluralWord(n, "record", "")
}
