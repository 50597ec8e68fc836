package pages

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/overview"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/web"
)

// mostOnOverview is how many schedules the overview shows.
const mostOnOverview = 12

// overviewData is what the overview shows.
type overviewData struct {
	At                          time.Time
	Failing, WithRejected       int
	Running, Waiting            int
	Succeeded, Ended            int64
	Attention                   []attention
	AtWork                      []atWork
	Queued, Finished            []runRow
	Workers                     int
	Next                        []nextTick
	Schedules                   []scheduleRow
	MoreSchedules, AllSchedules int
	Quotas                      []quotaChart
	Servers                     []serve.Server
	Unread                      string
	Parked                      []number
	// ParkedEvents counts those that could not be handled, GivenUp messages that could not be
	// sent.
	ParkedEvents, GivenUp int64
	Notices               int64
	// Plans are the first that wait for approval, MorePlans how many more do.
	Plans     []planRow
	AllPlans  int
	MorePlans int
}

// attention is something that somebody should look at.
type attention struct {
	State           state
	Name, Path, Log string
	Note            string
	When            time.Time
	Ago, Why, Hint  string
	// Run is the run to retry, Schedule the schedule to pause, Events where to decide about
	// events, if that is possible.
	Run              int64
	Schedule, Events string
}

// atWork is a run at work.
type atWork struct {
	runRow
	Percent     int
	Says, Usual string
}

// nextTick is when a schedule is due.
type nextTick struct {
	Name    string
	At      time.Time
	In      string
	Failing bool
	// Day is the heading before the first tick of a day.
	Day string
}

func (o Options) overview(q *web.Request) (any, error) {
	s, err := o.Overview.Snapshot(q.Context())
	if err != nil {
		return nil, err
	}
	data := &overviewData{At: s.At, Running: len(s.Running), Waiting: len(s.Waiting), Unread: s.Unread, Notices: s.Notices, AllSchedules: len(s.Schedules)}
	for _, status := range []history.Status{history.Succeeded, history.Rejected, history.Failed, history.TimedOut, history.Lost} {
		data.Ended += s.Day[status]
	}
	data.Succeeded, data.WithRejected = s.Day[history.Succeeded], int(s.Day[history.Rejected])
	for _, p := range s.Plans.Plans {
		data.Plans = append(data.Plans, planRowOf(p, s.At))
	}
	data.AllPlans, data.MorePlans = s.Plans.Count, s.Plans.Count-len(s.Plans.Plans)
	for _, server := range s.Servers {
		if server.Live {
			data.Servers = append(data.Servers, server)
			data.Workers += server.Workers
		}
	}
	for _, name := range sortedKeys(s.Parked) {
		if s.Parked[name] > 0 {
			data.Parked = append(data.Parked, number{Name: name, Value: count(s.Parked[name])})
		}
	}
	for _, t := range s.Hooks {
		data.ParkedEvents += t.Parked
	}
	data.GivenUp = s.GivenUp
	if err := o.attend(q.Context(), s, data); err != nil {
		return nil, err
	}
	o.attendHooks(s, data)
	for _, r := range s.Running {
		one := atWork{runRow: rowOf(r.Run, s.At)}
		if t := r.Task; t != nil && t.Total > 0 {
			one.Percent = int(min(100, 100*t.Done/t.Total))
			one.Says = fmt.Sprintf("%s: %s of %s", t.Name, count(t.Done), count(t.Total))
		}
		if r.Last != nil {
			one.Says = short(plainText(r.Last.Message), 200)
		}
		if r.Usual > 0 {
			one.Usual = lasts(r.Usual)
		}
		data.AtWork = append(data.AtWork, one)
	}
	for _, r := range s.Waiting {
		data.Queued = append(data.Queued, rowOf(r, s.At))
	}
	for _, r := range s.Finished[:min(len(s.Finished), 6)] {
		data.Finished = append(data.Finished, rowOf(r, s.At))
	}
	data.Next = nextTicks(s, q.Zone)
	for _, one := range s.Schedules {
		data.Schedules = append(data.Schedules, scheduleRowOf(one, s.At))
	}
	slices.SortStableFunc(data.Schedules, func(a, b scheduleRow) int { return cmp.Compare(a.rank(), b.rank()) })
	if len(data.Schedules) > mostOnOverview {
		data.MoreSchedules = len(data.Schedules) - mostOnOverview
		data.Schedules = data.Schedules[:mostOnOverview]
	}
	data.Quotas, err = o.quotas(q, time.Hour, time.Minute)
	return data, err
}

// attend lists the schedules that fail, and the runs without a schedule that failed lately.
func (o Options) attend(ctx context.Context, s *overview.Snapshot, data *overviewData) error {
	for _, one := range s.Failing() {
		data.Failing++
		last := one.Last()
		if last == nil || len(data.Attention) >= 8 {
			continue
		}
		a := attention{State: stateOf(last.Status), Name: one.Name, Path: "/schedules/" + one.Name, Log: fmt.Sprintf("/runs/%d", last.Run), When: last.Due, Ago: ago(s.At, last.Due), Run: last.Run, Schedule: one.Name}
		switch {
		case one.BadInARow > 1:
			a.Note = strconv.Itoa(one.BadInARow) + " times in a row"
		default:
			a.Note = "once"
		}
		r, err := o.Overview.History().Run(ctx, last.Run)
		if err != nil {
			return err
		}
		if r != nil {
			a.Why, a.Hint = short(plainText(history.Why(r.Reason, r.Error)), 300), r.Hint
			if !r.Status.Over() {
				a.Run = 0
			}
		}
		data.Attention = append(data.Attention, a)
	}
	return nil
}

// mostNext is how many schedules the overview lists as next.
const mostNext = 10

// nextTicks lists the next tick of each schedule, with a heading for each other day.
func nextTicks(s *overview.Snapshot, zone web.Zone) (list []nextTick) {
	for _, one := range s.Schedules {
		if !one.Paused && len(one.Next) > 0 {
			list = append(list, nextTick{Name: one.Name, At: one.Next[0], In: ago(s.At, one.Next[0]), Failing: one.Failing})
		}
	}
	slices.SortStableFunc(list, func(a, b nextTick) int { return a.At.Compare(b.At) })
	list = list[:min(len(list), mostNext)]
	before := s.At.In(zone.In("")).Format("2006-01-02")
	for i := range list {
		local := list[i].At.In(zone.In(""))
		if day := local.Format("2006-01-02"); day != before {
			list[i].Day, before = local.Format("Monday 2 January"), day
		}
	}
	return list
}

// plainText is the first line of a text without control sequences.
func plainText(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, text)
}

func sortedKeys[V any](m map[string]V) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// version is a text that changes when what the pages show does. Times that only pass are
// no change: the page counts them itself.
func version(s *overview.Snapshot) string {
	h := fnv.New64a()
	say := func(values ...any) { fmt.Fprintln(h, values...) }
	for _, r := range s.Running {
		say("running", r.ID, r.Status, r.Calls, r.Written, r.Rejected, r.CancelWanted)
		if r.Task != nil {
			say(*r.Task)
		}
		if r.Last != nil {
			say(r.Last.Seq)
		}
	}
	for _, r := range s.Waiting {
		say("waiting", r.ID, r.Status)
	}
	for _, r := range s.Finished {
		say("finished", r.ID, r.Status)
	}
	for _, one := range s.Schedules {
		say("schedule", one.Name, one.Paused, one.Failing, one.Enabled, one.PausedBy)
		if last := one.Last(); last != nil {
			say(last.Run, last.Status)
		}
	}
	for _, t := range s.Next {
		say("next", t.Schedule, t.At.Unix())
	}
	for _, name := range sortedKeys(s.Parked) {
		say("parked", name, s.Parked[name])
	}
	for _, name := range sortedKeys(s.Hooks) {
		say("webhook", name, s.Hooks[name].Parked, s.Hooks[name].Waiting > 0)
	}
	for _, t := range s.Troubles {
		say("trouble", t.Hook, t.Again, t.Run, t.Reason)
	}
	say(s.GivenUp)
	for _, server := range s.Servers {
		say("server", server.Name, server.Live, server.Problem)
	}
	say(s.Notices, s.Unread, s.Plans.Count, s.Plans.Version)
	return strconv.FormatUint(h.Sum64(), 36)
}

// Changes tells pages that something has changed.
func Changes(o *overview.Overview) web.Source {
	return func(ctx context.Context, after string) ([]web.Event, error) {
		s, err := o.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		if now := version(s); now != after {
			return []web.Event{{ID: now, Name: "change"}}, nil
		}
		return nil, nil
	}
}
