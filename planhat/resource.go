package planhat

import (
	"context"
	"iter"

	"github.com/phscript/phscript/planhat/catalog"
)

// Resource gives the operations of one model. Each model has some of them
// only; the others return an *Error of KindConfig that names those it has. A
// Resource is safe for concurrent use.
type Resource struct {
	client *Client
	model  *catalog.Model
}

// Model returns the model's entry in the catalog, which must not be changed.
func (r *Resource) Model() *catalog.Model { return r.model }

var errLater = &Error{Kind: KindConfig, Message: "not part of this build"}

// Create stores a new record and returns it as Planhat stored it. The record
// may be a Record, JSON bytes, a struct or a map.
func (r *Resource) Create(ctx context.Context, record any) (Record, error) { return nil, errLater }

// Update changes the given properties of a record and leaves the others.
func (r *Resource) Update(ctx context.Context, id string, changes any) (Record, error) {
	return nil, errLater
}

// GetByID returns one record.
func (r *Resource) GetByID(ctx context.Context, id string) (Record, error) { return nil, errLater }

// GetList returns the records that the options choose.
func (r *Resource) GetList(ctx context.Context, o ListOptions) ([]Record, error) {
	return nil, errLater
}

// Each iterates over the records that the options choose.
func (r *Resource) Each(ctx context.Context, o ListOptions) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { yield(nil, errLater) }
}

// GetLeanList returns companies with their ids and names only.
func (r *Resource) GetLeanList(ctx context.Context, o LeanOptions) ([]Record, error) {
	return nil, errLater
}

// Delete removes a record.
func (r *Resource) Delete(ctx context.Context, id string) (Record, error) { return nil, errLater }

// BulkUpsert creates and updates many records.
func (r *Resource) BulkUpsert(ctx context.Context, rows []Record, o BulkOptions) (*BulkResult, error) {
	return nil, errLater
}

// Duplicate copies records.
func (r *Resource) Duplicate(ctx context.Context, ids []string) (*BulkResult, error) {
	return nil, errLater
}

// GetDimensionData reads metrics.
func (r *Resource) GetDimensionData(ctx context.Context, o DimensionOptions) ([]Record, error) {
	return nil, errLater
}

// EachDimensionData iterates over metrics.
func (r *Resource) EachDimensionData(ctx context.Context, o DimensionOptions) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { yield(nil, errLater) }
}

// BulkInsertMetrics stores metrics.
func (r *Resource) BulkInsertMetrics(ctx context.Context, rows []Record, o BulkOptions) (*BulkResult, error) {
	return nil, errLater
}

// CreateActivity records one user activity.
func (r *Resource) CreateActivity(ctx context.Context, activity any) (Record, error) {
	return nil, errLater
}

// BulkCreateActivity records many user activities.
func (r *Resource) BulkCreateActivity(ctx context.Context, rows []Record, o BulkOptions) (*BulkResult, error) {
	return nil, errLater
}

// Segment sends one call in Segment's form.
func (r *Resource) Segment(ctx context.Context, call any) (Record, error) { return nil, errLater }
