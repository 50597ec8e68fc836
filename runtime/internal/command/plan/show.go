package plan

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/view"
)

// showing are the options of show.
type showing struct {
	redact, json bool
}

func newShow(env *environment.Env) *cobra.Command {
	o := &showing{}
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a saved plan",
		Long: "show prints a plan that 'phscript plan -o FILE' wrote, even if it has expired. --redact prints only\n" +
			"counts and names of properties, so you can share the output.",
		Example: "  phscript plan show plan.jsonl\n  phscript plan show --redact --json plan.jsonl",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return nil
			}
			return &usage.Error{Message: "name one plan file", Hint: "usage: phscript plan show FILE"}
		},
		RunE: func(_ *cobra.Command, args []string) error { return o.show(env, args[0]) },
	}
	cmd.Flags().BoolVar(&o.redact, "redact", false, "Leave out values, names and keys of records")
	usage.AddJSON(cmd, &o.json)
	return cmd
}

func (o *showing) show(env *environment.Env, name string) error {
	f, err := planfile.Open(env.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return usage.NoFile(env, "there is no plan "+name, name)
	}
	if err != nil {
		return &usage.Error{Message: fmt.Sprintf("cannot read the plan %s: %v", name, err)}
	}
	defer func() { _ = f.Close() }()
	report := planfile.NewReport()
	header, err := planfile.Read(f, report.Add, report.Reject)
	if damaged, ok := errors.AsType[*planfile.DamagedError](err); ok {
		return &usage.Failure{Message: name + ": " + damaged.Error(), Hint: damaged.ErrorHint()}
	}
	if err != nil {
		return &usage.Error{Message: fmt.Sprintf("cannot read the plan %s: %v", name, err)}
	}
	if o.redact {
		header.Redact()
		report.Redact()
	}
	if o.json {
		return printing.JSON(env.Stdout, view.PlanForm(header, report))
	}
	if err := printing.Text(env.Stdout, view.Plan(header, report, o.redact)); err != nil {
		return err
	}
	if expired := header.Expires; !env.Now().Before(expired) {
		fmt.Fprintf(env.Stderr, "this plan expired at %s; make a new one before you act on it\n", expired.Local().Format("2006-01-02 15:04"))
	}
	return nil
}
