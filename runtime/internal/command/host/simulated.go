package host

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
)

// AddSimulate adds the flags --simulate and --companies to a command.
func AddSimulate(cmd *cobra.Command, fixtures *string, companies *int) {
	f := cmd.Flags()
	f.StringVar(fixtures, "simulate", "", "Run against a simulated Planhat in this process; =`DIR` loads fixtures")
	f.Lookup("simulate").NoOptDefVal = NoFixtures
	f.IntVar(companies, "companies", 0, "With --simulate: generate `N` companies")
	usage.CompleteFolders(cmd, "simulate")
	usage.CompleteNothing(cmd, "companies")
}

// StartSimulator starts the Planhat that --simulate and the flags with it name.
func StartSimulator(c config.Config, fixtures string, companies int, faults, switches string) (*simulator.Server, error) {
	options := simulator.Options{
		Companies: companies, Seed: 1, CallsPerMinute: c.CallsPerMin,
		FixturesDir: strings.TrimSpace(fixtures), Models: c.Models,
	}
	var err error
	if options.Faults, err = simulator.ParseFaults(faults, c.Models...); err != nil {
		return nil, &usage.Error{Message: "--faults: " + err.Error(), Hint: "see 'phscript simulate --help'"}
	}
	if options.Switches, err = simulator.ParseSwitches(switches); err != nil {
		return nil, &usage.Error{Message: "--switches: " + err.Error(), Hint: "see 'phscript simulate --help'"}
	}
	server, err := simulator.Start(options)
	if err != nil {
		return nil, &usage.Error{Message: err.Error()}
	}
	return server, nil
}
