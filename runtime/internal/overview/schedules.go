package overview

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Schedule is a schedule and how it does.
type Schedule struct {
	serve.Entry
	// Outcomes are its last runs that are over or at work, the last one first; skipped and
	// missed ticks are among them.
	Outcomes []Outcome
	// InARow is how many of its last started runs were bad, one after the other; at least so
	// many if it is the number of outcomes.
	BadInARow int
	// Usual is how long a run that succeeds takes, 0 if that is not known.
	Usual time.Duration
	Good  Good
	// Next are its next ticks, none if it is disabled.
	Next []time.Time
}

// Outcome is how a run of a schedule ended, or that it is at work.
type Outcome struct {
	Run    int64
	Status history.Status
	Due    time.Time
	// Took is how long it ran, 0 if it was not started or has not ended.
	Took time.Duration
}

// Last returns the last run that was started, or nil.
func (s *Schedule) Last() *Outcome {
	for i := range s.Outcomes {
		if started(s.Outcomes[i].Status) {
			return &s.Outcomes[i]
		}
	}
	return nil
}

func started(s history.Status) bool { return slices.Contains(history.Started, s) }

// Good counts the runs of the last 30 days that ended by themselves.
type Good struct{ Succeeded, Ended int64 }

// upcoming are the next ticks of schedules that were found before, by name.
type upcoming map[string]found

type found struct {
	// timing is what the ticks depend on.
	timing string
	next   []time.Time
}

// readSchedules reads the schedules, their last runs and their next ticks. Only one
// goroutine calls it at a time.
func (o *Overview) readSchedules(ctx context.Context, q store.Source, s *Snapshot) error {
	entries, err := serve.Entries(ctx, q)
	if err != nil && len(entries) == 0 {
		// Without any, the store itself may be the reason.
		if failed := q.QueryRowContext(ctx, `SELECT 1`).Scan(new(int)); failed != nil {
			return err
		}
	}
	if err != nil {
		s.Unread = err.Error()
	}
	outcomes, err := readOutcomes(ctx, q, s.At)
	if err != nil {
		return err
	}
	kept := upcoming{}
	for _, e := range entries {
		one := Schedule{Entry: e, Outcomes: outcomes[e.Name]}
		one.judge()
		one.Next = o.ticks(e, s.At, kept)
		s.Schedules = append(s.Schedules, one)
	}
	o.kept = kept
	s.Next = next(s.Schedules)
	return nil
}

// ticks returns the next ticks of a schedule, those that were found before as long as they
// are in the future.
func (o *Overview) ticks(e serve.Entry, now time.Time, kept upcoming) []time.Time {
	if !e.Enabled {
		return nil
	}
	timing := e.Timing.String() + " " + e.Timing.Zone().String()
	before := o.kept[e.Name]
	if before.timing != timing || len(before.next) == 0 || !before.next[0].After(now) {
		before = found{timing, e.Upcoming(now, mostNext)}
	}
	kept[e.Name] = before
	return before.next
}

// judge finds out how long runs take, and how many were bad.
func (s *Schedule) judge() {
	var took []time.Duration
	for _, o := range s.Outcomes {
		if o.Status == history.Succeeded {
			took = append(took, o.Took)
		}
	}
	if slices.Sort(took); len(took) > 0 {
		s.Usual = took[len(took)/2]
	}
	for _, o := range s.Outcomes {
		switch {
		case o.Status.Bad():
			s.BadInARow++
		case o.Status == history.Succeeded:
			return
		}
	}
}

// outcomeParts is how many numbers and words describe an outcome in readOutcomes.
const outcomeParts = 4

// readOutcomes reads the last runs of each schedule. For each, an index has the last ones.
func readOutcomes(ctx context.Context, q store.Source, now time.Time) (map[string][]Outcome, error) {
	all := map[string][]Outcome{}
	err := store.Each(ctx, q, func(row *sql.Rows) error {
		var name, text string
		if err := row.Scan(&name, &text); err != nil || text == "" {
			return err
		}
		for one := range strings.SplitSeq(text, ",") {
			parts := strings.Fields(one)
			if len(parts) != outcomeParts {
				return fmt.Errorf("the last runs of schedule '%s' cannot be read", name)
			}
			id, noID := strconv.ParseInt(parts[0], 10, 64)
			due, noDue := strconv.ParseInt(parts[1], 10, 64)
			took, noTime := strconv.ParseInt(parts[2], 10, 64)
			if noID != nil || noDue != nil || noTime != nil {
				return fmt.Errorf("the last runs of schedule '%s' cannot be read", name)
			}
			all[name] = append(all[name], Outcome{Run: id, Due: time.UnixMicro(due), Took: time.Duration(took) * time.Microsecond, Status: history.Status(parts[3])})
		}
		// The order in which they were put together is not certain.
		slices.SortFunc(all[name], func(a, b Outcome) int { return cmp.Or(b.Due.Compare(a.Due), cmp.Compare(b.Run, a.Run)) })
		return nil
	}, `SELECT name, coalesce((SELECT string_agg(id || ' ' || due_at || ' ' || coalesce(ended_at - started_at, 0) || ' ' || status, ',') FROM (
		SELECT id, due_at, started_at, ended_at, status FROM phscript_run
		WHERE schedule = name AND due_at <= ? AND status <> '`+string(history.Queued)+`' ORDER BY due_at DESC, id DESC LIMIT ?) AS few), '') FROM phscript_schedule WHERE removed = 0`,
		now.UnixMicro(), mostOutcomes)
	return all, err
}

// goodFor is the time that Good counts.
const goodFor = 30 * day

// ended are the states of runs that ended by themselves.
var ended = []history.Status{history.Succeeded, history.Rejected, history.Failed, history.TimedOut, history.Lost}

func (o *Overview) readGood(ctx context.Context) (map[string]Good, error) {
	all := map[string]Good{}
	var now int64
	if err := o.reader.QueryRowContext(ctx, `SELECT `+o.reader.Now()).Scan(&now); err != nil {
		return nil, err
	}
	err := store.Each(ctx, o.reader, func(row *sql.Rows) error {
		var name string
		var status history.Status
		var n int64
		if err := row.Scan(&name, &status, &n); err != nil {
			return err
		}
		g := all[name]
		if slices.Contains(ended, status) {
			g.Ended += n
		}
		if status == history.Succeeded {
			g.Succeeded += n
		}
		all[name] = g
		return nil
	}, `SELECT schedule, status, count(*) FROM phscript_run WHERE schedule IN (SELECT name FROM phscript_schedule WHERE removed = 0) AND due_at > ? AND due_at <= ? GROUP BY schedule, status`,
		now-goodFor.Microseconds(), now)
	return all, err
}
