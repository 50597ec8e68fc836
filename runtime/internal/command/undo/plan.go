package undo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/apply"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	planning "github.com/phscript/phscript/runtime/internal/command/plan"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	scripts "github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/undo"
	"github.com/phscript/phscript/runtime/internal/view"
)

// undoing is one undo.
type undoing struct {
	*options
	env *environment.Env
	// outer is env without the progress of making the plan.
	outer   *environment.Env
	host    *host.Opened
	terms   *consent.Terms
	journal *changes.Journal
	// release ends the handling of Ctrl-C: what applies the plan has its own.
	release func()
	// plans are those of undos that this and other processes apply.
	plans *plans
}

// planned is a plan that undoes a run.
type planned struct {
	choice
	made   *undo.Made
	header *planfile.Header
	report *planfile.Report
	// path is the file of the plan, "" if there is nothing to revert. own is true if nobody has
	// named it.
	path string
	own  bool
	// taken is true if the plan is that of an interrupted undo.
	taken bool
}

// planOutput is what -o names.
var planOutput = printing.Output{Flag: "--out", What: "the plan", Begins: planfile.Begins, Private: true}

func (o *options) checkOut(env *environment.Env) error {
	if o.out == "" {
		return nil
	}
	if info, err := os.Stat(env.Path(o.out)); o.out == "-" || err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return &usage.Error{Message: "-o needs the name of a file, not " + o.out, Hint: "name a new file, such as undo.jsonl"}
	}
	return planOutput.Check(env, o.out)
}

// each calls do with the changes of a set after one number and until another one, 0 for the end.
func (u *undoing) each(ctx context.Context, set *changes.Set, client int, after, until int64, do func(*changes.Change)) error {
	const most = 1000
	for until == 0 || after < until {
		var page []changes.Change
		err := u.journal.Read(ctx, func(ctx context.Context, db *store.DB) (err error) {
			page, err = changes.Page(ctx, db, set.ID, after, most)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if page[i].Client == client && (until == 0 || page[i].Seq <= until) {
				do(&page[i])
			}
		}
		after = page[len(page)-1].Seq
	}
	return nil
}

// plan makes the plan, or takes up that of an interrupted undo.
func (u *undoing) plan(ctx context.Context, run int64) (p *planned, err error) {
	c, accounts, client, tenant, err := u.find(ctx, run)
	if accounts != nil {
		defer accounts.Close()
	}
	if err != nil {
		return nil, err
	}
	p = &planned{choice: c, report: planfile.NewReport()}
	if u.plans, err = u.open(ctx); err != nil {
		return nil, err
	}
	if p.interrupted != nil {
		fmt.Fprintf(u.env.Stderr, "note: the undo of run %d was interrupted; this continues it\n", p.set.Run)
		if u.out == "" && len(u.overwrite) == 0 && u.plans.take(p) {
			return p, nil
		}
		if u.recreate && p.recreated > 0 {
			return nil, &usage.Error{
				Message: fmt.Sprintf("run %d has already recreated records of run %d, and its plan was not found, so --recreate could create them twice", p.recreated, p.set.Run),
				Hint:    "leave out --recreate",
			}
		}
	}
	id := planfile.NewID()
	p.path, p.own = u.plans.name(p.set.Run, id), u.out == ""
	if !p.own {
		p.path = u.env.Path(u.out)
	}
	spool, err := planfile.NewSpool(p.path)
	if err != nil {
		return nil, printing.NotWritten(p.path, planOutput.What, err)
	}
	defer func() { err = errors.Join(err, spool.Close()) }()
	p.made, err = undo.Plan(ctx, undo.Options{
		Set: p.set, Changes: func(after, until int64, do func(*changes.Change)) error {
			return u.each(ctx, p.set, tenant.Client, after, until, do)
		},
		Send: u.counted(client.Read), Tenant: tenant, Overwrite: u.overwrite, Recreate: u.recreate, Now: u.env.Now,
		Step: func(s *plan.Step) {
			p.report.Add(s)
			spool.Add(s)
		},
	})
	if err != nil {
		return nil, err
	}
	if p.header, err = u.header(p, tenant, id); err != nil {
		return nil, err
	}
	if p.report.Sum().Changes() == 0 {
		p.path = ""
		return p, nil
	}
	if _, err := spool.Finish(p.path, p.header, nil); err != nil {
		return nil, &usage.Failure{Message: "the plan was not written: " + err.Error()}
	}
	return p, nil
}

// counted shows how many calls were made to look at records.
func (u *undoing) counted(send planhat.Sender) planhat.Sender {
	task := u.host.Task(bindings.Task{Name: "looking at records", Unit: "calls"})
	return func(ctx context.Context, call planhat.Call) (planhat.Reply, error) {
		task.Add(1)
		return send(ctx, call)
	}
}

// name names the undo of a set.
func name(s *changes.Set) string { return fmt.Sprintf("undo of run %d", s.Run) }

// assumptions are what the plan of an undo takes for granted.
var assumptions = []string{
	"every write succeeds",
	"null empties a property",
	"what Planhat computes, sends or starts by itself is not reverted",
}

func (u *undoing) header(p *planned, t plan.Tenant, id string) (*planfile.Header, error) {
	made := u.env.Now().UTC()
	perMinute := cmp.Or(max(u.host.Config.CallsPerMin, 0), planhat.DefaultCallsPerMinute)
	h := &planfile.Header{
		Format: planfile.Format, Version: planfile.Version, ID: id, Made: made, Expires: made.Add(planfile.Life),
		Product: u.env.Version, Catalog: catalog.Hash(), Mark: p.made.Mark, Tenants: []plan.Tenant{t}, Dir: u.env.Dir,
		Profile:  u.host.Config.Profile.Name,
		Flags:    u.Repeated(),
		Script:   planfile.File{Name: name(p.set)},
		Undo:     &planfile.Undo{Run: p.set.Run, Set: p.set.ID, Script: p.set.Script},
		Settings: planfile.Settings{CallsPerMinute: perMinute, MostRows: p.report.MostRows}, Assumptions: assumptions,
		Totals: p.report.Totals(), Calls: p.report.Calls, Seconds: int(planfile.Duration(p.report.Calls, perMinute) / time.Second),
	}
	if !p.own {
		return h, nil
	}
	var err error
	h.Undo.Report, err = json.Marshal(p.made.Report)
	return h, err
}

// finish shows the plan, and keeps or applies it.
func (u *undoing) finish(ctx context.Context, p *planned) error {
	keep := !p.own
	defer func() {
		if !keep && p.path != "" {
			_ = os.Remove(p.path)
		}
	}()
	form := view.UndoForm(p.made.Report, "")
	if p.path != "" {
		form.Plan = p.header.ID
	}
	if !u.json {
		if err := printing.Text(u.env.Stdout, u.text(p)); err != nil {
			return err
		}
	}
	for _, field := range p.made.Unused {
		fmt.Fprintf(u.env.Stderr, "note: --overwrite %s was not needed: the run did not change it, or nobody has since\n", field)
	}
	if p.recreated > 0 && p.made.Trashed > 0 {
		fmt.Fprintf(u.env.Stderr, "note: run %d has already recreated records that this run deleted, with new ids\n", p.recreated)
	}
	var err error
	switch {
	case p.path == "":
		fmt.Fprintln(u.env.Stderr, "nothing to revert, so no plan was made")
		if err = u.conclude(ctx, p); err == nil {
			err = u.finished(p, fault.ExitDone)
		}
	case u.out != "":
		if err := u.allowed(p); err != nil {
			fmt.Fprintln(u.env.Stderr, "note: "+err.Message+"; "+err.Hint)
		}
		fmt.Fprintf(u.env.Stderr, "wrote the plan to %s; to apply it: phscript apply %s\n", u.out, u.out)
		planning.WarnTracked(u.env, u.out)
		err = u.finished(p, fault.ExitDone)
	default:
		// An interrupted undo keeps its plan until it comes to its end.
		if keep = p.taken; u.allowed(p) != nil {
			err = u.allowed(p)
		} else if err = u.confirm(ctx, p); err == nil {
			form.Applied, keep, err = u.carry(ctx, p)
		}
	}
	if u.json {
		if failed := printing.JSON(u.host.Secrets.Writer(u.env.Stdout), form); failed != nil {
			return failed
		}
	}
	return err
}

// conclude ends an interrupted undo of which nothing is left to do.
func (u *undoing) conclude(ctx context.Context, p *planned) error {
	if p.interrupted == nil || u.out != "" {
		return nil
	}
	w, _, err := u.journal.Begin(ctx, changes.Set{Plan: p.interrupted.Plan})
	if err != nil {
		return err
	}
	defer w.Close(ctx)
	return w.End(ctx, "")
}

// finished is the end of an undo. code is that of what it did.
func (u *undoing) finished(p *planned, code int) error {
	if code == fault.ExitDone && !p.made.Whole() {
		code = fault.ExitRejected
	}
	return &usage.Finished{Code: code}
}

// allowed returns an error if the profile does not allow what the plan does, or nil.
func (u *undoing) allowed(p *planned) *usage.Error {
	profile, sum := u.host.Config.Profile, p.report.Sum()
	for permission, n := range map[string]int{"delete": sum.Deleted, "update": sum.Updated, "create": sum.Created} {
		if n > 0 && profile.Allow != nil && !slices.Contains(profile.Allow, permission) {
			return &usage.Error{
				Message: fmt.Sprintf("the profile %s does not allow you to %s records, and the undo would %s %s", profile.Name, permission, permission, english.Plural(n, "record", "")),
				Hint:    fmt.Sprintf("to allow it, add %q to allow under [profile.%s]", permission, profile.Name),
			}
		}
	}
	return nil
}

// text is what the undo does, for people.
func (u *undoing) text(p *planned) string {
	text := view.Undo(p.made.Report, p.set.Script)
	if p.report.Sum().Changes() > 0 {
		text += "\n" + view.Plan(p.header, p.report, false)
	}
	return u.host.Secrets.String(text)
}

// confirm asks whether to apply the plan.
func (u *undoing) confirm(ctx context.Context, p *planned) error {
	if u.consent.Yes || u.consent.Confirm != "" {
		return nil
	}
	if u.json && u.terms.Ask != nil {
		if err := printing.Text(u.env.Stderr, u.text(p)); err != nil {
			return err
		}
	}
	if err := u.terms.Sure(ctx, fmt.Sprintf("undo run %d", p.set.Run), "add --yes to confirm it, or -o FILE to keep the plan and apply it later"); err != nil {
		return err
	}
	u.consent.Yes = true
	return nil
}

// carry applies the plan. left reports whether it is needed to continue the undo.
func (u *undoing) carry(ctx context.Context, p *planned) (done *view.ApplyDone, left bool, err error) {
	u.release()
	done, code, err := apply.Undo(u.outer, u.Options, u.consent, apply.Undoing{
		Plan: p.path, Run: p.set.Run, InDoubt: u.inDoubt, JSON: u.json,
	})
	if left = u.plans.unfinished(context.WithoutCancel(ctx), p.header.ID); left && (done == nil || done.Resume == "") {
		words := []string{"phscript"}
		for _, arg := range u.outer.Args {
			words = append(words, scripts.Quoted(arg))
		}
		fmt.Fprintf(u.env.Stderr, "the undo of run %d is not complete; to continue it: %s\n", p.set.Run, u.host.Secrets.String(strings.Join(words, " ")))
	}
	// A plan that no longer fits Planhat is not needed: the next undo makes another one.
	left = left && code != fault.ExitStale
	if err == nil {
		err = u.finished(p, code)
	}
	return done, left, err
}
