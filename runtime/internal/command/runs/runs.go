// Package runs is phscript runs: the history of scheduled runs.
package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/params"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

type options struct {
	storage.Options
	json     bool
	schedule string
	script   string
	status   []string
	since    string
	limit    int
	follow   bool
	level    string
	resume   string
	upcoming bool
	file     string
	params   []string
}

// New returns the command runs.
func New(env *environment.Env) *cobra.Command {
	group := usage.Group("runs", "See and control runs", "runs shows the history of 'phscript serve', and of other commands that wrote to Planhat. Use the same\n--state as for those commands.")
	asJSON := func(cmd *cobra.Command, o *options) { usage.AddJSON(cmd, &o.json) }
	storage.AddCommand(env, group, "list", "List runs, the newest first", usage.NoArguments, listRuns, func(cmd *cobra.Command, o *options) {
		f := cmd.Flags()
		f.StringVar(&o.schedule, "schedule", "", "Only runs of the schedule `NAME`")
		f.StringVar(&o.script, "script", "", "Only runs of the script `FILE`")
		f.StringSliceVar(&o.status, "status", nil, "Only runs with `STATUS`: "+statusNames())
		f.StringVar(&o.since, "since", "", "Only runs since `TIME`: 24h or 7d ago, or a date")
		f.BoolVar(&o.upcoming, "upcoming", false, "Also runs that are queued for later")
		f.IntVarP(&o.limit, "number", "n", 20, "List at most `N` runs, 0 for all")
		asJSON(cmd, o)
		usage.Complete(cmd, "status", cobra.FixedCompletions(strings.Split(statusNames(), ", "), cobra.ShellCompDirectiveNoFileComp))
	})
	storage.AddCommand(env, group, "show RUN", "Show everything about a run", usage.AtLeastOne("run"), showRun, asJSON)
	storage.AddCommand(env, group, "logs RUN", "Print the log of a run", usage.AtLeastOne("run"), printLog, func(cmd *cobra.Command, o *options) {
		f := cmd.Flags()
		f.BoolVarP(&o.follow, "follow", "f", false, "Follow the log until the run ends")
		usage.Choice(cmd, &o.level, "level", "", "Only lines at `LEVEL` and above: debug, info, warn or error", usage.LogLevels...)
		asJSON(cmd, o)
	})
	storage.AddCommand(env, group, "rejected RUN", "Print the rejected rows of a run as CSV or JSON", usage.AtLeastOne("run"), printRejected, func(cmd *cobra.Command, o *options) {
		cmd.Flags().StringVarP(&o.file, "output", "o", "", "Write them to `FILE`, as JSON if it ends in .json")
		asJSON(cmd, o)
	})
	storage.AddCommand(env, group, "ids RUN", "Print the ids of the records that a run changed, as CSV", usage.AtLeastOne("run"), printIDs, func(cmd *cobra.Command, o *options) {
		cmd.Flags().StringVarP(&o.file, "output", "o", "", "Write them to the new `FILE`")
	})
	storage.AddCommand(env, group, "cancel RUN...", "Cancel queued runs and end running ones", usage.AtLeastOne("run"), cancelRuns, func(cmd *cobra.Command, o *options) { o.AddReason(cmd) })
	storage.AddCommand(env, group, "retry RUN...", "Repeat finished runs with the same settings, except --param", usage.AtLeastOne("run"), retryRuns, func(cmd *cobra.Command, o *options) {
		usage.Choice(cmd, &o.resume, "resume", "", "`WHAT` to do with rows without keys that may be stored: send them again or skip them (default: the run ends with an error that lists them)", "send", "skip")
		params.AddFlag(cmd, &o.params)
		o.AddReason(cmd)
	})
	return group
}

func statusNames() string {
	var names []string
	for _, s := range history.Statuses {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// filter reads the flags of list.
func (o *options) filter(now time.Time) (history.Filter, error) {
	f := history.Filter{Schedule: o.schedule, Script: o.script, Limit: o.limit}
	f.Due = !o.upcoming && !slices.Contains(o.status, string(history.Queued))
	for _, name := range o.status {
		if !slices.Contains(history.Statuses, history.Status(name)) {
			return f, &usage.Error{Message: "unknown status '" + name + "'" + catalog.DidYouMean(name, strings.Split(statusNames(), ", ")), Hint: "the statuses are " + statusNames()}
		}
		f.Statuses = append(f.Statuses, history.Status(name))
	}
	if o.since == "" {
		return f, nil
	}
	var err error
	f.Since, err = usage.Since(o.since, now)
	return f, err
}

// runID reads the number of a run.
func (o *options) runID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, &usage.Error{Message: "'" + text + "' is not the number of a run", Hint: "'phscript runs list" + o.Again() + "' lists runs with their numbers"}
	}
	return id, nil
}

// found turns a missing run into advice.
func (o *options) found(id int64, err error) error {
	if errors.Is(err, history.ErrNoRun) {
		return &usage.Error{Message: fmt.Sprintf("there is no run %d", id), Hint: "'phscript runs list" + o.Again() + "' lists runs with their numbers; old runs are deleted. Runs of 'serve --simulate' need --simulate, and those of another store need its --state"}
	}
	return err
}

func listRuns(env *environment.Env, o *options) error {
	f, err := o.filter(env.Now())
	if err != nil {
		return err
	}
	return o.WithStore(env, func(ctx context.Context, s *serve.Schedules, db *store.DB) error {
		if o.limit > 0 {
			f.Limit = o.limit + 1 // to know whether there are more
		}
		_ = history.New(db).LoseCommands(ctx) // as well as it can
		runs, err := history.New(db).List(ctx, f)
		if err != nil {
			return err
		}
		more := o.limit > 0 && len(runs) > o.limit
		if more {
			runs = runs[:o.limit]
		}
		if o.json {
			return printing.JSON(env.Stdout, view.Runs(runs))
		}
		none := o.None("no runs found in")
		if len(runs) == 0 {
			none += o.unknown(ctx, s)
		}
		err = printing.List(env, runs, none, view.RunColumns, func(r *history.Run) []string { return view.RunCells(r, env.Now()) })
		if more {
			fmt.Fprintln(env.Stderr, "there are more runs; -n 0 lists all of them")
		}
		return err
	})
}

// unknown says if the schedule or the script that the runs should be of is none of those
// in the store, and which one may be meant.
func (o *options) unknown(ctx context.Context, s *serve.Schedules) string {
	entries, _ := s.List(ctx) // those that can be read
	var names, scripts []string
	for _, e := range entries {
		names, scripts = append(names, e.Name), append(scripts, e.Script)
	}
	switch {
	case o.schedule != "" && len(names) > 0 && !slices.Contains(names, o.schedule):
		return ", which has no schedule '" + o.schedule + "'" + catalog.DidYouMean(o.schedule, names)
	case o.script != "" && len(scripts) > 0 && !slices.Contains(scripts, o.script):
		return ", where no schedule has the script '" + o.script + "'" + catalog.DidYouMean(o.script, scripts)
	}
	return ""
}

// withRun does something with the run that is named.
func (o *options) withRun(env *environment.Env, do func(ctx context.Context, db *store.DB, r *history.Run) error) error {
	id, err := o.runID(o.Args[0])
	if err != nil {
		return err
	}
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		_ = history.New(db).LoseCommands(ctx) // as well as it can
		r, err := history.New(db).Run(ctx, id)
		if err != nil {
			return o.found(id, err)
		}
		return do(ctx, db, r)
	})
}

func showRun(env *environment.Env, o *options) error {
	return o.withRun(env, func(ctx context.Context, db *store.DB, r *history.Run) error {
		if o.json {
			return printing.JSON(env.Stdout, view.Run(r))
		}
		lines := append(view.RunLines(r, env.Now()), recorded(ctx, db, r.ID)...)
		if r.Status == history.Running {
			last, err := history.New(db).Last(ctx, r.ID, 1)
			if err != nil {
				return err
			}
			lines = append(lines, view.LastLine(last)...)
		}
		if err := printing.Lines(env, lines); err != nil {
			return err
		}
		if r.Error != "" {
			fmt.Fprintf(env.Stdout, "\n%s\n", display.Text(r.Error))
		}
		if r.Rejected > 0 && r.Status.Over() {
			fmt.Fprintf(env.Stdout, "\n'phscript runs rejected %d%s' prints the rejected rows\n", r.ID, o.Again())
		}
		return nil
	})
}

func printLog(env *environment.Env, o *options) error {
	id, err := o.runID(o.Args[0])
	if err != nil {
		return err
	}
	least := slices.Index(usage.LogLevels, o.level)
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		h := history.New(db)
		signals, ignore := env.Interrupts()
		defer ignore()
		for after := int64(0); ; {
			r, err := h.Run(ctx, id)
			if err != nil {
				return o.found(id, err)
			}
			lines, err := h.Log(ctx, id, after, 0)
			if err != nil {
				return err
			}
			for _, l := range lines {
				after = l.Seq
				// Lines without a level are always shown.
				if at := slices.Index(usage.LogLevels, l.Level); at >= 0 && at < least {
					continue
				}
				if err := o.printLine(env, l); err != nil {
					return err
				}
			}
			if !o.follow || r.Status.Over() {
				return nil
			}
			select {
			case <-time.After(300 * time.Millisecond):
			case s := <-signals:
				return &usage.Finished{Code: fault.StoppedBy(s).ExitCode()}
			}
		}
	})
}

func (o *options) printLine(env *environment.Env, l history.Line) error {
	if o.json {
		text, err := json.Marshal(view.Log(l))
		if err == nil {
			_, err = fmt.Fprintln(env.Stdout, display.JSON(string(text)))
		}
		return err
	}
	_, err := fmt.Fprintln(env.Stdout, view.LogText(l))
	return err
}

// eachRun does something with each named run.
func (o *options) eachRun(env *environment.Env, do func(ctx context.Context, s *serve.Schedules, id int64) error) error {
	var ids []int64
	for _, arg := range o.Args {
		id, err := o.runID(arg)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	return o.WithSchedules(env, func(ctx context.Context, s *serve.Schedules) error {
		for _, id := range ids {
			if err := do(ctx, s, id); err != nil {
				return o.found(id, err)
			}
		}
		return nil
	})
}

func cancelRuns(env *environment.Env, o *options) error {
	return o.eachRun(env, func(ctx context.Context, s *serve.Schedules, id int64) error {
		was, err := s.Cancel(ctx, id, o.Ask(env))
		if err != nil {
			return err
		}
		switch was {
		case history.Queued:
			fmt.Fprintf(env.Stdout, "run %d is cancelled\n", id)
		case history.Running:
			fmt.Fprintf(env.Stdout, "run %d is ending\n", id)
		default:
			fmt.Fprintf(env.Stdout, "run %d has already ended: %s\n", id, was)
		}
		return nil
	})
}

func retryRuns(env *environment.Env, o *options) error {
	if o.resume != "" {
		chosen, err := usage.OneOf("--resume", o.resume, "send", "skip")
		if err != nil {
			return err
		}
		o.resume = chosen
	}
	ask := o.Ask(env)
	var err error
	if ask.Params, err = params.FromFlags(o.params); err != nil {
		return err
	}
	return o.eachRun(env, func(ctx context.Context, s *serve.Schedules, id int64) error {
		again, err := s.Retry(ctx, id, o.resume, ask)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "run %d repeats run %d\n", again, id)
		return nil
	})
}
