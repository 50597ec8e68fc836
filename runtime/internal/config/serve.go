package config

import (
	"fmt"
	"net"
	"strconv"
)

// CheckListen returns an error unless a text is an address to listen on: a port, and before
// it the host or the IP address, empty for all.
func CheckListen(address string) error {
	number := func(text string) bool {
		n, err := strconv.ParseUint(text, 10, 16)
		return err == nil && strconv.FormatUint(n, 10) == text
	}
	_, port, err := net.SplitHostPort(address)
	_, unknown := net.LookupPort("tcp", port)
	switch {
	case err == nil && port != "" && (number(port) || unknown == nil):
		return nil
	case number(address):
		return fmt.Errorf("%q is only a port; write 127.0.0.1:%[2]s for this machine, or :%[2]s to let other machines connect", address, address)
	}
	return fmt.Errorf("%q is not an address with a port from 0 to 65535; write it as 127.0.0.1:8627, or :8627 to let other machines connect", address)
}

// Schedule is one [[schedule]] as it is written. Package schedule says what it
// means and whether it makes sense.
type Schedule struct {
	Name   string `toml:"name" json:"name"`
	Script string `toml:"script" json:"script"`
	// Profile is the profile of its runs, "" for that of the service.
	Profile string `toml:"profile" json:"profile,omitempty"`
	// Cron or Every says when; TimeZone is where Cron's times of day hold.
	Cron     string `toml:"cron" json:"cron,omitempty"`
	Every    string `toml:"every" json:"every,omitempty"`
	TimeZone string `toml:"time_zone" json:"time_zone,omitempty"`
	// Params are handed to the script, Args are its arguments.
	Params Params   `toml:"params" json:"params,omitzero"`
	Args   []string `toml:"args" json:"args,omitempty"`

	Timeout   string `toml:"timeout" json:"timeout,omitempty"`
	MaxMemory string `toml:"max_memory" json:"max_memory,omitempty"`
	// Retries is how often a run that failed or was lost is tried again.
	Retries int `toml:"retries" json:"retries,omitempty"`
	// Resume is "stop", "send" or "skip": what a retry does with rows without keys that
	// may be stored.
	Resume string `toml:"resume" json:"resume,omitempty"`
	// Overlap is "skip", "queue" or "cancel_previous"; CatchUp is "skip",
	// "once" or "all".
	Overlap string `toml:"overlap" json:"overlap,omitempty"`
	CatchUp string `toml:"catch_up" json:"catch_up,omitempty"`
	Jitter  string `toml:"jitter" json:"jitter,omitempty"`
	Enabled *bool  `toml:"enabled" json:"enabled,omitempty"`
	DryRun  bool   `toml:"dry_run" json:"dry_run,omitempty"`
	// Approve makes each run a plan, which somebody must approve within a time.
	Approve       bool   `toml:"approve" json:"approve,omitempty"`
	ApproveWithin string `toml:"approve_within" json:"approve_within,omitempty"`
	// Plan is the number of the plan that a run applies, 0 for none.
	Plan int64 `toml:"-" json:"plan,omitempty"`

	AllowWrite []string `toml:"allow_write" json:"allow_write,omitempty"`
	AllowRead  []string `toml:"allow_read" json:"allow_read,omitempty"`
	AllowEnv   []string `toml:"allow_env" json:"allow_env,omitempty"`
	AllowNet   []string `toml:"allow_net" json:"allow_net,omitempty"`

	OnFailure  []Action `toml:"on_failure" json:"on_failure,omitempty"`
	OnRecovery []Action `toml:"on_recovery" json:"on_recovery,omitempty"`
	// OnMissed is nil if the schedule leaves it to others, and empty for nothing.
	OnMissed []Action `toml:"on_missed" json:"on_missed,omitzero"`
}

// Reaction is what happens after one kind of event.
type Reaction struct {
	// Setting is its name in the configuration.
	Setting string
	Actions []Action
}

// Reactions are the schedule's own.
func (s Schedule) Reactions() []Reaction { return reactions(s.OnFailure, s.OnRecovery, s.OnMissed) }

// Reactions are those of schedules that have none of their own.
func (s Serve) Reactions() []Reaction { return reactions(s.OnFailure, s.OnRecovery, s.OnMissed) }

func reactions(failure, recovery, missed []Action) []Reaction {
	return []Reaction{{"on_failure", failure}, {"on_recovery", recovery}, {"on_missed", missed}}
}

// Action is what happens after an event: one of its fields is set.
type Action struct {
	// Script is a Lua script that is run with the event as its params.
	Script string `toml:"script" json:"script,omitempty"`
	// Webhook is a URL that gets the event as JSON, signed with the secret
	// that the environment variable SecretEnv holds.
	Webhook   string `toml:"webhook" json:"webhook,omitempty"`
	SecretEnv string `toml:"secret_env" json:"secret_env,omitempty"`
	// WebhookEnv is the environment variable that holds the URL, where that is
	// a secret itself.
	WebhookEnv string `toml:"webhook_env" json:"webhook_env,omitempty"`
	// Command is a program with its arguments, which reads the event as JSON.
	Command []string `toml:"command" json:"command,omitempty"`
}

// Serve is the [serve] table.
type Serve struct {
	// Listen is the address of the health and metrics pages; empty for none.
	Listen string `toml:"listen"`
	// Workers is how many scripts run at once, 0 for the default.
	Workers int `toml:"workers"`
	// Scripts are the folders whose scripts may schedule themselves in their
	// headers; the configuration file's own where none is named.
	Scripts []string `toml:"scripts"`
	// KeepDays and KeepSize bound the history.
	KeepDays int    `toml:"keep_days"`
	KeepSize string `toml:"keep_size"`
	// OnFailure, OnRecovery and OnMissed hold for schedules that have none of their
	// own. If OnMissed is nil, OnFailure holds in its place.
	OnFailure  []Action `toml:"on_failure"`
	OnRecovery []Action `toml:"on_recovery"`
	OnMissed   []Action `toml:"on_missed"`
}
