package plans

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/audit"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Submission is a plan that is to wait.
type Submission struct {
	// File is the plan's file. Secret reports whether a text has a token in it.
	File   io.ReadSeeker
	Secret func(text string) bool
	// Profile is what the settings say about the profile of the plan.
	Profile func(name string) (consent.Profile, error)
	// Schedule and Run made the plan; they are empty for one that a person submits. Definition
	// has the settings of the run that applies it.
	Schedule   string
	Run        int64
	Definition config.Schedule
	// By is who submits it, or asked for the run, and Why the reason.
	By  audit.Actor
	Why string
	// Defaults are the notifications if the schedule has none.
	Defaults []config.Action
	Now      time.Time
}

// SubmitError says why a plan cannot wait.
type SubmitError struct{ Message, Hint string }

func (e *SubmitError) Error() string { return e.Message }

// ErrorHint says what to do.
func (e *SubmitError) ErrorHint() string { return e.Hint }

// likeness is the same for plans that do the same and were made from the same files.
type likeness struct{ hash.Hash }

// step adds a step. The placeholders of new records differ between plans.
func (l likeness) step(s *plan.Step, mark string) {
	like := *s
	like.At = time.Time{}
	text, err := json.Marshal(&like)
	if err == nil {
		l.Write(bytes.ReplaceAll(text, []byte(mark), []byte("new")))
	}
}

func (l likeness) of(h *planfile.Header) string {
	text, _ := json.Marshal([]any{h.Catalog, h.Profile, h.Script, h.Modules, h.Files, h.Stdin, h.Args, h.Inexact, h.Tenants, h.SideEffects, h.Undo})
	l.Write(text)
	return hex.EncodeToString(l.Sum(nil))
}

// read checks the file of a plan.
func (s *Submission) read() (h *planfile.Header, r *planfile.Report, like string, err error) {
	size, err := s.File.Seek(0, io.SeekEnd)
	if err == nil && size > Most {
		err = &SubmitError{Message: fmt.Sprintf("the plan takes %s, and a plan that waits for approval at most %s", humanize.IBytes(uint64(size)), humanize.IBytes(Most)), Hint: "plan a part of the work at a time"}
	}
	if err == nil {
		_, err = s.File.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, nil, "", err
	}
	var begins planfile.Header
	first, err := bufio.NewReader(s.File).ReadBytes('\n')
	if err == nil {
		_ = json.Unmarshal(first, &begins) // reading the whole file says what is wrong with it
		_, err = s.File.Seek(0, io.SeekStart)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, "", err
	}
	l := likeness{sha256.New()}
	if h, r, err = report(s.File, func(one *plan.Step) { l.step(one, begins.Mark) }); err != nil {
		return nil, nil, "", err
	}
	return h, r, l.of(h), nil
}

// Result is the result of a submission.
type Result struct {
	Plan *Plan
	// Same says that the plan was waiting already.
	Same bool
}

// Submit stores a plan, which then waits. It replaces the plan of the same schedule that waits,
// unless both do the same.
func (p *Plans) Submit(ctx context.Context, s Submission) (*Result, error) {
	h, r, like, err := s.read()
	if err != nil {
		return nil, err
	}
	added, err := s.plan(h, r)
	if err != nil {
		return nil, err
	}
	added.likeness = like
	var result *Result
	err = p.DB.InTx(ctx, func(tx *store.Tx) error {
		result, err = p.submit(ctx, tx, &s, added)
		return err
	})
	return result, err
}

// plan returns the plan that is to wait, or why it may not.
func (s *Submission) plan(h *planfile.Header, r *planfile.Report) (*Plan, error) {
	refuse := func(message, hint string) (*Plan, error) { return nil, &SubmitError{message, hint} }
	switch {
	case h.Simulated:
		return refuse("the plan was made with --simulate, so there is no account to apply it to", "plan again without --simulate")
	case r.Sum().Changes() == 0:
		return refuse("the plan changes nothing, so there is nothing to approve", "")
	case !s.Now.Before(h.Expires):
		return refuse("the plan expired at "+h.Expires.Local().Format("2006-01-02 15:04"), "make a new plan")
	}
	for _, t := range h.Tenants {
		if !t.Default {
			return refuse(fmt.Sprintf("the script writes to account %d on %s with its own token, and plans hold no tokens", t.Client, t.Host), "run the script instead")
		}
	}
	profile, err := s.Profile(h.Profile)
	if err != nil {
		return nil, err
	}
	p := &Plan{
		Plan: h.ID, Schedule: s.Schedule, Script: h.Script.Name, Profile: h.Profile, State: Waiting, MadeRun: s.Run, SeenRun: s.Run,
		MadeBy: audit.Clean(s.By.Name), MadeWhy: audit.Clean(s.Why), Made: h.Made, Expires: h.Expires, Totals: r.Totals(), Needs: needsOf(h, r, profile), definition: s.Definition,
	}
	if h.Undo != nil {
		p.Undoes = h.Undo.Run
	}
	// What the profile does not allow, nobody can approve.
	terms := consent.Terms{Profile: profile, Yes: true, Confirm: p.Needs.Name, EmptySource: true}
	return p, terms.Plan(context.Background(), workOf(h.Undo != nil, p.Totals, h.Known))
}

func (p *Plans) submit(ctx context.Context, tx *store.Tx, s *Submission, added *Plan) (*Result, error) {
	known, err := one(ctx, tx, `plan = ?`, added.Plan)
	if err == nil {
		return nil, &SubmitError{Message: fmt.Sprintf("this plan is in the store already: it is plan %d, and %s", known.ID, known.State)}
	}
	if !errors.Is(err, ErrNoPlan) {
		return nil, err
	}
	if set, err := changes.OfPlan(ctx, tx, added.Plan); err != nil || set != nil {
		return nil, cmp.Or[error](err, &SubmitError{Message: "this plan was applied already, or is being applied", Hint: "you can apply a plan only once: make a new one"})
	}
	told := false
	if added.Schedule != "" {
		open, err := List(ctx, tx, Filter{Schedule: added.Schedule, States: []State{Waiting, Approved}})
		if err != nil {
			return nil, err
		}
		for _, old := range open {
			if old.likeness == added.likeness && (old.State == Approved || old.Expires.Sub(s.Now) > added.Expires.Sub(s.Now)/2) {
				old.SeenRun = added.SeenRun
				return &Result{old, true}, p.change(ctx, tx, old, `seen_run = ?`, added.SeenRun)
			}
			told = told || old.State == Waiting
		}
	}
	if err := p.insert(ctx, tx, s, added); err != nil {
		return nil, err
	}
	if added.Schedule != "" {
		if err := p.replace(ctx, tx, added.Schedule, added.ID, fmt.Sprintf("replaced by plan %d, which run %d has made", added.ID, added.MadeRun)); err != nil {
			return nil, err
		}
	}
	if added.MadeRun == 0 { // of a run, it is known who asked for it
		if err := audit.Record(ctx, tx, audit.Entry{Actor: s.By, Action: "submit", Target: Target(added.ID), Detail: s.Why}); err != nil {
			return nil, err
		}
	}
	if p.Tell == nil || told {
		return &Result{Plan: added}, nil
	}
	return &Result{Plan: added}, p.Tell(ctx, tx, added, s.Defaults)
}

func (p *Plans) insert(ctx context.Context, tx *store.Tx, s *Submission, added *Plan) error {
	added.definition.OnFailure, added.definition.OnRecovery, added.definition.OnMissed = nil, nil, nil
	definition, failed := json.Marshal(added.definition)
	needs, failedToo := json.Marshal(added.Needs)
	totals, err := json.Marshal(added.Totals)
	if err = errors.Join(err, failed, failedToo); err != nil {
		return err
	}
	err = tx.QueryRowContext(ctx, `INSERT INTO phscript_plan (plan, schedule, script, profile, definition, needs, totals, likeness, undoes, state, made_run, seen_run, made_by, made_why,
		made_at, expires_at, changed_at, size) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, `+tx.DB.Now()+`, 0) RETURNING id`,
		added.Plan, added.Schedule, audit.Clean(added.Script), added.Profile, string(definition), string(needs), string(totals), added.likeness, added.Undoes, added.State, added.MadeRun, added.SeenRun,
		added.MadeBy, added.MadeWhy, added.Made.UnixMicro(), added.Expires.UnixMicro()).Scan(&added.ID)
	if err != nil {
		return err
	}
	if _, err := s.File.Seek(0, io.SeekStart); err != nil {
		return err
	}
	seq := 0
	err = cut(s.File, func(line string) bool { return s.Secret != nil && s.Secret(line) }, func(one part) error {
		added.Size += int64(len(one.body))
		err := store.Exec(ctx, tx, `INSERT INTO phscript_plan_part (plan, seq, first_row, last_row, kinds, body) VALUES (?, ?, ?, ?, ?, ?)`,
			added.ID, seq, one.first, one.last, int64(one.kinds), one.body)
		seq++
		return err
	})
	if err != nil {
		return err
	}
	return store.Exec(ctx, tx, `UPDATE phscript_plan SET size = ? WHERE id = ?`, added.Size, added.ID)
}

// Nothing notes that a run of a schedule has found nothing to change, so the plan that waits
// is out of date.
func (p *Plans) Nothing(ctx context.Context, schedule string, run int64) error {
	if schedule == "" {
		return nil
	}
	return p.DB.InTx(ctx, func(tx *store.Tx) error {
		return p.replace(ctx, tx, schedule, 0, fmt.Sprintf("run %d has found nothing to change", run))
	})
}

// replace ends the plans of a schedule that wait, except one.
func (p *Plans) replace(ctx context.Context, tx *store.Tx, schedule string, except int64, reason string) error {
	return store.Exec(ctx, tx, `UPDATE phscript_plan SET state = ?, reason = ?, ended_at = `+tx.DB.Now()+`, changed_at = `+tx.DB.Now()+` WHERE ended_at IS NULL AND schedule = ? AND state = ? AND id <> ?`,
		Replaced, reason, schedule, Waiting, except)
}

// change changes columns of a plan.
func (p *Plans) change(ctx context.Context, tx *store.Tx, of *Plan, set string, args ...any) error {
	return store.Exec(ctx, tx, `UPDATE phscript_plan SET `+set+`, changed_at = `+tx.DB.Now()+` WHERE id = ?`, append(args, of.ID)...)
}

// Target is the Target for a plan in the audit.
func Target(id int64) string { return fmt.Sprintf("plan %d", id) }

// Says is what a plan does, in one line.
func Says(c planfile.Counts) string {
	var parts []string
	for _, one := range []struct {
		n    int
		text string
	}{
		{c.Deleted, "to delete"}, {c.Created, "to create"}, {c.Updated, "to update"}, {c.Sent, "to send"}, {c.Blind, "to create or update, not looked up"}, {c.Rejected, "rejected"},
	} {
		if one.n > 0 {
			parts = append(parts, humanize.Comma(int64(one.n))+" "+one.text)
		}
	}
	return english.OxfordWordSeries(parts, "and")
}
