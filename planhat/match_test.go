package planhat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A row is rejected by its own place or its own values, or none is: never a
// neighbour with the same key.
func TestRowsThatShareTheirKey(t *testing.T) {
	rows := []Record{
		Record(`{"dimensionId":"d","externalId":"k","value":1,"date":"2024-01-15"}`),
		Record(`{"dimensionId":"d","externalId":"k","value":"x","date":"2024-01-16"}`),
	}
	for entry, want := range map[string]int{
		`{"externalId":"k","message":"no"}`:                                       -1,
		`{"externalId":"k","dimensionId":"d","message":"no"}`:                     -1,
		`{"externalId":"k","index":1,"message":"no"}`:                             1,
		`{"externalId":"k","dimensionId":"d","index":0,"message":"no"}`:           0,
		`{"externalId":"k","dimensionId":"d","date":"2024-01-16","message":"no"}`: 1,
		`{"item":{"externalId":"k","value":"x"},"message":"no"}`:                  1,
		`{"item":{"externalId":"k","dimensionId":"d"},"index":1,"message":"no"}`:  1,
		`"row with externalId k is invalid"`:                                      -1,
		`{"index":9,"message":"no"}`:                                              -1,
	} {
		s := newServer(t, always(200, `{"processed":1,"errors":[`+entry+`]}`))
		result, err := newClient(t, s).Metrics.BulkInsertMetrics(t.Context(), rows, BulkOptions{})
		require.NoError(t, err, entry)
		require.Len(t, result.Errors, 1, entry)
		assert.Equal(t, want, result.Errors[0].Index, entry)
		assert.Equal(t, 1, result.Created, entry)
	}
}

// Where all rows that an answer may mean have failed, each of them has its data. Where
// some have not, the message names them.
func TestEntriesOfRowsThatShareTheirKey(t *testing.T) {
	metric := func(key, day string, value any) Record {
		return Record(fmt.Sprintf(`{"dimensionId":"d","externalId":%q,"value":%v,"date":"2024-01-%s"}`, key, value, day))
	}
	rows := []Record{metric("k", "15", 1), metric("k", "16", `"x"`), metric("l", "15", 2), metric("l", "16", 3), metric("m", "15", 4)}
	type short struct {
		index   int
		message string
	}
	for _, tt := range []struct {
		answer string
		want   []short
	}{
		{
			`{"processed":3,"errors":[{"externalId":"k","message":"no"},{"externalId":"k","message":"no"}]}`,
			[]short{{0, "no"}, {1, "no"}},
		},
		{
			`{"processed":3,"errors":[{"externalId":"k","dimensionId":"d","message":"no k"},{"externalId":"k","dimensionId":"d","message":"not a number"}]}`,
			[]short{{0, "one of these: no k; not a number"}, {1, "one of these: no k; not a number"}},
		},
		{
			`{"processed":1,"errors":[{"externalId":"k","message":"no"},{"externalId":"l","message":"gone"},{"externalId":"k","message":"no"},{"externalId":"l","message":"gone"}]}`,
			[]short{{0, "no"}, {1, "no"}, {2, "gone"}, {3, "gone"}},
		},
		{
			`{"processed":3,"errors":["externalId k is unknown","externalId k is unknown"]}`,
			[]short{{0, "externalId k is unknown"}, {1, "externalId k is unknown"}},
		},
		{
			`{"processed":4,"errors":[{"externalId":"k","message":"no."}]}`,
			[]short{{-1, "no; it is one of rows 1, 2"}},
		},
		{ // the counts do not add up, so that two entries may be about one row
			`{"processed":4,"errors":[{"externalId":"k","message":"no"},{"externalId":"k","message":"still no"}]}`,
			[]short{{-1, "no; it is one of rows 1, 2"}, {-1, "still no; it is one of rows 1, 2"}},
		},
		{
			`{"errors":[{"externalId":"k","message":"no"},{"externalId":"k","message":"no"}],"processed":0}`,
			[]short{{-1, "no; it is one of rows 1, 2"}, {-1, "no; it is one of rows 1, 2"}, {-1, ""}, {-1, ""}, {-1, ""}},
		},
	} {
		s := newServer(t, always(200, tt.answer))
		result, err := newClient(t, s).Metrics.BulkInsertMetrics(t.Context(), rows, BulkOptions{})
		require.NoError(t, err, tt.answer)
		require.Len(t, result.Errors, len(tt.want), tt.answer)
		for i, want := range tt.want {
			e := result.Errors[i]
			assert.Equal(t, want.index, e.Index, tt.answer)
			if want.message != "" {
				assert.Equal(t, want.message, e.Message, tt.answer)
			}
			if want.index >= 0 {
				assert.Equal(t, rows[want.index], e.Row, tt.answer)
			}
		}
	}
}

// A request with one row has no other that an error could be about.
func TestErrorsOfTheOnlyRow(t *testing.T) {
	row := Record(`{"event":"login","email":"x@y.z"}`)
	seen := &recorder{}
	c := newClient(t, newServer(t, always(200, `{"processed":0,"errors":[{"message":"unknown enduser"}]}`)), func(c *Config) { c.Observer = seen })
	_, err := c.UserActivity.CreateActivity(t.Context(), row)
	require.NoError(t, err)
	require.Len(t, seen.outcomes[0].Rejected, 1)
	assert.Equal(t, RowError{Row: row, Key: "email x@y.z", Message: "unknown enduser", Kind: KindValidation, Raw: Record(`{"message":"unknown enduser"}`)}, seen.outcomes[0].Rejected[0], "the row as it was given")
	_, err = c.UserActivity.CreateActivity(t.Context(), Record(`{"event":"login"}`))
	require.Error(t, err)
	require.Len(t, seen.outcomes[1].Rejected, 1)
	assert.Equal(t, Record(`{"event":"login"}`), seen.outcomes[1].Rejected[0].Row)
}

// Many values may share their key: each entry must not look at all of them.
func TestManyRowsThatShareTheirKey(t *testing.T) {
	const n = 30_000
	rows := make([]Record, n)
	var entries strings.Builder
	for i := range rows {
		rows[i] = Record(fmt.Sprintf(`{"dimensionId":"d","externalId":"k","value":%d}`, i))
		entries.WriteString(`{"dimensionId":"d","externalId":"k","message":"no"},`)
	}
	s := newServer(t, always(200, `{"processed":0,"errors":[`+strings.TrimSuffix(entries.String(), ",")+`]}`))
	started := time.Now()
	result, err := newClient(t, s).Metrics.BulkInsertMetrics(t.Context(), rows, BulkOptions{})
	require.NoError(t, err)
	require.Len(t, result.Errors, n)
	assert.Equal(t, n-1, result.Errors[n-1].Index)
	assert.Less(t, time.Since(started), 20*time.Second)
}

func TestRowsAmongTheKeysAndTheErrors(t *testing.T) {
	const torn = `"insertsKeys":[{"_id":"1","externalId":"c1"},{"_id":"2","externalId":"c2"}],"createdErrors":[{"externalId":"c2","message":"no owner"}]`
	for _, created := range []string{"1", "2"} { // the count may or may not include the row
		s := newServer(t, always(206, `{"created":`+created+`,`+torn+`}`))
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(2), BulkOptions{})
		require.NoError(t, err)
		assert.Equal(t, 1, result.Created)
		require.Len(t, result.Errors, 1)
		assert.Equal(t, 1, result.Errors[0].Index)
		assert.True(t, result.Errors[0].Uncertain, "it may have been stored in part")
	}
}

func TestAnAnswerThatCountsMoreThanWasSent(t *testing.T) {
	s := newServer(t, always(200, `{"created":2,"updated":1}`))
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(2), BulkOptions{})
	assert.Equal(t, KindServer, in(t, err).Kind)
	require.Len(t, result.Errors, 2)
	assert.True(t, result.Errors[0].Uncertain)
}

func TestAnActivityThatIsDropped(t *testing.T) {
	for body, dropped := range map[string]bool{
		`{"processed":1,"errors":[]}`: false, `OK`: false, ``: false,
		`{"processed":0}`: true, `{"processed":0,"errors":["no such company"]}`: true, `[{"error":"no"}]`: true,
	} {
		tally := new(Tally)
		c := newClient(t, newServer(t, always(200, body)), func(c *Config) { c.Observer = tally })
		_, err := c.UserActivity.CreateActivity(t.Context(), Record(`{"action":"a","email":"x@y.z"}`))
		require.NoError(t, err, body)
		_, err = c.UserActivity.Segment(t.Context(), Record(`{"type":"track","userId":"1","event":"e"}`))
		require.NoError(t, err, body)
		want := Counts{Created: 2}
		if dropped {
			want = Counts{Rejected: 2}
		}
		assert.Equal(t, want, tally.Snapshot().Counts, body)
	}
}

// A record may have one of a row's keys, and another one both.
func TestARowIsTheRecordThatHasAllItsKeys(t *testing.T) {
	rows := []Record{Record(`{"email":"a@b.c","companyId":"1"}`), Record(`{"externalId":"e","sourceId":"s","companyId":"1"}`)}
	s := newServer(t, always(200, `{"updated":2,"updatesKeys":[{"_id":"1","externalId":"e"},{"_id":"2","externalId":"e","sourceId":"s"}]}`))
	result, err := newClient(t, s).Enduser.BulkUpsert(t.Context(), rows, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, []RowKey{{Index: 1, ID: "2"}}, result.Keys)
	assert.Empty(t, result.Errors)
}

// The keys in an answer are those of the record, which changed from one row to the
// next: they must not name a row that was dropped.
func TestRecordsThatSeveralRowsChange(t *testing.T) {
	rows := []Record{
		Record(`{"email":"a@b.c","companyId":"1"}`),
		Record(`{"_id":"5a0200000000000000000003","companyId":"1","sourceId":"new"}`),
		Record(`{"sourceId":"old"}`),
	}
	s := newServer(t, always(200, `{"updated":2,"updatesKeys":[{"_id":"5a0200000000000000000003","sourceId":"old"},{"_id":"5a0200000000000000000003","sourceId":"new"}]}`))
	result, err := newClient(t, s).Enduser.BulkUpsert(t.Context(), rows, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, []RowKey{{Index: 1, ID: "5a0200000000000000000003"}}, result.Keys)
	require.Len(t, result.Errors, 1)
	assert.Equal(t, 2, result.Errors[0].Index, "the row without a company is the dropped one")
}

// The record of one row may carry a key that another row names: each row gets the
// entries of its own record.
func TestRowsThatNameEachOthersRecords(t *testing.T) {
	rows := []Record{Record(`{"externalId":"a","name":"A"}`), Record(`{"externalId":"b","sourceId":"s"}`)}
	s := newServer(t, always(206, `{"created":0,"updated":1,"updatesKeys":[{"_id":"1","sourceId":"s","externalId":"a"}],"modified":["1"],`+
		`"updatedErrors":[{"sourceId":"s","externalId":"b","message":"externalId duplicated"}]}`))
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), rows, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, []RowKey{{Index: 0, ID: "1"}}, result.Keys)
	require.Len(t, result.Errors, 1)
	assert.Equal(t, 1, result.Errors[0].Index)
	assert.False(t, result.Errors[0].Uncertain)

	// Both rows name the record 1, by different keys.
	rows = []Record{Record(`{"_id":"1","sourceId":"s"}`), Record(`{"externalId":"a","sourceId":"t"}`)}
	s = newServer(t, always(206, `{"created":0,"updated":1,"updatesKeys":[{"_id":"1","sourceId":"t","externalId":"a"}],"modified":["1"],`+
		`"updatedErrors":[{"_id":"1","sourceId":"s","message":"sourceId duplicated"}]}`))
	result, err = newClient(t, s).Company.BulkUpsert(t.Context(), rows, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, []RowKey{{Index: 1, ID: "1"}}, result.Keys)
	require.Len(t, result.Errors, 1)
	assert.Equal(t, 0, result.Errors[0].Index)
}

// Entries that name no row count as well.
func TestErrorsOfNoRowCount(t *testing.T) {
	s := newServer(t, always(206, `{"created":2,"createdErrors":["no such company"]}`))
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(2), BulkOptions{})
	assert.Equal(t, KindServer, in(t, err).Kind, "three of two rows")
	assert.Equal(t, 0, result.Created)
	assert.Len(t, result.Errors, 2)
}
