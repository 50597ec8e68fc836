// Package history reads runs as a user of phscript sees them: from the JSON that
// phscript runs prints. It shares no code with the program.
package history

import (
	"encoding/json"
	"time"
)

// Status is what became of a run.
type Status string

// The states of a run.
const (
	Queued    Status = "queued"
	Running   Status = "running"
	Succeeded Status = "succeeded"
	Rejected  Status = "rejected"
	Failed    Status = "failed"
	TimedOut  Status = "timed_out"
	Cancelled Status = "cancelled"
	Lost      Status = "lost"
	Skipped   Status = "skipped"
	Missed    Status = "missed"
)

// Causes of a run.
const (
	ByTick    = "schedule"
	ByCatchUp = "catch_up"
	ByHand    = "manual"
	ByRetry   = "retry"
	ByEvent   = "event"
)

// Runs is what phscript runs list --json prints.
type Runs struct {
	Runs []*Run `json:"runs"`
}

// Run is one of them.
type Run struct {
	ID         int64           `json:"id"`
	Schedule   string          `json:"schedule"`
	Tick       time.Time       `json:"tick"`
	Attempt    int             `json:"attempt"`
	RetryOf    int64           `json:"retry_of"`
	Cause      string          `json:"cause"`
	Script     string          `json:"script"`
	ScriptHash string          `json:"script_hash"`
	Status     Status          `json:"status"`
	Reason     string          `json:"reason"`
	Worker     string          `json:"worker"`
	Due        time.Time       `json:"due"`
	Started    time.Time       `json:"started"`
	Ended      time.Time       `json:"ended"`
	ExitCode   *int            `json:"exit_code"`
	Calls      int             `json:"calls"`
	Rejected   int             `json:"rejected"`
	Written    int             `json:"written"`
	AskedWhy   string          `json:"asked_why"`
	Summary    json.RawMessage `json:"summary"`
	Error      string          `json:"error"`
}

// Line is one line of phscript runs logs --json.
type Line struct {
	Run     int64           `json:"run"`
	Seq     int64           `json:"seq"`
	At      time.Time       `json:"time"`
	Level   string          `json:"level"`
	Message string          `json:"message"`
	Fields  json.RawMessage `json:"fields"`
}
