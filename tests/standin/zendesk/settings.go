package zendesk

import (
	"time"

	"github.com/phscript/phscript/tests/standin"
)

// Settings are what differs between accounts, and what is not known about the
// vendor. Change them with [Account.Configure].
type Settings struct {
	// PerMinute is how many requests an account may send in a minute, Exports how many
	// of them to the incremental exports. 0 is no limit. Minute is how long that is, so
	// that tests can shorten it.
	PerMinute, Exports int
	Minute             time.Duration
	// Withheld is how old a change is when exports show it.
	Withheld time.Duration
	// ExportPage is the largest page of an export, ListPage that of lists.
	ExportPage, ListPage int
	// LargestPage fails exports with a larger page with 504, as one does that takes too
	// long. 0 is no limit.
	LargestPage int
	// HideSideloads are ids of users and organizations that side-loads leave out.
	HideSideloads []int64
	// DeletedOrganizations are listed in the export.
	DeletedOrganizations bool
	// PlainErrors sends the body of a 429 as plain text, else as JSON.
	PlainErrors bool
	// Admin is whether the credentials belong to an administrator. Others get 403 from
	// exports.
	Admin bool
}

func defaults() Settings {
	return Settings{
		PerMinute: 400, Exports: 10, Minute: time.Minute, Withheld: time.Minute,
		ExportPage: 1000, ListPage: 100, PlainErrors: true, Admin: true,
	}
}

// Configure changes the settings of the account.
func (a *Account) Configure(change func(*Settings)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.settings)
}

// current returns the settings as they are now.
func (a *Account) current() Settings {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.settings
}

func (s Settings) account() standin.Limit {
	return standin.Limit{Name: "account", Max: s.PerMinute, Per: s.Minute}
}

func (s Settings) exports() standin.Limit {
	return standin.Limit{Name: "exports", Max: s.Exports, Per: s.Minute}
}
