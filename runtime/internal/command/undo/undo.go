// Package undo is phscript undo: it takes runs back.
package undo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/apply"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

type options struct {
	host.Options
	consent      host.Consent
	out          string
	overwrite    []string
	recreate     bool
	forget       bool
	forgetRecord string
	inDoubt      string
	json         bool
}

// New returns the command undo.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "undo [flags] [RUN]",
		Short: "Take a run back",
		Long: "undo makes a plan that gives records the values that they had before a run, and deletes those that\n" +
			"the run created. It shows the plan, and applies it if you confirm. -o FILE keeps the plan for\n" +
			"'phscript apply' instead.\n\n" +
			"RUN is the number of a run; without it, undo takes back the last recorded one of the\n" +
			"account that was not taken back yet. With --yes, it wants the number if a newer run was not recorded.\n" +
			"If an undo is interrupted, the same command continues it.\n" +
			"The changes of 'phscript apply' are recorded, those of 'phscript run' with --undoable; without it, only\n" +
			"deletes are. They are kept for 30 days.\n\n" +
			"What somebody has changed since stays, as do new records that others belong to. Deleted records come\n" +
			"back from Planhat's Trash Bin, which keeps most for 7 days. Metrics and activities can't be taken back.\n\n" +
			"Exit codes: 0 done, 3 something stays, 11 Planhat changed meanwhile, 12 not confirmed.",
		Example: "  phscript undo\n" +
			"  phscript undo 12 -o undo.jsonl\n" +
			"  phscript undo 12 --overwrite company.phase",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &usage.Error{Message: "name one run", Hint: "usage: phscript undo [RUN]"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.forgetRecord == "" && cmd.Flags().Changed("forget-record") {
				return &usage.Error{Message: "--forget-record has no _id", Hint: "such as --forget-record 67d08140557181002fd170dd"}
			}
			if o.out == "" && cmd.Flags().Changed("out") {
				return &usage.Error{Message: "--out has no file name", Hint: "name a file for the plan, such as -o undo.jsonl"}
			}
			if o.inDoubt != "" {
				if _, err := usage.OneOf("--in-doubt", o.inDoubt, apply.Sent, apply.Send); err != nil {
					return err
				}
			}
			for _, name := range o.overwrite {
				if err := checkField(name); err != nil {
					return err
				}
			}
			run, err := runOf(args)
			if err != nil {
				return err
			}
			if o.forget && run == 0 && o.forgetRecord == "" {
				return &usage.Error{Message: "--forget needs the number of a run", Hint: "'phscript runs list' lists runs with their numbers"}
			}
			return o.undo(env, run)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "out", "o", "", "Write the plan to `FILE`, and apply nothing")
	f.StringSliceVar(&o.overwrite, "overwrite", nil, "Also give `MODEL.FIELD` its old value where it was changed since the run")
	f.BoolVar(&o.recreate, "recreate", false, "Create deleted records again, with new ids and without their history, instead of pointing to the Trash Bin")
	f.BoolVar(&o.forget, "forget", false, "Delete what is recorded of the run, so that it can no longer be taken back")
	f.StringVar(&o.forgetRecord, "forget-record", "", "Delete what is recorded of the record with this `_id`, of all runs")
	f.StringVar(&o.inDoubt, "in-doubt", "", "Decide about records without a key that an interrupted undo may have created again: `WHAT` is sent or send")
	o.consent.AddFlags(cmd)
	o.AddSendFlags(cmd)
	o.AddProgress(cmd)
	usage.AddJSON(cmd, &o.json)
	usage.CompleteNothing(cmd, "overwrite", "forget-record")
	usage.Complete(cmd, "in-doubt", cobra.FixedCompletions([]cobra.Completion{apply.Sent, apply.Send}, cobra.ShellCompDirectiveNoFileComp))
	cmd.ValidArgsFunction = cobra.NoFileCompletions
	return cmd
}

// checkField refuses what is not MODEL.FIELD.
func checkField(name string) error {
	model, field, ok := strings.Cut(name, ".")
	if !ok || field == "" {
		return &usage.Error{Message: "--overwrite takes MODEL.FIELD, not " + name, Hint: "such as --overwrite company.phase or company.custom.Tier"}
	}
	if catalog.Load().Model(model) == nil {
		var names []string
		for _, m := range catalog.Load().Models {
			names = append(names, m.Snake)
		}
		return &usage.Error{Message: "--overwrite: there is no model " + model + catalog.DidYouMean(model, names)}
	}
	return nil
}

// runOf reads the number of a run, 0 for none.
func runOf(args []string) (int64, error) {
	if len(args) == 0 {
		return 0, nil
	}
	id, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || id < 1 {
		return 0, &usage.Error{Message: "'" + args[0] + "' is not the number of a run", Hint: "'phscript runs list' lists runs with their numbers"}
	}
	return id, nil
}

func (o *options) undo(env *environment.Env, run int64) error {
	c, err := o.Settings(env)
	if err != nil {
		return err
	}
	if err := o.checkOut(env); err != nil {
		return err
	}
	outer := env
	env, endProgress, err := o.Watch(env, c, "undo")
	if err != nil {
		return err
	}
	defer endProgress()
	terms, err := o.consent.PlanTerms(env, c)
	if err != nil {
		return err
	}
	h, err := o.Open(env, c)
	if err != nil {
		return err
	}
	defer h.Close()
	if h.Store() == nil {
		return &usage.Error{Message: "undo needs the store that the run was recorded in", Hint: "leave out --state=memory, or name the store with --state or PHSCRIPT_STATE"}
	}
	ctx, stopped, release := env.Interruptible()
	defer release()
	u := &undoing{options: o, env: env, outer: outer, host: h, terms: terms, release: release, journal: changes.New(h.Store().Open, h.Log())}
	if o.forgetRecord != "" || o.forget {
		return u.forgetting(ctx, run)
	}
	planned, err := u.plan(ctx, run)
	endProgress()
	if err == nil {
		err = u.finish(ctx, planned)
	}
	if _, finished := errors.AsType[*usage.Finished](err); finished || err == nil {
		return err
	}
	if by := stopped(); by != nil {
		return errors.Join(by, err)
	}
	return err
}

// forgetting deletes what is recorded.
func (u *undoing) forgetting(ctx context.Context, run int64) error {
	var n int64
	var set *changes.Set
	err := u.journal.Read(ctx, func(ctx context.Context, db *store.DB) (err error) {
		if u.forgetRecord != "" {
			if n, err = changes.ForgetRecord(ctx, db, u.forgetRecord); err != nil || !u.forget {
				return err
			}
		}
		if set, err = changes.OfRun(ctx, db, run); err == nil && set != nil {
			err = changes.Forget(ctx, db, set.ID)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case u.forget && set == nil:
		return u.unrecorded(ctx, run)
	case u.forget:
		fmt.Fprintf(u.env.Stdout, "forgot what run %d changed; it can no longer be taken back\n", run)
	}
	if u.forgetRecord != "" {
		fmt.Fprintf(u.env.Stdout, "forgot the data of record %s in %s; rows that were rejected stay in 'phscript runs' until the run is deleted there\n",
			u.forgetRecord, english.Plural(int(n), "recorded change", ""))
	}
	return nil
}

// unrecorded is the error for a run without recorded changes.
func (u *undoing) unrecorded(ctx context.Context, run int64) error {
	missing := false
	err := u.journal.Read(ctx, func(ctx context.Context, db *store.DB) error {
		_, err := history.New(db).Get(ctx, db, run)
		if missing = errors.Is(err, history.ErrNoRun); missing {
			return nil
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case missing:
		return &usage.Error{Message: fmt.Sprintf("there is no run %d", run), Hint: "'phscript runs list' lists runs with their numbers"}
	}
	return &usage.Error{
		Message: fmt.Sprintf("no changes of run %d are recorded", run),
		Hint:    "the changes of 'phscript apply' are recorded for 30 days, and those of 'phscript run --undoable'; without --undoable, only deletes are",
	}
}
