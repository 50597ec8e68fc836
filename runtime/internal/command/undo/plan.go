package undo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/apply"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/printing"
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
}

// planned is a plan that takes a run back.
type planned struct {
	set    *changes.Set
	made   *undo.Made
	header *planfile.Header
	report *planfile.Report
	// path is the file of the plan, which is temporary unless it was named.
	path string
	temp bool
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

// each calls do with each change of a set.
func (u *undoing) each(ctx context.Context, set *changes.Set, client int, do func(*changes.Change)) error {
	const most = 1000
	for after := int64(0); ; {
		var page []changes.Change
		err := u.journal.Read(ctx, func(ctx context.Context, db *store.DB) (err error) {
			page, err = changes.Page(ctx, db, set.ID, after, most)
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if page[i].Client == client {
				do(&page[i])
			}
		}
		after = page[len(page)-1].Seq
	}
}

// plan makes the plan.
func (u *undoing) plan(ctx context.Context, run int64) (p *planned, err error) {
	p = &planned{report: planfile.NewReport()}
	accounts, client, tenant, err := u.find(ctx, p, run)
	if accounts != nil {
		defer accounts.Close()
	}
	if err != nil {
		return nil, err
	}
	if err := u.file(p); err != nil {
		return nil, err
	}
	spool, err := planfile.NewSpool(p.path)
	if err != nil {
		return nil, printing.NotWritten(p.path, planOutput.What, err)
	}
	defer func() { err = errors.Join(err, spool.Close()) }()
	p.made, err = undo.Plan(ctx, undo.Options{
		Set: p.set, Changes: func(do func(*changes.Change)) error { return u.each(ctx, p.set, tenant.Client, do) },
		Send: u.counted(client.Read), Tenant: tenant, Overwrite: u.overwrite, Recreate: u.recreate, Now: u.env.Now,
		Step: func(s *plan.Step) {
			p.report.Add(s)
			spool.Add(s)
		},
	})
	if err != nil {
		return nil, err
	}
	u.header(p, tenant)
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

// check refuses a run that can't be taken back.
func (u *undoing) check(s *changes.Set) error {
	switch {
	case s.Forgotten:
		return &usage.Error{Message: fmt.Sprintf("what run %d changed is no longer recorded, so it can't be taken back", s.Run)}
	case s.Ended.IsZero() && u.env.Now().Sub(s.Used) < changes.Lease:
		return &usage.Error{Message: fmt.Sprintf("run %d is still running, or was killed less than a minute ago", s.Run), Hint: "wait for its end"}
	}
	return nil
}

// file names the file of the plan.
func (u *undoing) file(p *planned) error {
	if u.out != "" {
		p.path = u.env.Path(u.out)
		return nil
	}
	dir, err := os.MkdirTemp("", "phscript-undo-")
	if err != nil {
		return err
	}
	p.path, p.temp = filepath.Join(dir, fmt.Sprintf("undo-%d.jsonl", p.set.Run)), true
	return nil
}

// assumptions are what the plan of an undo takes for granted.
var assumptions = []string{
	"every write succeeds",
	"null empties a property",
	"what Planhat computes, sends or starts by itself is not reverted",
}

func (u *undoing) header(p *planned, t plan.Tenant) {
	made := u.env.Now().UTC()
	perMinute := cmp.Or(max(u.host.Config.CallsPerMin, 0), planhat.DefaultCallsPerMinute)
	p.header = &planfile.Header{
		Format: planfile.Format, Version: planfile.Version, ID: planfile.NewID(), Made: made, Expires: made.Add(planfile.Life),
		Product: u.env.Version, Catalog: catalog.Hash(), Mark: p.made.Mark, Tenants: []plan.Tenant{t}, Dir: u.env.Dir,
		Profile:  u.host.Config.Profile.Name,
		Flags:    u.Repeated(),
		Script:   planfile.File{Name: name(p.set)},
		Undo:     &planfile.Undo{Run: p.set.Run, Set: p.set.ID, Script: p.set.Script},
		Settings: planfile.Settings{CallsPerMinute: perMinute, MostRows: p.report.MostRows}, Assumptions: assumptions,
		Totals: p.report.Totals(), Calls: p.report.Calls, Seconds: int(planfile.Duration(p.report.Calls, perMinute) / time.Second),
	}
}

// finish shows the plan, and keeps or applies it.
func (u *undoing) finish(ctx context.Context, p *planned) error {
	keep := false
	defer func() {
		if p.temp && !keep && p.path != "" {
			_ = os.RemoveAll(filepath.Dir(p.path))
		}
	}()
	if err := u.show(p); err != nil {
		return err
	}
	for _, field := range p.made.Unused {
		fmt.Fprintf(u.env.Stderr, "note: --overwrite %s was not needed: the run did not change it, or nobody has since\n", field)
	}
	code := fault.ExitDone
	if !p.made.Whole() {
		code = fault.ExitRejected
	}
	switch {
	case p.path == "":
		fmt.Fprintln(u.env.Stderr, "there is nothing to revert, so there is no plan")
	case u.out != "":
		if err := u.allowed(p); err != nil {
			fmt.Fprintln(u.env.Stderr, "note: "+err.Message+"; "+err.Hint)
		}
		fmt.Fprintf(u.env.Stderr, "wrote the plan to %s; to apply it: phscript apply %s\n", u.out, u.out)
	default:
		if err := u.allowed(p); err != nil {
			return err
		}
		if err := u.confirm(ctx, p); err != nil {
			return err
		}
		done, left := u.carry(p)
		if keep = left; left {
			fmt.Fprintf(u.env.Stderr, "the plan is kept in %s; it has values of records, so delete it when you no longer need it\n", p.path)
		}
		if done != fault.ExitDone {
			code = done
		}
	}
	return &usage.Finished{Code: code}
}

// allowed returns an error if the profile does not allow what the plan does, or nil.
func (u *undoing) allowed(p *planned) *usage.Error {
	profile, sum := u.host.Config.Profile, p.report.Sum()
	for permission, n := range map[string]int{"delete": sum.Deleted, "update": sum.Updated, "create": sum.Created} {
		if n > 0 && profile.Allow != nil && !slices.Contains(profile.Allow, permission) {
			return &usage.Error{
				Message: fmt.Sprintf("the profile %s does not allow to %s records, and the undo would %s %s", profile.Name, permission, permission, english.Plural(n, "record", "")),
				Hint:    fmt.Sprintf("to allow it, add %q to allow under [profile.%s]", permission, profile.Name),
			}
		}
	}
	return nil
}

// show prints what the undo does.
func (u *undoing) show(p *planned) error {
	if u.json {
		plan := p.header.ID
		if p.path == "" {
			plan = ""
		}
		return printing.JSON(u.host.Secrets.Writer(u.env.Stdout), view.UndoForm(p.made.Report, plan))
	}
	text := view.Undo(p.made.Report, p.set.Script)
	if p.report.Sum().Changes() > 0 {
		text += "\n" + view.Plan(p.header, p.report, false)
	}
	return printing.Text(u.env.Stdout, u.host.Secrets.String(text))
}

// confirm asks whether to apply the plan.
func (u *undoing) confirm(ctx context.Context, p *planned) error {
	if u.consent.Yes || u.consent.Confirm != "" {
		return nil
	}
	if err := u.terms.Sure(ctx, fmt.Sprintf("take run %d back", p.set.Run), "add --yes to confirm it, or -o FILE to keep the plan and apply it later"); err != nil {
		return err
	}
	u.consent.Yes = true
	return nil
}

// carry applies the plan. left reports whether something of it can still be applied.
func (u *undoing) carry(p *planned) (code int, left bool) {
	inner := *u.outer
	inner.Args = []string{"apply", p.path}
	u.release()
	err := apply.Undo(&inner, u.Options, u.consent, p.path, u.json)
	var finished *usage.Finished
	if errors.As(err, &finished) {
		return finished.Code, finished.Code != fault.ExitDone && finished.Code != fault.ExitRejected
	}
	if err != nil {
		printing.Error(u.host.Secrets.Writer(u.env.Stderr), u.env.StderrColor(), err)
		return fault.ExitScript, true
	}
	return fault.ExitDone, false
}
