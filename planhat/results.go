package planhat

import (
	"context"
	"strconv"
)

// BulkResult adds up the answers to all requests of a bulk call.
type BulkResult struct {
	// Rows counts the input rows, Sent those of the requests that were made.
	Rows, Sent int
	// Created, Updated and Unchanged are Planhat's own counts. Metrics and
	// activities that were accepted count as created.
	Created, Updated, Unchanged int
	// UncertainOutcome counts rows that are stored and of which it is open
	// whether they were created, updated or already there: the answer to their
	// request was lost, and its repetition found them unchanged.
	UncertainOutcome int
	// Errors holds every row that is not known to have been taken, in the
	// order of the input; entries that belong to no known row come last.
	Errors []RowError
	// Keys holds the ids of rows if the answer allows a mapping. It is empty and
	// Keyless is set if BulkOptions.Keys did not ask for them.
	Keys    []RowKey
	Keyless bool
	// Unmatched are the ids of new records that the answer names and that belong to one of
	// several rows without a key.
	Unmatched []string
	// Planned counts the rows that a dry run withheld. Those that a Planner answered for
	// are among the other counts as well.
	Planned int
	// Chunks counts the requests that the rows were split into, FailedChunks
	// those that got no usable answer or were not sent.
	Chunks, FailedChunks int
	// Unread is true if a failure stopped the reading of the rows. Rows then counts
	// those that were read.
	Unread bool
}

// Row is a row of a bulk call on its way from a sequence.
type Row struct {
	// Record is the row. It is copied before the next row is asked for.
	Record Record
	// File and Line say where the row comes from, as in Origin. Either may be unknown.
	File string
	Line int
	// Source, if set, returns what the row was made from. It is called on the goroutine
	// of the call, only if the row is not taken, and before the call returns.
	Source func() Record
	// Made is what BulkOptions.Made makes a record of in place of Source. It is copied before
	// the next row is asked for.
	Made []byte
	// Unchanged says that the record is there with these values: the row counts as
	// unchanged and is not sent. Rejected, if set, is why the row is not sent.
	Unchanged bool
	Rejected  string
	// Valid says that Record is known to be a JSON object without a repeated name, so
	// that it is not checked again.
	Valid bool
}

// RowError says what is wrong with one row of a bulk call.
type RowError struct {
	// Index is the row's position in the input, counted from 0, or -1 if
	// Planhat's answer does not say which row it means.
	Index int
	// Row is the row as it was given.
	Row Record
	// Key is the row's key for a reader, such as "externalId a-1", or "".
	Key string
	// Message says what happened, Kind what sort of failure it is.
	Message string
	Kind    Kind
	// Raw is Planhat's own entry, if there is one.
	Raw Record
	// Uncertain is true if the row may have been stored anyway:
	// check before sending it again.
	Uncertain bool
	// Origin says where the row comes from, if WithOrigins was asked.
	Origin *Origin
	// Caller is the place of the call, if WithCaller named it.
	Caller Caller
}

// Caller is a place in a script. Line counts from 1.
type Caller struct {
	Script string
	Line   int
}

type callerKey struct{}

// WithCaller returns a context under which a call sets RowError.Caller of each row that was
// not taken.
func WithCaller(ctx context.Context, at Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, at)
}

// called sets the caller of rows.
func called(ctx context.Context, rows []RowError) {
	at, ok := ctx.Value(callerKey{}).(Caller)
	if !ok {
		return
	}
	for i := range rows {
		rows[i].Caller = at
	}
}

// RowState is what is known of a row that is not known to be stored.
type RowState string

// The states: Planhat or a check rejected the row, its request was surely not
// carried out, or it may be stored.
const (
	RowRejected RowState = "rejected"
	RowUnsent   RowState = "unsent"
	RowUnknown  RowState = "unknown"
)

// State returns what is known of the row.
func (e RowError) State() RowState {
	switch {
	case e.Uncertain:
		return RowUnknown
	case e.Kind == "", e.Kind == KindValidation, e.Kind == KindPermission, e.Kind == KindNotFound:
		return RowRejected
	default:
		return RowUnsent
	}
}

// RowKey ties an input row to the record that it became.
type RowKey struct {
	// Index is the row's position in the input, counted from 0.
	Index int
	// ID is the record's _id.
	ID string
	// Created is true for a new record, false for one that existed.
	Created bool
}

// Origin says where a row comes from.
type Origin struct {
	// File and Line name the place, as messages show it; Line counts from 1. Either
	// may be unknown.
	File string
	Line int
	// Row is what the row was made from, nil if that is the row itself.
	Row Record
}

type originsKey struct{}

// WithOrigins returns a context under which a call that writes asks where each row
// that was not taken comes from, by its position, and sets RowError.Origin to the
// answer, which may be nil.
func WithOrigins(ctx context.Context, of func(index int) *Origin) context.Context {
	return context.WithValue(ctx, originsKey{}, of)
}

// locate sets the origins of rows, and their caller.
func locate(ctx context.Context, rows []RowError) {
	called(ctx, rows)
	of, ok := ctx.Value(originsKey{}).(func(int) *Origin)
	if !ok {
		return
	}
	for i := range rows {
		if rows[i].Index >= 0 {
			rows[i].Origin = of(rows[i].Index)
		}
	}
}

// String returns the place, such as "accounts.csv, line 3", or "" if it is unknown.
func (o *Origin) String() string {
	switch {
	case o == nil || o.Line <= 0 && o.File == "":
		return ""
	case o.Line <= 0:
		return o.File
	case o.File == "":
		return "line " + strconv.Itoa(o.Line)
	}
	return o.File + ", line " + strconv.Itoa(o.Line)
}
