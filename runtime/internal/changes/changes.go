// Package changes records in the store what a plan or a run changes in Planhat: each row
// before it is sent, with the values that it replaces, and what happened to it. From that,
// phscript apply resumes, and phscript undo makes its plans.
//
// A [Set] is the work of one plan or run. While a process works on it, it has a lease: a
// [Writer]. Every write of a Writer checks the lease, so a process that lost it can't send
// what another one sends too.
package changes

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/runtime/internal/journal"
)

// Kind is what made a set.
type Kind string

// What makes sets.
const (
	ByApply Kind = "apply"
	ByRun   Kind = "run"
	ByUndo  Kind = "undo"
)

// Set is what one plan or run changes.
type Set struct {
	ID int64 `json:"set"`
	// Run is its run in the history, 0 if it has none.
	Run  int64 `json:"run,omitempty"`
	Kind Kind  `json:"kind"`
	// Plan is the id of its plan, "" for a run without one. Each plan has at most one set.
	Plan string `json:"plan,omitempty"`
	// Undoes is the set that this one undoes, 0 for none.
	Undoes int64  `json:"undoes,omitempty"`
	Script string `json:"script"`
	// Tenants are those that it writes to.
	Tenants []Tenant `json:"tenants"`
	// Ended is zero until everything is decided: until then, it can be resumed.
	Began time.Time `json:"began"`
	Used  time.Time `json:"used"`
	Ended time.Time `json:"ended,omitzero"`
	// Reason is why it ended otherwise than it should, or "".
	Reason string `json:"reason,omitempty"`
	// Size is what its changes take in the store, in bytes. Forgotten is true once they were
	// deleted: after some time, for space or at somebody's request.
	Size      int64 `json:"size"`
	Forgotten bool  `json:"forgotten,omitempty"`

	holder string
}

// Leased reports whether a process has begun to work on the set and has not said that it ended:
// it is working, or was killed.
func (s *Set) Leased() bool { return s.holder != "" }

// Held returns the process that works on the set, or nil.
func (s *Set) Held(now time.Time) *HeldError {
	if s.holder == "" {
		return nil
	}
	if pid, here, running := journal.Running(s.holder); running || !here && now.Sub(s.Used) < Lease {
		return &HeldError{s, pid}
	}
	return nil
}

// Tenant is an account of Planhat, without its tokens.
type Tenant struct {
	Client    int    `json:"client"`
	Host      string `json:"host"`
	Analytics string `json:"analytics_host,omitempty"`
	// User is the first user of the account, which tells it from others.
	User string `json:"first_user,omitempty"`
}

// State is what happened to a row.
type State string

// The states of a row. Those that are sent begin as Intended.
const (
	// Intended rows may have been sent: there is no answer yet.
	Intended State = "intended"
	// Done rows were carried out.
	Done State = "done"
	// Rejected rows were refused by Planhat.
	Rejected State = "rejected"
	// Failed rows were certainly not carried out.
	Failed State = "failed"
	// Doubtful rows may have been carried out, and nobody can tell.
	Doubtful State = "doubtful"
	// Skipped rows were not sent, for the reason in their message.
	Skipped State = "skipped"
)

// Change is one row.
type Change struct {
	// Seq numbers the changes of a set from 1, in the order in which they were sent.
	Seq int64 `json:"seq"`
	// Step is the request that it is part of, and Row its position there, both from 1.
	Step      int    `json:"step"`
	Row       int    `json:"row"`
	Client    int    `json:"client"`
	Model     string `json:"model"`
	Operation string `json:"operation"`
	// Action is one of those of package plan: create, update, upsert, delete, send.
	Action string `json:"action"`
	// Line is where the script makes the change, 0 if that is not known.
	Line int `json:"line,omitempty"`
	// ID is the record's _id, "" as long as it is not known. Placeholder stands for it in the
	// plan.
	ID          string `json:"_id,omitempty"`
	Placeholder string `json:"placeholder,omitempty"`
	// KeyName and KeyValue are a property that identifies the record. Name is for people.
	KeyName  string `json:"key_name,omitempty"`
	KeyValue string `json:"key_value,omitempty"`
	Name     string `json:"name,omitempty"`
	// Before is an object with the value of each property that is changed, custom.NAME for a
	// custom one; null if it had none. It lacks those that were not read, is nil if nothing
	// was read, and is the whole record of a delete. After has the values that were sent.
	Before jsontext.Value `json:"before,omitempty"`
	After  jsontext.Value `json:"after,omitempty"`
	State  State          `json:"state"`
	// Message says more about a state other than Done.
	Message string    `json:"message,omitempty"`
	At      time.Time `json:"at"`
}

func (c *Change) size() int64 {
	const fixed = 120
	return int64(fixed + len(c.ID) + len(c.Placeholder) + len(c.KeyValue) + len(c.Name) + len(c.Before) + len(c.After) + len(c.Message))
}
