package salesforce

import (
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Settings are what differs between orgs, and what is not known about the vendor.
// Change them with [Org.Configure].
type Settings struct {
	// Daily is how many requests are allowed in 24 hours. 0 is no limit.
	Daily int
	// LargestPage is how many records a page of a query has at most, whatever the
	// request asks for: wide records make pages smaller.
	LargestPage int
	// TooMany fails queries with a larger limit with 504, as one does that takes too
	// long. 0 is no limit.
	TooMany int
	// Cursors is how many queries can have further pages at a time.
	Cursors int
	// JobPolls is how often a bulk job answers that it is not complete.
	JobPolls int
	// FailJobs is how many of the next bulk jobs fail.
	FailJobs int
	// LargestSet is how many records a set of bulk results has at most.
	LargestSet int
	// NoUser refuses client credentials, as an app without a user to run as does.
	NoUser bool
	// Locked are ids of records that another transaction holds.
	Locked []string
}

func defaults() Settings {
	return Settings{Daily: 100_000, LargestPage: 2000, Cursors: 10, JobPolls: 2, LargestSet: 250_000}
}

// Configure changes the settings of the org.
func (o *Org) Configure(change func(*Settings)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(&o.settings)
}

func (o *Org) current() Settings {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.settings
}

func (s Settings) daily() standin.Limit {
	return standin.Limit{Name: "DailyApiRequests", Max: s.Daily, Per: 24 * time.Hour}
}
