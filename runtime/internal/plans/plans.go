// Package plans keeps the plans that somebody must approve before they are applied: those of
// schedules with approve = true, and those that people submit. A service applies an approved
// plan in a run like any other.
package plans

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/planfile"
	"github.com/phscript/phscript/runtime/internal/store"
)

// State is what happens with a plan.
type State string

// The states of plans.
const (
	// Waiting plans wait for a decision.
	Waiting State = "waiting"
	// Approved plans are being applied, or soon will be.
	Approved State = "approved"
	// Interrupted plans were applied in part. They can be continued.
	Interrupted State = "interrupted"
	// Applied plans are done.
	Applied State = "applied"
	// Refused plans were refused by a person.
	Refused State = "refused"
	// Stale plans were approved, and something had changed since they were made. Nothing was sent.
	Stale State = "stale"
	// Expired plans waited too long.
	Expired State = "expired"
	// Replaced plans waited when a later run of their schedule made another one.
	Replaced State = "replaced"
)

// States are all states, in the order in which people see them.
var States = []State{Waiting, Interrupted, Approved, Applied, Refused, Stale, Expired, Replaced}

// Open reports whether somebody may decide about the plan.
func (s State) Open() bool { return s == Waiting || s == Interrupted }

// Plan is a plan in the store, without its content.
type Plan struct {
	ID int64 `json:"id" doc:"the number of the plan"`
	// Plan is the id in its file.
	Plan     string `json:"plan" doc:"the id in its file"`
	Schedule string `json:"schedule,omitempty" doc:"the schedule whose run made it"`
	Script   string `json:"script" doc:"the script"`
	Profile  string `json:"profile,omitempty" doc:"the profile that it was made with"`
	// Undoes is the run that it undoes, 0 for the plan of a script.
	Undoes int64  `json:"undoes,omitempty" doc:"the run that it undoes"`
	State  State  `json:"state" doc:"waiting, interrupted, approved, applied, refused, stale, expired or replaced"`
	Reason string `json:"reason,omitempty" doc:"why it has this state"`

	// MadeRun is the run that made it, 0 if a person submitted it. SeenRun is the last run that
	// found the same changes.
	MadeRun int64     `json:"made_run,omitempty" doc:"the run that made it"`
	SeenRun int64     `json:"seen_run,omitempty" doc:"the last run that found the same changes"`
	MadeBy  string    `json:"made_by,omitempty" doc:"who submitted it, or asked for the run"`
	MadeWhy string    `json:"made_why,omitempty" doc:"why they did"`
	Made    time.Time `json:"made" doc:"when it was made"`
	Expires time.Time `json:"expires" doc:"until when it can be approved"`

	DecidedBy  string    `json:"decided_by,omitempty" doc:"who approved or refused it"`
	DecidedWhy string    `json:"decided_why,omitempty" doc:"why they did"`
	Decided    time.Time `json:"decided,omitzero" doc:"when they did"`
	// Run is the run that applies it, 0 for none.
	Run   int64     `json:"run,omitempty" doc:"the run that applies it"`
	Ended time.Time `json:"ended,omitzero" doc:"when it was applied, refused, expired or replaced"`

	Totals map[string]planfile.Counts `json:"totals" doc:"how many rows, by model"`
	Needs  Needs                      `json:"needs" doc:"what must be confirmed to approve it"`
	// Size is how many bytes its content takes, 0 if it was deleted.
	Size int64 `json:"size_bytes" doc:"how many bytes its content takes; 0 if it was deleted"`

	definition config.Schedule
	likeness   string
	tries      int
	consent    consented
}

// Sum counts the rows of all models.
func (p *Plan) Sum() (c planfile.Counts) {
	for _, one := range p.Totals {
		c = c.Plus(one)
	}
	return c
}

// ErrNoPlan is returned for a number that no plan has. ErrDeleted is returned if the content of
// a plan was deleted.
var (
	ErrNoPlan  = errors.New("there is no such plan")
	ErrDeleted = errors.New("the content of the plan was deleted")
)

// Plans are the plans in a store. They are safe for concurrent use.
type Plans struct {
	DB  *store.DB
	Log *slog.Logger
	// Tell, if set, notifies people of a plan that waits, within a transaction. defaults are the
	// actions if the schedule has none.
	Tell func(ctx context.Context, tx *store.Tx, p *Plan, defaults []config.Action) error

	mu   sync.Mutex
	days int
	keep int64
}

// New returns the plans in a store.
func New(db *store.DB, log *slog.Logger) *Plans { return &Plans{DB: db, Log: log} }
