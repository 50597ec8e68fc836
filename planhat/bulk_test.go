package planhat

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// companies returns n rows with the external ids c1, c2 and so on.
func companies(n int) []Record {
	rows := make([]Record, n)
	for i := range rows {
		rows[i] = Record(fmt.Sprintf(`{"externalId":"c%d","name":"n"}`, i+1))
	}
	return rows
}

// created answers a bulk request as one that created all its rows.
func created(w http.ResponseWriter, q request) {
	rows, _ := splitArray[Record]([]byte(q.body))
	var keys []string
	for i, row := range rows {
		members, _ := readObject(row)
		keys = append(keys, fmt.Sprintf(`{"_id":"id%d","externalId":%s}`, i, members.get("externalId")))
	}
	answerWith(w, 200, fmt.Sprintf(`{"created":%d,"createdErrors":[],"insertsKeys":[%s]}`, len(rows), strings.Join(keys, ",")))
}

func TestBulkUpsertReadsTheAnswer(t *testing.T) {
	s := newServer(t, always(206, `{
		"created": 1, "createdErrors": [{"externalId":"c2","message":"name is missing"}],
		"insertsKeys": [{"_id":"67a","externalId":"c1"}],
		"updated": 1, "updatedErrors": ["c4 is locked"], "updatesKeys": [{"_id":"67b","externalId":"c3"}],
		"nonupdates": 1, "modified": ["67b"], "upsertedIds": ["67a"],
		"permissionErrors": [{"index":5,"error":"no access"}], "validationErrors": [{"what":"odd"}]
	}`))
	rows := append(companies(6), Record(`{"name":"no key"}`))
	o := new(recorder)
	result, err := newClient(t, s, func(c *Config) { c.Observer = o }).Company.BulkUpsert(t.Context(), rows, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 7, result.Rows)
	assert.Equal(t, []int{1, 1, 1}, []int{result.Created, result.Updated, result.Unchanged})
	assert.Equal(t, []RowKey{{0, "67a", true}, {2, "67b", false}}, result.Keys)
	require.Len(t, result.Errors, 4)
	type short struct {
		index        int
		key, message string
		kind         Kind
		raw          string
	}
	var got []short
	for _, e := range result.Errors {
		got = append(got, short{e.Index, e.Key, e.Message, e.Kind, string(e.Raw)})
	}
	assert.Equal(t, []short{
		{1, "externalId c2", "name is missing", KindValidation, `{"externalId":"c2","message":"name is missing"}`},
		{3, "externalId c4", "c4 is locked", KindValidation, `"c4 is locked"`},
		{5, "externalId c6", "no access", KindPermission, `{"index":5,"error":"no access"}`},
		{6, "", `{"what":"odd"}`, KindValidation, `{"what":"odd"}`},
	}, got)
	assert.Equal(t, string(rows[1]), string(result.Errors[0].Row))
	require.Len(t, o.outcomes, 1)
	assert.Len(t, o.outcomes[0].Rejected, 4)
	assert.Equal(t, "["+strings.Join(asStrings(rows), ",")+"]", s.requests()[0].body)
}

func asStrings(rows []Record) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = string(r)
	}
	return out
}

func TestErrorEntriesOfEveryShapeFindTheirRow(t *testing.T) {
	rows := []Record{
		Record(`{"_id":"aaaaaaaaaaaaaaaaaaaaaaaa"}`),
		Record(`{"sourceId":"s 1","companyId":"1"}`),
		Record(`{"externalId":123,"companyId":"1"}`),
		Record(`{"email":"Ann@x.io","companyId":"1"}`),
		Record(`{"externalId":"dup","companyId":"1","email":"one@x.io"}`),
		Record(`{"externalId":"dup","companyId":"2","email":"two@x.io"}`),
	}
	for entry, want := range map[string]int{
		`{"index":2,"errmsg":"x"}`:                                   2,
		`{"_id":"aaaaaaaaaaaaaaaaaaaaaaaa","message":"x"}`:           0,
		`{"item":{"sourceId":"s 1"},"message":"x"}`:                  1,
		`{"doc":{"externalId":"123"},"message":"x"}`:                 2,
		`{"record":{"email":"ann@x.io"},"message":"x"}`:              3,
		`{"row":{"externalId":"dup","companyId":"2"}}`:               5,
		`{"externalId":"dup","companyId":"1"}`:                       4,
		`"sourceId 's 1' is taken"`:                                  1,
		`"E11000 duplicate key { email: \"ANN@X.IO\" }"`:             3,
		`"externalId 123 duplicated"`:                                2,
		`"failed with 123"`:                                          -1,
		`{"message":"two@x.io already exists","code":123}`:           5,
		`"aaaaaaaaaaaaaaaaaaaaaaaa and two@x.io are the same"`:       -1,
		`{"index":99,"message":"out of range"}`:                      -1,
		`{"index":0,"item":{"sourceId":"s 1"}}`:                      1,
		`{"errors":[{"path":"email","value":"Ann@x.io"}],"code":11}`: 3,
		`null`: -1,
	} {
		b := &bulk{resource: newClient(t, newServer(t, always(200, ""))).resources["enduser"],
			prepare: func(row Row) (Record, object, error) {
				r := row.Record
				o, err := readObject(r)
				return r, o, err
			}}
		m := newMatcher(linesFrom(t, b, rows), NewRedactor())
		found, _ := m.find(jsontext.Value(entry))
		assert.Equal(t, want, found, entry)
	}
}

func TestRowsThatTheAnswerLeavesOut(t *testing.T) {
	t.Run("known", func(t *testing.T) {
		s := newServer(t, always(200, `{"created":1,"insertsKeys":[{"_id":"1","externalId":"c1"}]}`))
		rows := []Record{Record(`{"externalId":"c1","email":"a@b.c"}`), Record(`{"externalId":"c2","email":"d@e.f"}`)}
		result, err := newClient(t, s).Enduser.BulkUpsert(t.Context(), rows, BulkOptions{})
		require.NoError(t, err)
		require.Len(t, result.Errors, 1)
		assert.Equal(t, 1, result.Errors[0].Index)
		assert.Contains(t, result.Errors[0].Message, "does not mention this row: it silently drops endusers")
	})
	t.Run("one of several", func(t *testing.T) {
		s := newServer(t, always(200, `{"created":0,"nonupdates":2}`))
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(3), BulkOptions{})
		require.NoError(t, err)
		require.Len(t, result.Errors, 1)
		assert.Equal(t, -1, result.Errors[0].Index)
		assert.Contains(t, result.Errors[0].Message, "one of rows 1, 2, 3")
	})
	t.Run("one of many", func(t *testing.T) {
		for n, want := range map[int]string{10: "one of rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10", 11: "one of rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …"} {
			s := newServer(t, always(200, fmt.Sprintf(`{"nonupdates":%d}`, n-1)))
			result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(n), BulkOptions{})
			require.NoError(t, err)
			require.Len(t, result.Errors, 1)
			assert.True(t, strings.HasSuffix(result.Errors[0].Message, want), result.Errors[0].Message)
		}
	})
	t.Run("an enduser without a company", func(t *testing.T) {
		s := newServer(t, always(200, `{"created":1,"insertsKeys":[{"_id":"1"}]}`))
		rows := []Record{Record(`{"companyId":"1","email":"a@b.c"}`), Record(`{"email":"d@e.f"}`)}
		result, err := newClient(t, s).Enduser.BulkUpsert(t.Context(), rows, BulkOptions{})
		require.NoError(t, err)
		require.Len(t, result.Errors, 1)
		assert.Equal(t, 1, result.Errors[0].Index)
	})
	t.Run("an error that names no row", func(t *testing.T) {
		s := newServer(t, always(206, `{"created":1,"insertsKeys":[{"_id":"1","externalId":"c1"}],"createdErrors":[{"message":"no name"}]}`))
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), []Record{companies(1)[0], Record(`{"mrr":1}`)}, BulkOptions{})
		require.NoError(t, err)
		require.Len(t, result.Errors, 1)
		assert.Equal(t, 1, result.Errors[0].Index)
		assert.Equal(t, `{"mrr":1}`, string(result.Errors[0].Row))
	})
	t.Run("an error among unchanged rows", func(t *testing.T) {
		s := newServer(t, always(206, `{"created":0,"nonupdates":2,"createdErrors":[{"message":"no name"}]}`))
		rows := []Record{companies(1)[0], Record(`{"mrr":1}`), Record(`{"externalId":"c2"}`)}
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), rows, BulkOptions{})
		require.NoError(t, err)
		require.Len(t, result.Errors, 1)
		assert.Equal(t, 1, result.Errors[0].Index)
	})
	t.Run("an error of one of two rows", func(t *testing.T) {
		s := newServer(t, always(206, `{"created":1,"insertsKeys":[{"_id":"1"}],"createdErrors":[{"message":"no name"}]}`))
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), []Record{Record(`{"mrr":1}`), Record(`{"mrr":2}`)}, BulkOptions{})
		require.NoError(t, err)
		require.Len(t, result.Errors, 1)
		assert.Equal(t, -1, result.Errors[0].Index)
		assert.Equal(t, `{"message":"no name"}`, string(result.Errors[0].Raw))
	})
	t.Run("none", func(t *testing.T) {
		s := newServer(t, always(200, `{"created":3,"nonupdates":0}`))
		result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(3), BulkOptions{})
		require.NoError(t, err)
		assert.Empty(t, result.Errors)
	})
}

func TestRowsRejectedBeforeSending(t *testing.T) {
	for _, tt := range []struct {
		model   string
		rows    []string
		message map[int]string
	}{
		{"company", []string{`{"externalId":"1"}`, `{"externalId":1}`, `[]`, `{"_id":""}`, `{"name":"a"}`, `{"name":"a"}`, `{"a":1,"a":2}`, `nonsense`},
			map[int]string{1: "row 1 has the same key", 2: "not a list", 3: "_id is empty", 6: "has a duplicate property", 7: "not valid JSON"}},
		{"ticket", []string{`{"sourceId":"1"}`, `{"sourceId":"2","email":"a@b.c"}`}, map[int]string{0: "drops tickets without email"}},
		{"enduser", []string{
			`{"companyId":"1"}`, `{"email":"A@b.c","companyId":"1"}`, `{"email":"a@b.c","companyId":"1"}`, `{"email":"a@b.c","companyId":"2"}`,
			`{"externalId":"x","companyId":"1"}`, `{"externalId":"x","companyId":"2"}`, `{"externalId":"x"}`,
		}, map[int]string{0: "one of email, externalId or sourceId is required", 2: "row 2 has the same key", 3: "row 2 has the same email", 6: "row 5 has the same key"}},
		{"task", []string{`{"sourceId":"1","companyId":"1"}`, `{"sourceId":"1","companyId":"2"}`}, map[int]string{1: "row 1 has the same key"}},
	} {
		s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
			rows, _ := splitArray[Record]([]byte(q.body))
			answerWith(w, 200, fmt.Sprintf(`{"created":%d}`, len(rows)))
		})
		c := newClient(t, s)
		rows := make([]Record, len(tt.rows))
		for i, r := range tt.rows {
			rows[i] = Record(r)
		}
		result, err := c.resources[tt.model].BulkUpsert(t.Context(), rows, BulkOptions{})
		require.NoError(t, err)
		require.Len(t, result.Errors, len(tt.message), "%v", result.Errors)
		for _, e := range result.Errors {
			assert.Contains(t, e.Message, tt.message[e.Index])
			assert.Equal(t, KindValidation, e.Kind)
		}
		assert.Equal(t, len(rows)-len(tt.message), result.Created)
	}
}

func TestNoRowsMakeNoRequest(t *testing.T) {
	s := newServer(t, always(200, `{"created":0}`))
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), nil, BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, &BulkResult{}, result)
	assert.Empty(t, s.requests())
}

func TestChunksByCountAndExactSize(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) { created(w, q) })
	c := newClient(t, s)
	result, err := c.Company.BulkUpsert(t.Context(), companies(12_001), BulkOptions{ChunkRows: 9_999})
	require.NoError(t, err)
	assert.Equal(t, 12_001, result.Created)
	assert.Equal(t, 3, result.Chunks)
	assert.Len(t, result.Keys, 12_001)
	assert.Equal(t, 12_000, result.Keys[12_000].Index)

	row := len(companies(1)[0])
	for _, tt := range []struct{ bytes, rows int }{
		{2 + 3*row + 2, 3}, {2 + 4*row + 2, 3}, {2 + 3*row + 1, 2}, {2 + row, 1},
	} {
		before := len(s.requests())
		result, err = c.Company.BulkUpsert(t.Context(), companies(6), BulkOptions{ChunkBytes: tt.bytes})
		require.NoError(t, err)
		assert.Equal(t, 6, result.Created)
		for _, q := range s.requests()[before:] {
			assert.LessOrEqual(t, len(q.body), tt.bytes)
		}
		assert.Equal(t, 6/tt.rows, result.Chunks)
	}
	result, err = c.Company.BulkUpsert(t.Context(), companies(1), BulkOptions{ChunkBytes: 1 + row})
	require.NoError(t, err)
	assert.Contains(t, result.Errors[0].Message, "the row is")
}

func TestAFailedChunkLosesNoOther(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) {
		if strings.Contains(q.body, `"c3"`) {
			answerWith(w, 500, `{"message":"boom"}`)
			return
		}
		created(w, q)
	})
	var progress []BulkProgress
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(6), BulkOptions{
		ChunkRows: 2, Progress: func(p BulkProgress) { progress = append(progress, p) },
	})
	e := in(t, err)
	assert.Equal(t, KindPartial, e.Kind)
	assert.Equal(t, KindServer, in(t, e.Err).Kind)
	assert.Same(t, result, e.Result)
	assert.Equal(t, result.Errors, e.Items)
	assert.Equal(t, 4, result.Created)
	assert.Equal(t, 1, result.FailedChunks)
	require.Len(t, result.Errors, 2)
	assert.Equal(t, []int{2, 3}, []int{result.Errors[0].Index, result.Errors[1].Index})
	assert.Equal(t, "boom", result.Errors[0].Message)
	assert.Len(t, s.requests(), 4, "a 500 is tried once more only")
	require.Len(t, progress, 3)
	assert.Equal(t, BulkProgress{3, 3, 6, 6}, progress[2])
}

func TestFailuresThatEndABulkCall(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		if n == 1 {
			created(w, q)
			return
		}
		answerWith(w, 401, `bad token`)
	})
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(8), BulkOptions{ChunkRows: 2})
	e := in(t, err)
	assert.Equal(t, KindPartial, e.Kind)
	assert.Equal(t, KindAuth, in(t, e.Err).Kind)
	assert.Len(t, s.requests(), 2)
	assert.Equal(t, 3, result.FailedChunks)
	require.Len(t, result.Errors, 6)
	assert.Equal(t, "bad token", result.Errors[0].Message)
	assert.Equal(t, "not sent: bad token", result.Errors[5].Message)
	assert.Equal(t, KindAuth, result.Errors[5].Kind)

	all := newServer(t, always(401, `bad token`))
	_, err = newClient(t, all).Company.BulkUpsert(t.Context(), companies(4), BulkOptions{ChunkRows: 2})
	assert.Equal(t, KindAuth, in(t, err).Kind)
	assert.Len(t, all.requests(), 1)
}

func TestABulkRequestOfUnknownFate(t *testing.T) {
	rows := []Record{Record(`{"externalId":"c1"}`), Record(`{"name":"keyless"}`), Record(`{"externalId":"c2"}`)}
	s := newServer(t, func(w http.ResponseWriter, q request, n int) {
		if n == 1 {
			cut(w)
			return
		}
		assert.NotContains(t, q.body, "keyless")
		created(w, q)
	})
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), rows, BulkOptions{})
	e := in(t, err)
	assert.Equal(t, KindPartial, e.Kind)
	assert.Equal(t, 2, result.Created)
	require.Len(t, result.Errors, 1)
	assert.Equal(t, 1, result.Errors[0].Index)
	assert.True(t, result.Errors[0].Uncertain)
	assert.Equal(t, KindNetwork, result.Errors[0].Kind)

	keyed := newServer(t, func(w http.ResponseWriter, q request, n int) {
		if n == 1 {
			cut(w)
			return
		}
		created(w, q)
	})
	result, err = newClient(t, keyed).Company.BulkUpsert(t.Context(), companies(2), BulkOptions{})
	require.NoError(t, err)
	assert.Equal(t, 2, result.Created)

	metrics := newServer(t, func(w http.ResponseWriter, _ request, _ int) { cut(w) })
	result, err = newClient(t, metrics).Metrics.BulkInsertMetrics(t.Context(), []Record{Record(`{"dimensionId":"d","value":1,"externalId":"c1"}`)}, BulkOptions{})
	assert.True(t, in(t, err).Uncertain)
	assert.True(t, result.Errors[0].Uncertain)
	assert.Len(t, metrics.requests(), 1)
}

func TestParallelChunksKeepTheOrder(t *testing.T) {
	s := newServer(t, func(w http.ResponseWriter, q request, _ int) { created(w, q) })
	result, err := newClient(t, s).Company.BulkUpsert(t.Context(), companies(100), BulkOptions{ChunkRows: 3, Parallel: 8})
	require.NoError(t, err)
	assert.Equal(t, 100, result.Created)
	for i, k := range result.Keys {
		assert.Equal(t, i, k.Index)
	}
}

func TestDuplicate(t *testing.T) {
	for _, tt := range []struct {
		body    string
		created int
		errors  int
		keys    []RowKey
		others  []string
	}{
		{`{"created":1,"insertsKeys":[{"_id":"9"}]}`, 1, 1, nil, []string{"9"}},
		{`[{"_id":"8"},{"_id":"9"}]`, 2, 0, []RowKey{{0, "8", true}, {1, "9", true}}, nil},
		{`{"created":2,"insertsKeys":[{"_id":"8"},{"_id":"9"}]}`, 2, 0, []RowKey{{0, "8", true}, {1, "9", true}}, nil},
		{`{"created":2}`, 2, 0, nil, nil},
	} {
		s := newServer(t, always(200, tt.body))
		result, err := newClient(t, s).TimeEntry.Duplicate(t.Context(), []string{"1", "2"})
		require.NoError(t, err)
		assert.Equal(t, tt.created, result.Created)
		assert.Len(t, result.Errors, tt.errors)
		assert.Equal(t, tt.keys, result.Keys)
		assert.Equal(t, tt.others, result.Unmatched)
		q := s.requests()[0]
		assert.Equal(t, `POST /timeentries/duplicate {"ids":["1","2"]}`, q.method+" "+q.path+" "+q.body)
	}
	refused := newServer(t, always(400, `{"created":1,"createdErrors":[{"_id":"2","message":"no such id"}]}`))
	result, err := newClient(t, refused).TimeEntry.Duplicate(t.Context(), []string{"1", "2"})
	require.NoError(t, err)
	assert.Equal(t, 1, result.Created)
	require.Len(t, result.Errors, 1)
	assert.Equal(t, 1, result.Errors[0].Index)
	assert.Equal(t, "no such id", result.Errors[0].Message)

	c := newClient(t, newServer(t, always(200, "ok")))
	result, err = c.TimeEntry.Duplicate(t.Context(), []string{"1", "2"})
	assert.True(t, in(t, err).Uncertain, "nothing says that there are copies")
	assert.Len(t, result.Errors, 2)
	_, err = c.TimeEntry.Duplicate(t.Context(), []string{"1", ""})
	assert.Equal(t, KindValidation, in(t, err).Kind)
}
