package command

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/quota"
)

type quotaOptions struct {
	stateOptions
	json bool
}

func newQuota(env *environment, runF func(*environment, *quotaOptions) error) *cobra.Command {
	o := &quotaOptions{}
	cmd := &cobra.Command{
		Use:   "quota",
		Short: "Show how much of the call quota is used, and by whom",
		Long: "quota shows the calls of the last minute that all scripts on this machine, or on all that share a\n" +
			"--state, have made to Planhat.",
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return runF(env, o) },
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&o.json, "json", false, "print JSON")
	return cmd
}

// quotaReport is one tenant's quota as --json prints it.
type quotaReport struct {
	quota.Report
	Limit          int     `json:"limit"`
	Free           int     `json:"free"`
	BlockedSeconds float64 `json:"blocked_seconds"`
}

func showQuota(env *environment, o *quotaOptions) error {
	c, _, err := o.look(env)
	if err != nil {
		return err
	}
	ctx := context.Background()
	db, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	spec := planhat.LimiterConfig{CallsPerMinute: c.CallsPerMin}.WindowSpec()
	found, err := quota.Reports(ctx, db, spec.Length)
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	reports := []quotaReport{}
	for _, r := range found {
		reports = append(reports, quotaReport{r, spec.Limit, max(0, spec.Limit-r.Used-r.Waiting), r.BlockedFor.Seconds()})
	}
	if o.json {
		return printJSON(env, reports)
	}
	if len(reports) == 0 {
		fmt.Fprintln(env.stdout, "no script has called Planhat lately")
		return nil
	}
	table := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for i, r := range reports {
		if i > 0 {
			fmt.Fprintln(table)
		}
		fmt.Fprintf(table, "%s, token %.6s\n", r.Host, r.Tenant)
		fmt.Fprintf(table, "  used\t%d of %d in the last minute\n  waiting\t%d\n  free\t%d\n", r.Used, r.Limit, r.Waiting, r.Free)
		if r.BlockedFor > 0 {
			fmt.Fprintf(table, "  blocked\tfor another %s, as Planhat asked for\n", r.BlockedFor.Round(time.Second))
		}
		if !r.Last429.IsZero() {
			fmt.Fprintf(table, "  last 429\t%s, told to %s\n", r.Last429.Local().Format("2006-01-02 15:04:05"), r.LastScript)
		}
		for _, u := range r.Users {
			fmt.Fprintf(table, "  %s\t%s\t%d used, %d waiting\n", u.Script, u.Run, u.Used, u.Waiting)
		}
	}
	return table.Flush()
}
