package pages

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/phscript/phscript/runtime/internal/header"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/overview"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/web"
)

// scheduleRow is a schedule in a list.
type scheduleRow struct {
	overview.Schedule
	When  string
	State state
	// LastAt is when the last run was due, LastRun its number, Took how long it took.
	LastAt  time.Time
	LastRun int64
	Took    string
	Good    string
	Trend   template.HTML
	NextAt  time.Time
}

func scheduleRowOf(s overview.Schedule, now time.Time) scheduleRow {
	row := scheduleRow{Schedule: s, When: s.Timing.String(), State: state{"Not yet run", "wait", "muted"}, Good: "–"}
	if last := s.Last(); last != nil {
		row.State, row.LastAt, row.LastRun = stateOf(last.Status), last.Due, last.Run
		if last.Took > 0 {
			row.Took = lasts(last.Took)
		} else if last.Status == history.Running {
			row.Took = lasts(now.Sub(last.Due))
		}
	}
	switch {
	case s.Paused:
		row.State = state{"Paused", "pause", "muted"}
	case !s.Enabled:
		row.State = state{"Turned off", "skip", "muted"}
	}
	if g := s.Good; g.Ended > 0 {
		row.Good = fmt.Sprintf("%d %%", 100*g.Succeeded/g.Ended)
	}
	longest := time.Duration(0)
	for _, one := range s.Outcomes {
		longest = max(longest, one.Took)
	}
	var bars []earlier
	for _, one := range slices.Backward(s.Outcomes) {
		bars = append(bars, earlier{State: stateOf(one.Status), Height: barHeight(one.Took, longest)})
	}
	if len(bars) > 0 {
		row.Trend = trend(bars)
	}
	if len(s.Next) > 0 && !s.Paused && s.Enabled {
		row.NextAt = s.Next[0]
	}
	return row
}

// rank orders schedules: those that somebody should look at come first.
func (r scheduleRow) rank() int {
	switch {
	case r.Failing && !r.Paused:
		return 0
	case r.Paused || !r.Enabled:
		return 2
	}
	return 1
}

type schedulesData struct {
	At        time.Time
	Schedules []scheduleRow
	Unread    string
}

func (o Options) schedules(q *web.Request) (any, error) {
	s, err := o.Overview.Snapshot(q.Context())
	if err != nil {
		return nil, err
	}
	data := schedulesData{At: s.At, Unread: s.Unread}
	for _, one := range s.Schedules {
		data.Schedules = append(data.Schedules, scheduleRowOf(one, s.At))
	}
	return data, nil
}

// scheduleData is what the page of a schedule shows.
type scheduleData struct {
	scheduleRow
	Zone   string
	Ticks  []nextTick
	Runs   []runRow
	Params []param
	// Unknown reports whether the script's parameters are not known, so they cannot be asked for.
	Unknown bool
}

func (o Options) schedule(q *web.Request) (any, error) {
	s, err := o.Overview.Snapshot(q.Context())
	if err != nil {
		return nil, err
	}
	name := q.PathValue("name")
	i := slices.IndexFunc(s.Schedules, func(one overview.Schedule) bool { return one.Name == name })
	if i < 0 {
		return nil, web.NotFound("schedule " + name)
	}
	one := s.Schedules[i]
	data := &scheduleData{scheduleRow: scheduleRowOf(one, s.At), Zone: one.Timing.Zone().String(), Unknown: one.Signature == nil}
	for _, at := range one.Next {
		data.Ticks = append(data.Ticks, nextTick{At: at, In: ago(s.At, at)})
	}
	page, err := o.Overview.History().Page(q.Context(), history.Filter{Schedule: name, Due: true, Limit: 15})
	if err != nil {
		return nil, err
	}
	for _, r := range page.Runs {
		data.Runs = append(data.Runs, rowOf(r, s.At))
	}
	data.Params = paramsOf(one.Entry)
	return data, nil
}

// ask reads who asks, and why.
func (o Options) ask(q *web.Request) (serve.Ask, error) {
	why, err := q.Form("why")
	return serve.Ask{By: q.Actor(), Why: why}, err
}

// refusal is an error about what somebody asked for, for that person.
func refusal(err error) error {
	if errors.Is(err, serve.ErrNoSchedule) {
		return web.NotFound("such schedule")
	}
	if wrong, ok := errors.AsType[*serve.UnrepeatableError](err); ok {
		return &web.Problem{Status: http.StatusConflict, Title: "The run cannot be repeated", Text: wrong.Message + "."}
	}
	if wrong, ok := errors.AsType[*header.ParamError](err); ok {
		return &web.Problem{Status: 400, Title: "Invalid parameter", Text: wrong.Error(), Hint: wrong.Hint}
	}
	return err
}

func (o Options) pause(q *web.Request) error {
	ask, err := o.ask(q)
	if err != nil {
		return err
	}
	if err := o.Schedules.Pause(q.Context(), q.PathValue("name"), ask); err != nil {
		return refusal(err)
	}
	return q.Back(q.PostForm.Get("to"))
}

func (o Options) resume(q *web.Request) error {
	ask, err := o.ask(q)
	if err != nil {
		return err
	}
	if err := o.Schedules.Resume(q.Context(), q.PathValue("name"), ask); err != nil {
		return refusal(err)
	}
	return q.Back(q.PostForm.Get("to"))
}

// runNow queues a run with the parameters of the form that differ from the schedule's.
func (o Options) runNow(q *web.Request) error {
	ask, err := o.ask(q)
	if err != nil {
		return err
	}
	name := q.PathValue("name")
	entries, err := o.Schedules.List(q.Context())
	i := slices.IndexFunc(entries, func(e serve.Entry) bool { return e.Name == name })
	if i < 0 {
		if err != nil {
			return err
		}
		return web.NotFound("schedule " + name)
	}
	ask.Params = map[string]json.RawMessage{}
	for _, p := range paramsOf(entries[i]) {
		if err := p.read(q.PostForm, ask.Params); err != nil {
			return refusal(err)
		}
	}
	id, err := o.Schedules.RunNow(q.Context(), name, ask)
	if err != nil {
		return refusal(err)
	}
	return q.Back(fmt.Sprintf("/runs/%d", id))
}
