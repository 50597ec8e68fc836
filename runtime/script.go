package runtime

import (
	"time"

	"github.com/phscript/phscript/planhat"
)

// Script is one program to run.
type Script struct {
	// Name is its name in messages, usually the file name as given.
	Name string
	// Path is its file. The file's folder is readable, and require searches it
	// first. Without a path, the working directory is used.
	Path   string
	Source []byte
	// Args are its arguments: the list args (args[0] is Name) and "...".
	Args []string
	// Then, if set, is called when the script has ended without an error, while
	// its state remains. If it returns an error, the run fails with it.
	Then func(*Live) error
	// Params are its parameters as a JSON object, or empty; scripts see them as
	// the table params.
	Params []byte
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
	// Duration is the time the run took; PeakMemory is the largest growth of
	// the process's heap, in bytes, as sampled.
	Duration   time.Duration
	PeakMemory int64
	// Warnings are the warnings that were reported, once each.
	Warnings []string
}

// PlannedWrite counts requests of one kind that a dry run withheld.
type PlannedWrite = planhat.PlannedWrite
