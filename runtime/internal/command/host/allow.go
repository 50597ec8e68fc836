package host

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// allowed refuses the writes that a profile does not allow. It is safe for concurrent use.
type allowed struct {
	profile config.Profile
	now     func() time.Time

	mu sync.Mutex
	// known are the records that the writes of each client may name by their _id.
	known map[*planhat.Client]*records
}

// records are those that were looked up for one client.
type records struct {
	planner *plan.Planner
	since   time.Time
}

// knownFor is how long a record that was looked up counts as existing: somebody may delete it.
const knownFor = 5 * time.Minute

// mostLookUps is how many calls the look-ups of a run may make: what they need.
const mostLookUps = 1 << 30

// allowGate returns the gate of a profile, nil if the profile allows everything.
func allowGate(p config.Profile, now func() time.Time) planhat.Gate {
	if p.Allow == nil {
		return nil
	}
	return (&allowed{profile: p, now: now, known: map[*planhat.Client]*records{}}).gate
}

func (a *allowed) may(permission string) bool { return slices.Contains(a.profile.Allow, permission) }

func (a *allowed) gate(ctx context.Context, w planhat.Write) error {
	rows, missing := consent.Of(w.Method, w.Operation, w.Rows), 0
	if rows.Upserted > 0 && !a.may("create") && a.may("update") {
		named := namedRows(w)
		if len(named) == rows.Upserted { // otherwise it is refused anyway
			found, err := a.found(ctx, w, named)
			if err != nil {
				return err
			}
			missing, named = len(named)-found, named[:found]
		}
		rows.Updated, rows.Upserted = len(named), rows.Upserted-len(named)
	}
	for _, one := range []struct {
		permission string
		rows       int
	}{{"delete", rows.Deleted}, {"update", rows.Updated + rows.Upserted}, {"create", rows.Created + rows.Upserted + rows.Sent}} {
		if one.rows > 0 && !a.may(one.permission) {
			return a.refusal(w, one.permission, rows, missing)
		}
	}
	if rows.Deleted > 0 {
		a.forget(w)
	}
	return nil
}

func (a *allowed) refusal(w planhat.Write, permission string, rows consent.Rows, missing int) error {
	p := a.profile
	e := &planhat.Error{
		Kind: planhat.KindPermission, Message: fmt.Sprintf("the profile %s does not allow scripts to %s records", p.Name, permission),
		Hint: fmt.Sprintf("it allows: %s; to allow more, change allow under [profile.%s]", english.WordSeries(p.Allow, "and"), p.Name),
	}
	if permission != "create" || rows.Upserted == 0 {
		return e
	}
	e.Message += ", and Planhat creates a record for each row of a bulk upsert that it does not find: "
	if missing > 0 {
		e.Message += fmt.Sprintf("%s of this request %s an _id that no %s has", english.Plural(missing, "row", ""), english.PluralWord(missing, "has", "have"), noun(w.Model))
		e.Hint = "give each row the _id of an existing record; or allow create under [profile." + p.Name + "]"
		return e
	}
	e.Message += fmt.Sprintf("%s of this request %s no _id", english.Plural(rows.Upserted, "row", ""), english.PluralWord(rows.Upserted, "has", "have"))
	e.Hint = "give each row the _id of its record; or allow create under [profile." + p.Name + "]"
	return e
}

func noun(model string) string {
	if m := catalog.Load().Model(model); m != nil {
		return m.Noun
	}
	return "record"
}

// of returns what is known of a client's records. The caller holds mu.
func (a *allowed) of(c *planhat.Client) *plan.Planner {
	r := a.known[c]
	if r == nil || a.now().Sub(r.since) > knownFor {
		run := plan.NewRun(plan.Options{
			Active: func() bool { return true }, Reads: mostLookUps, Warn: func(context.Context, string, string) {}, Now: a.now, Partial: true,
		})
		r = &records{run.Planner("", plan.Tenant{}), a.now()}
		a.known[c] = r
	}
	return r.planner
}

// found counts the rows that name a record which exists. The planner looks records up one by
// one, or in lists if that takes fewer calls, and once for all writes of a client.
func (a *allowed) found(ctx context.Context, w planhat.Write, rows []planhat.Record) (n int, err error) {
	m := catalog.Load().Model(w.Model)
	if m == nil || w.Client == nil {
		return 0, nil
	}
	a.mu.Lock()
	p := a.of(w.Client)
	a.mu.Unlock()
	err = p.Know(ctx, m, rows, w.Client.Read)
	for _, row := range rows {
		var id string
		known := true
		if err == nil {
			id, known, err = p.Find(ctx, m, row, w.Client.Read)
		}
		switch {
		case err != nil:
			return n, a.unread(m, planhat.KindOf(err), err.Error())
		case !known:
			return n, a.unread(m, planhat.KindPermission, "the token does not allow reading "+m.Plural)
		case id != "":
			n++
		}
	}
	return n, nil
}

// unread is the error of a bulk upsert whose records can't be looked up.
func (a *allowed) unread(m *catalog.Model, kind planhat.Kind, why string) error {
	return &planhat.Error{
		Kind: kind, Message: "the profile " + a.profile.Name + " does not allow scripts to create records, and phscript can't look up whether these " + m.Plural + " exist: " + why,
	}
}

// forget takes a record that is about to be deleted out of those that are known.
func (a *allowed) forget(w planhat.Write) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.known[w.Client]
	if r == nil {
		return
	}
	if m, id := plan.Deletes(http.MethodDelete, w.Path); m != nil && !strings.Contains(id, "-") {
		r.planner.Removed(m, id)
		return
	}
	delete(a.known, w.Client) // which record it is is not known
}

// namedRows returns the rows of a bulk upsert that name their record by its _id, with nothing
// but that.
func namedRows(w planhat.Write) (rows []planhat.Record) {
	dec := jsontext.NewDecoder(bytes.NewReader(w.Body), jsontext.AllowDuplicateNames(true))
	if t, err := dec.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginArray {
		return nil
	}
	for dec.PeekKind() == jsontext.KindBeginObject {
		_, _ = dec.ReadToken()
		var id jsontext.Value
		for dec.PeekKind() == jsontext.KindString {
			name, err := dec.ReadToken()
			if err != nil {
				return rows
			}
			key := name.String()
			value, err := dec.ReadValue()
			if err != nil {
				return rows
			}
			if key == "_id" && value.Kind() == jsontext.KindString {
				id = value.Clone()
			}
		}
		if _, err := dec.ReadToken(); err != nil {
			return rows
		}
		if len(strings.Trim(string(id), `"`)) > 0 {
			rows = append(rows, planhat.Record(`{"_id":`+string(id)+`}`))
		}
	}
	return rows
}
