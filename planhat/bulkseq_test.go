package planhat

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
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

// The memory of a request is used again only when nothing reads it any more: a server may
// answer before it has read all of a request.
func TestTheMemoryOfRequestsIsUsedAgain(t *testing.T) {
	const rows, each = 200, 20
	read := func(made []byte) Record { return Record(`{"line":"` + string(made) + `"}`) }
	for _, parallel := range []int{1, 3} {
		var made []byte
		list := func(yield func(Row, error) bool) {
			var text []byte
			for i := range rows {
				id := fmt.Sprintf("c%d", i)
				if i%50 == 7 {
					id += "-bad"
				}
				text = fmt.Appendf(text[:0], `{"externalId":%q,"name":"%s"}`, id, strings.Repeat(id, 5000))
				made = fmt.Appendf(made[:0], "row %d", i)
				if !yield(Row{Record: text, Made: made, Line: i + 1}, nil) {
					return
				}
			}
		}
		var early atomic.Int64
		seen := make(chan []Record, rows)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			first := make([]byte, 100)
			_, _ = io.ReadFull(r.Body, first)
			if early.Add(1)%3 == 0 { // the rest of the request is still on its way
				answerWith(w, 200, fmt.Sprintf(`{"created":%d}`, each))
				return
			}
			rest, err := io.ReadAll(r.Body)
			if err != nil {
				return
			}
			sent, err := splitArray[Record](append(first, rest...))
			assert.NoError(t, err)
			seen <- sent
			var errors []string
			for _, row := range sent {
				if strings.Contains(string(row), "-bad") {
					members, _ := readObject(row)
					errors = append(errors, fmt.Sprintf(`{"externalId":%q,"message":"no"}`, text(members.get("externalId"))))
				}
			}
			answerWith(w, 200, fmt.Sprintf(`{"created":%d,"createdErrors":[%s]}`, len(sent)-len(errors), strings.Join(errors, ",")))
		}))
		c, err := New(Config{APIToken: apiToken, BaseURL: server.URL, Retry: RetryPolicy{InitialInterval: time.Millisecond, MaxInterval: time.Millisecond}})
		require.NoError(t, err)
		result, err := c.Company.Resource().BulkUpsertSeq(t.Context(), list, BulkOptions{ChunkRows: each, Parallel: parallel, Made: read})
		server.Close()
		require.NoError(t, err)
		close(seen)
		stored := map[string]bool{}
		for sent := range seen {
			for _, row := range sent {
				members, err := readObject(row)
				require.NoError(t, err)
				id := text(members.get("externalId"))
				assert.Equal(t, strings.Repeat(id, 5000), text(members.get("name")))
				stored[id] = true
			}
		}
		assert.GreaterOrEqual(t, len(stored), rows/2)
		assert.Equal(t, rows, result.Created+len(result.Errors))
		require.NotEmpty(t, result.Errors)
		for _, e := range result.Errors {
			assert.Equal(t, 7, e.Index%50)
			assert.Equal(t, fmt.Sprintf("externalId c%d-bad", e.Index), e.Key)
			assert.Equal(t, fmt.Sprintf(`{"line":"row %d"}`, e.Index), string(e.Origin.Row))
			assert.Contains(t, string(e.Row), e.Key[len("externalId "):])
		}
	}
}

func TestAChunkIsUsedAgainOnceItsBodyIsClosed(t *testing.T) {
	c := &chunk{lines: []*line{{}}, body: []byte("[{}]")}
	r := &bulkRun{bulk: &bulk{}, next: &chunk{}, landed: make(chan flight, 1)}
	body := newBodyReader(c.body, &c.reading)
	r.release(c)
	assert.NotSame(t, c, r.emptyChunk(1))
	require.NoError(t, body.Close())
	require.NoError(t, body.Close(), "transports may close a body twice")
	assert.Zero(t, c.reading.Load())
	assert.Same(t, c, r.emptyChunk(2))
	assert.Empty(t, c.lines)
	assert.Empty(t, c.body)
}
