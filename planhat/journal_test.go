package planhat

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notebook is a journal in memory. Rows are told apart by their text.
type notebook struct {
	mu    sync.Mutex
	known map[string]uint64
	past  map[uint64][]Recalled
	pages []*page
}

type page struct {
	intent Intent
	ended  bool
	rows   []JournalRow
	answer []byte
}

func (n *notebook) ID(scope string, row []byte) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil {
		n.known = map[string]uint64{}
	}
	text := scope + string(row)
	if n.known[text] == 0 {
		n.known[text] = uint64(len(n.known) + 1)
	}
	return n.known[text]
}

func (n *notebook) Recall(_ context.Context, id uint64) (Recalled, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.past[id]) == 0 {
		return Recalled{}, false, nil
	}
	first := n.past[id][0]
	n.past[id] = n.past[id][1:]
	return first, true, nil
}

func (n *notebook) Begin(_ context.Context, i Intent) (JournalEntry, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pages = append(n.pages, &page{intent: i})
	return n.pages[len(n.pages)-1], nil
}

func (p *page) End(_ context.Context, rows []JournalRow, answer []byte) {
	p.ended, p.rows, p.answer = true, rows, answer
}

func (p *page) String() string {
	var out strings.Builder
	for _, r := range p.rows {
		out.WriteByte(byte(r.Outcome))
	}
	return fmt.Sprintf("%s.%s %d/%d %t %s", p.intent.Model, p.intent.Operation, len(p.intent.IDs), len(p.intent.Keyless), p.ended, out.String())
}

// again returns the notebook of the next attempt. Rows that are open and have no key are
// left out.
func (n *notebook) again() *notebook {
	next := &notebook{known: n.known, past: map[uint64][]Recalled{}}
	for _, p := range n.pages {
		keyless := map[int]bool{}
		for _, k := range p.intent.Keyless {
			keyless[k.Place] = true
		}
		for i, id := range p.intent.IDs {
			row := JournalRow{Outcome: JournalOpen}
			if p.ended && p.rows == nil {
				continue
			} else if p.ended {
				row = p.rows[i]
			}
			if row.Outcome != JournalUnsent {
				next.past[id] = append(next.past[id], Recalled{JournalRow: row, Answer: p.answer, Began: time.Unix(0, 0).UTC(), LeftOut: row.Outcome == JournalOpen && keyless[i]})
			}
		}
	}
	return next
}

func (n *notebook) list() (out []string) {
	for _, p := range n.pages {
		out = append(out, p.String())
	}
	return out
}

func TestTheJournalOfABulkCall(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		switch n {
		case 2:
			answerWith(w, 206, `{"created":0,"updated":1,"createdErrors":[{"externalId":"c4","message":"no"}],"updatesKeys":[{"_id":"u3","externalId":"c3"}]}`)
		case 3:
			answerWith(w, 401, "bad token")
		default:
			created(w, q)
		}
	})
	first := &notebook{}
	rows := companies(6)
	result, err := newClient(t, s).Company.BulkUpsert(WithJournal(t.Context(), first), rows, BulkOptions{ChunkRows: 2})
	require.Error(t, err)
	assert.Equal(t, []int{2, 1, 3}, []int{result.Created, result.Updated, len(result.Errors)})
	assert.Equal(t, []string{"company.bulk_upsert 2/0 true cc", "company.bulk_upsert 2/0 true ur", "company.bulk_upsert 2/0 true "}, first.list())

	second := first.again()
	o := new(recorder)
	result, err = newClient(t, s, func(c *Config) { c.Observer = o }).Company.BulkUpsert(WithJournal(t.Context(), second), rows, BulkOptions{ChunkRows: 5})
	require.NoError(t, err)
	assert.Equal(t, []int{6, 4, 1, 1}, []int{result.Rows, result.Created, result.Updated, len(result.Errors)}, "the result is that of both attempts")
	assert.Equal(t, []RowKey{{0, "id0", true}, {1, "id1", true}, {2, "u3", false}, {4, "id0", true}, {5, "id1", true}}, result.Keys)
	rejected := result.Errors[0]
	assert.Equal(t, []any{3, "externalId c4", "no", KindValidation, string(rows[3])}, []any{rejected.Index, rejected.Key, rejected.Message, rejected.Kind, string(rejected.Row)})
	assert.Equal(t, `[{"externalId":"c5","name":"n"},{"externalId":"c6","name":"n"}]`, s.requests()[3].body)
	assert.Equal(t, 4, o.outcomes[0].Created)
}

// The same row sent twice is skipped as often as it was sent.
func TestEqualRowsOfABulkCall(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
		answerWith(w, 200, fmt.Sprintf(`{"processed":%d,"errors":[]}`, strings.Count(q.body, "dimensionId")))
	})
	first := &notebook{}
	value := Record(`{"dimensionId":"d","value":1,"externalId":"a"}`)
	c := newClient(t, s)
	_, err := c.Metrics.BulkInsertMetrics(WithJournal(t.Context(), first), []Record{value, value}, BulkOptions{})
	require.NoError(t, err)
	result, err := c.Metrics.BulkInsertMetrics(WithJournal(t.Context(), first.again()), []Record{value, value, value}, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 3, result.Created)
	assert.Len(t, s.requests(), 2)
	assert.Equal(t, 1, strings.Count(s.requests()[1].body, "dimensionId"))
}

// Rows of a request whose answer was lost: those with a key are sent again, the others
// are named and not sent again.
func TestRowsThatMayHaveBeenStored(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		if n == 1 {
			cancel()
			panic(http.ErrAbortHandler)
		}
		answerWith(w, 200, fmt.Sprintf(`{"nonupdates":%d}`, strings.Count(q.body, "name")))
	})
	first := &notebook{}
	rows := append(companies(2), Record(`{"name":"no key"}`))
	c := newClient(t, s, func(c *Config) { c.Retry = RetryPolicy{MaxAttempts: 1} })
	at := func(i int) *Origin { return &Origin{File: "a.csv", Line: i + 2} }
	_, err := c.Company.BulkUpsert(WithOrigins(WithJournal(ended, first), at), rows, BulkOptions{})
	require.Error(t, err)
	assert.Equal(t, []string{"company.bulk_upsert 3/1 false "}, first.list()[:1])
	k := first.pages[0].intent.Keyless[0]
	assert.Equal(t, []any{2, 2, "a.csv, line 4", `{"name":"no key"}`}, []any{k.Place, k.Index, k.Origin.String(), string(k.Data)})

	second := first.again()
	result, err := c.Company.BulkUpsert(WithOrigins(WithJournal(t.Context(), second), at), rows, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, []int{3, 0, 2, 1}, []int{result.Rows, result.Unchanged, result.UncertainOutcome, len(result.Errors)})
	named := result.Errors[0]
	assert.True(t, named.Uncertain)
	assert.Equal(t, "the run that began at 1970-01-01 00:00:00 ended while it sent this row, so it may be stored; it was not sent again", named.Message)
	assert.Equal(t, "a.csv, line 4", named.Origin.String())
}

func TestTheJournalOfSingleWrites(t *testing.T) {
	const id = "67d08140557181002fd170dd"
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		switch {
		case q.method == http.MethodPost && strings.Contains(q.body, "refused"):
			answerWith(w, 400, `{"message":"no"}`)
		case q.method == http.MethodDelete:
			answerWith(w, 200, `{"deletedCount":1}`)
		default:
			answerWith(w, 200, fmt.Sprintf(`{"_id":"%s","n":%d}`, id, n))
		}
	})
	c := newClient(t, s)
	attempt := func(n *notebook) (answers []string) {
		ctx := WithJournal(t.Context(), n)
		for _, text := range []string{`{"type":"note"}`, `{"type":"note"}`, `{"type":"refused"}`} {
			made, err := c.Note.Create(ctx, Record(text))
			answers = append(answers, fmt.Sprint(string(made), err != nil))
		}
		made, err := c.Note.Update(ctx, id, Record(`{"type":"x"}`))
		answers = append(answers, fmt.Sprint(string(made), err != nil))
		made, err = c.Note.Delete(ctx, id)
		return append(answers, fmt.Sprint(string(made), err != nil))
	}
	first := &notebook{}
	told := attempt(first)
	assert.Equal(t, []string{
		"note.create 1/1 true a", "note.create 1/1 true a", "note.create 1/1 true ", "note.update 1/0 true a", "note.delete 1/0 true a",
	}, first.list())
	requests := len(s.requests())
	assert.Equal(t, told, attempt(first.again()), "the second attempt is told the same")
	assert.Len(t, s.requests(), requests+1, "only what was refused is sent again")
	assert.Equal(t, attempt(&notebook{})[0], fmt.Sprintf(`{"_id":"%s","n":%d}false`, id, requests+2), "without a past, all is sent")
}

// A create whose answer was lost is looked up by its key; one without a key is not sent
// again.
func TestCreatesThatMayHaveBeenMade(t *testing.T) {
	const id = "67d08140557181002fd170dd"
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
		if q.method == http.MethodGet {
			answerWith(w, 200, `{"_id":"`+id+`","name":"A","externalId":"a"}`)
			return
		}
		answerWith(w, 200, `{"_id":"`+id+`"}`)
	})
	o := new(recorder)
	c := newClient(t, s, func(c *Config) { c.Retry, c.Observer = RetryPolicy{InitialInterval: time.Millisecond}, o })
	first := &notebook{}
	ctx := WithJournal(t.Context(), first)
	_, err := c.Company.Create(ctx, Record(`{"name":"A","externalId":"a"}`))
	require.NoError(t, err)
	_, err = c.Note.Create(ctx, Record(`{"type":"note"}`))
	require.NoError(t, err)
	for _, p := range first.pages {
		p.ended = false
	}
	second := WithJournal(t.Context(), first.again())
	found, err := c.Company.Create(second, Record(`{"name":"A","externalId":"a"}`))
	require.NoError(t, err)
	assert.Contains(t, string(found), id)
	assert.Equal(t, http.MethodGet, s.requests()[2].method)
	given, err := c.Note.Create(second, Record(`{"type":"note"}`))
	require.NoError(t, err)
	assert.JSONEq(t, `{"type":"note"}`, string(given), "the row as it was given, without an _id")
	assert.Len(t, s.requests(), 3)
	last := o.outcomes[len(o.outcomes)-1]
	assert.Equal(t, RowUnknown, last.Rejected[0].State())
}
