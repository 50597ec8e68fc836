// Package planfile writes and reads the files of phscript plan, and counts what they would
// do.
//
// A plan file has a JSON object in each line: a [Header], the steps of package plan in the
// order of the script, the rows that were rejected, and a [Trailer] with a hash of all
// lines before it. The hash detects accidents, not attackers.
package planfile

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
)

const (
	// Format names the format.
	Format = "phscript-plan"
	// Version is the format's version.
	Version = 1
	// Begins is how each plan file begins.
	Begins = `{"format":"` + Format + `"`
	// Life is how long a plan may be applied.
	Life = 24 * time.Hour
)

// Header is what a plan was made from, and what it adds up to.
type Header struct {
	Format  string    `json:"format" doc:"phscript-plan"`
	Version int       `json:"format_version" doc:"the version of the format of plan files"`
	ID      string    `json:"plan" doc:"the id of the plan"`
	Made    time.Time `json:"made" doc:"when it was made"`
	Expires time.Time `json:"expires" doc:"until when it can be applied"`
	// Product is the version of phscript, Catalog the hash of its catalog.
	Product   string `json:"phscript" doc:"the version of phscript that made it"`
	Catalog   string `json:"catalog_sha256" doc:"a hash of the API description that phscript used"`
	Simulated bool   `json:"simulated,omitempty" doc:"whether it was made with the simulator"`
	// Profile is the profile that it was made with, "" for none.
	Profile string `json:"profile,omitempty" doc:"the profile that it was made with"`
	// Flags are those that a command needs to make the plan again, without parameters.
	Flags []string `json:"flags,omitempty" doc:"the flags that it was made with and that a new plan needs"`
	// Mark begins the placeholder of each new record.
	Mark    string        `json:"placeholders" doc:"how the ids of records that do not exist yet begin"`
	Tenants []plan.Tenant `json:"tenants" doc:"the accounts that it reads and writes"`

	// Dir is the folder that names of files are relative to.
	Dir     string `json:"working_dir,omitempty" doc:"the folder that names of files are relative to"`
	Script  File   `json:"script" doc:"the script"`
	Modules []File `json:"modules,omitempty" doc:"the modules that the script loaded"`
	// Args are those of the script, without secrets. ArgsHash is a hash of the real ones.
	Args     []string `json:"args,omitempty" doc:"the arguments of the script, without secrets"`
	ArgsHash string   `json:"args_hash,omitempty" doc:"a hash of the arguments"`
	Params   []Value  `json:"params,omitempty" doc:"the parameters that the script read"`
	Env      []Value  `json:"env,omitempty" doc:"the environment variables that the script read"`
	Files    []File   `json:"files_read,omitempty" doc:"the files that the script read"`
	// Stdin is what the script read from its standard input.
	Stdin *File `json:"stdin,omitempty" doc:"the standard input that the script read"`

	Settings    Settings `json:"settings" doc:"the settings that change what is sent"`
	Assumptions []string `json:"assumptions" doc:"what the plan assumes"`

	// Known are how many records the script has read, by model.
	Known  map[string]int    `json:"records_read,omitempty" doc:"how many records the script read, by model"`
	Totals map[string]Counts `json:"totals" doc:"how many rows, by model"`
	Calls  int               `json:"calls" doc:"how many requests apply sends to write"`
	// Reads are the calls that look at the records again before, at least.
	Reads int `json:"reads" doc:"how many requests at least look at the records again before"`
	// Seconds is what all calls take at least, given the quota.
	Seconds int            `json:"seconds" doc:"how many seconds all requests take at least, because of the quota"`
	Inexact []plan.Unknown `json:"inexact,omitempty" doc:"what is not known"`
	// ExitCode is that of the script's os.exit.
	ExitCode    int         `json:"script_exit_code,omitempty" doc:"the exit code that the script passed to os.exit"`
	SideEffects SideEffects `json:"side_effects" doc:"what the script did while it was planned, except for reading Planhat"`
	// Undo is the run that the plan undoes, nil for the plan of a script.
	Undo *Undo `json:"undo,omitempty" doc:"the run that it undoes, if it is the plan of an undo"`
}

// Undo is a run that a plan undoes: its number in the history, its set of changes, and its
// script.
type Undo struct {
	Run    int64  `json:"run" doc:"the number of the run"`
	Set    int64  `json:"set" doc:"its number among the recorded changes"`
	Script string `json:"script" doc:"its script"`
	// Report is what undo says about the run, for a plan that it applies itself.
	Report jsontext.Value `json:"report,omitempty" doc:"what undo says about the run"`
}

// File is a file and its content.
type File struct {
	Name   string `json:"path" doc:"the name"`
	Size   int64  `json:"size,omitempty" doc:"its size in bytes"`
	SHA256 string `json:"sha256" doc:"the SHA-256 of its content"`
	// Empty is true for an input without data, such as a CSV file with only a header.
	Empty bool `json:"empty,omitempty" doc:"whether it has no data, such as a CSV file with only a header"`
}

// Value is a parameter or a variable. Of a secret one there is only the hash.
type Value struct {
	Name  string         `json:"name" doc:"the name"`
	Value jsontext.Value `json:"value,omitempty" doc:"the value; left out if it is secret"`
	Hash  string         `json:"hash,omitempty" doc:"a hash of a secret value"`
	Unset bool           `json:"unset,omitempty" doc:"whether it had no value"`
}

// Settings are those of the run that change what it sends.
type Settings struct {
	Strict         bool `json:"strict" doc:"whether rejected rows raise an error"`
	CallsPerMinute int  `json:"calls_per_min" doc:"how many requests are sent per minute"`
	// MostRows is how many rows the largest request has.
	MostRows int `json:"rows_per_request" doc:"how many rows the largest request has"`
}

// SideEffects are what the script did while it was planned, besides reading Planhat.
type SideEffects struct {
	Written []string `json:"files_written,omitempty" doc:"the files that it wrote"`
	Removed []string `json:"files_removed,omitempty" doc:"the files that it removed"`
	// Withheld are requests to other systems that were not sent.
	Withheld []Request `json:"requests_not_sent,omitempty" doc:"the requests to other systems, which were not sent"`
}

// Request counts requests to another system.
type Request struct {
	Kind  string `json:"kind" doc:"what kind of request"`
	To    string `json:"to" doc:"where to"`
	Count int    `json:"count" doc:"how many"`
}

// Rejection is a row that is rejected, by Planhat or by the script.
type Rejection struct {
	Rejected outcome.RejectedRow `json:"rejected"`
}

// Trailer ends a plan file.
type Trailer struct {
	End      string `json:"end"`
	Steps    int    `json:"steps"`
	Rows     int    `json:"rows"`
	Rejected int    `json:"rejected_rows"`
	SHA256   string `json:"sha256"`
}

// NewID returns the id of a new plan.
func NewID() string { return strings.ToLower(rand.Text()[:16]) }

// Hash returns the hash of a value that is not written, which differs between plans.
func (h *Header) Hash(value string) string {
	mac := hmac.New(sha256.New, []byte(h.ID))
	mac.Write([]byte(value))
	return hex.EncodeToString(mac.Sum(nil))
}

// Exact reports whether the plan is all that the run would do.
func (h *Header) Exact() bool { return len(h.Inexact) == 0 }
