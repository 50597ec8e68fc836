package undo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/undo"
)

// plans are the plans of undos that are being applied. They are beside the store, and only their
// owner can read them. The plan of an interrupted undo stays until the undo comes to its end.
type plans struct {
	dir     string
	journal *changes.Journal
}

// open returns the plans, after deleting those that nobody needs.
func (u *undoing) open(ctx context.Context) (*plans, error) {
	location, err := storage.Location(u.env, u.State, u.host.Config)
	if err != nil {
		return nil, err
	}
	p := &plans{location + "-undo", u.journal}
	if store.IsPostgres(location) {
		if p.dir = filepath.Join(storage.Dir(u.env), "undo"); storage.Dir(u.env) == "" {
			return nil, &usage.Error{
				Message: "cannot tell where to keep the plan of the undo: there is no home directory",
				Hint:    "set XDG_STATE_HOME to a folder that only you can read, or name a file for the plan with -o",
			}
		}
	}
	if u.out != "" {
		return p, nil
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, &usage.Failure{Message: "the plan can't be written: " + err.Error()}
	}
	p.sweep(ctx, u)
	return p, nil
}

// name is the file of a plan.
func (p *plans) name(run int64, id string) string {
	return filepath.Join(p.dir, fmt.Sprintf("undo-%d-%s.jsonl", run, id))
}

var planName = regexp.MustCompile(`^undo-\d+-([0-9a-z]+)\.jsonl$`)

// sweep deletes the plans of undos that have ended, and those that expired before they began. It
// leaves what it can't decide.
func (p *plans) sweep(ctx context.Context, u *undoing) {
	entries, _ := os.ReadDir(p.dir)
	for _, e := range entries {
		found := planName.FindStringSubmatch(e.Name())
		info, err := e.Info()
		if found == nil || err != nil {
			continue
		}
		if needed, err := p.needed(ctx, found[1], u.env.Now().Sub(info.ModTime())); err == nil && !needed {
			_ = os.Remove(filepath.Join(p.dir, e.Name()))
		}
	}
}

// needed reports whether a plan of some age may still be applied.
func (p *plans) needed(ctx context.Context, id string, age time.Duration) (needed bool, err error) {
	err = p.journal.Read(ctx, func(ctx context.Context, db *store.DB) error {
		set, err := changes.OfPlan(ctx, db, id)
		if err != nil || set == nil {
			needed = age < planfile.Life
			return err
		}
		if needed, err = changes.Unfinished(ctx, db, set); err != nil || !needed {
			return err
		}
		last, err := changes.UndoneBy(ctx, db, set.Undoes) // a later undo has done its work
		needed = last == nil || last.ID == set.ID
		return err
	})
	return needed, err
}

// take makes the plan of an interrupted undo the one that is applied. It is false if the plan is
// missing or damaged.
func (p *plans) take(to *planned) bool {
	path := p.name(to.set.Run, to.interrupted.Plan)
	f, err := planfile.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	report := planfile.NewReport()
	header, err := planfile.Read(f, func(s *plan.Step) { report.Add(s) }, func(outcome.RejectedRow) {})
	if err != nil || header.Undo == nil || header.ID != to.interrupted.Plan || header.Catalog != catalog.Hash() {
		return false
	}
	made := &undo.Made{Report: &undo.Report{}, Mark: header.Mark}
	if json.Unmarshal(header.Undo.Report, made.Report) != nil {
		return false
	}
	to.path, to.own, to.taken, to.header, to.report, to.made = path, true, true, header, report, made
	return true
}

// unfinished reports whether more is to be done of a plan.
func (p *plans) unfinished(ctx context.Context, id string) (open bool) {
	err := p.journal.Read(ctx, func(ctx context.Context, db *store.DB) error {
		set, err := changes.OfPlan(ctx, db, id)
		if err == nil {
			open, err = changes.Unfinished(ctx, db, set)
		}
		return err
	})
	return open || err != nil
}
