package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

type scheduleOptions struct {
	stateOptions
	json  bool
	count int
}

func newSchedule(env *environment) *cobra.Command {
	group := commandGroup("schedule", "See, pause and start schedules",
		"schedule works on what 'phscript serve' has stored: it need not run on the same machine, but has to\n"+
			"be given the same --state.")
	asJSON := func(cmd *cobra.Command, o *scheduleOptions) { addJSON(cmd, &o.json) }
	addStoreCommand(env, group, "list", "List the schedules", noArguments, listSchedules, asJSON)
	addStoreCommand(env, group, "next [NAME...]", "Show when schedules are due next", cobra.ArbitraryArgs, nextTicks, func(cmd *cobra.Command, o *scheduleOptions) {
		cmd.Flags().IntVarP(&o.count, "number", "n", 10, "how many `N` times")
		asJSON(cmd, o)
	})
	addStoreCommand(env, group, "pause NAME...", "Keep schedules from running", atLeastOne("schedule"), pauseSchedules, nil)
	addStoreCommand(env, group, "resume NAME...", "Let paused schedules run again", atLeastOne("schedule"), resumeSchedules, nil)
	addStoreCommand(env, group, "run NAME...", "Run schedules now, by a worker of 'phscript serve'", atLeastOne("schedule"), runSchedules, nil)
	return group
}

// scheduleRow is a schedule as --json prints it.
type scheduleRow struct {
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

// dueAt writes when a schedule is due, in its time zone; seconds only where they
// count.
func dueAt(t time.Time) string {
	if t.Second() != 0 {
		return t.Format("Mon 2006-01-02 15:04:05 MST")
	}
	return t.Format("Mon 2006-01-02 15:04 MST")
}

func scheduleState(e serve.Entry) string {
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

// ranStatuses are those of runs that were begun.
var ranStatuses = []history.Status{history.Running, history.Succeeded, history.Rejected, history.Failed, history.TimedOut, history.Lost}

func listSchedules(env *environment, o *scheduleOptions) error {
	return o.withStore(env, func(ctx context.Context, s *serve.Schedules, db *store.DB) error {
		entries, err := s.List(ctx)
		if err != nil {
			return err
		}
		rows := []scheduleRow{}
		for _, e := range entries {
			row := scheduleRow{Name: e.Name, Script: e.Script, When: e.Timing.String(), TimeZone: e.Timing.Zone().String(), State: scheduleState(e), Source: e.Source}
			if next := e.Upcoming(env.now(), 1); len(next) > 0 && !e.Paused {
				row.Next = next[0]
			}
			runs, err := history.New(db).List(ctx, history.Filter{Schedule: e.Name, Statuses: ranStatuses, Limit: 1})
			if err != nil {
				return err
			}
			if len(runs) > 0 {
				row.LastRun, row.Last = runs[0].ID, runs[0].Status
			}
			rows = append(rows, row)
		}
		if o.json {
			return printJSON(env, rows)
		}
		if len(rows) == 0 {
			fmt.Fprintln(env.stdout, "there are no schedules; 'phscript serve --check' shows those that a configuration would set")
			return nil
		}
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "NAME\tSCRIPT\tWHEN\tNEXT\tSTATE\tLAST RUN")
		for _, r := range rows {
			next, last := "-", "-"
			if !r.Next.IsZero() {
				next = dueAt(r.Next)
			}
			if r.LastRun != 0 {
				last = fmt.Sprintf("%d %s", r.LastRun, r.Last)
			}
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", r.Name, r.Script, r.When, next, r.State, last)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		return warnAboutServers(ctx, env, db)
	})
}

// warnAboutServers says where nobody runs the schedules, or not in the way that
// is written.
func warnAboutServers(ctx context.Context, env *environment, db *store.DB) error {
	servers, err := serve.Servers(ctx, db)
	if err != nil {
		return err
	}
	live := 0
	for _, s := range servers {
		if !s.Live {
			continue
		}
		live++
		if s.Problem != "" {
			fmt.Fprintf(env.stdout, "\n%s does not use its changed configuration, and goes on with the one before:\n  %s\n", s.Name, strings.ReplaceAll(s.Problem, "\n", "\n  "))
		}
	}
	if live == 0 {
		fmt.Fprintln(env.stdout, "\nno 'phscript serve' is at work: nothing runs until one is started")
	}
	return nil
}

// printJSON prints a value for machines.
func printJSON(env *environment, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.stdout, string(text))
	return err
}

// named finds schedules by their names, all of them where none is given.
func named(ctx context.Context, s *serve.Schedules, names []string) ([]serve.Entry, error) {
	all, err := s.List(ctx)
	if err != nil || len(names) == 0 {
		return all, err
	}
	var known []string
	byName := map[string]serve.Entry{}
	for _, e := range all {
		known = append(known, e.Name)
		byName[e.Name] = e
	}
	var list []serve.Entry
	for _, name := range names {
		e, ok := byName[name]
		if !ok {
			return nil, &usageError{message: "there is no schedule '" + name + "'" + catalog.DidYouMean(name, known), hint: "'phscript schedule list' shows those that there are"}
		}
		list = append(list, e)
	}
	return list, nil
}

func nextTicks(env *environment, o *scheduleOptions) error {
	return o.withStore(env, func(ctx context.Context, s *serve.Schedules, _ *store.DB) error {
		entries, err := named(ctx, s, o.args)
		if err != nil {
			return err
		}
		type tick struct {
			Schedule string    `json:"schedule"`
			At       time.Time `json:"at"`
		}
		ticks := []tick{}
		for _, e := range entries {
			if e.Paused {
				continue
			}
			for _, at := range e.Upcoming(env.now(), o.count) {
				ticks = append(ticks, tick{e.Name, at})
			}
		}
		slices.SortStableFunc(ticks, func(a, b tick) int { return a.At.Compare(b.At) })
		ticks = ticks[:min(len(ticks), o.count)]
		if o.json {
			return printJSON(env, ticks)
		}
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		for _, t := range ticks {
			fmt.Fprintf(table, "%s\t%s\n", t.Schedule, dueAt(t.At))
		}
		return table.Flush()
	})
}

// forEachNamed does something with each named schedule, after all of them were
// found.
func (o *scheduleOptions) forEachNamed(env *environment, do func(ctx context.Context, s *serve.Schedules, e serve.Entry) error) error {
	return o.withSchedules(env, func(ctx context.Context, s *serve.Schedules, _ *store.DB) error {
		entries, err := named(ctx, s, o.args)
		if err != nil {
			return err
		}
		for _, e := range entries {
			err = errors.Join(err, do(ctx, s, e))
		}
		return err
	})
}

func pauseSchedules(env *environment, o *scheduleOptions) error {
	return o.forEachNamed(env, func(ctx context.Context, s *serve.Schedules, e serve.Entry) error {
		if err := s.Pause(ctx, e.Name); err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "%s is paused; what was queued of it is called off\n", e.Name)
		return nil
	})
}

func resumeSchedules(env *environment, o *scheduleOptions) error {
	return o.forEachNamed(env, func(ctx context.Context, s *serve.Schedules, e serve.Entry) error {
		if err := s.Resume(ctx, e.Name); err != nil {
			return err
		}
		next := "it is disabled"
		if at := e.Upcoming(env.now(), 1); len(at) > 0 {
			next = "next at " + dueAt(at[0])
		}
		fmt.Fprintf(env.stdout, "%s runs again; %s\n", e.Name, next)
		return nil
	})
}

func runSchedules(env *environment, o *scheduleOptions) error {
	return o.forEachNamed(env, func(ctx context.Context, s *serve.Schedules, e serve.Entry) error {
		id, err := s.RunNow(ctx, e)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "run %d of %s is queued; 'phscript runs logs -f %d%s' follows it\n", id, e.Name, id, o.again())
		return nil
	})
}
