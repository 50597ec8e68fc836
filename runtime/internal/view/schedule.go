package view

import (
	"context"
	"fmt"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Schedule is a schedule with its next and its last run.
type Schedule struct {
	Name     string         `json:"name"`
	Script   string         `json:"script"`
	When     string         `json:"when"`
	TimeZone string         `json:"time_zone"`
	Next     time.Time      `json:"next,omitzero"`
	State    string         `json:"state"`
	LastRun  int64          `json:"last_run,omitempty"`
	Last     history.Status `json:"last_status,omitempty"`
	Source   string         `json:"source"`
}

// startedStatuses are those of runs that were started.
var startedStatuses = []history.Status{history.Running, history.Succeeded, history.Rejected, history.Failed, history.TimedOut, history.Lost}

// Schedules reads all schedules.
func Schedules(ctx context.Context, s *serve.Schedules, db *store.DB, now time.Time) ([]Schedule, error) {
	entries, err := s.List(ctx)
	if err != nil {
		return nil, err
	}
	list := []Schedule{}
	for _, e := range entries {
		one := Schedule{Name: e.Name, Script: e.Script, When: e.Timing.String(), TimeZone: e.Timing.Zone().String(), State: state(e), Source: e.Source}
		if next := e.Upcoming(now, 1); len(next) > 0 && !e.Paused {
			one.Next = next[0]
		}
		runs, err := history.New(db).List(ctx, history.Filter{Schedule: e.Name, Statuses: startedStatuses, Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(runs) > 0 {
			one.LastRun, one.Last = runs[0].ID, runs[0].Status
		}
		list = append(list, one)
	}
	return list, nil
}

func state(e serve.Entry) string {
	switch {
	case !e.Enabled:
		return "disabled"
	case e.Paused:
		return "paused"
	case e.Failing:
		return "failing"
	}
	return "ok"
}

// ScheduleColumns are the columns of a list of schedules.
var ScheduleColumns = []string{"NAME", "SCRIPT", "WHEN", "NEXT", "STATE", "LAST RUN"}

// Cells are the cells for ScheduleColumns.
func (s Schedule) Cells() []string {
	next, last := "-", "-"
	if !s.Next.IsZero() {
		next = DueAt(s.Next)
	}
	if s.LastRun != 0 {
		last = fmt.Sprintf("%d %s", s.LastRun, s.Last)
	}
	return []string{s.Name, s.Script, s.When, next, s.State, last}
}

// Tick is a time at which a schedule is due.
type Tick struct {
	Schedule string    `json:"schedule"`
	At       time.Time `json:"at"`
}
