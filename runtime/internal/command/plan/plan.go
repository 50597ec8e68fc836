// Package plan is phscript plan: it runs a script, holds its writes back and says what they
// would do.
package plan

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/host"
	"github.com/phscript/phscript/runtime/internal/command/params"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/run"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/outcome"
	planning "github.com/phscript/phscript/runtime/internal/plan"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/view"
)

// exitChanges is the exit code of --detailed-exitcode when there are changes.
const exitChanges = 10

// large is the size in bytes above which a plan's size is told.
const large = 50 << 20

type options struct {
	host.Options
	params   []string
	flags    *params.Flags
	out      string
	detailed bool
	// A service that needs a plan approved says for how long it can be applied, and where the
	// summary goes.
	life      time.Duration
	reporting run.Reporting
	scheduled bool
}

// New returns the command plan.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "plan [flags] FILE.lua [args...]",
		Short: "Show what a script would change",
		Long: "plan runs a script without sending its writes, and shows what they would do: the records that would be\n" +
			"deleted, created and updated, and each property before and after.\n\n" +
			"Put flags before the script or after its arguments. Put -- before arguments that begin with a dash.\n" +
			"-o writes the plan to a file, which 'phscript plan show' prints again. Only you can read the file,\n" +
			"because it holds records of your customers.\n\n" +
			"Exit codes: 0 done, 3 done with rejected rows, 10 changes (with --detailed-exitcode), and as for\n" +
			"'phscript run' if the script fails.",
		Example: "  phscript plan sync.lua accounts.csv -o plan.jsonl\n" +
			"  phscript plan show plan.jsonl\n" +
			"  phscript plan --simulate scripts/examples/quickstart.lua",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.Given(cmd.Flags()); err != nil {
				return err
			}
			if len(args) == 0 {
				return &usage.Error{Message: "no script given", Hint: "name a script: phscript plan FILE.lua"}
			}
			if o.out == "" && cmd.Flags().Changed("out") {
				return &usage.Error{Message: "--out has no file name", Hint: "name a file for the plan, such as -o plan.jsonl"}
			}
			return o.plan(env, args[0], args[1:])
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return []cobra.Completion{"lua"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	f := cmd.Flags()
	o.AddPlanFlags(cmd)
	o.AddProgress(cmd)
	f.StringArrayVarP(&o.params, "param", "p", nil, "Set the parameter `NAME=VALUE`, which the script reads as params.NAME")
	f.StringVarP(&o.out, "out", "o", "", "Write the plan to `FILE`")
	f.BoolVar(&o.detailed, "detailed-exitcode", false, "Exit with code 10 if there are changes")
	f.BoolVarP(&o.Quiet, "quiet", "q", false, "Print one line per wait")
	f.DurationVar(&o.life, "expires-in", planfile.Life, "")
	f.StringVar(&o.reporting.File, "summary", "", "")
	for _, name := range []string{"expires-in", "summary"} {
		_ = f.MarkHidden(name)
	}
	o.flags = params.Declare(env, cmd)
	cmd.SetFlagErrorFunc(flagError)
	cmd.AddCommand(newShow(env))
	return cmd
}

// flagError says how to pass the script what looks like a flag.
func flagError(cmd *cobra.Command, err error) error {
	err = usage.FlagError(cmd, err)
	mistake, ok := errors.AsType[*usage.Error](err)
	if unknown, found := strings.CutPrefix(err.Error(), "unknown flag: "); ok && found && cmd.Name() == "plan" && !strings.Contains(unknown, " ") {
		mistake.Hint = "if it is an argument of the script, put -- before it: phscript plan FILE.lua -- " + unknown
	}
	return err
}

// planOutput is what -o names.
var planOutput = printing.Output{Flag: "--out", What: "the plan", Begins: planfile.Begins, Private: true}

// checkOut refuses a file that a plan must not replace.
func (o *options) checkOut(env *environment.Env) error {
	if o.out == "" {
		return nil
	}
	if info, err := os.Stat(env.Path(o.out)); o.out == "-" || err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return &usage.Error{Message: "-o needs the name of a file, not " + o.out, Hint: "name a new file, such as plan.jsonl"}
	}
	return planOutput.Check(env, o.out)
}

// plan plans a script.
func (o *options) plan(env *environment.Env, name string, args []string) (err error) {
	env = run.Supervised(env)
	o.scheduled = o.reporting.Observe(env, &o.Options)
	c, err := o.Settings(env)
	if err != nil {
		return err
	}
	if err := o.checkOut(env); err != nil {
		return err
	}
	script, err := run.Script(env, name, "phscript plan", o.Simulated)
	if err != nil {
		return err
	}
	if o.scheduled {
		if err := env.Trust.Scheduled(env.Dir, script.Path); err != nil {
			return err
		}
	}
	values, err := params.Of(env, script, params.Given{Params: o.params, Flags: o.flags})
	if err != nil {
		return err
	}
	object, err := values.Object()
	if err != nil {
		return err
	}
	report := planfile.NewReport()
	var spool *planfile.Spool
	if o.out != "" {
		if spool, err = planfile.NewSpool(env.Path(o.out)); err != nil {
			return printing.NotWritten(o.out, planOutput.What, err)
		}
		defer func() { err = errors.Join(err, spool.Close()) }()
	}
	markDays := days(env, c)
	o.Step = func(s *runtime.PlannedStep) {
		markDays(s)
		report.Add(s)
		if spool != nil {
			spool.Add(s)
		}
	}
	env, endProgress, err := o.Watch(env, c, script.Name)
	if err != nil {
		return err
	}
	defer endProgress()
	h, err := o.Open(env, c)
	if err != nil {
		return err
	}
	defer h.Close()
	values.Keep(h.Secrets)
	if spool != nil {
		spool.Secret = func(text string) bool { return h.Secrets.String(text) != text }
	}
	made := env.Now()
	o.reporting.Begin(env, &o.Options, script.Name, made, h.Secrets)
	ctx, stopped, release := env.Interruptible()
	defer release()
	program, runErr := h.Runtime.Compile(ctx, script)
	result := &runtime.Result{}
	if runErr == nil {
		result, runErr = program.Run(ctx, runtime.RunOptions{Args: args, Params: object, Expected: values.Named, Timeout: o.TimeLimit(c)})
	}
	release()
	endProgress()
	var exit *runtime.ExitError
	if runErr != nil && !errors.As(runErr, &exit) {
		if by := stopped(); by != nil {
			runErr = errors.Join(by, runErr)
		}
		printing.Error(h.Secrets.Writer(env.Stderr), env.StderrColor(), runErr)
		o.notWritten(env, "the script failed, so there is no plan")
		return o.conclude(script.Name, made, env.Now(), result, runErr, &usage.Finished{Code: outcome.Code(runErr)})
	}
	if i := slices.IndexFunc(result.Unknown, func(u runtime.PlannedUnknown) bool { return u.Lost }); i >= 0 {
		lost := result.Unknown[i]
		failed := &usage.Failure{Message: fmt.Sprintf("%s:%d: %s", lost.Script, lost.Line, lost.Text), Hint: "plan again when Planhat answers"}
		printing.Error(h.Secrets.Writer(env.Stderr), env.StderrColor(), failed)
		o.notWritten(env, "a write is missing, so there is no plan")
		return o.conclude(script.Name, made, env.Now(), result, failed, &usage.Finished{Code: fault.ExitScript})
	}
	var rejected []outcome.RejectedRow
	for _, row := range result.Rejected {
		one := outcome.Rejected(row)
		rejected = append(rejected, one)
		report.Reject(one)
	}
	made = made.UTC()
	header := (&making{env: env, host: h, script: script, args: args, params: object, values: values, result: result, report: report}).header(made)
	header.Simulated = o.Simulated
	header.Expires = header.Made.Add(o.life)
	for _, flag := range o.Repeated() {
		header.Flags = append(header.Flags, h.Secrets.String(flag))
	}
	header.Settings.Strict = h.Config.Strict
	if err := printing.Text(env.Stdout, h.Secrets.String(view.Plan(header, report, false))); err != nil {
		return err
	}
	changes := report.Sum().Changes() > 0
	switch {
	case spool != nil && !changes:
		o.notWritten(env, "there are no changes")
	case spool != nil:
		if err := o.write(env, spool, header, rejected); err != nil {
			return err
		}
	}
	return o.conclude(script.Name, made, env.Now(), result, nil, ending(report.Sum(), o.detailed))
}

// conclude tells a service how the planning ended, and returns the end of the command.
func (o *options) conclude(script string, made, ended time.Time, result *runtime.Result, failed, end error) error {
	s := outcome.New(script, made, outcome.Work{
		Summary: result.Summary, Rejected: result.Rejected, Planned: result.Planned, Plan: result.Plan, Records: result.PlannedRecords, Accounts: result.PlannedAccounts,
		Warnings: result.Warnings, Duration: ended.Sub(made),
	})
	s.Conclude(failed)
	s.DryRun = true
	if finished, ok := errors.AsType[*usage.Finished](end); ok {
		s.ExitCode = finished.Code
	}
	o.reporting.End(s)
	return end
}

// ending returns the exit code of a plan. It comes from the counts that are printed.
func ending(c planfile.Counts, detailed bool) error {
	switch {
	case c.Rejected > 0:
		return &usage.Finished{Code: fault.ExitRejected}
	case detailed && c.Changes() > 0:
		return &usage.Finished{Code: exitChanges}
	}
	return nil
}

// notWritten says that there is no file.
func (o *options) notWritten(env *environment.Env, why string) {
	if o.out == "" {
		return
	}
	if o.scheduled {
		fmt.Fprintln(env.Stderr, why)
		return
	}
	if env.IsFile(o.out) {
		fmt.Fprintf(env.Stderr, "%s; %s still holds an earlier plan\n", why, o.out)
		return
	}
	fmt.Fprintf(env.Stderr, "%s; %s was not written\n", why, o.out)
}

// write writes the plan's file.
func (o *options) write(env *environment.Env, spool *planfile.Spool, h *planfile.Header, rejected []outcome.RejectedRow) error {
	path := env.Path(o.out)
	size, err := spool.Finish(path, h, rejected)
	if err != nil {
		return &usage.Failure{Message: "the plan was not written: " + err.Error()}
	}
	if o.scheduled {
		return nil // the service stores it
	}
	fmt.Fprintf(env.Stderr, "\nwrote the plan to %s; it expires at %s\n", o.out, h.Expires.Local().Format("2006-01-02 15:04"))
	if line := o.applying(h); line != "" {
		fmt.Fprintf(env.Stderr, "to apply it: %s\n", line)
	}
	if size > large {
		fmt.Fprintf(env.Stderr, "note: the plan takes %s\n", humanize.IBytes(uint64(size)))
	}
	WarnTracked(env, o.out)
	return nil
}

// applying is the command that applies the plan, "" if apply would refuse it.
func (o *options) applying(h *planfile.Header) string {
	if h.Simulated || slices.ContainsFunc(h.Tenants, func(t planning.Tenant) bool { return !t.Default }) {
		return ""
	}
	line := []string{"phscript", "apply"}
	if h.Profile != "" {
		line = append(line, "--profile", run.Quoted(h.Profile))
	}
	for _, flag := range h.Flags {
		if name, _, _ := strings.Cut(flag, "="); name == "--config" || name == "--allow-host" {
			line = append(line, run.Quoted(flag))
		}
	}
	if o.State != "" {
		line = append(line, run.Quoted("--state="+o.State))
	}
	return strings.Join(append(line, run.Quoted(o.out)), " ")
}

// callsPerMinute is the quota of the settings.
func callsPerMinute(h *host.Opened) int {
	return cmp.Or(max(h.Config.CallsPerMin, 0), planhat.DefaultCallsPerMinute)
}

// others are the requests to other systems that were withheld.
func others(planned []runtime.PlannedWrite) (list []planfile.Request) {
	for _, w := range planned {
		if !slices.Contains([]string{"http", "notify"}, w.Model) {
			continue
		}
		to := slices.Clone(w.First)
		slices.Sort(to)
		list = append(list, planfile.Request{Kind: w.Model + "." + w.Operation, To: strings.Join(slices.Compact(to), ", "), Count: w.Requests})
	}
	return list
}
