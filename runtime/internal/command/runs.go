package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
)

type runsOptions struct {
	stateOptions
	json     bool
	schedule string
	script   string
	status   []string
	since    string
	limit    int
	follow   bool
	level    string
	upcoming bool
	file     string
}

func newRuns(env *environment) *cobra.Command {
	group := commandGroup("runs", "See what became of scheduled runs", "runs works on the history that 'phscript serve' keeps; give it the same --state.")
	asJSON := func(cmd *cobra.Command, o *runsOptions) { addJSON(cmd, &o.json) }
	addStoreCommand(env, group, "list", "List runs, the newest first", noArguments, listRuns, func(cmd *cobra.Command, o *runsOptions) {
		f := cmd.Flags()
		f.StringVar(&o.schedule, "schedule", "", "only runs of this schedule `NAME`")
		f.StringVar(&o.script, "script", "", "only runs of this script `FILE`")
		f.StringSliceVar(&o.status, "status", nil, "only runs with a `STATUS`: "+statusNames())
		f.StringVar(&o.since, "since", "", "only runs since a `TIME` ago, such as 24h or 7d, or a date")
		f.BoolVar(&o.upcoming, "upcoming", false, "also runs that are queued for later")
		f.IntVarP(&o.limit, "number", "n", 20, "at most `N` runs, 0 for all")
		asJSON(cmd, o)
		_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(strings.Split(statusNames(), ", "), cobra.ShellCompDirectiveNoFileComp))
	})
	addStoreCommand(env, group, "show RUN", "Show all that is known of a run", atLeastOne("run"), showRun, asJSON)
	addStoreCommand(env, group, "logs RUN", "Print what a run has logged", atLeastOne("run"), printLog, func(cmd *cobra.Command, o *runsOptions) {
		f := cmd.Flags()
		f.BoolVarP(&o.follow, "follow", "f", false, "go on until the run is over")
		f.StringVar(&o.level, "level", "", "only lines of at least this `LEVEL`: debug, info, warn or error")
		asJSON(cmd, o)
	})
	addStoreCommand(env, group, "rejected RUN", "Print the rows that Planhat did not take, as CSV or JSON", atLeastOne("run"), printRejected, func(cmd *cobra.Command, o *runsOptions) {
		cmd.Flags().StringVarP(&o.file, "output", "o", "", "write them to this `FILE`, as JSON where it ends in .json")
		asJSON(cmd, o)
	})
	addStoreCommand(env, group, "cancel RUN...", "Call runs off, or end them", atLeastOne("run"), cancelRuns, nil)
	addStoreCommand(env, group, "retry RUN...", "Run again what is over, with the same settings", atLeastOne("run"), retryRuns, nil)
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
func (o *runsOptions) filter(now time.Time) (history.Filter, error) {
	f := history.Filter{Schedule: o.schedule, Script: o.script, Limit: o.limit}
	f.Due = !o.upcoming && !slices.Contains(o.status, string(history.Queued))
	for _, name := range o.status {
		if !slices.Contains(history.Statuses, history.Status(name)) {
			return f, &usageError{message: "there is no status '" + name + "'" + catalog.DidYouMean(name, strings.Split(statusNames(), ", ")), hint: "a run is " + statusNames()}
		}
		f.Statuses = append(f.Statuses, history.Status(name))
	}
	if o.since == "" {
		return f, nil
	}
	if days, ok := strings.CutSuffix(o.since, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			f.Since = now.AddDate(0, 0, -n)
			return f, nil
		}
	}
	if d, err := time.ParseDuration(o.since); err == nil {
		f.Since = now.Add(-d)
		return f, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, o.since, time.Local); err == nil {
			f.Since = t
			return f, nil
		}
	}
	return f, &usageError{message: "--since " + o.since + " is no time", hint: "write 24h, 7d, 2026-01-31 or 2026-01-31T08:00:00Z"}
}

// runID reads the number of a run.
func runID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, &usageError{message: "'" + text + "' is no number of a run", hint: "'phscript runs list' shows the runs with their numbers"}
	}
	return id, nil
}

// found turns a missing run into advice.
func found(id int64, err error) error {
	if errors.Is(err, history.ErrNoRun) {
		return &usageError{message: fmt.Sprintf("there is no run %d", id), hint: "'phscript runs list' shows the runs with their numbers; old ones leave the history"}
	}
	return err
}

func listRuns(env *environment, o *runsOptions) error {
	f, err := o.filter(env.now())
	if err != nil {
		return err
	}
	return o.withStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		runs, err := history.New(db).List(ctx, f)
		if err != nil {
			return err
		}
		if o.json {
			if runs == nil {
				runs = []*history.Run{}
			}
			return printJSON(env, runs)
		}
		if len(runs) == 0 {
			fmt.Fprintln(env.stdout, "there are no such runs")
			return nil
		}
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "RUN\tSCHEDULE\tDUE\tSTATUS\tTOOK\tCALLS\tREJECTED\tREASON")
		for _, r := range runs {
			name := r.Schedule
			if name == "" {
				name = r.Definition.Name
			}
			took := "-"
			if d := r.Duration(env.now()); d > 0 {
				took = d.Round(100 * time.Millisecond).String()
			}
			fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%d\t%d\t%s\n", r.ID, name, r.Due.Local().Format("2006-01-02 15:04:05"), r.Status, took, r.Calls, r.Rejected, clip(why(r), 60))
		}
		return table.Flush()
	})
}

// why is what a list says of a run: its reason, or the first line of its error.
func why(r *history.Run) string {
	if r.Reason != "" {
		return r.Reason
	}
	first, _, _ := strings.Cut(strings.TrimSpace(r.Error), "\n")
	return strings.TrimPrefix(first, "error: ")
}

// clip cuts a text for a table.
func clip(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}

// withRun does something with the run that is named.
func (o *runsOptions) withRun(env *environment, do func(r *history.Run) error) error {
	id, err := runID(o.args[0])
	if err != nil {
		return err
	}
	return o.withStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		r, err := history.New(db).Run(ctx, id)
		if err != nil {
			return found(id, err)
		}
		return do(r)
	})
}

func showRun(env *environment, o *runsOptions) error {
	return o.withRun(env, func(r *history.Run) error {
		if o.json {
			return printJSON(env, r)
		}
		table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
		line := func(name, value string) {
			if value != "" {
				fmt.Fprintf(table, "%s\t%s\n", name, value)
			}
		}
		at := func(t time.Time) string {
			if t.IsZero() {
				return ""
			}
			return t.Local().Format("2006-01-02 15:04:05 MST")
		}
		line("run", strconv.FormatInt(r.ID, 10))
		line("schedule", r.Schedule)
		line("script", r.Script)
		line("version", clip(r.ScriptHash, 13))
		line("cause", string(r.Cause))
		if r.Attempt > 1 {
			line("attempt", fmt.Sprintf("%d, repeats run %d", r.Attempt, r.RetryOf))
		}
		line("tick", at(r.Tick))
		line("due", at(r.Due))
		line("status", string(r.Status))
		line("reason", r.Reason)
		line("worker", r.Worker)
		line("started", at(r.Started))
		line("ended", at(r.Ended))
		if d := r.Duration(env.now()); d > 0 {
			line("took", d.Round(time.Millisecond).String())
		}
		if r.ExitCode != nil {
			line("exit code", strconv.Itoa(*r.ExitCode))
		}
		if len(r.Definition.Params) > 0 {
			params, _ := json.Marshal(r.Definition.Params)
			line("params", string(params))
		}
		done := summary{&outcome.Summary{}}
		if len(r.Summary) > 0 && json.Unmarshal(r.Summary, done.Summary) == nil {
			done.counts(line)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if r.Error != "" {
			fmt.Fprintf(env.stdout, "\n%s\n", r.Error)
		}
		if r.Rejected > 0 {
			fmt.Fprintf(env.stdout, "\n'phscript runs rejected %d%s' prints the rejected rows\n", r.ID, o.again())
		}
		return nil
	})
}

// levels are the levels of log lines in their order. Lines that are none of the
// program's own are always shown.
var levels = []string{"debug", "info", "warn", "error"}

func printLog(env *environment, o *runsOptions) error {
	id, err := runID(o.args[0])
	if err != nil {
		return err
	}
	least := slices.Index(levels, o.level)
	if o.level != "" && least < 0 {
		return &usageError{message: "the level is one of " + strings.Join(levels, ", ") + ", not '" + o.level + "'"}
	}
	return o.withStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		h := history.New(db)
		signals, ignore := env.interrupts()
		defer ignore()
		for after := int64(0); ; {
			r, err := h.Run(ctx, id)
			if err != nil {
				return found(id, err)
			}
			lines, err := h.Log(ctx, id, after, 0)
			if err != nil {
				return err
			}
			for _, l := range lines {
				after = l.Seq
				if at := slices.Index(levels, l.Level); at >= 0 && at < least {
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
			case <-signals:
				return &finished{exitInterrupted}
			}
		}
	})
}

func (o *runsOptions) printLine(env *environment, l history.Line) error {
	if o.json {
		text, err := json.Marshal(l)
		if err == nil {
			_, err = fmt.Fprintln(env.stdout, string(text))
		}
		return err
	}
	fields := ""
	var values map[string]json.RawMessage
	if len(l.Fields) > 0 && json.Unmarshal(l.Fields, &values) == nil {
		var names []string
		for name := range values {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			fields += " " + name + "=" + string(values[name])
		}
	}
	_, err := fmt.Fprintf(env.stdout, "%s %-6s %s%s\n", l.At.Local().Format("15:04:05.000"), l.Level, l.Message, fields)
	return err
}

// eachRun does something with each named run.
func (o *runsOptions) eachRun(env *environment, do func(ctx context.Context, s *serve.Schedules, id int64) error) error {
	var ids []int64
	for _, arg := range o.args {
		id, err := runID(arg)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	return o.withSchedules(env, func(ctx context.Context, s *serve.Schedules, _ *store.DB) error {
		for _, id := range ids {
			if err := do(ctx, s, id); err != nil {
				return found(id, err)
			}
		}
		return nil
	})
}

func cancelRuns(env *environment, o *runsOptions) error {
	return o.eachRun(env, func(ctx context.Context, s *serve.Schedules, id int64) error {
		was, err := s.Cancel(ctx, id, "cancelled by hand")
		if err != nil {
			return err
		}
		switch was {
		case history.Queued:
			fmt.Fprintf(env.stdout, "run %d is called off\n", id)
		case history.Running:
			fmt.Fprintf(env.stdout, "run %d is asked to end\n", id)
		default:
			fmt.Fprintf(env.stdout, "run %d is over already: %s\n", id, was)
		}
		return nil
	})
}

func retryRuns(env *environment, o *runsOptions) error {
	return o.eachRun(env, func(ctx context.Context, s *serve.Schedules, id int64) error {
		again, err := s.Retry(ctx, id)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "run %d repeats run %d\n", again, id)
		return nil
	})
}
