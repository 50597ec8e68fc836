package planhat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/internal/rowkeys"
)

// linesFrom prepares rows as a bulk call does.
func linesFrom(t *testing.T, b *bulk, rows []Record) []*line {
	t.Helper()
	out := make([]*line, len(rows))
	for i, row := range rows {
		out[i] = &line{}
		require.NoError(t, b.line(out[i], identityOf(b.resource.model), i, Row{Record: row}))
	}
	return out
}

// linesOf prepares rows as a bulk upsert of the model does.
func linesOf(t *testing.T, model string, rows ...string) (*Resource, []*line) {
	t.Helper()
	c, err := New(Config{APIToken: apiToken})
	require.NoError(t, err)
	r := c.resources[model]
	b := &bulk{resource: r, prepare: preparation(r.model)}
	records := make([]Record, len(rows))
	for i, row := range rows {
		records[i] = Record(row)
	}
	return r, linesFrom(t, b, records)
}

// distinct returns why rows can't be stored beside earlier ones, by their positions.
func distinct(t *testing.T, r *Resource, lines []*line, memory int) map[int]string {
	t.Helper()
	c := newClaims(t.Context(), r)
	c.Set.Memory = memory
	defer c.Close()
	out := map[int]string{}
	for _, l := range lines {
		message, err := c.Reject(&rowkeys.Row{Index: l.index, File: l.file, Line: l.number, Keys: l.keys, Company: l.company})
		require.NoError(t, err)
		if message != "" {
			out[l.index] = message
		}
	}
	return out
}

func TestRowsThatCannotBothBeStored(t *testing.T) {
	for _, tt := range []struct {
		name, model string
		rows        []string
		// rejected names the rows taken out, with a part of the message.
		rejected map[int]string
	}{
		{"a second key that is unique", "company",
			[]string{`{"sourceId":"s","externalId":"e"}`, `{"externalId":"e"}`, `{"_id":"1","externalId":"f"}`, `{"_id":"2","externalId":"f"}`, `{"_id":"3","sourceId":"s"}`},
			map[int]string{
				1: "row 1 has the same key, and one would overwrite the other: if both are the same company, merge them or delete one; otherwise correct the key",
				3: "row 3 has the same externalId, which Planhat allows only once: if both are the same company, merge them or delete one; otherwise correct the externalId", 4: "row 1 has the same sourceId",
			}},
		{"the same externalId in one company and in two", "license",
			[]string{`{"externalId":"e","companyId":"1"}`, `{"externalId":"e","companyId":"2"}`, `{"externalId":"e","companyId":"1"}`, `{"_id":"5","externalId":"e","companyId":"2"}`},
			map[int]string{2: "row 1 has the same key", 3: "row 2 has the same externalId"}},
		{"records known by _id may have the same externalId in companies that the rows don't name", "license",
			[]string{`{"_id":"1","externalId":"e"}`, `{"_id":"2","externalId":"e"}`, `{"externalId":"e","companyId":"1"}`}, nil},
		{"a row that names no company clashes with those matched alike", "license",
			[]string{`{"externalId":"e","companyId":"1"}`, `{"externalId":"e"}`, `{"externalId":"f"}`, `{"externalId":"f","companyId":"1"}`},
			map[int]string{1: "row 1", 3: "row 3"}},
		{"an email in two companies", "enduser",
			[]string{`{"companyId":"1","email":"x@y.z"}`, `{"companyId":"2","email":"X@y.z"}`, `{"companyId":"1","email":"x@y.z"}`},
			map[int]string{1: "row 1 has the same email, and Planhat, which finds endusers by email, would move that one to the company of this row: keep the row with the right company and delete the other, or correct the email", 2: "row 1 has the same key"}},
		{"an email that is not the first key", "enduser",
			[]string{`{"externalId":"a","companyId":"1","email":"x@y.z"}`, `{"externalId":"b","companyId":"1","email":"x@y.z"}`},
			map[int]string{1: "row 1 has the same email"}},
		{"an email of records known by _id", "enduser",
			[]string{`{"_id":"1","email":"x@y.z"}`, `{"_id":"2","email":"x@y.z"}`, `{"companyId":"1","email":"x@y.z"}`, `{"_id":"3","email":"x@y.z"}`},
			map[int]string{2: "row 1 has the same email"}},
		{"an email of a record known by _id, after a row without", "enduser",
			[]string{`{"companyId":"1","email":"x@y.z"}`, `{"_id":"1","email":"x@y.z"}`},
			map[int]string{1: "row 1 has the same email"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, lines := linesOf(t, tt.model, tt.rows...)
			rejected := distinct(t, r, lines, 0)
			assert.Equal(t, rejected, distinct(t, r, lines, 1), "with the keys in a file")
			require.Len(t, rejected, len(tt.rejected))
			for index, message := range rejected {
				assert.Contains(t, message, tt.rejected[index], "row %d", index)
				assert.NotEmpty(t, tt.rejected[index])
			}
		})
	}
}

// A row is named by where it was read, since its number in the call says nothing to
// those who have to correct it.
func TestTwinsAreNamedByTheirPlace(t *testing.T) {
	ctx := WithOrigins(t.Context(), func(i int) *Origin {
		return []*Origin{{File: "a.csv", Line: 7}, nil, {File: "a.csv"}}[i/2]
	})
	rows := make([]Record, 6)
	for i := range rows {
		rows[i] = Record(`{"name":"A","externalId":"` + string(rune('a'+i/2)) + `"}`)
	}
	s := newServer(t, always(200, `{"created":3}`))
	result, err := newClient(t, s).Company.BulkUpsert(ctx, rows, BulkOptions{})
	require.NoError(t, err)
	require.Len(t, result.Errors, 3)
	for i, want := range []string{"a.csv, line 7", "row 3", "row 5"} {
		assert.Contains(t, result.Errors[i].Message, want+" has the same key")
	}
}

// Many rows may share a key across companies: comparing each with all others
// would take minutes.
func TestAKeyThatAllRowsShare(t *testing.T) {
	const n = 50_000
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf(`{"externalId":"main","companyId":"extid-%d"}`, i)
	}
	r, lines := linesOf(t, "license", rows...)
	began := time.Now()
	assert.Empty(t, distinct(t, r, lines, 0))

	m := newMatcher(lines, NewRedactor())
	entries := make([]string, n)
	for i := range entries {
		entries[i] = fmt.Sprintf(`{"_id":"%d","externalId":"main"}`, i)
	}
	m.succeed(jsontext.Value("["+strings.Join(entries, ",")+"]"), nil, nil)
	assert.Empty(t, m.keys, "no row can be told from the others")
	assert.Less(t, time.Since(began), 10*time.Second)
}
