package planhat

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stream delivers n companies from one buffer, and counts those that were asked for.
func stream(n int, asked *atomic.Int64) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var text []byte
		for i := range n {
			asked.Add(1)
			text = fmt.Appendf(text[:0], `{"externalId":"c%d","name":"n"}`, i+1)
			if !yield(Row{Record: text, File: "a.csv", Line: i + 2}, nil) {
				return
			}
		}
	}
}

// While a request is under way, the next one is built, and no more than that.
func TestRowsAreReadWhileARequestIsUnderWay(t *testing.T) {
	var asked atomic.Int64
	reached := func(n int64) func() bool { return func() bool { return asked.Load() == n } }
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		assert.Eventually(t, reached(min(int64(2*n+3), 10)), 5*time.Second, time.Millisecond, "request %d", n)
		created(w, q)
	})
	var progress []BulkProgress
	result, err := newClient(t, s).Company.Resource().BulkUpsertSeq(t.Context(), stream(10, &asked), BulkOptions{
		ChunkRows: 2, Progress: func(p BulkProgress) { progress = append(progress, p) },
	})
	require.NoError(t, err)
	assert.Equal(t, []int{10, 10, 5, 0}, []int{result.Rows, result.Created, result.Chunks, len(result.Errors)})
	assert.Nil(t, result.Keys, "nobody asked for them")
	require.Len(t, progress, 5)
	assert.Equal(t, BulkProgress{Chunks: 1, Rows: 2}, progress[0], "the total is not known yet")
	assert.Equal(t, BulkProgress{5, 5, 10, 10}, progress[4])
	for i, q := range s.requests() {
		assert.Equal(t, fmt.Sprintf(`[{"externalId":"c%d","name":"n"},{"externalId":"c%d","name":"n"}]`, 2*i+1, 2*i+2), q.body)
	}

	result, err = newClient(t, newServer(t, func(w http.ResponseWriter, q request, _ int) { created(w, q) })).Company.Resource().
		BulkUpsertSeq(t.Context(), stream(3, &asked), BulkOptions{Keys: true})
	require.NoError(t, err)
	assert.Len(t, result.Keys, 3)
}

// Rows that are rejected keep their text and their place, although the row's memory is
// used again.
func TestRejectedRowsOfASequence(t *testing.T) {
	rows := func(yield func(Row, error) bool) {
		var text []byte
		for i, id := range []string{"a", "b", "a", "", "c", "bad", "d", "b", "e"} {
			text = fmt.Appendf(text[:0], `{"externalId":%q,"name":"n%d"}`, id, i)
			source := Record(fmt.Sprintf(`{"id":%q}`, id))
			if !yield(Row{Record: text, File: "a.csv", Line: i + 2, Source: func() Record { return source }}, nil) {
				return
			}
		}
	}
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
		sent, _ := splitArray[Record]([]byte(q.body))
		if strings.Contains(q.body, "bad") {
			answerWith(w, 206, fmt.Sprintf(`{"created":%d,"createdErrors":[{"externalId":"bad","message":"no"}]}`, len(sent)-1))
			return
		}
		answerWith(w, 200, fmt.Sprintf(`{"created":%d}`, len(sent)))
	})
	result, err := newClient(t, s).Company.Resource().BulkUpsertSeq(t.Context(), rows, BulkOptions{ChunkRows: 3})
	require.NoError(t, err)
	assert.Equal(t, []int{9, 5, 2}, []int{result.Rows, result.Created, result.Chunks})
	var got []string
	for _, e := range result.Errors {
		message, _, _ := strings.Cut(e.Message, ":")
		got = append(got, fmt.Sprintf("%d %s %s %s %s", e.Index, e.Row, e.Origin, e.Origin.Row, message))
	}
	assert.Equal(t, []string{
		`2 {"externalId":"a","name":"n2"} a.csv, line 4 {"id":"a"} a.csv, line 2 has the same key, and one would overwrite the other`,
		`3 {"externalId":"","name":"n3"} a.csv, line 5 {"id":""} externalId is empty`,
		`5 {"externalId":"bad","name":"n5"} a.csv, line 7 {"id":"bad"} no`,
		`7 {"externalId":"b","name":"n7"} a.csv, line 9 {"id":"b"} a.csv, line 3 has the same key, and one would overwrite the other`,
	}, got)
}

var errBroken = errors.New("line 9 is not CSV")

// breaking delivers n rows and then an error.
func breaking(n int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for row, err := range stream(n, new(atomic.Int64)) {
			if !yield(row, err) {
				return
			}
		}
		yield(Row{}, errBroken)
	}
}

func TestASequenceThatFails(t *testing.T) {
	for _, tt := range []struct {
		rows, sent, unsent int
		message            string
	}{
		{3, 0, 0, "row 4 can't be read, and nothing was sent: line 9 is not CSV"},
		{7, 4, 3, "row 8 can't be read, and of the 7 rows before it, 4 were sent: line 9 is not CSV"},
	} {
		s := newServer(t, func(w http.ResponseWriter, q request, _ int) { created(w, q) })
		o := new(recorder)
		result, err := newClient(t, s, func(c *Config) { c.Observer = o }).Company.Resource().BulkUpsertSeq(t.Context(), breaking(tt.rows), BulkOptions{ChunkRows: 4})
		e := in(t, err)
		assert.Equal(t, tt.message, e.Message)
		require.ErrorIs(t, err, errBroken)
		assert.Same(t, result, e.Result)
		assert.True(t, result.Unread)
		assert.Equal(t, tt.sent, result.Created)
		assert.Equal(t, tt.rows, result.Rows)
		require.Len(t, result.Errors, tt.unsent)
		for _, row := range result.Errors {
			assert.Equal(t, RowUnsent, row.State())
			assert.Equal(t, "not sent: a later row can't be read", row.Message)
		}
		require.Len(t, o.outcomes, 1)
		assert.Equal(t, tt.sent, o.outcomes[0].Created)
	}
}

// What is under way when the sequence panics is awaited and counted.
func TestASequenceThatPanics(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
		time.Sleep(20 * time.Millisecond)
		created(w, q)
	})
	o := new(recorder)
	c := newClient(t, s, func(c *Config) { c.Observer = o })
	assert.PanicsWithValue(t, "no more", func() {
		_, _ = c.Company.Resource().BulkUpsertSeq(t.Context(), func(yield func(Row, error) bool) {
			for row, err := range stream(5, new(atomic.Int64)) {
				if !yield(row, err) {
					return
				}
			}
			panic("no more")
		}, BulkOptions{ChunkRows: 2, Progress: func(p BulkProgress) { assert.Equal(t, 1, p.Chunks, "not in a panic") }})
	})
	require.Len(t, o.outcomes, 1)
	assert.Equal(t, 4, o.outcomes[0].Created)
	assert.Error(t, o.outcomes[0].Err)
}

// A failure that ends the call ends the reading. The rows that were read are all
// accounted for, and the error says that there may be more.
func TestAFailureStopsTheReading(t *testing.T) {
	var asked atomic.Int64
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		if n == 1 {
			created(w, q)
			return
		}
		answerWith(w, 401, `bad token`)
	})
	result, err := newClient(t, s).Company.Resource().BulkUpsertSeq(t.Context(), func(yield func(Row, error) bool) {
		for row, err := range stream(1000, &asked) {
			time.Sleep(time.Millisecond) // so that the answer is there before the last row
			if !yield(row, err) {
				return
			}
		}
	}, BulkOptions{ChunkRows: 2})
	e := in(t, err)
	assert.Equal(t, KindPartial, e.Kind)
	assert.Less(t, asked.Load(), int64(1000))
	assert.Equal(t, int(asked.Load()), result.Rows)
	assert.Equal(t, result.Rows, result.Created+len(result.Errors))
	assert.True(t, result.Unread)
	assert.Contains(t, e.Message, fmt.Sprintf("bad token; reading stopped after row %d, and no row after it was sent", result.Rows))
	assert.Len(t, s.requests(), 2)

	stop := make(chan struct{})
	close(stop)
	asked.Store(0)
	result, err = newClient(t, s).Company.Resource().BulkUpsertSeq(WithStopping(t.Context(), stop), stream(1000, &asked), BulkOptions{ChunkRows: 2})
	assert.Equal(t, KindCancelled, in(t, err).Kind)
	assert.Contains(t, in(t, err).Message, "reading stopped after row 1, and no row after it was sent")
	assert.EqualValues(t, 1, asked.Load())
	assert.Len(t, result.Errors, 1)
}

// Chunks that failed are sent again at the end, as in a call with a list.
func TestChunksOfASequenceAreSentAgain(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		if n <= 2 {
			answerWith(w, 503, "away")
			return
		}
		created(w, q)
	})
	ctx := WithRetryFor(t.Context(), 0)
	result, err := newClient(t, s).Company.Resource().BulkUpsertSeq(ctx, stream(6, new(atomic.Int64)), BulkOptions{ChunkRows: 2})
	require.NoError(t, err)
	assert.Equal(t, 6, result.Created)
	assert.Len(t, s.requests(), 5)
}

// Memory does not grow with the number of rows.
func TestALongSequenceIsNotHeld(t *testing.T) {
	var s *server
	s = newServer(t, func(w http.ResponseWriter, q request, _ int) {
		s.mu.Lock()
		s.seen = nil
		s.mu.Unlock()
		answerWith(w, 200, fmt.Sprintf(`{"created":%d}`, strings.Count(q.body, "externalId")))
	})
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var most uint64
	const rows = 120_000
	base := heap()
	result, err := newClient(t, s).Company.Resource().BulkUpsertSeq(t.Context(), func(yield func(Row, error) bool) {
		n := 0
		for row, err := range stream(rows, new(atomic.Int64)) {
			if n++; n%20_000 == 0 {
				most = max(most, heap())
			}
			if !yield(row, err) {
				return
			}
		}
	}, BulkOptions{ChunkRows: 1000})
	require.NoError(t, err)
	assert.Equal(t, rows, result.Created)
	assert.Less(t, int64(most)-int64(base), int64(8<<20), "held: the keys, up to 4 MB, and the chunks")
}
