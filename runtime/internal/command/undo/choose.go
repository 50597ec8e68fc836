package undo

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/store"
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
	return t, &usage.Error{Message: fmt.Sprintf("run %d can't be taken back here: %s", s.Run, why), Hint: "use the settings and the token of the account that the run wrote to"}
}

// find sets the run of the plan, and returns its account. The caller closes accounts, unless it
// is nil.
func (u *undoing) find(ctx context.Context, p *planned, run int64) (accounts *host.Accounts, client *planhat.Client, t plan.Tenant, err error) {
	var newer []*history.Run
	of := &account{}
	look := func() error {
		err := u.journal.Read(ctx, func(ctx context.Context, db *store.DB) (err error) {
			p.set, newer, err = choose(ctx, db, run, of)
			return err
		})
		switch {
		case err != nil:
			return err
		case p.set == nil && run > 0:
			return u.unrecorded(run)
		case p.set == nil:
			return &usage.Error{
				Message: "there is no run left to take back in this account",
				Hint:    "'phscript runs list' lists runs; name one to take it back again: phscript undo RUN",
			}
		}
		return u.check(p.set)
	}
	title := "undo" // of which run is not known yet
	if run > 0 {
		if err := look(); err != nil {
			return nil, nil, t, err
		}
		title = name(p.set)
	}
	accounts = u.host.Accounts(title, "")
	if client, err = accounts.Default(ctx); err != nil {
		return accounts, nil, t, err
	}
	of.host, of.analytics = accounts.Hosts()
	if of.user, err = plan.FirstUser(ctx, client.Read); err != nil {
		return accounts, nil, t, err
	}
	if run == 0 {
		if err = look(); err == nil {
			err = u.warn(p.set, newer)
		}
	}
	if err == nil {
		t, err = of.tenant(p.set)
	}
	return accounts, client, t, err
}

// choose returns the set of a run. If run is 0, it returns the last one of the account that was
// not taken back, nil for none, and the newer runs whose changes are not recorded.
func choose(ctx context.Context, db *store.DB, run int64, of *account) (set *changes.Set, newer []*history.Run, err error) {
	if run > 0 {
		set, err = changes.OfRun(ctx, db, run)
		return set, nil, err
	}
	const most = 500
	taken, recorded := map[int64]bool{}, map[int64]bool{}
	for before := int64(0); ; {
		list, err := changes.List(ctx, db, before, most)
		if err != nil {
			return nil, nil, err
		}
		for _, s := range list {
			before, recorded[s.Run] = s.ID, true
			if taken[s.ID] {
				continue
			}
			counts, err := changes.Counts(ctx, db, s.ID)
			if err != nil {
				return nil, nil, err
			}
			if counts[changes.Done]+counts[changes.Intended]+counts[changes.Doubtful] == 0 {
				continue
			}
			if s.Undoes > 0 {
				taken[s.Undoes] = true
				continue
			}
			if _, ok := of.in(s); ok {
				newer, err = unrecorded(ctx, db, s.Run, recorded)
				return s, newer, err
			}
		}
		if len(list) < most {
			return nil, nil, nil
		}
	}
}

// unrecorded returns the runs of commands after another one that are not recorded, the latest
// first. Commands get a number when they first write.
func unrecorded(ctx context.Context, db *store.DB, after int64, recorded map[int64]bool) (list []*history.Run, err error) {
	const most = 200
	if after == 0 {
		return nil, nil
	}
	runs, err := history.New(db).List(ctx, history.Filter{Limit: most})
	for _, r := range runs {
		if r.ID > after && !recorded[r.ID] && slices.Contains([]history.Cause{history.ByRun, history.ByApply, history.ByREPL}, r.Cause) {
			list = append(list, r)
		}
	}
	return list, err
}

// warn says that newer runs are not recorded, and refuses if nobody sees it before the undo
// writes.
func (u *undoing) warn(set *changes.Set, newer []*history.Run) error {
	if len(newer) == 0 {
		return nil
	}
	last := newer[0]
	text := fmt.Sprintf("run %d (%s) is newer than run %d, but its changes are not recorded", last.ID, u.host.Secrets.String(last.Script), set.Run)
	if u.out == "" && (u.consent.Yes || u.consent.Confirm != "") {
		return &usage.Error{Message: text, Hint: fmt.Sprintf("if you want to take run %d back, name it: phscript undo %d", set.Run, set.Run)}
	}
	fmt.Fprintln(u.env.Stderr, "note: "+text)
	return nil
}
