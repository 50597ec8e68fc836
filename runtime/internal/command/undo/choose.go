package undo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// account is the configured one.
type account struct{ host, analytics, user string }

// in returns what a set knows of the account, if it has written to it.
func (a *account) in(s *changes.Set) (plan.Tenant, bool) {
	for _, t := range s.Tenants {
		if t.Host == a.host && (t.User == "" || t.User == a.user) {
			return plan.Tenant{Client: t.Client, Host: a.host, Analytics: a.analytics, Default: true, User: a.user}, true
		}
	}
	return plan.Tenant{}, false
}

// tenant is in, with an error that says why the account is not that of the run.
func (a *account) tenant(s *changes.Set) (plan.Tenant, error) {
	t, ok := a.in(s)
	if ok {
		return t, nil
	}
	var hosts []string
	for _, t := range s.Tenants {
		hosts = append(hosts, t.Host)
	}
	why := "the token belongs to another Planhat tenant"
	if !slices.Contains(hosts, a.host) {
		why = fmt.Sprintf("it wrote to %s, and the settings name %s", cmp.Or(append(hosts, "another host")[0], "another host"), a.host)
	}
	return t, &usage.Error{Message: fmt.Sprintf("run %d can't be undone here: %s", s.Run, why), Hint: "use the settings and the token of the account that the run wrote to"}
}

// choice is the run that is undone.
type choice struct {
	set *changes.Set
	// interrupted is the last undo of the run if it did not come to its end, or nil.
	interrupted *changes.Set
	// recreated is the number of an undo of the run that has created records again, 0 for none.
	recreated int64
	// newer are the runs after it whose changes are not recorded.
	newer []*history.Run
}

// find chooses the run, and returns the account. The caller closes accounts, unless it is nil.
func (u *undoing) find(ctx context.Context, run int64) (c choice, accounts *host.Accounts, client *planhat.Client, t plan.Tenant, err error) {
	of := &account{}
	look := func() error {
		err := u.journal.Read(ctx, func(ctx context.Context, db *store.DB) (err error) {
			c, err = choose(ctx, db, run, of)
			return err
		})
		switch {
		case err != nil:
			return err
		case c.set == nil && run > 0:
			return u.unrecorded(ctx, run)
		case c.set == nil:
			return &usage.Error{
				Message: "there is no run left to undo in this account",
				Hint:    "'phscript runs list' lists runs; to undo one again, name it: phscript undo RUN",
			}
		}
		return u.check(c)
	}
	title := "undo" // of which run is not known yet
	if run > 0 {
		if err := look(); err != nil {
			return c, nil, nil, t, err
		}
		title = name(c.set)
	}
	accounts = u.host.Accounts(title, "")
	if client, err = accounts.Default(ctx); err != nil {
		return c, accounts, nil, t, err
	}
	of.host, of.analytics = accounts.Hosts()
	if of.user, err = plan.FirstUser(ctx, client.Read); err != nil {
		return c, accounts, nil, t, err
	}
	if run == 0 {
		if err = look(); err == nil {
			err = u.warn(c)
		}
	}
	if err == nil {
		t, err = of.tenant(c.set)
	}
	return c, accounts, client, t, err
}

// choose returns the set of a run. If run is 0, it returns the last one of the account that was
// not undone, or whose undo was interrupted.
func choose(ctx context.Context, db *store.DB, run int64, of *account) (c choice, err error) {
	if run > 0 {
		if c.set, err = changes.OfRun(ctx, db, run); err != nil || c.set == nil {
			return c, err
		}
		last, err := changes.UndoneBy(ctx, db, c.set.ID)
		if err != nil {
			return c, err
		}
		return c, c.complete(ctx, db, last)
	}
	const most = 500
	taken, recorded := map[int64]bool{}, map[int64]bool{}
	for before := int64(0); ; {
		list, err := changes.List(ctx, db, before, most)
		if err != nil {
			return c, err
		}
		for _, s := range list {
			before, recorded[s.Run] = s.ID, true
			if taken[s.ID] {
				continue
			}
			counts, err := changes.Counts(ctx, db, s.ID)
			if err != nil {
				return c, err
			}
			if counts[changes.Done]+counts[changes.Intended]+counts[changes.Doubtful] == 0 {
				continue
			}
			_, here := of.in(s)
			var last *changes.Set
			switch open, err := changes.Unfinished(ctx, db, s); {
			case err != nil:
				return c, err
			case s.Undoes > 0 && (!open || !here || taken[s.Undoes]):
				taken[s.Undoes] = true
				continue
			case s.Undoes > 0:
				target, err := changes.Get(ctx, db, s.Undoes)
				if err != nil {
					return c, err
				}
				if taken[s.Undoes] = true; target == nil || target.Forgotten {
					continue
				}
				c.set, last = target, s
			case !here:
				continue
			default:
				c.set = s
			}
			if c.newer, err = unrecorded(ctx, db, s.Run, recorded, of); err != nil {
				return c, err
			}
			return c, c.complete(ctx, db, last)
		}
		if len(list) < most {
			return c, nil
		}
	}
}

// complete adds what is known of undos of the set, of which last is the last.
func (c *choice) complete(ctx context.Context, db *store.DB, last *changes.Set) error {
	open, err := changes.Unfinished(ctx, db, last)
	if err != nil {
		return err
	}
	if open {
		c.interrupted = last
	}
	c.recreated, err = changes.Recreator(ctx, db, c.set.ID, plan.Create)
	return err
}

// unrecorded returns the runs of commands after another one that are not recorded, the latest
// first. Commands get a number when they first write. What apply changes is always recorded, if
// another apply continued it under the number of that one. Runs that wrote nothing to the account
// do not count, as far as their profile shows it.
func unrecorded(ctx context.Context, db *store.DB, after int64, recorded map[int64]bool, of *account) (list []*history.Run, err error) {
	const most = 200
	if after == 0 {
		return nil, nil
	}
	h := history.New(db)
	runs, err := h.List(ctx, history.Filter{Limit: most})
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		if r.ID <= after || recorded[r.ID] || r.Cause != history.ByRun && r.Cause != history.ByREPL {
			continue
		}
		full, err := h.Get(ctx, db, r.ID)
		if err != nil {
			return nil, err
		}
		var s struct {
			Profile *outcome.Profile `json:"profile"`
		}
		_ = json.Unmarshal(full.Summary, &s) // it has none while the run is running
		if s.Profile == nil || s.Profile.Written && s.Profile.Host == trust.HostOf(of.host) {
			list = append(list, r)
		}
	}
	return list, nil
}

// warn says that newer runs are not recorded, and refuses if nobody sees it before the undo
// writes.
func (u *undoing) warn(c choice) error {
	if len(c.newer) == 0 {
		return nil
	}
	last := c.newer[0]
	text := fmt.Sprintf("run %d (%s) is newer than run %d, but its changes were not recorded", last.ID, u.host.Secrets.String(last.Script), c.set.Run)
	if u.out == "" && (u.consent.Yes || u.consent.Confirm != "") {
		return &usage.Error{Message: text, Hint: fmt.Sprintf("to undo run %d, name it: phscript undo %d", c.set.Run, c.set.Run)}
	}
	fmt.Fprintln(u.env.Stderr, "note: "+text)
	return nil
}

// check refuses a run that can't be undone.
func (u *undoing) check(c choice) error {
	s := c.set
	if s.Forgotten {
		return &usage.Error{Message: fmt.Sprintf("the changes of run %d are no longer recorded, so it can't be undone", s.Run)}
	}
	if c.interrupted == nil && s.Ended.IsZero() && s.Leased() && u.env.Now().Sub(s.Used) < changes.Lease {
		if held := s.Held(u.env.Now()); held != nil && held.Process > 0 {
			return &usage.Error{Message: fmt.Sprintf("run %d is still running: %s", s.Run, held), Hint: "wait until it ends"}
		}
		return &usage.Error{Message: fmt.Sprintf("run %d is still running, or was killed less than a minute ago", s.Run), Hint: "try again in a minute"}
	}
	if c.interrupted != nil {
		if held := c.interrupted.Held(u.env.Now()); held != nil {
			return &usage.Failure{Message: fmt.Sprintf("another undo of run %d is running: %s", s.Run, held), Hint: "wait until it ends"}
		}
	}
	if u.recreate && c.interrupted == nil && c.recreated > 0 {
		return &usage.Error{
			Message: fmt.Sprintf("run %d has already recreated records of run %d, and --recreate would create them twice", c.recreated, s.Run),
			Hint:    fmt.Sprintf("leave out --recreate, or undo that run first: phscript undo %d", c.recreated),
		}
	}
	return nil
}
