package host

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/command/usage"
	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/trust"
)

// AddAllowHost adds the flag --allow-host to a command.
func AddAllowHost(cmd *cobra.Command, hosts *[]string) {
	cmd.Flags().StringSliceVar(hosts, "allow-host", nil, "Allow sending tokens and data to `HOST`; http://HOST allows it without encryption")
	usage.CompleteNothing(cmd, "allow-host")
}

// address is a setting that names a host of Planhat.
type address struct{ name, variable, value string }

func addresses(c config.Config) []address {
	list := []address{{"api_url", "PLANHAT_API_URL", c.APIURL}, {"analytics_url", "PLANHAT_ANALYTICS_URL", c.AnalyticsURL}}
	// Whoever uses a malformed address reports it.
	return slices.DeleteFunc(list, func(a address) bool { return trust.HostOf(a.value) == "" })
}

// Reach returns the hosts that tokens may be sent to: Planhat's, this machine's, and
// those that the environment or --allow-host names. It fails if the configuration file
// sends a token of the environment anywhere else, or if a connection to another machine
// is not encrypted, unless the flag names it.
func Reach(c config.Config, allowed []string) (hosts trust.Hosts, err error) {
	for _, text := range allowed {
		if err := hosts.Name(text); err != nil {
			return hosts, &usage.Error{Message: "--allow-host: " + err.Error()}
		}
	}
	for _, a := range addresses(c) {
		if slices.Contains(c.Variables, a.variable) {
			if err := hosts.Name(trust.HostOf(a.value)); err != nil {
				return hosts, &config.Error{Where: a.variable, Message: err.Error()}
			}
		}
	}
	token := cmp.Or(c.Outside("api_token"), c.Outside("tenant_token"))
	for _, a := range addresses(c) {
		host, where, name := trust.HostOf(a.value), c.File, a.name+": "
		if slices.Contains(c.Variables, a.variable) {
			where, name = a.variable, ""
		}
		if token != "" && !hosts.Known(a.value) {
			return hosts, &config.Error{
				Where:   where,
				Message: fmt.Sprintf("%s%s would receive the token of %s, which goes only to Planhat's hosts and to this machine", name, host, token),
				Hint:    fmt.Sprintf("remove %s from the file; or, if you trust this host with the token, add --allow-host=%s or set %s", a.name, host, a.variable),
			}
		}
		if !hosts.Private(a.value) {
			return hosts, &config.Error{
				Where:   where,
				Message: fmt.Sprintf("%sthe connection to %s is not encrypted, so others could read the token and the data", name, host),
				Hint:    "use https://; or, if you trust everybody on the network in between, add --allow-host=http://" + host,
			}
		}
	}
	return hosts, nil
}

// allowAddress returns what decides about the addresses that a script passes to
// planhat.new.
func allowAddress(hosts trust.Hosts, simulated bool) func(address string, dryRun bool) error {
	return func(address string, dryRun bool) error {
		host := trust.HostOf(address)
		var message, hint string
		switch {
		case host == "":
			return nil // the client reports it
		case simulated:
			message = "with --simulate, scripts reach only the simulated Planhat, not " + host
			hint = "leave out api_url, analytics_url and api_token: planhat.new{} reaches the simulated Planhat, too"
		case dryRun && !hosts.Named(address):
			message = "a dry run reaches only the configured Planhat, not " + host
			hint = "if you trust this host, add --allow-host=" + host
		case !hosts.Known(address):
			message = host + " is not one of Planhat's hosts, so scripts cannot send anything there"
			hint = "if you trust this host with the script's data, add --allow-host=" + host
		case !hosts.Private(address):
			message = "the connection to " + host + " is not encrypted, so others could read the token and the data"
			hint = "use https://; or, if you trust everybody on the network in between, add --allow-host=http://" + host
		default:
			return nil
		}
		return &planhat.Error{Kind: planhat.KindConfig, Message: message, Hint: hint}
	}
}
