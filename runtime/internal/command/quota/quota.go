// Package quota is phscript quota: how much of the quota is used, and by whom.
package quota

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

type options struct {
	storage.Options
	json bool
}

// New returns the command quota.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "quota",
		Short: "Show how much of the call quota is used, and by whom",
		Long: "quota shows the calls to Planhat in the last minute by all scripts on this machine, or on all machines\n" +
			"that share a --state.",
		Args: usage.NoArguments,
		RunE: func(*cobra.Command, []string) error { return show(env, o) },
	}
	o.AddFlags(cmd.Flags())
	usage.AddJSON(cmd, &o.json)
	return cmd
}

// show prints the quota.
func show(env *environment.Env, o *options) error {
	var quotas []view.Quota
	err := o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) (err error) {
		quotas, err = view.Quotas(ctx, db, planhat.LimiterConfig{CallsPerMinute: o.Config.CallsPerMin}.WindowSpec())
		return err
	})
	if err != nil {
		return err
	}
	if o.json {
		return printing.JSON(env.Stdout, view.QuotaForm(quotas))
	}
	if len(quotas) == 0 {
		fmt.Fprintln(env.Stdout, o.None("no script has called Planhat in the last minute through"))
		return nil
	}
	var rows [][]string
	for i, q := range quotas {
		if i > 0 {
			rows = append(rows, nil)
		}
		rows = append(rows, q.Rows()...)
	}
	if err := printing.Table(env, view.QuotaColumns, rows); err != nil {
		return err
	}
	for _, q := range quotas {
		for _, warning := range q.Warnings() {
			fmt.Fprintln(env.Stderr, "warning:", warning)
		}
	}
	return nil
}
