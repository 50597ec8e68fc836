package outcome

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// Summary is the summary of a run, as phscript run --summary writes it.
type Summary struct {
	Script    string    `json:"script"`
	Started   time.Time `json:"started"`
	Seconds   float64   `json:"seconds"`
	Simulated bool      `json:"simulated"`
	DryRun    bool      `json:"dry_run"`
	// Profile is the profile of the run, nil without one.
	Profile  *Profile `json:"profile,omitempty"`
	ExitCode int      `json:"exit_code"`
	// Outcome is done, rejected, exited (by os.exit), failed or interrupted;
	// unfinished for a run that was killed.
	Outcome string `json:"outcome"`
	// Run is its number in the history, 0 if it has none: it wrote nothing, or was
	// simulated.
	Run int64 `json:"run,omitempty"`
	// Recorded is what an undo can revert, nil for nothing.
	Recorded *Recorded `json:"undo,omitempty"`
	Error    *Failure  `json:"error,omitempty"`

	Totals
	Models  map[string]Counts `json:"models"`
	Reasons []Reason          `json:"reasons"`
	Rows    []RejectedRow     `json:"rejected_rows"`
	Writes  []PlannedWrite    `json:"planned_writes,omitempty"`
	// Plan is what a real run would do with records, by model; Records are the first of
	// them. Written and Removed name the files that a dry run wrote and removed.
	Plan    map[string]plan.Counts `json:"plan,omitempty"`
	Records []plan.Row             `json:"planned_records,omitempty"`
	// Accounts are Plan by account, if there are several.
	Accounts []plan.Account `json:"planned_accounts,omitempty"`
	Written  []string       `json:"files_written,omitempty"`
	Removed  []string       `json:"files_removed,omitempty"`
	// IfNew are why planned rows would be rejected if Planhat does not have their
	// record.
	IfNew    []Reason `json:"rejected_if_new,omitempty"`
	Warnings []string `json:"warnings"`
	// Modules are the files that the script required.
	Modules []Module `json:"modules,omitempty"`
	// Resumed is the run that this one continued. Resume is the command line that
	// continues this one if it did not end well.
	Resumed *Resumed `json:"resumed,omitempty"`
	Resume  string   `json:"resume,omitempty"`
	// InDoubt reports whether the run ended because somebody must first decide about rows
	// that an earlier one may have stored.
	InDoubt bool `json:"in_doubt,omitempty"`

	// Told counts the rejected rows in the report of the error. Unwritten reports
	// whether a file of the run could not be written, Finished whether the script ended
	// without an error.
	Told      int  `json:"-"`
	Unwritten bool `json:"-"`
	Finished  bool `json:"-"`
}

// Profile is the profile of a run.
type Profile struct {
	Name string `json:"name"`
	Host string `json:"host"`
	// Production is what the profile says about itself.
	Production bool `json:"production"`
	// Written reports whether a write was sent to the profile's tenant.
	Written bool `json:"written"`
}

// Recorded says what was recorded of a run, so that it can be undone: how many changes,
// with how many calls to read their records, and until when they are kept.
type Recorded struct {
	Changes int       `json:"changes"`
	Calls   int       `json:"calls"`
	Until   time.Time `json:"until"`
}

// Resumed is what a run continued.
type Resumed struct {
	// Began is when the earlier run began to write.
	Began time.Time `json:"began"`
	// Skipped counts the rows that it had sent and that were not sent again. They are
	// among the created, updated, unchanged and rejected ones. Unmet counts those that it
	// had sent and that did not come again.
	Skipped int `json:"skipped"`
	Unmet   int `json:"unmet"`
}

// String says it in a sentence.
func (r *Resumed) String() string {
	at := r.Began.Local().Format("2006-01-02 15:04:05")
	text := humanize.Comma(int64(r.Skipped)) + " rows were sent by the run that began at " + at + "; they were not sent again"
	switch {
	case r.Skipped == 1:
		text = "1 row was sent by the run that began at " + at + "; it was not sent again"
	case r.Skipped == 0 && r.Unmet == 0:
		return "the run that began at " + at + " had stored no rows"
	}
	if r.Unmet > 0 {
		text += "; " + humanize.Comma(int64(r.Unmet)) + " more that it sent did not come again"
	}
	return text
}

// Totals are the numbers of a run's calls and records.
type Totals struct {
	Calls         int     `json:"calls"`
	Retries       int     `json:"retries"`
	WaitedSeconds float64 `json:"waited_seconds"`
	// PausedSeconds are those of them for which Planhat had asked (429),
	// RetrySeconds the time between a failed request and its repetition.
	PausedSeconds float64 `json:"paused_seconds,omitempty"`
	RetrySeconds  float64 `json:"retry_seconds,omitempty"`
	Counts
}

// Counts are numbers of records, by what happened to them.
type Counts struct {
	Read      int `json:"read"`
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Deleted   int `json:"deleted"`
	Planned   int `json:"planned"`
	Rejected  int `json:"rejected"`
	// UncertainOutcome are rows that are stored, and of which it is open whether
	// they were created, updated or unchanged.
	UncertainOutcome int `json:"uncertain_outcome,omitempty"`
	// Late are records that a list delivered after the others, since it changed
	// while it was read. Unseen counts how often a list changed that could not
	// be read again, so that records may be missing.
	Late   int `json:"late,omitempty"`
	Unseen int `json:"unseen,omitempty"`
	// Unsent and Unknown are rows whose request failed: they are not stored, or may
	// be.
	Unsent  int `json:"unsent,omitempty"`
	Unknown int `json:"unknown,omitempty"`
}

// Changed counts the records that were created, updated or deleted, and those of which it
// is open whether they were.
func (c Counts) Changed() int { return c.Created + c.Updated + c.Deleted + c.UncertainOutcome }

// Lost counts the rows that are not known to be stored.
func (c Counts) Lost() int { return c.Rejected + c.Unsent + c.Unknown }

// Unconfirmed reports whether all rows that are not stored are those of a write that nobody
// confirmed. There is nothing to correct in them.
func (s *Summary) Unconfirmed() bool {
	return s.ExitCode == fault.ExitNotConfirmed && s.Unsent > 0 && s.Unsent == s.Lost()
}

// Failure is why a run failed.
type Failure struct {
	Message string `json:"message"`
	Kind    string `json:"kind,omitempty"`
	Hint    string `json:"hint,omitempty"`
	Script  string `json:"script,omitempty"`
	Line    int    `json:"line,omitempty"`
}

// String returns the place and the first line of the message.
func (f *Failure) String() string {
	first, _, _ := strings.Cut(f.Message, "\n")
	switch {
	case f.Script == "":
		return first
	case f.Line == 0:
		return f.Script + ": " + first
	}
	return fmt.Sprintf("%s:%d: %s", f.Script, f.Line, first)
}

// Reason is why rows were rejected, and how many. In the message, … replaces what
// differs between the rows; Example is that of the first row.
type Reason struct {
	Message string `json:"message"`
	Example string `json:"example"`
	Count   int    `json:"count"`
}

// RejectedRow is a row that Planhat rejected. Row counts from 1; 0 means that Planhat's
// answer does not say which row it was.
type RejectedRow struct {
	Model     string `json:"model" doc:"the model; run for rows that the script rejected"`
	Operation string `json:"operation" doc:"the function"`
	Row       int    `json:"row" doc:"its position in the call, from 1; 0 if Planhat does not say which row it was"`
	Key       string `json:"key,omitempty" doc:"a key that identifies it"`
	// File and Line are the place that the row was read from, if it is known.
	File string `json:"file,omitempty" doc:"the file that it was read from"`
	Line int    `json:"line,omitempty" doc:"the line in that file"`
	// Script and ScriptLine are the place of the call, in a plan.
	Script     string `json:"script,omitempty" doc:"the script of the call, in a plan"`
	ScriptLine int    `json:"script_line,omitempty" doc:"the line of the call in the script"`

	Kind    string `json:"kind" doc:"the kind of error, such as validation"`
	Message string `json:"message" doc:"why it was rejected"`
	// State is rejected, unsent for a row whose request failed before it was
	// carried out, or unknown for one that may be stored.
	State     string `json:"state" doc:"rejected, unsent or unknown (it may be stored)"`
	Uncertain bool   `json:"uncertain,omitempty" doc:"it is not certain which row was rejected"`
	// Data is the row as it was sent, or as the script rejected it. Source is the row
	// that it was made from.
	Data   json.RawMessage `json:"data,omitempty" doc:"the row as it was sent"`
	Source json.RawMessage `json:"source,omitempty" doc:"the row that it was made from"`
}

// ByScript is the model of rows that the script itself rejected, with run.reject.
const ByScript = "run"

// Written counts the rows of a file of rejected rows: all of them, those that may be
// stored, and those without data, because it is not known which rows were rejected.
type Written struct{ Rows, Unknown, Unidentified int }

// String returns the row and the reason in one line.
func (r *RejectedRow) String() string {
	place := planhat.Origin{File: r.File, Line: r.Line}
	where := place.String()
	if where == "" && r.Row > 0 {
		where = fmt.Sprintf("row %d", r.Row)
	}
	if where == "" && r.Model != ByScript { // the script knows which row it was
		where = "unknown row"
	}
	if where != "" {
		where = ", " + where
	}
	if r.Key != "" {
		where += " (" + r.Key + ")"
	}
	return fmt.Sprintf("%s.%s%s: %s", r.Model, r.Operation, where, r.Message)
}

// Module is a file that a script required, and the SHA-256 of its text.
type Module struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// PlannedWrite is what a dry run did not send.
type PlannedWrite struct {
	Model     string `json:"model"`
	Operation string `json:"operation"`
	Requests  int    `json:"requests"`
	Rows      int    `json:"rows"`
	// Client is the number of the account, if there are several.
	Client int `json:"client,omitempty"`
	// First are the first rows, as JSON text.
	First []string `json:"first"`
}

func countsOf(c planhat.Counts) Counts {
	return Counts{c.Read, c.Created, c.Updated, c.Unchanged, c.Deleted, c.Planned, c.Rejected, c.UncertainOutcome, c.Late, c.Unseen, c.Unsent, c.Unknown}
}

// Work is the part of a runtime.Result that a summary is made from.
type Work struct {
	Summary  planhat.Summary
	Rejected []planhat.TalliedRow
	Planned  []planhat.PlannedWrite
	Plan     map[string]plan.Counts
	Records  []plan.Row
	Accounts []plan.Account
	Warnings []string
	Duration time.Duration
}

// New returns the summary of a run that has ended.
func New(script string, started time.Time, w Work) *Summary {
	s := &Summary{
		Script: script, Started: started, Seconds: w.Duration.Seconds(),
		Totals: Totals{
			Calls: w.Summary.Calls, Retries: w.Summary.Retries, WaitedSeconds: w.Summary.Waited.Seconds(),
			PausedSeconds: w.Summary.Paused.Seconds(), RetrySeconds: w.Summary.RetryWaited.Seconds(),
			Counts: countsOf(w.Summary.Counts),
		},
		Models: map[string]Counts{}, Reasons: []Reason{}, Rows: make([]RejectedRow, 0, len(w.Rejected)), Warnings: append([]string{}, w.Warnings...),
	}
	for model, c := range w.Summary.ByModel {
		s.Models[model] = countsOf(c)
	}
	for _, why := range w.Summary.Reasons {
		s.Reasons = append(s.Reasons, Reason{why.Message, why.Example, why.Count})
	}
	for _, why := range w.Summary.IfNew {
		s.IfNew = append(s.IfNew, Reason{why.Message, why.Example, why.Count})
	}
	for _, row := range w.Rejected {
		s.Rows = append(s.Rows, Rejected(row))
	}
	s.Plan, s.Records, s.Accounts = w.Plan, w.Records, w.Accounts
	for _, p := range w.Planned {
		one := PlannedWrite{Model: p.Model, Operation: p.Operation, Requests: p.Requests, Rows: p.Rows, First: p.First}
		if len(w.Accounts) > 0 {
			one.Client = p.Client
		}
		s.Writes = append(s.Writes, one)
	}
	return s
}

// Rejected returns a rejected row as a summary has it.
func Rejected(row planhat.TalliedRow) RejectedRow {
	r := RejectedRow{
		Model: row.Model, Operation: row.Operation, Row: row.Index + 1, Key: row.Key,
		Kind: string(row.Kind), Message: row.Message, State: string(row.State()), Uncertain: row.Uncertain,
		Script: row.Caller.Script, ScriptLine: row.Caller.Line,
	}
	if json.Valid(row.Row) {
		r.Data = json.RawMessage(row.Row)
	}
	if at := row.Origin; at != nil {
		r.File, r.Line = at.File, at.Line
		if len(at.Row) > 0 {
			r.Source = json.RawMessage(at.Row)
		}
	}
	return r
}

// Conclude sets how the run ended, from its error.
func (s *Summary) Conclude(err error) {
	s.ExitCode, s.Outcome, s.Finished = Code(err), "failed", err == nil
	unsent := s.Unsent + s.Unknown
	switch {
	case err == nil && unsent > 0:
		// The script carried on, but nobody may take this for a run that is done.
		s.ExitCode = fault.ExitScript
		s.Error = &Failure{Message: english.Plural(unsent, "row", "") + " did not get through, since requests failed; the summary lists them"}
		return
	case err == nil && s.Rejected > 0:
		s.ExitCode, s.Outcome = fault.ExitRejected, "rejected"
	case err == nil:
		s.Outcome = "done"
	case errors.Is(err, fault.ErrInterrupted):
		s.Outcome = "interrupted"
	case errors.As(err, new(*fault.ExitError)):
		s.Outcome = "exited"
		return
	}
	if call, ok := errors.AsType[*planhat.Error](err); ok {
		s.Told = len(call.Items)
	}
	if failed, ok := errors.AsType[*fault.ScriptError](err); ok {
		s.Error = &Failure{
			Message: failed.Message, Hint: failed.Hint, Script: failed.Script, Line: failed.Line,
			Kind: planhat.KindName(err),
		}
	} else if err != nil {
		s.Error = &Failure{Message: err.Error()}
	}
}
