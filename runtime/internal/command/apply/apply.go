// Package apply is phscript apply: it carries out what phscript plan has shown.
package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/apply"
	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/consent"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/view"
)

type options struct {
	host.Options
	params    []string
	stdin     string
	skipStale bool
	inexact   bool
	verify    bool
	consent   host.Consent
	doubt     string
	json      bool
	// undo is set if undo applies its plan, and gets what was done.
	undo *Undoing
	done *view.ApplyDone
	served
}

// New returns the command apply.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "apply [flags] PLAN [flags] [FILE.lua [args...]]",
		Short: "Make the changes that a plan shows",
		Long: "apply sends the writes of a plan that 'phscript plan -o FILE' made. It does not run the script, and you\n" +
			"can apply a plan only once. Before it sends anything, apply checks the plan. If the script, anything\n" +
			"it read, or a record that the plan changes is different now, apply says so and sends nothing.\n\n" +
			"apply records each row before it sends it. If it is interrupted, run the same command again: it\n" +
			"continues where it stopped.\n\n" +
			"If you name the script and its arguments after the plan, apply checks that the plan was made with\n" +
			"them.\n\n" +
			"Exit codes: 0 done, 3 done with rejected or skipped rows, 11 the plan is stale, damaged or was\n" +
			"already applied, 12 not confirmed.",
		Example: "  phscript plan sync.lua accounts.csv -o plan.jsonl\n" +
			"  phscript apply plan.jsonl\n" +
			"  phscript apply --skip-stale --verify plan.jsonl",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return nil
			}
			return &usage.Error{Message: "name a plan file", Hint: "make one with: phscript plan FILE.lua -o plan.jsonl"}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			command, err := after(cmd, args[0], args[1:])
			if err != nil {
				return err
			}
			if help, _ := cmd.Flags().GetBool("help"); help {
				return cmd.Help()
			}
			if o.doubt != "" {
				if _, err := usage.OneOf("--in-doubt", o.doubt, apply.Sent, apply.Send); err != nil {
					return err
				}
			}
			return o.apply(env, args[0], command)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return []cobra.Completion{"jsonl"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.BoolVar(&o.skipStale, "skip-stale", false, "Skip rows whose records have changed since the plan was made, and apply the others")
	f.BoolVar(&o.inexact, "accept-inexact", false, "Apply the plan even if it does not show everything that the script would do")
	f.BoolVar(&o.verify, "verify", false, "Read the changed records again, and list what is not as planned")
	o.consent.AddFlags(cmd)
	o.consent.AddFields(cmd)
	f.StringVar(&o.doubt, "in-doubt", "", "What to do about keyless records that an interrupted apply may have created: `WHAT` is sent (they are in Planhat) or send (they are not)")
	f.StringArrayVarP(&o.params, "param", "p", nil, "Check that the plan was made with the parameter `NAME=VALUE`")
	f.StringVar(&o.stdin, "stdin", "", "Check that the script read the content of `FILE` from its standard input")
	o.AddSendFlags(cmd)
	o.AddProgress(cmd)
	o.AddTrace(cmd)
	usage.Complete(cmd, "in-doubt", cobra.FixedCompletions([]cobra.Completion{apply.Sent, apply.Send}, cobra.ShellCompDirectiveNoFileComp))
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "Show no progress, and print one line per wait")
	usage.AddJSON(cmd, &o.json)
	f.StringVar(&o.reporting.File, "summary", "", "") // for a service
	_ = f.MarkHidden("summary")
	return cmd
}

// refuse is refuse without secrets.
func (a *applying) refuse(reasons []string, hint string) error {
	a.why = reasons
	hidden := *a.env
	hidden.Stderr = a.host.Secrets.Writer(a.env.Stderr)
	return refuse(&hidden, a.name, reasons, hint)
}

// refuse says why nothing was sent, and returns the exit code of plans that do not fit.
func refuse(env *environment.Env, name string, reasons []string, hint string) error {
	fmt.Fprintf(env.Stderr, "error: %s was not applied, and nothing was sent:\n", name)
	for _, reason := range reasons {
		fmt.Fprintf(env.Stderr, "  - %s\n", reason)
	}
	if hint != "" {
		fmt.Fprintf(env.Stderr, "hint: %s\n", hint)
	}
	return &usage.Finished{Code: fault.ExitStale}
}

// open opens a plan and checks that it is whole. called is what messages call it.
func open(env *environment.Env, name, called string) (*os.File, *planfile.Header, *planfile.Report, error) {
	f, err := planfile.Open(env.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil, usage.NoFile(env, "there is no plan "+name, name)
	}
	if err != nil {
		return nil, nil, nil, &usage.Error{Message: fmt.Sprintf("cannot read the plan %s: %v", name, err)}
	}
	report := planfile.NewReport()
	var unknown error
	header, err := planfile.Read(f, func(s *plan.Step) {
		report.Add(s)
		if unknown == nil {
			unknown = apply.Known(s)
		}
	}, report.Reject)
	if damaged, ok := errors.AsType[*planfile.DamagedError](err); ok {
		_ = f.Close()
		return nil, nil, nil, refuse(env, called, []string{damaged.Error()}, damaged.ErrorHint())
	}
	if err != nil {
		_ = f.Close()
		return nil, nil, nil, &usage.Error{Message: fmt.Sprintf("cannot read the plan %s: %v", name, err)}
	}
	if unknown != nil && header.Catalog == catalog.Hash() { // another catalog is a reason that is told later
		_ = f.Close()
		return nil, nil, nil, refuse(env, called, []string{unknown.Error()}, "")
	}
	return f, header, report, nil
}

// again says how to make a new plan.
func (o *options) again(h *planfile.Header) string {
	if text := o.served.again(h); text != "" {
		return text
	}
	line := []string{"phscript", "plan"}
	if h.Undo != nil {
		line[1] = "undo"
	}
	if h.Profile != "" {
		line = append(line, "--profile", run.Quoted(h.Profile))
	}
	for _, flag := range h.Flags {
		line = append(line, run.Quoted(flag))
	}
	if h.Undo != nil {
		to := " -o FILE"
		if o.undo != nil {
			to = ""
		}
		return fmt.Sprintf("make a new plan: %s %d%s", strings.Join(line, " "), h.Undo.Run, to)
	}
	for _, one := range h.Params {
		value := "..." // a secret
		if one.Value != nil {
			value = string(one.Value)
			if text := ""; json.Unmarshal(one.Value, &text) == nil {
				value = text
			}
		}
		line = append(line, "-p", run.Quoted(one.Name+"="+value))
	}
	line = append(line, run.Quoted(h.Script.Name))
	for _, arg := range h.Args {
		line = append(line, run.Quoted(arg))
	}
	return "make a new plan: " + strings.Join(line, " ") + " -o FILE"
}

func (o *options) apply(env *environment.Env, name string, command []string) error {
	env = run.Supervised(env)
	o.observe(env, o)
	f, header, report, err := open(env, name, o.called(name))
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if header.Simulated {
		return &usage.Error{
			Message: name + " was made with --simulate, so there is no account to apply it to",
			Hint:    "start 'phscript simulate' in another terminal to try apply, and plan against it",
		}
	}
	c, err := o.Settings(env)
	if unchosen, ok := errors.AsType[*config.Error](err); ok && unchosen.Choose && header.Profile != "" {
		unchosen.Hint = "the plan was made with the profile " + header.Profile + ": add --profile " + run.Quoted(header.Profile)
	}
	if err != nil {
		return err
	}
	env, endProgress, err := o.Watch(env, c, header.Script.Name)
	if err != nil {
		return err
	}
	defer endProgress()
	of := o.consent.Terms
	if header.Undo != nil {
		of = o.consent.UndoTerms
	}
	terms, err := of(env, c, false)
	if err != nil {
		return err
	}
	terms.Scheduled = false // whoever approved the plan has confirmed what must be
	h, err := o.Open(env, c)
	if err != nil {
		return err
	}
	defer h.Close()
	if h.Store() == nil {
		return &usage.Error{Message: "apply needs a store, to record what it sends", Hint: "leave out --state=memory, or name a file with --state or PHSCRIPT_STATE"}
	}
	ctx, stopped, release := env.Interruptible()
	defer release()
	accounts := h.Accounts(header.Script.Name, header.Mark)
	defer accounts.Close()
	a := &applying{options: o, env: env, host: h, accounts: accounts, header: header, report: report, name: o.called(name), file: f, command: command, terms: terms}
	a.started = env.Now()
	o.reporting.Begin(env, &o.Options, header.Script.Name, a.started, h.Secrets)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.entry = h.Enter(env, a.cause(), runtime.Script{Name: header.Script.Name}, cancel)
	err = a.run(ctx)
	release()
	endProgress()
	if finished, ok := errors.AsType[*usage.Finished](err); ok {
		a.refused(finished.Code)
		return finished
	}
	if by := stopped(); by != nil && err != nil {
		err = errors.Join(by, err)
	}
	return a.end(err)
}

// applying is one apply.
type applying struct {
	*options
	env      *environment.Env
	host     *host.Opened
	accounts *host.Accounts
	header   *planfile.Header
	report   *planfile.Report
	name     string
	file     *os.File
	terms    *consent.Terms
	// command is the script with its arguments, if they were given.
	command []string
	// why are the reasons for which the plan was refused.
	why []string

	entry   *host.Entry
	started time.Time
	result  *apply.Result
	// task shows what was sent, nil before the first row; sent is true after the last. look shows
	// what is read.
	task, look bindings.Tracker
	sent       bool
}

func (a *applying) run(ctx context.Context) error {
	journal := changes.New(a.host.Store().Open, a.host.Log())
	begun, err := a.past(ctx, journal)
	if err != nil {
		return err
	}
	clients, reasons, err := a.connect(ctx)
	if err != nil {
		return err
	}
	if !begun {
		reasons = append(a.origins(), reasons...)
	}
	if len(reasons) > 0 {
		return a.refuse(reasons, a.again(a.header))
	}
	if len(a.unknown()) > 0 && !a.inexact && !begun {
		return a.refuseInexact()
	}
	w, resumed, err := journal.Begin(ctx, a.set())
	if held, ok := errors.AsType[*changes.HeldError](err); ok {
		return &usage.Failure{Message: "another apply of this plan is running: " + held.Error(), Hint: "wait until it ends"}
	}
	if err != nil {
		return err
	}
	defer w.Close(ctx)
	if set := w.Set(); resumed || set.Undoes > 0 {
		if err := a.meanwhile(ctx, journal, &set); err != nil {
			return err
		}
	}
	o := &apply.Options{
		Header: a.header, Steps: a.steps, Accounts: clients, Journal: journal, Writer: w, Resumed: resumed, SkipStale: a.skipStale,
		Doubt: a.decide, Confirm: a.confirm, Tell: a.tell, Looking: a.looking, Now: a.env.Now,
		Begin: func(ctx context.Context) error {
			if run := a.entry.Begin(ctx); run > 0 {
				return w.Link(ctx, run)
			}
			return nil
		},
	}
	a.result, err = apply.Apply(ctx, o)
	if !a.result.Began && !resumed {
		_ = w.Discard(context.WithoutCancel(ctx))
	}
	if err == nil && a.verify {
		err = apply.Verify(ctx, o, a.result)
	}
	a.looked()
	return err
}

func tenants(h *planfile.Header) (list []changes.Tenant) {
	for _, t := range h.Tenants {
		list = append(list, changes.Tenant{Client: t.Client, Host: t.Host, Analytics: t.Analytics, User: t.User})
	}
	return list
}

// steps reads the plan's steps.
func (a *applying) steps(do func(*plan.Step)) error {
	if _, err := a.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := planfile.Read(a.file, do, func(outcome.RejectedRow) {})
	return err
}

// unknown is what the plan does not know, also if its first line does not say so.
func (a *applying) unknown() []plan.Unknown {
	if len(a.header.Inexact) > 0 {
		return a.header.Inexact
	}
	return a.report.Blind()
}

func (a *applying) refuseInexact() error {
	unknown := a.unknown()
	lines := make([]string, 0, len(unknown))
	for i, u := range unknown {
		if i == apply.Shown {
			lines = append(lines, fmt.Sprintf("and %d more", len(unknown)-i))
			break
		}
		lines = append(lines, u.Text)
	}
	_ = a.refuse(lines, "look at it with 'phscript plan show', then pass --accept-inexact if it does what you want")
	return &usage.Finished{Code: fault.ExitNotConfirmed}
}
