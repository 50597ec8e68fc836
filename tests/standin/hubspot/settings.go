package hubspot

import (
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Settings are what differs between accounts, and what is not known about the
// vendor. Change them with [Portal.Configure].
type Settings struct {
	// Burst is how many requests an account may send in 10 seconds, Search how many
	// searches in one second, Daily how many requests in a day of Zone. 0 is no limit.
	Burst, Search, Daily int
	Zone                 *time.Location
	// RetryAfter adds Retry-After to answers with 429.
	RetryAfter bool
	// SearchLag is how long after a write searches still find the record as it was.
	// It applies to writes that follow, so two writes can become visible in the
	// other order.
	SearchLag time.Duration
	// SearchCap is how many results of a query can be paged through.
	SearchCap int
	// SearchBody is how many characters the body of a search may have. 0 is no limit.
	SearchBody int
	// AssociationPage is how many associations an input gets per page.
	AssociationPage int
	// LargestPage fails lists and searches with a larger limit with 504, as a page
	// does that takes too long. 0 is no limit.
	LargestPage int
	// Scopes are what tokens may do, such as crm.objects.contacts.read. Nil is all.
	Scopes []string
	// DropAssociations are ids of records that association batches leave out of
	// their answer without an error.
	DropAssociations []string
}

func defaults() Settings {
	return Settings{
		Burst: 100, Search: 5, Daily: 250_000, Zone: time.UTC, RetryAfter: true,
		SearchCap: 10_000, SearchBody: 3_000, AssociationPage: 500,
	}
}

// Configure changes the settings of the account.
func (p *Portal) Configure(change func(*Settings)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.settings)
}

// current returns the settings as they are now.
func (p *Portal) current() Settings {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.settings
}

func (s Settings) burst() standin.Limit {
	return standin.Limit{Name: "TEN_SECONDLY_ROLLING", Max: s.Burst, Per: 10 * time.Second}
}

func (s Settings) search() standin.Limit {
	return standin.Limit{Name: "SECONDLY", Max: s.Search, Per: time.Second}
}

func (s Settings) daily() standin.Limit {
	return standin.Limit{Name: "DAILY", Max: s.Daily, Zone: s.Zone}
}
