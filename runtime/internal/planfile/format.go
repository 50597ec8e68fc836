// Package planfile writes and reads the files of phscript plan, and counts what they would
// do.
//
// A plan file has a JSON object in each line: a [Header], the steps of package plan in the
// order of the script, the rows that were rejected, and a [Trailer] with a hash of all
// lines before it. The hash detects accidents and not attackers.
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
	Format  string    `json:"format"`
	Version int       `json:"format_version"`
	ID      string    `json:"plan"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
	// Product is the version of phscript, Catalog the hash of its catalog.
	Product   string `json:"phscript"`
	Catalog   string `json:"catalog_sha256"`
	Simulated bool   `json:"simulated,omitempty"`
	// Profile is the profile that it was made with, "" for none.
	Profile string `json:"profile,omitempty"`
	// Mark begins the placeholder of each new record.
	Mark    string        `json:"placeholders"`
	Tenants []plan.Tenant `json:"tenants"`

	// Dir is the folder that names of files are relative to.
	Dir     string `json:"working_dir,omitempty"`
	Script  File   `json:"script"`
	Modules []File `json:"modules,omitempty"`
	// Args are those of the script, without secrets. ArgsHash is a hash of the real ones.
	Args     []string `json:"args,omitempty"`
	ArgsHash string   `json:"args_hash,omitempty"`
	Params   []Value  `json:"params,omitempty"`
	Env      []Value  `json:"env,omitempty"`
	Files    []File   `json:"files_read,omitempty"`
	// Stdin is what the script read from its standard input.
	Stdin *File `json:"stdin,omitempty"`

	Settings    Settings `json:"settings"`
	Assumptions []string `json:"assumptions"`

	Totals map[string]Counts `json:"totals"`
	Calls  int               `json:"calls"`
	// Reads are the calls that look at the records again before, at least.
	Reads int `json:"reads"`
	// Seconds is what all calls take at least, given the quota.
	Seconds int            `json:"seconds"`
	Inexact []plan.Unknown `json:"inexact,omitempty"`
	// ExitCode is that of the script's os.exit.
	ExitCode    int         `json:"script_exit_code,omitempty"`
	SideEffects SideEffects `json:"side_effects"`
	// Undo is the run that the plan takes back, nil for the plan of a script.
	Undo *Undo `json:"undo,omitempty" doc:"the run that it takes back, if it is the plan of an undo"`
}

// Undo is a run that a plan takes back: its number in the history, its set of changes, and its
// script.
type Undo struct {
	Run    int64  `json:"run" doc:"the number of the run"`
	Set    int64  `json:"set" doc:"its number among the recorded changes"`
	Script string `json:"script" doc:"its script"`
}

// File is a file and its content.
type File struct {
	Name   string `json:"path"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256"`
}

// Value is a parameter or a variable. Of a secret one there is only the hash.
type Value struct {
	Name  string         `json:"name"`
	Value jsontext.Value `json:"value,omitempty"`
	Hash  string         `json:"hash,omitempty"`
	Unset bool           `json:"unset,omitempty"`
}

// Settings are those of the run that change what it sends.
type Settings struct {
	Strict         bool `json:"strict"`
	CallsPerMinute int  `json:"calls_per_min"`
	// MostRows is how many rows the largest request has.
	MostRows int `json:"rows_per_request"`
}

// SideEffects are what the script did while it was planned, besides reading Planhat.
type SideEffects struct {
	Written []string `json:"files_written,omitempty"`
	Removed []string `json:"files_removed,omitempty"`
	// Withheld are requests to other systems that were not sent.
	Withheld []Request `json:"requests_not_sent,omitempty"`
}

// Request counts requests to another system.
type Request struct {
	Kind  string `json:"kind"`
	To    string `json:"to"`
	Count int    `json:"count"`
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
