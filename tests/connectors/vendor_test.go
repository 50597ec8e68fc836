// Package connectors runs the connectors against stand-ins of their vendors and the
// simulated Planhat. A connector passes the shared suite by a declaration: see
// vendor, and hubspotvendor_test.go for an example.
package connectors

import (
	"net/http"
	"testing"
	"time"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/standin"
)

// vendor declares a connector to the suite.
type vendor struct {
	name string
	// start makes a stand-in with an empty account.
	start func(clock *standin.Clock) *system
	// without are the kinds of tests, by their letter, that do not apply, and why; "many" is
	// TestManyAtOneTime.
	without map[string]string
	// own are tests of some kinds that are particular to the vendor. They run in
	// place of the shared one, or beside it.
	own map[string]func(t *testing.T)
}

// system is a stand-in, and how to use the main stream of its connector: one that is
// read incrementally. The functions are for tests that change records as the vendor's
// users do. A nil function means that the vendor cannot do that; the kind of test that
// needs it is then among vendor.without, or leaves that part out.
type system struct {
	name    string // of the connector, as its state has it
	handler http.Handler
	server  *standin.Server
	env     map[string]string // credentials
	module  string            // such as connectors.hubspot
	// settings are more of the option settings: ", name = value".
	settings string
	stream   string
	// related is another stream whose records refer to those of the main one; it may be empty.
	related string
	model   string // that the main stream becomes
	key     string // the property of the vendor's ids, which begin with prefix
	prefix  string
	// property is the property of Planhat that touch changes, and path where items have it.
	property, path string
	// classes are the classes of the connector's rates.
	classes []string
	// limited leaves the connector its own rate.
	limited bool

	// seed adds what Planhat must have for the main stream, such as companies. It may be nil.
	seed func(t *testing.T, p *simulator.Server)
	// account is the name under which the connector keeps its state, if it is not default.
	account string

	// settle is how old a change must be before a run has to read it.
	settle time.Duration
	// add adds n records that were last changed at a time, and returns their ids.
	add func(n int, at time.Time) []string
	// touch sets the text of a record, as of now.
	touch func(id, text string)
	// value returns the text of a record.
	value func(id string) string
	// bump changes the time of the last change, and nothing else that the tests look at.
	bump func(id string)
	// silently sets the text without a trace in the time of the last change.
	silently func(id, text string)
	// remove deletes or archives a record as the vendor's users do, restore undoes it, and
	// merge makes one record of two.
	remove, restore func(id string)
	merge           func(kept, gone string)

	// swept is whether only complete passes find out what was deleted.
	swept bool
	// missing is what a run can do with records that the vendor no longer has: archive
	// them, or delete them if Planhat does not archive such records.
	missing string

	// oauth lets the connector identify with a refresh token that works once, instead of
	// the credentials of env: it returns the variables. expire ends the access tokens, and
	// tokens counts how many refresh tokens were used and how many of them again.
	oauth  func() map[string]string
	expire func()
	tokens func() (renewed, reused int)

	// page matches requests that read a page of the main stream, pageSize is how
	// many records it has in a complete pass, and lastPage an answer of an empty last page.
	page     standin.Match
	pageSize int
	lastPage string

	// limit turns the vendor's usual limits on or off; most counts are how many requests of
	// which kind it accepts in which time. daily sets how many it accepts in a day.
	limit func(on bool)
	most  []limit
	daily func(n int)
	// refused is the status of requests above the limits; 0 is 429.
	refused int
	// careful is whether the connector sends no request that is above the day's limit.
	careful bool
	// largest makes pages of more records fail.
	largest func(n int)
	// zone sets the zone of the account.
	zone func(*time.Location)

	// hide, rename, drop and create change the field of the text; create adds a field of
	// that name with a value in all records, and returns its path.
	hide, rename, drop func()
	create             func(name, value string) (path string)

	// unmapped sets a value that the map does not know in so many records.
	unmapped func(ids []string) (value string)
	// mapped are changes of the map in Lua that have such a value, if the connector's own has none.
	mapped string
	// bad adds records that a run rejects, of several kinds, and returns parts of the
	// reasons; a prefix of the vendor's id of each must be in the report.
	bad func() (ids, reasons []string)
	// badMap are changes of the map in Lua that make bad records bad.
	badMap string
	// errors are answers of the vendor and what a run says about them.
	errors []failure
	// writes returns how many changes clients made to the main stream's records.
	writes func() int
	// field is the vendor's name of the field that touch changes, for writing back, and
	// normalize makes the vendor store another form of its values.
	field     string
	normalize func(func(string) string)
	// sunset is the date at which the version of the API ends.
	sunset time.Time
}

// limit is how many requests the vendor accepts in a time.
type limit struct {
	of  standin.Match
	max int
	per time.Duration
}

// failure is an answer with an error, and parts of what a run says about it.
type failure struct {
	status int
	body   string
	header []string
	says   []string
}
