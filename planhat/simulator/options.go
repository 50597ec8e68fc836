package simulator

import (
	"io/fs"
	"log/slog"
	"time"

	"github.com/phscript/phscript/planhat/catalog"
)

// The tokens that a server accepts when Options names none. They are stable,
// so that a shell which exported them once keeps working.
const (
	DefaultAPIToken    = "sim-api-token"
	DefaultTenantToken = "00000000-0000-4000-8000-000000000626"
)

// The limits of Planhat, used where Options leaves them at 0.
const (
	DefaultCallsPerMinute = 200
	DefaultPerSecond      = 150
	DefaultParallel       = 50
)

// Options says what a simulated Planhat is like. The zero value is a server
// on a free loopback port, empty, with Planhat's limits.
type Options struct {
	// Addr is the address that Start listens on; "" means 127.0.0.1:0.
	Addr string

	// APIToken opens the main host, TenantToken the analytics host.
	APIToken    string
	TenantToken string

	// Deny lists what the API token may not do, as in Server.Deny.
	Deny []string

	// Fixtures, or else the directory FixturesDir, holds files named after
	// models: company.json (an array), enduser.jsonl, license.csv.
	Fixtures    fs.FS
	FixturesDir string

	// Models are models from catalog.Declare, beside those of the catalog or in
	// place of them. Nothing is generated for them.
	Models []*catalog.Model

	// Companies is the number of companies to generate, with the endusers,
	// licenses and other records that belong to them. Seed makes the
	// generated data, and faults that fire by chance, repeatable.
	Companies int
	Seed      int64

	// CallsPerMinute, PerSecond and Parallel limit the main host. 0 means
	// Planhat's limit, a negative number no limit. The limits are counted in
	// real time, whatever Clock says.
	CallsPerMinute int
	PerSecond      int
	Parallel       int

	// Latency is added to every answer.
	Latency time.Duration

	// Faults are the ways in which the server misbehaves.
	Faults []Fault

	// Switches sets what Planhat's documentation leaves open.
	Switches Switches

	// Clock tells the time that records carry; nil means time.Now.
	Clock func() time.Time

	// Observer, if set, is told of every call with the body that it sent,
	// before the answer goes out. Calls overlap as the requests do.
	Observer func(c Call, body []byte)

	// Changes, if set, is told of every record that is stored, changed or deleted,
	// in their order and before the answer goes out. It must not call the server.
	Changes func(Change)

	// Logger gets one debug line per call; nil discards. Tokens are never
	// logged.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.APIToken == "" {
		o.APIToken = DefaultAPIToken
	}
	if o.TenantToken == "" {
		o.TenantToken = DefaultTenantToken
	}
	o.CallsPerMinute = limitOrDefault(o.CallsPerMinute, DefaultCallsPerMinute)
	o.PerSecond = limitOrDefault(o.PerSecond, DefaultPerSecond)
	o.Parallel = limitOrDefault(o.Parallel, DefaultParallel)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func limitOrDefault(n, standard int) int {
	if n == 0 {
		return standard
	}
	return max(n, 0)
}
