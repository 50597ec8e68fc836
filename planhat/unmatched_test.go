package planhat

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestNewRecordsWithoutAKey: the answer names their ids, but not their rows.
func TestNewRecordsWithoutAKey(t *testing.T) {
	rows := []Record{Record(`{"name":"A"}`), Record(`{"externalId":"k","name":"B"}`), Record(`{"name":"C"}`)}
	for _, tt := range []struct {
		rows   []Record
		body   string
		keys   []RowKey
		others []string
	}{
		{rows, `{"created":3,"insertsKeys":[{"_id":"1"},{"_id":"2","externalId":"k"},{"_id":"3"}]}`, []RowKey{{1, "2", true}}, []string{"1", "3"}},
		{rows[:2], `{"created":2,"insertsKeys":[{"_id":"1"},{"_id":"2","externalId":"k"}]}`, []RowKey{{0, "1", true}, {1, "2", true}}, nil},
		{rows[:2], `{"created":1,"insertsKeys":[{"_id":"1"}],"createdErrors":[{"externalId":"k","message":"no"}]}`, []RowKey{{0, "1", true}}, nil},
		{rows[:2], `{"created":1,"insertsKeys":[{"_id":"1"}],"createdErrors":[{"message":"no"}]}`, nil, []string{"1"}},
		{rows[:1], `{"created":0,"updated":1,"updatesKeys":[{"_id":"1"}]}`, nil, nil},
	} {
		s := newServer(t, always(200, tt.body))
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), tt.rows, BulkOptions{})
		if err != nil {
			assert.Equal(t, KindPartial, in(t, err).Kind)
		}
		assert.Equal(t, tt.keys, result.Keys, tt.body)
		assert.Equal(t, tt.others, result.Unmatched, tt.body)
	}
}
