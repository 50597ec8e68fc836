package runtime

import (
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// Script is the source of a program.
type Script struct {
	// Name is its name in messages, usually the file name as given.
	Name string
	// Path is its file. The file's folder is readable, and require searches it
	// first. Without a path, the working directory is used.
	Path   string
	Source []byte
}

// RunOptions are the settings of one run. A field that is zero means what
// Options say.
type RunOptions struct {
	// Args are the script's arguments: the list args (args[0] is its name) and
	// "...".
	Args []string
	// Params are its parameters as a JSON object; scripts see them as the table
	// params. Those that the script's header declares get their declared type: text is
	// converted.
	Params []byte
	// Expected are the names of parameters that the script should read. The run
	// warns of those that it does not read. If the script's header declares parameters, it
	// must declare these, too.
	Expected []string
	// Values are more Go values, in addition to those of Options. They replace
	// those of the same name.
	Values map[string]any

	// Stdin, Stdout, Stderr and Logger replace those of Options. Runs at the same
	// time that have a writer in common need one that is safe for concurrent
	// use.
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Logger         *slog.Logger

	// Timeout, MaxMemory and MaxInstructions replace those of Options; negative
	// is no limit. Timeout also replaces the one in the script's header.
	Timeout         time.Duration
	MaxMemory       int64
	MaxInstructions int64
	// DryRun withholds every write, also if Options do not.
	DryRun bool

	// Required, if set, is called with each file that the script requires, before it
	// runs.
	Required func(ModuleVersion)

	// Then, if set, is called when the script has ended without an error, while
	// its state remains. If it returns an error, the run fails with it.
	Then func(*Live) error
}

// over returns the options of a run.
func (o RunOptions) over(all Options) Options {
	if o.Stdin != nil {
		all.Stdin = o.Stdin
	}
	if o.Stdout != nil || o.Stderr != nil {
		// They may be one writer.
		lock := &sync.Mutex{}
		replaceStream(&all.Stdout, &all.outLock, o.Stdout, lock)
		replaceStream(&all.Stderr, &all.errLock, o.Stderr, lock)
	}
	replace(&all.Logger, o.Logger)
	replace(&all.Timeout, o.Timeout)
	replace(&all.MaxMemory, o.MaxMemory)
	replace(&all.MaxInstructions, o.MaxInstructions)
	all.DryRun = all.DryRun || o.DryRun
	return all
}

// replaceStream sets a writer and its lock unless by is nil.
func replaceStream(w *io.Writer, lock **sync.Mutex, by io.Writer, itsLock *sync.Mutex) {
	if by != nil {
		*w, *lock = by, itsLock
	}
}

// replace sets a value unless the other one is zero.
func replace[T comparable](value *T, by T) {
	var zero T
	if by != zero {
		*value = by
	}
}

// Result is the result of a run.
type Result struct {
	// Values are what the script returned, as ValueOf gives them.
	Values []any
	// ExitCode is the argument of os.exit, or 0.
	ExitCode int
	// Summary counts the work done in Planhat, Rejected lists the rejected rows
	// (the first 100,000), Planned the writes that a dry run withheld.
	Summary  planhat.Summary
	Rejected []planhat.TalliedRow
	Planned  []PlannedWrite
	// Plan is what a real run would do with records, by model, and PlannedRecords lists
	// them (the first 100,000), for a dry run. With Options.Step there is no list.
	Plan           map[string]PlannedCounts
	PlannedRecords []PlannedRecord
	// PlannedAccounts is Plan by account, if there are several.
	PlannedAccounts []PlannedAccount
	// LookUps is how many calls a dry run made to look up the records that it writes to.
	LookUps int
	// Tenants are the accounts that a dry run used, and Unknown is what it could not find
	// out. Mark begins the _id of each new record.
	Tenants []PlannedTenant
	Unknown []PlannedUnknown
	Mark    string
	// Read names the files that the script read, absolute, and Env the environment
	// variables.
	Read, Env []string
	// StdinSize and StdinSHA256 describe what the script read from its standard input, if
	// Options.Step is set. The hash is "" if it read nothing.
	StdinSize   int64
	StdinSHA256 string
	// Written and Removed name the files that the script wrote and removed.
	Written, Removed []string
	// Duration is the time the run took; PeakMemory is the largest growth of
	// the process's heap, in bytes, as sampled.
	Duration   time.Duration
	PeakMemory int64
	// Warnings are the warnings that were reported, once each.
	Warnings []string
	// Modules are the files that the script required.
	Modules []ModuleVersion
}

// PlannedWrite counts requests of one kind that a dry run withheld.
type PlannedWrite = planhat.PlannedWrite

type (
	// PlannedCounts are numbers of records by what a real run would do with them.
	PlannedCounts = plan.Counts
	// PlannedRecord is what a real run would do with one record.
	PlannedRecord = plan.Row
	// PlannedAccount is what a real run would do in one account.
	PlannedAccount = plan.Account
	// PlannedStep is one request that a real run would send.
	PlannedStep = plan.Step
	// PlannedTenant is an account that a dry run used.
	PlannedTenant = plan.Tenant
	// PlannedUnknown is something that a dry run could not find out.
	PlannedUnknown = plan.Unknown
)
