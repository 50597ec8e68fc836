package runtime

import (
	"time"

	"github.com/phscript/phscript/planhat"
)

// Script is one program to run.
type Script struct {
	// Name is what messages call it, usually the file name as it was given.
	Name string
	// Path is where its file lies. Its folder may be read and is where require
	// looks first. Empty for a script that has no file: then the working
	// directory is used.
	Path string
	// Source is its text.
	Source []byte
	// Args are its arguments: the list args (args[0] is Name) and "...".
	Args []string
	// Then, where set, is called when the script has ended without an error,
	// while its state is still there. The run fails with the error that it
	// returns.
	Then func(*Live) error
	// Params are its parameters as a JSON object, the table params; empty for
	// none.
	Params []byte
}

// Result is what a run leaves behind.
type Result struct {
	// Values are what the script returned, as ValueOf gives them.
	Values []any
	// ExitCode is what the script gave to os.exit, 0 where it did not.
	ExitCode int
	// Summary counts what was done on Planhat, Rejected are the rows it did
	// not take (the first 100,000), Planned the writes that a dry run
	// withheld.
	Summary  planhat.Summary
	Rejected []planhat.TalliedRow
	Planned  []PlannedWrite
	// Duration is the time the run took; PeakMemory the most bytes the
	// process's heap grew by, as far as it was sampled.
	Duration   time.Duration
	PeakMemory int64
	// Warnings are the doubtful things that were reported, once each.
	Warnings []string
}

// PlannedWrite counts requests of one kind that a dry run withheld.
type PlannedWrite = planhat.PlannedWrite
