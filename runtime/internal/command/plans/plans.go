// Package plans is phscript plans: it shows the plans that wait for approval, and decides about
// them.
package plans

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/apply"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/storage"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/plans"
	"github.com/phscript/phscript/runtime/internal/redact"
	"github.com/phscript/phscript/runtime/internal/serve"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/runtime/internal/view"
)

type options struct {
	storage.Options
	json     bool
	state    []string
	schedule string
	limit    int
	redact   bool

	consent   host.Consent
	inexact   bool
	skipStale bool
	doubt     string
}

// New returns the command plans.
func New(env *environment.Env) *cobra.Command {
	group := usage.Group("plans", "Approve or refuse plans before they are applied",
		"plans works on the plans that wait for approval: those of schedules with approve = true, and those that\n"+
			"somebody has submitted. 'phscript serve' applies an approved plan. Give plans the same --state.")
	asJSON := func(cmd *cobra.Command, o *options) { usage.AddJSON(cmd, &o.json) }
	storage.AddCommand(env, group, "list", "List plans and their state", usage.NoArguments, list, func(cmd *cobra.Command, o *options) {
		f := cmd.Flags()
		f.StringSliceVar(&o.state, "status", nil, "Only plans with `STATE`: "+stateNames())
		f.StringVar(&o.schedule, "schedule", "", "Only plans of the schedule `NAME`")
		f.IntVarP(&o.limit, "number", "n", 20, "List at most `N` plans, 0 for all")
		usage.Complete(cmd, "status", cobra.FixedCompletions(strings.Split(stateNames(), ", "), cobra.ShellCompDirectiveNoFileComp))
		asJSON(cmd, o)
	})
	storage.AddCommand(env, group, "show PLAN", "Show a plan: who made it, what it changes, and what must be confirmed", usage.AtLeastOne("plan"), show, func(cmd *cobra.Command, o *options) {
		cmd.Flags().BoolVar(&o.redact, "redact", false, "Show counts and names of properties, and nothing from records")
		asJSON(cmd, o)
	})
	storage.AddCommand(env, group, "approve PLAN", "Approve a plan, so the service applies it", onePlan, approve, func(cmd *cobra.Command, o *options) {
		o.consent.AddFlags(cmd)
		o.consent.AddFields(cmd)
		f := cmd.Flags()
		f.BoolVar(&o.inexact, "accept-inexact", false, "Approve the plan even if it does not show everything that the script would do")
		f.BoolVar(&o.skipStale, "skip-stale", false, "Skip rows whose records have changed since the plan was made, and apply the others")
		usage.Choice(cmd, &o.doubt, "in-doubt", "", "What to do about keyless records that an interrupted run may have created: `WHAT` is sent (they are in Planhat) or send (they are not)", apply.Sent, apply.Send)
		o.AddReason(cmd)
	}).Long = "approve lets the service apply a plan, in a run like any other. On a terminal, it asks about deletes and\n" +
		"many writes as 'phscript apply' does; without a terminal, pass the flags.\n\n" +
		"A plan that was interrupted is continued: approve it again."
	storage.AddCommand(env, group, "refuse PLAN...", "Refuse plans, so nobody applies them", usage.AtLeastOne("plan"), refuse, func(cmd *cobra.Command, o *options) { o.AddReason(cmd) })
	storage.AddCommand(env, group, "submit FILE", "Let the plan in a file wait for approval", oneFile, submit, func(cmd *cobra.Command, o *options) { o.AddReason(cmd) }).Long = "submit stores a plan that 'phscript plan -o FILE' or 'phscript undo -o FILE' has made. The service that\n" +
		"applies it must find the script and its input files: it compares them, and refuses the plan if they differ."
	storage.AddCommand(env, group, "delete PLAN...", "Delete the content of plans that are no longer needed", usage.AtLeastOne("plan"), deletePlans, nil).Long = "delete deletes what plans change, which holds records of your customers. phscript deletes it 30 days after\n" +
		"a plan has ended; delete does so at once. The plans stay in the list."
	for _, c := range group.Commands() {
		c.Example = examples[c.Name()]
	}
	return group
}

var examples = map[string]string{
	"list":    "  phscript plans list\n  phscript plans list --status waiting --json",
	"show":    "  phscript plans show 12",
	"approve": "  phscript plans approve 12\n  phscript plans approve 12 --yes --reason 'checked with Kim'",
	"refuse":  "  phscript plans refuse 12 --reason 'the export is incomplete'",
	"submit":  "  phscript plan sync.lua accounts.csv -o plan.jsonl\n  phscript plans submit plan.jsonl",
	"delete":  "  phscript plans delete 12",
}

func onePlan(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return &usage.Error{Message: "name one plan", Hint: "'phscript plans list' lists plans with their numbers; for example: phscript plans " + cmd.Name() + " 12"}
}

func oneFile(_ *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return &usage.Error{Message: "name one plan file", Hint: "make one with: phscript plan FILE.lua -o plan.jsonl"}
}

func stateNames() string {
	var names []string
	for _, s := range plans.States {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

func (o *options) id(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, &usage.Error{Message: "'" + text + "' is not the number of a plan", Hint: "'phscript plans list" + o.Again() + "' lists plans with their numbers"}
	}
	return id, nil
}

// explained turns errors about a plan into advice.
func (o *options) explained(id int64, err error) error {
	if errors.Is(err, plans.ErrNoPlan) {
		return &usage.Error{Message: fmt.Sprintf("there is no plan %d", id), Hint: "'phscript plans list" + o.Again() + "' lists plans with their numbers"}
	}
	if decided, ok := errors.AsType[*plans.DecidedError](err); ok {
		return &usage.Error{Message: decided.Error(), Hint: decided.ErrorHint()}
	}
	if wrong, ok := errors.AsType[*plans.SubmitError](err); ok {
		return &usage.Error{Message: wrong.Message, Hint: wrong.Hint}
	}
	return err
}

func list(env *environment.Env, o *options) error {
	f := plans.Filter{Schedule: o.schedule}
	known := strings.Split(stateNames(), ", ")
	for _, name := range o.state {
		if _, err := usage.OneOf("--status", name, known...); err != nil {
			return &usage.Error{Message: "unknown state '" + name + "'" + catalog.DidYouMean(name, known), Hint: "the states are " + stateNames()}
		}
		f.States = append(f.States, plans.State(strings.ToLower(name)))
	}
	if o.limit > 0 {
		f.Limit = o.limit + 1 // to know whether there are more
	}
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		found, err := plans.List(ctx, db, f)
		if err != nil {
			return err
		}
		more := o.limit > 0 && len(found) > o.limit
		if more {
			found = found[:o.limit]
		}
		if o.json {
			return printing.JSON(env.Stdout, view.WaitingForm(found))
		}
		err = printing.List(env, found, o.None("no plans found in"), view.WaitingColumns, view.WaitingCells)
		if more {
			fmt.Fprintln(env.Stderr, "there are more plans; -n 0 lists all of them")
		}
		return err
	})
}

func show(env *environment.Env, o *options) error {
	id, err := o.id(o.Args[0])
	if err != nil {
		return err
	}
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		p, err := plans.Get(ctx, db, id)
		if err != nil {
			return o.explained(id, err)
		}
		h, r, err := plans.Content(ctx, db, id)
		if err != nil && !errors.Is(err, plans.ErrDeleted) {
			return err
		}
		if err != nil {
			h, r = nil, nil
		}
		if o.redact && h != nil {
			h.Redact()
			r.Redact()
		}
		if o.json {
			return printing.JSON(env.Stdout, view.WaitingPlanForm(p, h, r))
		}
		if err := printing.Lines(env, view.WaitingLines(p)); err != nil || h == nil {
			return err
		}
		return printing.Text(env.Stdout, "\n"+view.Plan(h, r, o.redact))
	})
}

func (o *options) decision(env *environment.Env) plans.Decision {
	ask := o.Ask(env)
	return plans.Decision{By: ask.By, Why: ask.Why}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func approve(env *environment.Env, o *options) error {
	id, err := o.id(o.Args[0])
	if err != nil {
		return err
	}
	terms, err := o.consent.Terms(env, config.Config{}, false)
	if err != nil {
		return err
	}
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		given := plans.Given{Terms: *terms, MaxDeletes: o.consent.MaxDeletes, Fields: o.consent.Fields, Inexact: o.inexact, SkipStale: o.skipStale, InDoubt: o.doubt}
		run, err := plans.New(db, discard()).Approve(ctx, id, given, o.decision(env))
		if err != nil {
			return o.explained(id, err)
		}
		fmt.Fprintf(env.Stdout, "run %d applies plan %d\n", run, id)
		servers, err := serve.Servers(ctx, db)
		for _, s := range servers {
			if s.Live {
				return err
			}
		}
		if err == nil {
			fmt.Fprintln(env.Stderr, "no service is running: the plan is applied when 'phscript serve' runs")
		}
		return err
	})
}

func refuse(env *environment.Env, o *options) error {
	return o.each(env, func(ctx context.Context, p *plans.Plans, id int64) error {
		if err := p.Refuse(ctx, id, o.decision(env)); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "plan %d is refused\n", id)
		return nil
	})
}

func deletePlans(env *environment.Env, o *options) error {
	return o.each(env, func(ctx context.Context, p *plans.Plans, id int64) error {
		if err := p.Delete(ctx, id, o.decision(env).By); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "the content of plan %d is deleted\n", id)
		return nil
	})
}

// each does something with each named plan.
func (o *options) each(env *environment.Env, do func(ctx context.Context, p *plans.Plans, id int64) error) error {
	var ids []int64
	for _, arg := range o.Args {
		id, err := o.id(arg)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	return o.WithStore(env, func(ctx context.Context, _ *serve.Schedules, db *store.DB) error {
		for _, id := range ids {
			if err := do(ctx, plans.New(db, discard()), id); err != nil {
				return o.explained(id, err)
			}
		}
		return nil
	})
}

func submit(env *environment.Env, o *options) error {
	name := o.Args[0]
	f, err := planfile.Open(env.Path(name))
	if err != nil {
		return usage.NoFile(env, "cannot read the plan "+name, name)
	}
	defer func() { _ = f.Close() }()
	ask := o.Ask(env)
	return o.WithStore(env, func(ctx context.Context, s *serve.Schedules, db *store.DB) error {
		if err := o.Real(); err != nil {
			return err
		}
		secrets := &redact.Secrets{}
		profile := func(name string) (consent.Profile, error) {
			c := o.Config
			_, err := host.Choose(env, &c, name, false)
			secrets.Add(c.APIToken)
			secrets.Add(c.TenantToken)
			return host.Profile(c), err
		}
		p := plans.New(db, discard())
		p.Tell = s.TellOfPlan
		result, err := p.Submit(ctx, plans.Submission{
			File: f, Secret: func(text string) bool { return secrets.String(text) != text }, Profile: profile,
			By: ask.By, Why: ask.Why, Defaults: o.Config.Serve.OnFailure, Now: env.Now(),
		})
		if damaged, ok := errors.AsType[*planfile.DamagedError](err); ok {
			return &usage.Error{Message: name + ": " + damaged.Error(), Hint: damaged.ErrorHint()}
		}
		if err != nil {
			return o.explained(0, err)
		}
		fmt.Fprintf(env.Stdout, "plan %d waits for approval until %s\n", result.Plan.ID, view.At(result.Plan.Expires))
		return nil
	})
}
