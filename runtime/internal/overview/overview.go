// Package overview reads what pages show about a whole service: what ran in the last day,
// what is running, what is next, and how the schedules do. All viewers share one reading a
// second. It knows neither HTML nor HTTP.
package overview

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/hooks"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Bounds of what is read.
const (
	// mostRunning is how many runs at work or waiting are shown, mostFinished how many that
	// have just ended.
	mostRunning, mostFinished = 50, 10
	// mostOutcomes is how many of its last runs a schedule shows, mostNext how many ticks.
	mostOutcomes, mostNext = 22, 10
	// within is how long a reading may take.
	within = 10 * time.Second
)

// Snapshot is what a service does at a moment. Nobody may change it: viewers share it.
type Snapshot struct {
	// At is the time of the store.
	At time.Time
	// Day counts the runs that were due in the last 24 hours, by status.
	Day map[history.Status]int64
	// Running are the runs at work, Waiting those that are due and not started; the oldest
	// first. Finished are those that ended last, without skipped and missed ones.
	Running           []Running
	Waiting, Finished []*history.Run
	Schedules         []Schedule
	// Unread says why some schedules cannot be read on this machine.
	Unread string
	// Next are the next ticks of all schedules that are not paused.
	Next    []Tick
	Servers []serve.Server
	// Parked counts what waits for a person, by what it is; Notices counts notifications that
	// could not be sent yet.
	Parked  map[string]int64
	Notices int64
	// Hooks are the totals of the webhooks. Outgoing counts the messages to other systems that
	// wait, GivenUp those that could not be sent.
	Hooks             map[string]hooks.Totals
	Outgoing, GivenUp int64
	// Troubles are the webhooks whose events fail, by name.
	Troubles []Trouble
	// Plans are those that wait for approval.
	Plans plans.Waits
}

// Running is a run at work.
type Running struct {
	*history.Run
	// Last is the last line of its log, nil if it has none.
	Last *history.Line
	// Usual is how long the run usually takes, 0 if that is not known.
	Usual time.Duration
}

// Tick is a time at which a schedule is due.
type Tick struct {
	Schedule string
	At       time.Time
	// Failing reports whether its last run failed.
	Failing bool
}

// Failing returns the schedules that fail.
func (s *Snapshot) Failing() (list []Schedule) {
	for _, one := range s.Schedules {
		if one.Failing && !one.Paused {
			list = append(list, one)
		}
	}
	return list
}

// Overview reads snapshots. It is safe for concurrent use.
type Overview struct {
	reader    *store.Reader
	parked    func(ctx context.Context, s store.Source) (map[string]int64, error)
	snapshots latest[*Snapshot]
	good      latest[map[string]Good]
	kept      upcoming
}

// New returns the overview of a store. parked, if not nil, counts what waits for a person,
// such as events that could not be handled.
func New(db *store.DB, parked func(ctx context.Context, s store.Source) (map[string]int64, error)) (*Overview, error) {
	reader, err := db.Reader()
	if err != nil {
		return nil, err
	}
	o := &Overview{reader: reader, parked: parked, kept: upcoming{}}
	o.snapshots = latest[*Snapshot]{read: o.read, keep: time.Second, within: within}
	o.good = latest[map[string]Good]{read: o.readGood, keep: time.Minute, within: within}
	return o, nil
}

// Snapshot returns what the service does: as it was up to a second ago.
func (o *Overview) Snapshot(ctx context.Context) (*Snapshot, error) { return o.snapshots.get(ctx) }

// Forget makes the next Snapshot read the store, after something has changed in it.
func (o *Overview) Forget() { o.snapshots.forget() }

// read reads everything in one state of the store.
func (o *Overview) read(ctx context.Context) (*Snapshot, error) {
	good, err := o.good.get(ctx)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{}
	err = o.reader.Within(ctx, func(q store.Source) error {
		var now int64
		if err := q.QueryRowContext(ctx, `SELECT `+q.Now()).Scan(&now); err != nil {
			return err
		}
		s.At = time.UnixMicro(now)
		for _, part := range []func(context.Context, store.Source, *Snapshot) error{readDay, readOpen, readFinished, readNotices, readPlans, o.readParked, readHooks, o.readSchedules, readServers} {
			if err := part(ctx, q, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	usual := map[string]time.Duration{}
	for i := range s.Schedules {
		s.Schedules[i].Good = good[s.Schedules[i].Name]
		usual[s.Schedules[i].Name] = s.Schedules[i].Usual
	}
	for i := range s.Running {
		s.Running[i].Usual = usual[s.Running[i].Schedule]
	}
	return s, nil
}

// day is the length of what Day counts.
const day = 24 * time.Hour

func readDay(ctx context.Context, q store.Source, s *Snapshot) error {
	s.Day = map[history.Status]int64{}
	return store.Each(ctx, q, func(row *sql.Rows) error {
		var status history.Status
		var n int64
		err := row.Scan(&status, &n)
		s.Day[status] = n
		return err
	}, `SELECT status, count(*) FROM phscript_run WHERE due_at > ? AND due_at <= ? GROUP BY status`, s.At.Add(-day).UnixMicro(), s.At.UnixMicro())
}

func readOpen(ctx context.Context, q store.Source, s *Snapshot) error {
	h := history.Of(q)
	open, err := h.Open(ctx, mostRunning)
	if err != nil {
		return err
	}
	for _, r := range open {
		if r.Status == history.Queued {
			s.Waiting = append(s.Waiting, r)
			continue
		}
		at := Running{Run: r}
		lines, err := h.Last(ctx, r.ID, 1)
		if err != nil {
			return err
		}
		if len(lines) > 0 {
			at.Last = &lines[0]
		}
		s.Running = append(s.Running, at)
	}
	return nil
}

func readFinished(ctx context.Context, q store.Source, s *Snapshot) (err error) {
	s.Finished, err = history.Of(q).Finished(ctx, mostFinished)
	return err
}

func readNotices(ctx context.Context, q store.Source, s *Snapshot) error {
	return q.QueryRowContext(ctx, `SELECT count(*) FROM phscript_notice WHERE tries > 0`).Scan(&s.Notices)
}

// mostPlans is how many plans that wait are shown.
const mostPlans = 5

func readPlans(ctx context.Context, q store.Source, s *Snapshot) (err error) {
	s.Plans, err = plans.Wait(ctx, q, mostPlans)
	return err
}

func (o *Overview) readParked(ctx context.Context, q store.Source, s *Snapshot) (err error) {
	if o.parked != nil {
		s.Parked, err = o.parked(ctx, q)
	}
	return err
}

func readServers(ctx context.Context, q store.Source, s *Snapshot) (err error) {
	s.Servers, err = serve.Servers(ctx, q)
	return err
}

// Quota is the quota of the tenants, now and before.
type Quota struct {
	Now  []quota.Report
	Past []quota.Past
}

// Quota reads the quota, with the calls since some time ago in steps, at most 24 hours.
// length is what the quota counts, usually a minute.
func (o *Overview) Quota(ctx context.Context, length, since, step time.Duration) (q Quota, err error) {
	err = o.reader.Within(ctx, func(s store.Source) (err error) {
		if q.Now, err = quota.Reports(ctx, s, length); err == nil {
			q.Past, err = quota.Pasts(ctx, s, since, step)
		}
		return err
	})
	return q, err
}

// History returns the runs and their logs for reading.
func (o *Overview) History() *history.History { return history.Of(o.reader) }

// next merges the next ticks of schedules.
func next(schedules []Schedule) (list []Tick) {
	for _, s := range schedules {
		if s.Paused {
			continue
		}
		for _, at := range s.Next {
			list = append(list, Tick{s.Name, at, s.Failing})
		}
	}
	slices.SortStableFunc(list, func(a, b Tick) int { return a.At.Compare(b.At) })
	return list[:min(len(list), mostNext)]
}
