package view

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/serve"
)

// Timing is when a schedule is due.
type Timing struct {
	When     string    `json:"when" doc:"its cron expression or interval"`
	TimeZone string    `json:"time_zone" doc:"the time zone of its times of day"`
	Next     time.Time `json:"next,omitzero" doc:"when it is due next, unless it is paused or disabled"`
}

// Schedule is a schedule with its next and its last run.
type Schedule struct {
	Name   string `json:"name" doc:"its name"`
	Script string `json:"script" doc:"the script that it runs"`
	Timing
	State       string         `json:"state" doc:"ok, failing, missed, skipped, paused or disabled"`
	PausedSince time.Time      `json:"paused_since,omitzero" doc:"when it was paused"`
	PausedBy    string         `json:"paused_by,omitempty" doc:"who paused it"`
	PausedWhy   string         `json:"paused_why,omitempty" doc:"why they paused it"`
	FailingFrom time.Time      `json:"failing_since,omitzero" doc:"when it began to fail, if that is known"`
	LastRun     int64          `json:"last_run,omitempty" doc:"the number of the last run that was started"`
	Last        history.Status `json:"last_status,omitempty" doc:"the status of that run"`
	LastTick    time.Time      `json:"last_tick,omitzero" doc:"when it was last due, whether it ran or not"`
	LastSuccess time.Time      `json:"last_success,omitzero" doc:"when a run last succeeded"`
	Missed      int64          `json:"missed" doc:"ticks that were missed since it was added"`
	Skipped     int64          `json:"skipped" doc:"ticks that were skipped since it was added"`
	InARow      int64          `json:"ticks_without_run" doc:"ticks in a row that did not run"`
	Undelivered int64          `json:"undelivered_notifications" doc:"notifications that could not be sent yet"`
	GivenUp     int64          `json:"given_up_notifications" doc:"notifications of which every try failed since it was added"`
	GaveUp      time.Time      `json:"given_up_at,omitzero" doc:"when the last of these was given up"`
	Source      string         `json:"source" doc:"the file that defines it"`
}

// Schedules reads all schedules.
func Schedules(ctx context.Context, s *serve.Schedules, now time.Time) ([]Schedule, error) {
	entries, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	ticks, err := s.LastTicks(ctx)
	if err != nil {
		return nil, err
	}
	last, err := s.LastRuns(ctx)
	if err != nil {
		return nil, err
	}
	undelivered, err := s.Undelivered(ctx)
	if err != nil {
		return nil, err
	}
	list := []Schedule{}
	for _, e := range entries {
		one := Schedule{
			Name: e.Name, Script: e.Script, Timing: timing(e.Definition), State: state(e), Source: e.Source, PausedSince: e.PausedSince, PausedBy: e.PausedBy, PausedWhy: e.PausedWhy, FailingFrom: e.FailingSince,
			LastTick: ticks[e.Name], LastSuccess: e.LastSuccess, Missed: e.Missed, Skipped: e.Skipped, InARow: e.InARow, Undelivered: undelivered[e.Name],
			GivenUp: e.GivenUp, GaveUp: e.GaveUp,
		}
		if next := e.Upcoming(now, 1); len(next) > 0 && !e.Paused {
			one.Next = next[0]
		}
		one.LastRun, one.Last = last[e.Name].ID, last[e.Name].Status
		list = append(list, one)
	}
	return list, nil
}

func timing(d schedule.Definition) Timing {
	return Timing{When: d.Timing.String(), TimeZone: d.Timing.Zone().String()}
}

func state(e serve.Entry) string {
	switch {
	case !e.Enabled:
		return "disabled"
	case e.Paused:
		return "paused"
	case e.Failing:
		return "failing"
	case e.InARow > 0 && (e.Idle == serve.IdleMissed || e.Idle == serve.IdleSkipped):
		return string(e.Idle)
	}
	return "ok"
}

// ScheduleColumns are the columns of a list of schedules.
var ScheduleColumns = []Column{{Name: "NAME", Least: 8}, {Name: "SCRIPT", Least: 6}, {Name: "WHEN", Least: 6}, {Name: "NEXT"}, {Name: "STATE"}, {Name: "LAST RUN", Least: 13}}

// Cells are the cells for ScheduleColumns.
func (s Schedule) Cells() []string {
	last := "-"
	if s.LastRun != 0 {
		last = fmt.Sprintf("%d %s", s.LastRun, s.Last)
	}
	return []string{s.Name, s.Script, s.When, s.due(), s.State, last}
}

// due is when it is due next, in its own time zone.
func (t Timing) due() string {
	if t.Next.IsZero() {
		return "-"
	}
	return DueAt(t.Next)
}

// Why says in a sentence why the schedule does not run, or "" if it does.
func (s Schedule) Why() string {
	ticks := english.Plural(int(s.InARow), "tick", "")
	switch s.State {
	case "paused":
		if s.InARow == 0 {
			return fmt.Sprintf("%s has been paused since %s%s", s.Name, At(s.PausedSince), s.pausedBy())
		}
		return fmt.Sprintf("%s has been paused since %s%s; it was last due at %s", s.Name, At(s.PausedSince), s.pausedBy(), At(s.LastTick))
	case string(serve.IdleMissed), string(serve.IdleSkipped):
		return fmt.Sprintf("%s: %s without a run, the last one at %s", s.Name, ticks, At(s.LastTick))
	}
	return ""
}

// pausedBy says who paused it, and why, as far as that is known.
func (s Schedule) pausedBy() string {
	if s.PausedBy == "" {
		return ""
	}
	return " by " + because(s.PausedBy, s.PausedWhy)
}

// Untold says in a sentence how many notifications could not be sent, or "" if there are
// none.
func (s Schedule) Untold() string {
	if s.Undelivered == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s could not be sent yet; the service's log says why", s.Name, english.Plural(int(s.Undelivered), "notification", ""))
}

// rememberedFor is how long a listing mentions a notification that was given up.
const rememberedFor = 7 * 24 * time.Hour

// NeverTold says in a sentence how many notifications were given up, or "" if none was in
// the last 7 days.
func (s Schedule) NeverTold(now time.Time) string {
	if s.GivenUp == 0 || now.Sub(s.GaveUp) > rememberedFor {
		return ""
	}
	return fmt.Sprintf("%s: %s given up after about a day of tries, the last at %s; the service's log says why", s.Name, english.Plural(int(s.GivenUp), "notification was", "notifications were"), At(s.GaveUp))
}

// CheckedColumns are the columns of schedules that are not served yet.
var CheckedColumns = []Column{{Name: "NAME", Least: 8}, {Name: "SCRIPT", Least: 6}, {Name: "WHEN", Least: 8}, {Name: "NEXT"}, {Name: "FROM"}}

// Check returns a schedule that is not served yet.
func Check(d schedule.Definition, now time.Time) Checked {
	c := Checked{Name: d.Name, Script: d.Script, Timing: timing(d), Source: d.Source}
	if d.Enabled {
		c.Next = d.Timing.Next(now)
	}
	return c
}

// Cells are the cells for CheckedColumns.
func (c Checked) Cells() []string {
	next := "disabled"
	if !c.Next.IsZero() {
		next = c.due()
	}
	return []string{c.Name, c.Script, c.When, next, filepath.Base(c.Source)}
}

// Tick is a time at which a schedule is due.
type Tick struct {
	Schedule string    `json:"schedule" doc:"the schedule's name"`
	At       time.Time `json:"at" doc:"when it is due"`
}

// TickColumns are the columns of a list of ticks, which have no names.
var TickColumns = []Column{{Least: 16}, {}}

// Cells are the cells for TickColumns.
func (t Tick) Cells() []string { return []string{t.Schedule, DueAt(t.At)} }
