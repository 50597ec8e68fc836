// Package history records every run of phscript serve: what happened to it, and
// why it did not happen if it was skipped or missed. It also has the runs of other
// commands that have written to Planhat.
package history

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/store"
)

// Status is the state of a run.
type Status string

// The states of a run. It is queued, then running, and ends in one of the others.
const (
	// Queued runs are due now or soon.
	Queued Status = "queued"
	// Running runs have a worker that was seen lately.
	Running Status = "running"
	// Succeeded runs are done.
	Succeeded Status = "succeeded"
	// Rejected runs are done, but Planhat rejected some of their rows.
	Rejected Status = "rejected"
	// Failed runs ended with an error.
	Failed Status = "failed"
	// TimedOut runs reached their limit of time or memory.
	TimedOut Status = "timed_out"
	// Cancelled runs were cancelled, while queued or running.
	Cancelled Status = "cancelled"
	// Lost runs had a worker that is gone. Their progress is unknown.
	Lost Status = "lost"
	// Skipped runs were left out for their Reason.
	Skipped Status = "skipped"
	// Missed runs were due when no service was running.
	Missed Status = "missed"
)

// Statuses are all states, in the order in which people see them.
var Statuses = []Status{Queued, Running, Succeeded, Rejected, Failed, TimedOut, Cancelled, Lost, Skipped, Missed}

// Started are the states of runs that were started.
var Started = []Status{Running, Succeeded, Rejected, Failed, TimedOut, Lost}

// Over reports whether the run has ended.
func (s Status) Over() bool { return s != Queued && s != Running }

// Bad reports whether somebody should look at the run.
func (s Status) Bad() bool { return s == Failed || s == TimedOut || s == Lost || s == Rejected }

// Cause is why a run exists.
type Cause string

// The causes of runs.
const (
	// ByTick is the time of its schedule.
	ByTick Cause = "schedule"
	// ByCatchUp makes up for ticks that were missed.
	ByCatchUp Cause = "catch_up"
	// ByHand is a person's command.
	ByHand Cause = "manual"
	// ByRetry is the failure of an earlier attempt.
	ByRetry Cause = "retry"
	// ByEvent is an on_failure or on_recovery script.
	ByEvent Cause = "event"
	// ByHook is an event of another system, or several.
	ByHook Cause = "webhook"
	// ByPlan is the approval of a plan, which the run applies.
	ByPlan Cause = "plan"
	// ByRun, ByApply, ByUndo and ByREPL are the commands of the same names, which run in a
	// process of their user and not of a service.
	ByRun   Cause = "run"
	ByApply Cause = "apply"
	ByUndo  Cause = "undo"
	ByREPL  Cause = "repl"
)

// commands are the causes that are commands.
var commands = []Cause{ByRun, ByApply, ByUndo, ByREPL}

// Command reports whether the run is that of a command. No service repeats it.
func (c Cause) Command() bool { return slices.Contains(commands, c) }

// MakesUp reports whether the run makes up for another one. It waits for the
// current run, and is never skipped because of it.
func (c Cause) MakesUp() bool { return c == ByCatchUp || c == ByRetry }

// Run is one execution of a script, or the record of one that was skipped or
// missed. The times of what has not happened are zero.
type Run struct {
	ID       int64  `json:"id" doc:"the number of the run"`
	Schedule string `json:"schedule,omitempty" doc:"the name of its schedule"`
	// Tick is the time of the schedule that the run is for.
	Tick time.Time `json:"tick,omitzero" doc:"the tick of the schedule that it runs for"`
	// Attempt counts from 1; RetryOf is the run that this one repeats.
	Attempt int   `json:"attempt" doc:"the number of the attempt, from 1"`
	RetryOf int64 `json:"retry_of,omitempty" doc:"the run that it retries"`
	// First is the first attempt, 0 if it is not known.
	First int64 `json:"-"`
	Cause Cause `json:"cause" doc:"schedule, catch_up, manual, retry, event, webhook or plan; run, apply, undo or repl for a command"`

	Script string `json:"script" doc:"the script"`
	// ScriptHash is the SHA-256 of the script that was run.
	ScriptHash string `json:"script_hash,omitempty" doc:"SHA-256 of the script that was run"`
	// Definition holds the settings of the run.
	Definition config.Schedule `json:"definition" doc:"its settings, as in phscript.toml"`

	Status Status `json:"status" doc:"see [the statuses](../deploy.md#look-at-runs)"`
	Reason string `json:"reason,omitempty" doc:"why it has this status"`
	// Worker is who runs it: a host's name and a process.
	Worker string `json:"worker,omitempty" doc:"the service that runs it"`
	// CancelWanted is set when somebody cancelled the run while it was running.
	CancelWanted bool `json:"cancel_wanted,omitempty" doc:"somebody cancelled it while it was running"`

	Due     time.Time `json:"due" doc:"when it is due to start"`
	Started time.Time `json:"started,omitzero" doc:"when it started"`
	Seen    time.Time `json:"seen,omitzero" doc:"when its worker last reported"`
	Ended   time.Time `json:"ended,omitzero" doc:"when it ended"`

	ExitCode *int `json:"exit_code,omitempty" doc:"its exit code"`
	// Calls counts the calls to Planhat, Rejected the rejected rows. They may be Unknown.
	// While it runs, they are what it last reported.
	Calls    int `json:"calls" doc:"how many calls to Planhat it made; -1 if unknown"`
	Rejected int `json:"rejected" doc:"how many rows were rejected; -1 if unknown"`
	// Written counts the records that were created, updated or deleted. It may be Unknown.
	Written int `json:"written" doc:"how many records it created, updated or deleted; -1 if unknown"`
	// Warnings counts the lines of its log at warn and error.
	Warnings int `json:"warnings" doc:"how many warnings and errors it logged"`
	// Task is what it was doing when it last reported, nil if it is not known.
	Task *Task `json:"task,omitempty" doc:"what it was doing when it last reported"`
	// Summary is the summary that the run wrote, with its rejected rows.
	Summary json.RawMessage `json:"summary,omitempty" doc:"its [summary](../errors.md#the-summary); only in runs show"`
	Error   string          `json:"error,omitempty" doc:"the error that ended it"`
	Hint    string          `json:"hint,omitempty" doc:"what to do about the error"`

	// AskedBy is who asked for the run and AskedWhy the reason that they gave. CancelledBy is
	// who cancelled it.
	AskedBy     string `json:"asked_by,omitempty" doc:"who asked for it"`
	AskedWhy    string `json:"asked_why,omitempty" doc:"why they asked for it"`
	CancelledBy string `json:"cancelled_by,omitempty" doc:"who cancelled it"`

	// Job is the engine's number for the run, 0 until it is handed over.
	Job int64 `json:"-"`
}

// Duration is how long the run took, or has been running.
func (r *Run) Duration(now time.Time) time.Duration {
	switch {
	case r.Started.IsZero():
		return 0
	case r.Ended.IsZero():
		return now.Sub(r.Started)
	}
	return r.Ended.Sub(r.Started)
}

// Why returns why a run ended as it did: a reason, or else the first line of an error.
func Why(reason, report string) string {
	if reason != "" {
		return reason
	}
	first, _, _ := strings.Cut(strings.TrimSpace(report), "\n")
	return strings.TrimPrefix(first, "error: ")
}

// Progress is how far a run is.
type Progress struct {
	Calls    int   `json:"calls"`
	Written  int   `json:"written"`
	Rejected int   `json:"rejected"`
	Task     *Task `json:"task,omitempty"`
}

// Task is something that takes long.
type Task struct {
	Name string `json:"name" doc:"what it is called"`
	Unit string `json:"unit" doc:"what is counted"`
	Done int64  `json:"done" doc:"how many are done"`
	// Total is 0 if it is not known.
	Total int64 `json:"total,omitempty" doc:"how many there are, if that is known"`
	// Left is how many seconds the rest will take, negative if that is not known.
	Left int64 `json:"seconds_left" doc:"how long the rest will take; -1 if unknown"`
}

// Line is one line of a run's log.
type Line struct {
	Run int64     `json:"run" doc:"the number of the run"`
	Seq int64     `json:"seq" doc:"orders the lines of a run"`
	At  time.Time `json:"time" doc:"when it was written"`
	// Level is debug, info, warn or error; print for standard output, stderr for
	// text on standard error that is not a log line.
	Level   string          `json:"level" doc:"debug, info, warn or error; print for standard output, stderr for other text on standard error"`
	Message string          `json:"message" doc:"the text"`
	Fields  json.RawMessage `json:"fields,omitempty" doc:"the values of the line"`
}

// History is the runs in a store. It is safe for concurrent use.
type History struct {
	db *store.DB
	// read is what pages read.
	read store.Source
}

// New returns the history in a store.
func New(db *store.DB) *History { return &History{db, db} }

// Of returns the history for reading only: Run, List, Page, and what reads logs.
func Of(s store.Source) *History { return &History{read: s} }
