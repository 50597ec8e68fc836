package planhat

import "time"

// ListOptions chooses what a list operation returns. The zero value lists
// everything.
type ListOptions struct {
	// Select names the properties wanted; empty means all. The record's _id is
	// always asked for.
	Select []string
	// Sort is a property name, with a leading "-" for descending. Empty sorts
	// by _id, which keeps pages from overlapping; records that share the value
	// of another property may move between pages.
	Sort string
	// Offset is the number of records to skip.
	Offset int
	// Limit is the total number wanted, 0 for all.
	Limit int
	// PageSize is the number of records of one request; 0 and anything above
	// the model's maximum mean that maximum.
	PageSize int
	// Filter holds the model's own query parameters, such as companyId.
	Filter map[string]string
}

// LeanOptions filters the lean company list.
type LeanOptions struct {
	// Filter may hold externalId, sourceId and status. An externalId that is
	// present but empty finds the companies without one.
	Filter map[string]string
}

// DimensionOptions chooses which metrics are read.
type DimensionOptions struct {
	// CompanyID is a company's _id and DimensionID a metric's name; empty
	// means all.
	CompanyID, DimensionID string
	// From and To are days as EpochDays counts them; 0 leaves the side open.
	From, To int
	// Offset, Limit and PageSize are as in ListOptions.
	Offset, Limit, PageSize int
}

// BulkOptions tunes a bulk call. The zero value suits nearly all.
type BulkOptions struct {
	// ChunkRows and ChunkBytes bound one request; 0 and anything above
	// Planhat's own limits mean those limits.
	ChunkRows, ChunkBytes int
	// Parallel is the number of requests under way at once; 0 means 1, which
	// is what Planhat asks for.
	Parallel int
	// Progress, if set, is called after each request, on the caller's goroutine.
	Progress func(BulkProgress)
	// Rows is how many rows a sequence delivers, if that is known: all of them are then
	// read, and those after a failure that ends the call are in the result's Errors.
	// BulkUpsert and its like set it.
	Rows int
	// Made returns what a row was made from, given its Row.Made. It is called as Row.Source
	// is, and needs no function for each row.
	Made func(made []byte) Record
	// Keys keeps the ids of all rows in the result's Keys. BulkUpsert and its like set it.
	Keys bool
}

// BulkProgress reports the progress of a bulk call.
type BulkProgress struct {
	// Chunks and Rows count what has been dealt with, of TotalChunks and
	// TotalRows, which are 0 while they are not known.
	Chunks, TotalChunks int
	Rows, TotalRows     int
}

// EpochDays returns the number of days from 1970-01-01 to t's day in UTC, the
// form in which Planhat wants the days of metrics, invoices and timesheets.
func EpochDays(t time.Time) int {
	sec := t.Unix()
	days := sec / 86400
	if sec%86400 < 0 {
		days--
	}
	return int(days)
}
