package host

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/journal"
)

// Doubtful is the error of a run that was not resumed because it is not known whether
// rows are stored.
type Doubtful struct {
	Rows  []journal.Doubt
	Began time.Time
	// run is the number of the scheduled run, "" for a run by hand.
	run string
}

func (e *Doubtful) Error() string {
	n := len(e.Rows)
	return fmt.Sprintf("%s without keys may be stored: the run that began at %s ended while it sent %s",
		english.Plural(n, "row", ""), e.Began.Format("2006-01-02 15:04:05"), english.PluralWord(n, "it", "them"))
}

// ErrorHint says what to do about it.
func (e *Doubtful) ErrorHint() string {
	if e.run != "" {
		return "look them up in Planhat; then run phscript runs retry --resume=send " + e.run + " to send them again, or phscript runs retry --resume=skip " + e.run + " to leave them out"
	}
	return "look them up in Planhat; then run the script with --resume=send to send them again, or with --resume=skip to leave them out"
}

// Outcomes returns the rows as the outcomes of calls, for the summary.
func (e *Doubtful) Outcomes() (list []planhat.Outcome) {
	for _, d := range e.Rows {
		list = append(list, planhat.Outcome{Model: d.Model, Operation: d.Operation, Rejected: []planhat.RowError{{
			Index: d.Index, Row: d.Data, Message: "the row may be stored: the run ended while it sent it", Kind: planhat.KindNetwork, Uncertain: true, Origin: d.Origin,
		}}})
	}
	return list
}

// continueScript continues an unfinished run of the script.
func (j *Journals) continueScript(ctx context.Context) error {
	found, err := j.find(ctx, j.work.Owner)
	if err != nil {
		return &usage.Error{Message: "the run cannot be resumed, because the store cannot be used: " + err.Error()}
	}
	same := slices.DeleteFunc(slices.Clone(found), func(u *journal.Unfinished) bool { return !u.Same(j.work) })
	if len(same) > 0 {
		return j.continueAt(ctx, j.main, same)
	}
	named, err := j.others(ctx, "checkpoint ", " of "+checkpointOwner(j.env, j.script))
	if err != nil {
		return &usage.Error{Message: "the run cannot be resumed, because the store cannot be used: " + err.Error()}
	}
	if len(named) > 0 {
		j.main.OnStart(j.tellUnfinished)
		return nil // the calls with these names continue
	}
	if len(found) == 0 {
		return j.nothing(ctx)
	}
	latest := found[0]
	failed := &usage.Error{
		Message: "no unfinished run of " + j.script.Name + " with these arguments is recorded",
		Hint:    "the latest one, which began at " + clock(latest.Began) + ", is continued by: " + latest.Command,
	}
	if latest.Arguments == j.work.Arguments {
		failed.Message = "the unfinished run of " + j.script.Name + ", which began at " + clock(latest.Began) + ", used another token or address"
		failed.Hint = "use the same token and address"
	}
	return failed
}

// others returns the unfinished journals of this tenant whose owners begin and end with
// these texts.
func (j *Journals) others(ctx context.Context, begin, end string) ([]*journal.Unfinished, error) {
	ctx, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	db, err := j.stored.Open(ctx)
	if err != nil {
		return nil, err
	}
	found, err := journal.FindLike(ctx, db, begin, end)
	return slices.DeleteFunc(found, func(u *journal.Unfinished) bool { return u.Tenant != j.tenant }), err
}

// nothing is the error of a run for which nothing is recorded.
func (j *Journals) nothing(ctx context.Context) error {
	hint := "runs that ended well, or that wrote nothing, leave nothing to resume, and records are kept for 30 days"
	scheduled, err := j.others(ctx, "run ", "")
	for _, u := range scheduled {
		if _, running := u.AtWork(); err == nil && !running && strings.Contains(u.Command, filepath.Base(j.script.Name)) {
			hint = "a scheduled run, which began at " + clock(u.Began) + ", is unfinished; phscript runs retry " + strings.TrimPrefix(u.Owner, "run ") + " continues it"
			break
		}
	}
	return &usage.Error{Message: "no unfinished run of " + j.script.Name + " is recorded", Hint: hint}
}

// how names the command that resumes the run with a decision.
func (j *Journals) how(decision string) string {
	if j.run != "" {
		return "phscript runs retry --resume=" + decision + " " + j.run
	}
	return "--resume=" + decision
}

func clock(t time.Time) string { return t.Format("2006-01-02 15:04:05") }
