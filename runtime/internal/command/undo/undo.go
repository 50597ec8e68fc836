// Package undo is phscript undo, which undoes runs.
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
		Short: "Undo a run",
		Long: "undo makes a plan that gives records the values they had before a run, and deletes the records that\n" +
			"the run created. It shows the plan, and applies it if you confirm. With -o FILE, it only writes the\n" +
			"plan, for 'phscript apply'.\n\n" +
			"RUN is the number of a run. Without it, undo takes the last recorded run of the account that has not\n" +
			"been undone. With --yes, you must give the number if a newer run was not recorded. If an undo is\n" +
			"interrupted, run the same command again to continue it.\n\n" +
			"'phscript apply' and 'phscript run --undoable' record all their changes. Other runs record only deletes.\n" +
			"The changes are kept for 30 days.\n\n" +
			"undo keeps values that somebody has changed since the run, and new records that other records belong\n" +
			"to. To get deleted records back, restore them from Planhat's Trash Bin, which keeps most of them for\n" +
			"7 days. Metrics and activities can't be undone.\n\n" +
			"Exit codes: 0 done, 3 some changes were not reverted, 11 Planhat has changed meanwhile, 12 not confirmed.",
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
	f.StringVarP(&o.out, "out", "o", "", "Write the plan to `FILE` instead of applying it")
	f.StringSliceVar(&o.overwrite, "overwrite", nil, "Give `MODEL.FIELD` its old value even if it was changed since the run")
	f.BoolVar(&o.recreate, "recreate", false, "Create deleted records again, with new ids and without their history, instead of pointing to the Trash Bin")
	f.BoolVar(&o.forget, "forget", false, "Delete the recorded changes of the run; it can no longer be undone")
	f.StringVar(&o.forgetRecord, "forget-record", "", "Delete the recorded changes of the record with this `_id`, from all runs")
	f.StringVar(&o.inDoubt, "in-doubt", "", "What to do about keyless records that an interrupted undo may have recreated: `WHAT` is sent (they are in Planhat) or send (they are not)")
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
	terms, err := o.consent.UndoTerms(env, c, false)
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
		fmt.Fprintf(u.env.Stdout, "deleted the recorded changes of run %d; it can no longer be undone\n", run)
	}
	if u.forgetRecord != "" {
		fmt.Fprintf(u.env.Stdout, "deleted the data of record %s from %s; rows that were rejected stay in 'phscript runs' until the run is deleted there\n",
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
		Hint:    "'phscript apply' and 'phscript run --undoable' record changes for 30 days; other runs record only deletes",
	}
}
