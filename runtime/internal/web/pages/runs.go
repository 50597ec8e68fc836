package pages

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/web"
)

// runRow is a run in a list.
type runRow struct {
	*history.Run
	State state
	// Name is what people know it by, Took how long it ran.
	Name, Took, Because, Why string
	// Since is when it started if it is at work, in milliseconds since 1970.
	Since int64
}

// ByHook reports whether it handles events.
func (r runRow) ByHook() bool { return r.Cause == history.ByHook }

func rowOf(r *history.Run, now time.Time) runRow {
	row := runRow{Run: r, State: stateOf(r.Status), Name: cmp.Or(r.Schedule, r.Definition.Name, r.Script), Because: causeOf(r.Cause), Why: history.Why(r.Reason, r.Error)}
	if r.AskedBy != "" {
		row.Because = r.AskedBy
	}
	if !r.Started.IsZero() {
		row.Took = lasts(r.Duration(now))
	}
	if r.Status == history.Running {
		row.Since = r.Started.UnixMilli()
	}
	return row
}

// period is a choice of how far back a list goes.
type period struct {
	Value, Text string
	length      time.Duration
}

var periods = []period{{"", "any time", 0}, {"1h", "the last hour", time.Hour}, {"24h", "the last 24 hours", 24 * time.Hour}, {"7d", "the last 7 days", 7 * 24 * time.Hour}}

// choice is a value of a filter.
type choice struct {
	Value, Text string
	Chosen      bool
}

// groups are statuses that people look for together.
var groups = []struct {
	value, text string
	statuses    []history.Status
}{
	{"", "all", nil},
	{"bad", "need attention", []history.Status{history.Failed, history.TimedOut, history.Lost, history.Rejected}},
	{"open", "waiting or running", []history.Status{history.Queued, history.Running}},
}

type runsData struct {
	Runs             []runRow
	Statuses, Within []choice
	Schedules        []choice
	Text             string
	// Filtered reports whether something is left out; Older leads to the next page, Newest to the first
	// one.
	Filtered      bool
	Older, Newest string
	Now           time.Time
}

// runs lists the history. All filters are in the address, so a link shows what was seen.
func (o Options) runs(q *web.Request) (any, error) {
	now := time.Now()
	values := q.URL.Query()
	f := history.Filter{Schedule: values.Get("schedule"), Text: values.Get("text"), Due: values.Get("status") != "queued"}
	data := runsData{Text: f.Text, Now: now}
	status := values.Get("status")
	for _, g := range groups {
		data.Statuses = append(data.Statuses, choice{g.value, g.text, g.value == status})
		if g.value == status {
			f.Statuses = g.statuses
		}
	}
	for _, s := range history.Statuses {
		data.Statuses = append(data.Statuses, choice{string(s), stateOf(s).Word, string(s) == status})
		if string(s) == status {
			f.Statuses = []history.Status{s}
		}
	}
	for _, p := range periods {
		data.Within = append(data.Within, choice{p.Value, p.Text, p.Value == values.Get("within")})
		if p.Value == values.Get("within") && p.length > 0 {
			f.Since = now.Add(-p.length)
		}
	}
	if before := values.Get("before"); before != "" {
		key, err := history.ParseKey(before)
		if err != nil {
			return nil, &web.Problem{Status: 400, Title: "The address is incomplete", Text: "The place in the list cannot be read.", Hint: "Start from the list of runs."}
		}
		f.Before = &key
		data.Newest = "/runs" + with(values, "before", "")
	}
	snapshot, err := o.Overview.Snapshot(q.Context())
	if err != nil {
		return nil, err
	}
	data.Schedules = []choice{{"", "all", f.Schedule == ""}}
	for _, s := range snapshot.Schedules {
		data.Schedules = append(data.Schedules, choice{s.Name, s.Name, s.Name == f.Schedule})
	}
	if f.Schedule != "" && !slices.ContainsFunc(data.Schedules, func(c choice) bool { return c.Chosen }) {
		data.Schedules = append(data.Schedules, choice{f.Schedule, f.Schedule, true})
	}
	page, err := o.Overview.History().Page(q.Context(), f)
	if err != nil {
		return nil, err
	}
	for _, r := range page.Runs {
		data.Runs = append(data.Runs, rowOf(r, now))
	}
	if page.Next != nil {
		data.Older = "/runs" + with(values, "before", page.Next.String())
	}
	data.Filtered = f.Schedule != "" || f.Text != "" || len(f.Statuses) > 0 || !f.Since.IsZero()
	return data, nil
}

// with returns a query with another value.
func with(values url.Values, name, value string) string {
	changed := url.Values{}
	for key, list := range values {
		if key != name && len(list) > 0 && list[0] != "" {
			changed.Set(key, list[0])
		}
	}
	if value != "" {
		changed.Set(name, value)
	}
	if len(changed) == 0 {
		return ""
	}
	return "?" + changed.Encode()
}

// runOf returns the run that a request is about.
func (o Options) runOf(q *web.Request) (*history.Run, error) {
	text := q.PathValue("id")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return nil, web.NotFound("")
	}
	r, err := o.Overview.History().Run(q.Context(), id)
	if errors.Is(err, history.ErrNoRun) {
		err = web.NotFound("run " + strconv.FormatInt(id, 10))
	}
	return r, err
}
