// Package simulate is phscript simulate: it runs a Planhat on this machine.
package simulate

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/environment"
	"github.com/phscript/phscript/runtime/internal/command/printing"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
)

type options struct {
	server           simulator.Options
	faults, switches string
	verbose          bool
	config           string
}

// New returns the command simulate.
func New(env *environment.Env) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run a simulated Planhat on this machine",
		Long: "simulate runs a simulated Planhat on this machine until you stop it. It prints export lines that\n" +
			"point a client at it. Nothing is kept.\n\n" +
			"Faults, to see how a client copes:\n" + "  " + strings.ReplaceAll(simulator.FaultGrammar, "\n", "\n  ") + "\n\n" +
			"Switches, for behavior that Planhat's documentation leaves open (the first value is the default):\n" + switchHelp(),
		Example:           "  phscript simulate --addr 127.0.0.1:8626 --companies 5000 --latency 300ms",
		Args:              usage.NoArguments,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(o.config, env.Dir, env.ReadConfig, env.Getenv)
			if err != nil {
				return err
			}
			o.server.Models = c.Models
			if err := o.parse(); err != nil {
				return err
			}
			return simulate(env, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.server.Addr, "addr", "127.0.0.1:8626", "Listen on `ADDRESS`; port 0 picks a free one")
	usage.Duration(f, &o.server.Latency, "latency", 0, "Delay every answer by `TIME`, such as 300ms")
	f.IntVar(&o.server.Companies, "companies", 0, "Generate `N` companies, with contacts, licenses and so on")
	f.Int64Var(&o.server.Seed, "seed", 1, "Repeat the generated data and random faults of this `NUMBER`")
	f.StringVar(&o.server.FixturesDir, "fixtures", "", "Load company.json, enduser.csv and so on from `DIR`")
	f.IntVar(&o.server.CallsPerMinute, "calls-per-min", 0, "Allow `N` calls a minute, -1 for no limit (default 200, as Planhat)")
	f.IntVar(&o.server.PerSecond, "per-second", 0, "Allow `N` requests a second, -1 for no limit (default 150, as Planhat)")
	f.IntVar(&o.server.Parallel, "parallel", 0, "Allow `N` requests at once, -1 for no limit (default 50, as Planhat)")
	f.StringVar(&o.faults, "faults", "", "Inject `FAULTS`, see above")
	f.StringVar(&o.switches, "switches", "", "Set switches as `NAME=VALUE`,... see above")
	f.StringSliceVar(&o.server.Deny, "deny", nil, "Refuse `PERMISSION` to the token: company, company.create, *.delete (rights: read, create, update, delete)")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "Log every call")
	usage.AddConfig(f, &o.config)
	usage.CompleteFolders(cmd, "fixtures")
	usage.CompleteNothing(cmd, "addr", "latency", "companies", "seed", "calls-per-min", "per-second", "parallel", "faults")
	usage.Complete(cmd, "deny", completePermission)
	usage.Complete(cmd, "switches", completeSwitch)
	return cmd
}

func (o *options) parse() error {
	var err error
	if o.server.Faults, err = simulator.ParseFaults(o.faults, o.server.Models...); err != nil {
		return &usage.Error{Message: "--faults: " + err.Error(), Hint: "see 'phscript simulate --help'"}
	}
	if o.server.Switches, err = simulator.ParseSwitches(o.switches); err != nil {
		return &usage.Error{Message: "--switches: " + err.Error(), Hint: "see 'phscript simulate --help'"}
	}
	return nil
}

// completePermission completes a model, or one of its rights after the dot.
func completePermission(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, p := range simulator.Permissions() {
		rest, ok := strings.CutPrefix(p, typed)
		switch m := catalog.Load().Model(p); {
		case !ok:
		case m != nil:
			list = append(list, cobra.CompletionWithDesc(p, m.Doc))
		case strings.Contains(typed, ".") || strings.HasPrefix(rest, ".") || strings.HasPrefix(p, "*"):
			list = append(list, p)
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

// completeSwitch completes a switch with its value.
func completeSwitch(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var list []cobra.Completion
	for _, d := range simulator.SwitchDocs() {
		for _, value := range d.Values {
			if value == simulator.AnyNumber {
				continue
			}
			list = append(list, cobra.CompletionWithDesc(d.Name+"="+value, d.Doc))
		}
	}
	return list, cobra.ShellCompDirectiveNoFileComp
}

func switchHelp() string {
	var b strings.Builder
	for _, d := range simulator.SwitchDocs() {
		values := slices.DeleteFunc(slices.Clone(d.Values), func(v string) bool { return v == d.Default })
		fmt.Fprintf(&b, "  %s=%s\n      %s\n", d.Name, strings.Join(append([]string{d.Default}, values...), "|"), d.Doc)
	}
	return strings.TrimRight(b.String(), "\n")
}

func simulate(env *environment.Env, o *options) error {
	if o.verbose {
		o.server.Logger = slog.New(printing.LogHandler(env, "text", slog.LevelDebug))
	}
	interrupts, stop := env.Interrupts()
	defer stop()
	started := time.Now()
	s, err := simulator.Start(o.server)
	if err != nil {
		return &usage.Error{Message: err.Error()}
	}
	for _, line := range s.Environment() {
		fmt.Fprintln(env.Stdout, "export", line)
	}
	fmt.Fprintf(env.Stderr, "# simulated Planhat at %s; stop it with Ctrl-C\n", s.URL())
	<-interrupts
	counts := s.CountsByOperation()
	total := 0
	var lines []string
	for name, n := range counts {
		total += n
		lines = append(lines, fmt.Sprintf("#   %6d %s", n, name))
	}
	slices.Sort(lines)
	fmt.Fprintf(env.Stderr, "# %d calls in %s\n", total, time.Since(started).Round(time.Second))
	for _, line := range lines {
		fmt.Fprintln(env.Stderr, line)
	}
	return s.Close()
}
