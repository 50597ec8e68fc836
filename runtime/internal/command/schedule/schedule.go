// Package schedule is phscript schedule: it lists, pauses and starts schedules.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/params"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

type options struct {
	storage.Options
	json   bool
	count  int
	params []string
}

// New returns the command schedule.
func New(env *environment.Env) *cobra.Command {
	group := usage.Group("schedule", "See, pause and start schedules",
		"schedule works on the schedules that 'phscript serve' has stored. It can run on another machine with the\n"+
			"same --state.")
	asJSON := func(cmd *cobra.Command, o *options) { usage.AddJSON(cmd, &o.json) }
	reason := func(cmd *cobra.Command, o *options) { o.AddReason(cmd) }
	storage.AddCommand(env, group, "list", "List the schedules", usage.NoArguments, listSchedules, asJSON)
	storage.AddCommand(env, group, "next [NAME...]", "Show when schedules are due next", cobra.ArbitraryArgs, nextTicks, func(cmd *cobra.Command, o *options) {
		cmd.Flags().IntVarP(&o.count, "number", "n", 10, "Show `N` times")
		asJSON(cmd, o)
	})
	storage.AddCommand(env, group, "pause NAME...", "Pause schedules", usage.AtLeastOne("schedule"), pauseSchedules, reason)
	storage.AddCommand(env, group, "resume NAME...", "Resume paused schedules", usage.AtLeastOne("schedule"), resumeSchedules, reason)
	storage.AddCommand(env, group, "run NAME...", "Run schedules now, on a worker of 'phscript serve'", usage.AtLeastOne("schedule"), runSchedules, func(cmd *cobra.Command, o *options) {
		params.AddFlag(cmd, &o.params)
		reason(cmd, o)
	})
	return group
}

func listSchedules(env *environment.Env, o *options) error {
	return o.WithStore(env, func(ctx context.Context, s *serve.Schedules, db *store.DB) error {
		schedules, err := view.Schedules(ctx, s, env.Now())
		if err != nil {
			return err
		}
		servers, err := serve.Servers(ctx, db)
		if err != nil {
			return err
		}
		outages, err := serve.Outages(ctx, db, 7*24*time.Hour)
		if err != nil {
			return err
		}
		if o.json {
			return printing.JSON(env.Stdout, view.ScheduleForm(schedules, servers, outages))
		}
		none := o.None("no schedules in") + "; 'phscript serve --check' shows those in your configuration"
		err = printing.List(env, schedules, none, view.ScheduleColumns, view.Schedule.Cells)
		if err != nil || len(schedules) == 0 {
			return err
		}
		explain(env, schedules)
		for i, o := range outages {
			if i == 0 {
				fmt.Fprintln(env.Stdout)
			}
			fmt.Fprintf(env.Stdout, "%s (%s)\n", o.String(), o.Server)
		}
		warnAboutServers(env, servers)
		return nil
	})
}

// explain says why schedules do not run, and which notifications were not sent.
func explain(env *environment.Env, schedules []view.Schedule) {
	before := "\n"
	for _, s := range schedules {
		for _, why := range []string{s.Why(), s.Untold(), s.NeverTold(env.Now())} {
			if why != "" {
				fmt.Fprintf(env.Stdout, "%s%s\n", before, why)
				before = ""
			}
		}
	}
}

// warnAboutServers says if nothing runs the schedules, or if a service runs them
// with an older configuration.
func warnAboutServers(env *environment.Env, servers []serve.Server) {
	live := 0
	var silent *serve.Server
	for i, s := range servers {
		if !s.Live {
			if silent == nil && s.Workers > 0 {
				silent = &servers[i]
			}
			continue
		}
		live++
		if wrong := s.WrongClock(); wrong != "" {
			fmt.Fprintf(env.Stdout, "\nthe clock of the machine of %s is %s: scripts and logs there have the wrong time\n", s.Name, wrong)
		}
		if s.Problem != "" {
			fmt.Fprintf(env.Stdout, "\n%s cannot read its changed configuration and keeps the last valid one:\n  %s\n", s.Name, strings.ReplaceAll(s.Problem, "\n", "\n  "))
		}
	}
	switch {
	case live > 0:
	case silent != nil:
		fmt.Fprintf(env.Stdout, "\nno 'phscript serve' has reported since %s (%s): it was killed, or it is running and cannot write to its store;\n"+
			"look at its log and at the space on the disk of the store\n", view.At(silent.Seen), silent.Name)
	default:
		fmt.Fprintln(env.Stdout, "\nno 'phscript serve' is running: nothing runs until you start one")
	}
}

// named finds schedules by their names, all of them if none is given.
func (o *options) named(ctx context.Context, s *serve.Schedules) ([]serve.Entry, error) {
	all, err := s.List(ctx)
	if err != nil || len(o.Args) == 0 {
		return all, err
	}
	var known []string
	byName := map[string]serve.Entry{}
	for _, e := range all {
		known = append(known, e.Name)
		byName[e.Name] = e
	}
	var list []serve.Entry
	for _, name := range o.Args {
		e, ok := byName[name]
		if !ok {
			return nil, &usage.Error{Message: "there is no schedule '" + name + "'" + catalog.DidYouMean(name, known), Hint: "'phscript schedule list" + o.Again() + "' lists the schedules"}
		}
		list = append(list, e)
	}
	return list, nil
}

func nextTicks(env *environment.Env, o *options) error {
	return o.WithStore(env, func(ctx context.Context, s *serve.Schedules, _ *store.DB) error {
		entries, err := o.named(ctx, s)
		if err != nil {
			return err
		}
		var ticks []view.Tick
		for _, e := range entries {
			if e.Paused {
				continue
			}
			for _, at := range e.Upcoming(env.Now(), o.count) {
				ticks = append(ticks, view.Tick{Schedule: e.Name, At: at})
			}
		}
		slices.SortStableFunc(ticks, func(a, b view.Tick) int { return a.At.Compare(b.At) })
		ticks = ticks[:min(len(ticks), o.count)]
		if o.json {
			return printing.JSON(env.Stdout, view.Ticks(ticks))
		}
		return printing.List(env, ticks, "no schedule is due", view.TickColumns, view.Tick.Cells)
	})
}

// forEachNamed does something with each named schedule, after all of them were
// found.
func (o *options) forEachNamed(env *environment.Env, do func(ctx context.Context, s *serve.Schedules, e serve.Entry) error) error {
	return o.WithSchedules(env, func(ctx context.Context, s *serve.Schedules) error {
		entries, err := o.named(ctx, s)
		if err != nil {
			return err
		}
		for _, e := range entries {
			err = errors.Join(err, do(ctx, s, e))
		}
		return err
	})
}

func pauseSchedules(env *environment.Env, o *options) error {
	return o.forEachNamed(env, func(ctx context.Context, s *serve.Schedules, e serve.Entry) error {
		if err := s.Pause(ctx, e.Name, o.Ask(env)); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "%s is paused; its queued runs are cancelled, except those started by hand\n", e.Name)
		return nil
	})
}

func resumeSchedules(env *environment.Env, o *options) error {
	return o.forEachNamed(env, func(ctx context.Context, s *serve.Schedules, e serve.Entry) error {
		if err := s.Resume(ctx, e.Name, o.Ask(env)); err != nil {
			return err
		}
		next := "it is disabled"
		if at := e.Upcoming(env.Now(), 1); len(at) > 0 {
			next = "next at " + view.DueAt(at[0])
		}
		fmt.Fprintf(env.Stdout, "%s is resumed; %s\n", e.Name, next)
		return nil
	})
}

func runSchedules(env *environment.Env, o *options) error {
	ask := o.Ask(env)
	var err error
	if ask.Params, err = params.FromFlags(o.params); err != nil {
		return err
	}
	return o.forEachNamed(env, func(ctx context.Context, s *serve.Schedules, e serve.Entry) error {
		id, err := s.RunNow(ctx, e.Name, ask)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "run %d of %s is queued; follow it with 'phscript runs logs -f %d%s'\n", id, e.Name, id, o.Again())
		return nil
	})
}
