package planhat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestADryRunSendsNoWrite(t *testing.T) {
	s := newServer(t, always(200, `{"_id":"67d0"}`))
	var mu sync.Mutex
	var writes []Write
	tally := new(Tally)
	c := newClient(t, s, func(c *Config) {
		c.Observer = tally
		c.Gate = func(_ context.Context, w Write) error {
			mu.Lock()
			defer mu.Unlock()
			writes = append(writes, w)
			return ErrWithheld
		}
	})
	ctx := t.Context()
	got, err := c.Company.Create(ctx, Record(`{"name":"a","_id":"x"}`))
	require.NoError(t, err)
	assert.Equal(t, `{"_id":"dry-run-1","name":"a"}`, string(got))
	got, err = c.Company.Update(ctx, "extid-1", Record(`{"name":"b"}`))
	require.NoError(t, err)
	assert.Equal(t, `{"_id":"extid-1","name":"b"}`, string(got))
	got, err = c.Company.Delete(ctx, "extid-1")
	require.NoError(t, err)
	assert.Equal(t, `{"deletedCount":0,"dryRun":true}`, string(got))
	rows := append(companies(7), Record(`{"externalId":"c1"}`))
	result, err := c.Company.BulkUpsert(ctx, rows, BulkOptions{ChunkRows: 5})
	require.NoError(t, err)
	assert.Equal(t, 7, result.Planned)
	assert.Len(t, result.Errors, 1, "local checks happen all the same")
	assert.Equal(t, 2, result.Chunks)
	result, err = c.TimeEntry.Duplicate(ctx, []string{"1", "2"})
	require.NoError(t, err)
	assert.Equal(t, 2, result.Planned)
	result, err = c.Metrics.BulkInsertMetrics(ctx, []Record{Record(`{"dimensionId":"d","value":1,"companyId":"extid-1"}`)}, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 1, result.Planned)
	got, err = c.UserActivity.CreateActivity(ctx, Record(`{"event":"e","userId":"1"}`))
	require.NoError(t, err)
	assert.Equal(t, `{"_id":"dry-run-2","action":"e","externalId":"1"}`, string(got))

	require.Len(t, s.requests(), 1, "only the look-up before the delete is sent")
	assert.Equal(t, "GET", s.requests()[0].method)
	require.Len(t, writes, 8)
	assert.Equal(t, []int{5, 2}, []int{writes[3].Rows, writes[4].Rows})
	assert.Equal(t, "/dimensiondata/[redacted]", writes[6].Path)
	assert.JSONEq(t, `[{"dimensionId":"d","value":1,"externalId":"1"}]`, string(writes[6].Body))
	sum := tally.Snapshot()
	assert.Equal(t, Counts{Planned: 14, Rejected: 1}, sum.Counts)
}

func TestAGateThatRefuses(t *testing.T) {
	s := newServer(t, always(200, `{"_id":"1"}`))
	boom := errors.New("only 3 writes are allowed")
	n := 0
	c := newClient(t, s, func(c *Config) {
		c.Gate = func(context.Context, Write) error {
			if n++; n > 1 {
				return boom
			}
			return nil
		}
	})
	_, err := c.Company.Update(t.Context(), "1", Record(`{}`))
	require.NoError(t, err)
	_, err = c.Company.Update(t.Context(), "1", Record(`{}`))
	require.ErrorIs(t, err, boom)
	assert.Equal(t, KindCancelled, in(t, err).Kind)
	result, err := c.Company.BulkUpsert(t.Context(), companies(4), BulkOptions{ChunkRows: 2})
	require.ErrorIs(t, err, boom)
	assert.Len(t, result.Errors, 4)
	assert.Contains(t, result.Errors[3].Message, "not sent")
	assert.Equal(t, 3, n)
	assert.Len(t, s.requests(), 1)
}

func TestStoppingLetsTheRequestInFlightFinish(t *testing.T) {
	stop := make(chan struct{})
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		if n == 2 {
			close(stop)
		}
		created(w, q)
	})
	ctx := WithStopping(t.Context(), stop)
	c := newClient(t, s)
	result, err := c.Company.BulkUpsert(ctx, companies(10), BulkOptions{ChunkRows: 2})
	e := in(t, err)
	assert.Equal(t, KindPartial, e.Kind)
	assert.Equal(t, KindCancelled, in(t, e.Err).Kind)
	assert.Equal(t, 4, result.Created)
	assert.Len(t, result.Errors, 6)
	assert.Equal(t, 3, result.FailedChunks)
	for _, row := range result.Errors {
		assert.Contains(t, row.Message, "stopped before")
		assert.False(t, row.Uncertain)
	}
	_, err = c.Company.GetByID(ctx, "1")
	assert.Equal(t, KindCancelled, in(t, err).Kind)
	assert.Contains(t, err.Error(), "stopped before the request was sent")
	assert.Len(t, s.requests(), 2)
}

func TestStoppingEndsTheWaitForARetry(t *testing.T) {
	stop := make(chan struct{})
	s := newServer(t, func(w http.ResponseWriter, _ request, _ int) {
		close(stop)
		w.Header().Set("Retry-After", "600")
		answerWith(w, 503, "")
	})
	_, err := newClient(t, s).Company.GetByID(WithStopping(t.Context(), stop), "1")
	assert.Equal(t, KindCancelled, in(t, err).Kind)
	assert.Len(t, s.requests(), 1)
}

// TestADryRunReportsWhatPlanhatWouldReject: a record without what a new one needs is
// rejected in a dry run as well, unless its key may find a record.
func TestADryRunReportsWhatPlanhatWouldReject(t *testing.T) {
	s := newServer(t, always(200, `{}`))
	tally := new(Tally)
	c := newClient(t, s, func(c *Config) {
		c.Observer = tally
		c.Gate = func(context.Context, Write) error { return ErrWithheld }
	})
	ctx := t.Context()
	result, err := c.License.BulkUpsert(ctx, []Record{
		Record(`{"companyId":"extid-a","mrr":1}`),
		Record(`{"companyId":"extid-a","value":null}`),
		Record(`{"externalId":"l","companyId":"extid-a"}`),
		Record(`{"_id":"5f3b1c2d4e5f6a7b8c9d0e1f","companyId":"extid-a"}`),
	}, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 3, result.Planned)
	require.Len(t, result.Errors, 1)
	assert.Equal(t, 1, result.Errors[0].Index)
	assert.Equal(t, "a new license needs value", result.Errors[0].Message)
	assert.Equal(t, []Reason{{"a new license needs value", "a new license needs value", 1, 2}}, tally.Snapshot().IfNew)

	_, err = c.License.Create(ctx, Record(`{"companyId":"extid-a"}`))
	assert.Equal(t, KindValidation, KindOf(err))
	assert.ErrorContains(t, err, "a new license needs fromDate")
	_, err = c.Enduser.Create(ctx, Record(`{"email":"ada@x.example"}`))
	require.NoError(t, err, "the domain of the email may tell the company")
	_, err = c.Enduser.Create(ctx, Record(`{"externalId":"ada"}`))
	assert.ErrorContains(t, err, "a new enduser needs companyId")
	_, err = c.Conversation.Create(ctx, Record(`{"companyExternalId":"a"}`))
	require.NoError(t, err)
	metrics, err := c.Metrics.BulkInsertMetrics(ctx, []Record{Record(`{"externalId":"a","value":1}`)}, BulkOptions{})
	require.NoError(t, err)
	assert.Len(t, metrics.Errors, 1)
	assert.Equal(t, 5, tally.Snapshot().Planned)
	assert.Empty(t, s.requests())
}

// outcomes collects what an observer is told of operations.
type outcomes struct {
	Observer
	all []Outcome
}

func (o *outcomes) Outcome(out Outcome) { o.all = append(o.all, out) }

// A long dry run keeps the text of rows only as long as the observer wants it.
func TestALongDryRunReportsRowsAsItReadsThem(t *testing.T) {
	told := &outcomes{Observer: new(Tally)}
	c := newClient(t, newServer(t, always(200, `{}`)), func(c *Config) {
		c.Observer = told
		c.Gate = func(context.Context, Write) error { return ErrWithheld }
	})
	row := func(i int) string {
		if i%10 == 3 {
			return fmt.Sprintf(`{"companyId":"extid-%d","value":null}`, i)
		}
		return fmt.Sprintf(`{"externalId":"l-%d","companyId":"extid-a"}`, i)
	}
	result, err := c.License.Resource().BulkUpsertSeq(t.Context(), func(yield func(Row, error) bool) {
		for i := range 100 {
			if !yield(Row{Record: Record(row(i))}, nil) {
				return
			}
		}
	}, BulkOptions{ChunkRows: 5})
	require.NoError(t, err)
	require.Len(t, result.Errors, 10)
	for _, e := range result.Errors {
		assert.Equal(t, row(e.Index), string(e.Row))
	}
	require.Len(t, told.all, 21, "one for each request, and one for the call")
	seen := 0
	for _, o := range told.all[:20] {
		assert.LessOrEqual(t, len(o.IfNew), 5)
		assert.Zero(t, o.Planned)
		for _, e := range o.IfNew {
			assert.Equal(t, row(e.Index), string(e.Row))
			seen++
		}
	}
	assert.Equal(t, 90, seen)
	assert.Equal(t, 90, told.all[20].Planned)
	assert.Empty(t, told.all[20].IfNew)
}

// planner answers as its fields say.
type planner struct {
	answer func(Call, Sender) (Reply, error)
	view   View
}

func (p *planner) Answer(_ context.Context, call Call, send Sender) (Reply, error) {
	return p.answer(call, send)
}

func (p *planner) List(context.Context, Call) (View, error) { return p.view, nil }

func TestAPlannerAnswersInPlaceOfPlanhat(t *testing.T) {
	s := newServer(t, always(200, `{"_id":"67d0","name":"sent"}`))
	tally, p := new(Tally), &planner{}
	c := newClient(t, s, func(c *Config) {
		c.Planner, c.Observer = p, tally
		c.Gate = func(context.Context, Write) error { return ErrWithheld }
	})
	ctx := t.Context()
	p.answer = func(call Call, send Sender) (Reply, error) {
		if call.Rows == 0 {
			return send(t.Context(), call)
		}
		_, err := send(t.Context(), call)
		require.ErrorIs(t, err, ErrWithheld, "writes are not sent")
		return Reply{Status: 200, Body: []byte(`{"_id":"1","name":"planned"}`)}, nil
	}
	got, err := c.Company.Create(ctx, Record(`{"name":"a"}`))
	require.NoError(t, err)
	assert.Equal(t, `{"_id":"1","name":"planned"}`, string(got))
	got, err = c.Company.GetByID(ctx, "2")
	require.NoError(t, err)
	assert.Equal(t, "67d0", got.ID())

	p.answer = func(Call, Sender) (Reply, error) {
		return Reply{Status: 400, Body: []byte(`{"message":"the key is taken"}`)}, nil
	}
	_, err = c.Company.Update(ctx, "1", Record(`{"name":"a"}`))
	e := in(t, err)
	assert.Equal(t, []any{KindValidation, 400, "the key is taken"}, []any{e.Kind, e.Status, e.Message})

	p.answer = func(Call, Sender) (Reply, error) {
		return Reply{Status: 200, Blind: []int{1}, Body: []byte(`{"created":1,"updated":0,"nonupdates":1,"insertsKeys":[{"_id":"5","externalId":"a"}],"updatesKeys":[]}`)}, nil
	}
	result, err := c.Company.BulkUpsert(ctx, []Record{Record(`{"externalId":"a","name":"A"}`), Record(`{"externalId":"b"}`)}, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, []int{1, 1, 2}, []int{result.Created, result.Unchanged, result.Planned})
	assert.Equal(t, []RowKey{{Index: 0, ID: "5", Created: true}}, result.Keys)

	sum := tally.Snapshot()
	assert.Equal(t, Counts{Read: 1, Planned: 3, Rejected: 1}, sum.Counts)
	assert.Len(t, sum.IfNew, 1, "the row that was not looked up has no name")
	assert.Len(t, s.requests(), 1, "the read")
}

func TestAPlannerChangesLists(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
		if strings.Contains(q.query, "offset=0") {
			fmt.Fprint(w, `[{"_id":"1"},{"_id":"2"},{"_id":"3"}]`)
			return
		}
		fmt.Fprint(w, `[]`)
	})
	p := &planner{}
	c := newClient(t, s, func(c *Config) { c.Planner = p })
	list := func(o ListOptions) (ids string) {
		t.Helper()
		records, err := c.Company.GetList(t.Context(), o)
		require.NoError(t, err)
		for _, r := range records {
			ids += r.ID()
		}
		return ids
	}
	assert.Equal(t, "123", list(ListOptions{}))
	p.view = View{Changes: true, Page: func(records []Record, first, last bool) []Record {
		var out []Record
		if first {
			out = append(out, Record(`{"_id":"F"}`))
		}
		for _, r := range records {
			if r.ID() != "1" {
				out = append(out, r)
			}
		}
		if last {
			out = append(out, Record(`{"_id":"L"}`))
		}
		return out
	}}
	assert.Equal(t, "F23L", list(ListOptions{}))
	assert.Equal(t, "F2", list(ListOptions{Limit: 2}))
	assert.Equal(t, "3L", list(ListOptions{Offset: 2}))
	before := len(s.requests())
	p.view.Local = true
	assert.Equal(t, "FL", list(ListOptions{}))
	assert.Len(t, s.requests(), before)
}
