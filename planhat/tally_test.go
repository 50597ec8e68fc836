package planhat

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestTallyAddsUp(t *testing.T) {
	var tally Tally
	assert.Equal(t, Summary{}, tally.Snapshot())
	tally.Attempt(Attempt{Number: 1, QuotaWait: time.Second, Err: errors.New("x")})
	tally.Attempt(Attempt{Number: 2, QuotaWait: time.Second})
	tally.Waited(WaitQuota, time.Second)
	tally.Waited(WaitPause, time.Second)
	tally.Waited(WaitRetry, time.Minute)
	tally.Outcome(Outcome{Model: "company", Operation: "bulk_upsert", Created: 2, Updated: 3, Unchanged: 4, Rejected: []RowError{
		{Index: 4, Message: "b"}, {Index: 5, Message: "row 30"}, {Index: 6, Message: "row 129"},
	}})
	tally.Outcome(Outcome{Model: "user", Read: 7, Deleted: 1, Planned: 2})
	s := tally.Snapshot()
	assert.Equal(t, 2, s.Calls)
	assert.Equal(t, 1, s.Retries)
	assert.Equal(t, []time.Duration{2 * time.Second, time.Second, time.Minute}, []time.Duration{s.Waited, s.Paused, s.RetryWaited})
	assert.Equal(t, Counts{Read: 7, Created: 2, Updated: 3, Unchanged: 4, Deleted: 1, Planned: 2, Rejected: 3}, s.Counts)
	assert.Equal(t, []Reason{{"row …", "row 30", 2, 5}, {"b", "b", 1, 4}}, s.Reasons)
	assert.Equal(t, 3, s.ByModel["company"].Rejected)
	assert.Equal(t, "bulk_upsert", tally.Rejected()[0].Operation)
	assert.Len(t, tally.Rejected(), 3)
}

func TestTallyIsSafeForConcurrentUse(t *testing.T) {
	var tally Tally
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				tally.Attempt(Attempt{Number: 1})
				tally.Outcome(Outcome{Model: "a", Rejected: []RowError{{Message: "m"}}})
				_ = tally.Snapshot()
			}
		})
	}
	group.Wait()
	assert.Equal(t, 800, tally.Snapshot().Rejected)
}

func TestEpochDays(t *testing.T) {
	for date, want := range map[string]int{
		"1970-01-01T00:00:00Z": 0, "1970-01-02T00:00:00Z": 1, "1969-12-31T23:59:59Z": -1, "1969-12-31T00:00:00Z": -1,
		"2024-01-15T23:59:59Z": 19737, "2024-01-15T23:59:59-02:00": 19738,
	} {
		at, err := time.Parse(time.RFC3339, date)
		assert.NoError(t, err)
		assert.Equal(t, want, EpochDays(at), date)
	}
}

// Rows whose request failed are not rejected: nobody has looked at them.
func TestTallyTellsRejectedFromLost(t *testing.T) {
	tally := &Tally{}
	tally.Outcome(Outcome{Model: "company", Rejected: []RowError{
		{Kind: KindValidation}, {Kind: KindValidation, Uncertain: true}, {Kind: KindPermission}, {Kind: KindNetwork}, {Kind: KindServer, Uncertain: true},
	}})
	c := tally.Snapshot().ByModel["company"]
	assert.Equal(t, []int{3, 1, 1, 5}, []int{c.Rejected, c.Unsent, c.Unknown, c.Lost()})
	assert.Equal(t, []RowState{RowUnsent, RowUnknown}, []RowState{RowError{Kind: KindTimeout}.State(), RowError{Kind: KindTimeout, Uncertain: true}.State()})
}
