package planfile

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/plan"
)

var at = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// steps are one step of each kind.
func steps() []*plan.Step {
	value := func(s string) jsontext.Value { return jsontext.Value(s) }
	return []*plan.Step{
		{Number: 1, Client: 1, Model: "company", Operation: "bulk_upsert", Script: "a.lua", Line: 3, At: at, Defines: []string{"00000000aaaaaaaa00000001"}, Rows: []plan.StepRow{
			{Row: 1, Action: plan.Create, ID: "00000000aaaaaaaa00000001", Name: "North", Body: value(`{"name":"North <1>"}`)},
			{Row: 2, Action: plan.Update, ID: "6123456789abcdef01234567", Key: &plan.Key{Name: "externalId", Value: "x"}, Changes: []plan.Change{
				{Path: "a", Before: value("null"), After: value("1")}, {Path: "b", Absent: true, After: value(`"x"`)},
			}, Body: value(`{"a":1,"b":"x"}`)},
			{Row: 3, Action: plan.Unchanged, ID: "6123456789abcdef01234568"},
			{Row: 4, Action: plan.Upsert, Blind: true, Body: value(`{"name":"?"}`)},
			{Row: 5, Action: plan.Reject, Reason: "no"},
		}},
		{Number: 2, Client: 1, Model: "company", Operation: "delete", Script: "a.lua", Line: 4, At: at, Rows: []plan.StepRow{{Row: 1, Action: plan.Delete, ID: "6123456789abcdef01234569", Name: "Gone", Blind: true}}},
		{Number: 3, Client: 1, Model: "metrics", Operation: "bulk_insert_metrics", At: at, Rows: []plan.StepRow{{Row: 1, Action: plan.Send, Body: value(`{"value":1}`)}}},
		{Number: 4, Client: 1, Model: "company", Operation: "update", At: at, Rows: []plan.StepRow{{Row: 1, Action: plan.Unchanged}}},
	}
}

func header() *Header {
	return &Header{Format: Format, Version: Version, ID: "abc", Made: at, Expires: at.Add(Life), Mark: "00000000aaaaaaaa", Tenants: []plan.Tenant{{Client: 1}}, Script: File{Name: "a.lua"}}
}

// written writes a plan and returns its file.
func written(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "plan.jsonl")
	s, err := NewSpool(name)
	require.NoError(t, err)
	for _, step := range steps() {
		s.Add(step)
	}
	size, err := s.Finish(name, header(), []outcome.RejectedRow{{Model: "company", Operation: "bulk_upsert", Row: 5, Message: "no"}})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, info.Size(), size)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(name))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "the spool is removed")
	return name
}

func read(text []byte) (list []*plan.Step, rows int, h *Header, err error) {
	h, err = Read(bytes.NewReader(text), func(s *plan.Step) { list = append(list, s) }, func(outcome.RejectedRow) { rows++ })
	return list, rows, h, err
}

func TestAPlanIsReadAsItWasWritten(t *testing.T) {
	text, err := os.ReadFile(written(t))
	require.NoError(t, err)
	list, rejected, h, err := read(text)
	require.NoError(t, err)
	assert.Equal(t, steps(), list)
	assert.Equal(t, 1, rejected)
	assert.Equal(t, header(), h)
	assert.Contains(t, string(text), "North <1>", "data is not escaped")
}

// TestDamage: each change and each missing part of a plan is noticed.
func TestDamage(t *testing.T) {
	text, err := os.ReadFile(written(t))
	require.NoError(t, err)
	var damaged *DamagedError
	for n := range text {
		_, _, _, err := read(text[:n])
		require.ErrorAs(t, err, &damaged, "the first %d bytes", n)
	}
	lines := strings.SplitAfter(string(text), "\n")
	for i := range lines[:len(lines)-1] {
		_, _, _, err := read([]byte(strings.Join(append(append([]string{}, lines[:i]...), lines[i+1:]...), "")))
		require.ErrorAs(t, err, &damaged, "without line %d", i+1)
	}
	for _, change := range [][2]string{{`"North"`, `"South"`}, {`"line":4`, `"line":5`}, {`"expires":"2026-03-03`, `"expires":"2027-03-03`}, {`"steps":4`, `"steps":3`}} {
		changed := bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
		require.NotEqual(t, text, changed)
		_, _, _, err := read(changed)
		require.ErrorAs(t, err, &damaged, change[0])
	}
	_, _, _, err = read(append(bytes.Clone(text), text...))
	require.ErrorAs(t, err, &damaged)
	_, _, _, err = read(bytes.Replace(text, []byte(`"format_version":1`), []byte(`"format_version":2`), 1))
	require.ErrorContains(t, err, "format version 2")
	_, _, _, err = read([]byte("print(1)\n"))
	require.ErrorContains(t, err, "does not begin like a plan")
}

// TestTokensAreNotWritten: a plan with a token is refused, and so is one that is too large.
func TestTokensAreNotWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "plan.jsonl")
	s, err := NewSpool(name)
	require.NoError(t, err)
	s.Secret = func(text string) bool { return strings.Contains(text, "hush") }
	s.Add(&plan.Step{Number: 1, Model: "company", Operation: "create", Script: "a.lua", Line: 7, Rows: []plan.StepRow{{Row: 1, Action: plan.Create, Body: jsontext.Value(`{"name":"hush"}`)}}})
	s.Add(steps()[0])
	_, err = s.Finish(name, header(), nil)
	require.ErrorContains(t, err, "company.create at a.lua:7 would write a token")
	require.NoError(t, s.Close())
	assert.NoFileExists(t, name)
}

func TestReportCounts(t *testing.T) {
	r := NewReport()
	for _, s := range steps() {
		r.Add(s)
	}
	r.Reject(outcome.RejectedRow{Model: "company", Operation: "bulk_upsert", Row: 5, Message: "no", Key: "externalId z", Data: []byte("{}"), Script: "a.lua", ScriptLine: 3})
	require.Len(t, r.Rejected, 1, "it is the row of the first step")
	assert.Equal(t, "externalId z", r.Rejected[0].Key)
	assert.Equal(t, Counts{Deleted: 1, Created: 1, Updated: 1, Unchanged: 2, Sent: 1, Blind: 1, Rejected: 1}, r.Sum())
	assert.Equal(t, 5, r.Sum().Changes())
	assert.Equal(t, 3, r.Calls, "a request without changes is not sent")
	assert.Equal(t, 5, r.MostRows)
	assert.Equal(t, []plan.Unknown{
		{Script: "a.lua", Line: 3, Text: "1 row of company.bulk_upsert not looked up"}, {Script: "a.lua", Line: 4, Text: "1 row of company.delete not looked up"},
	}, r.Blind())
}

// TestReportsAreBounded: of many rows, the first are kept.
func TestReportsAreBounded(t *testing.T) {
	r := NewReport()
	for range 3 * Shown {
		r.Add(steps()[0])
		r.Reject(outcome.RejectedRow{Model: "company"})
	}
	assert.Equal(t, 6*Shown, r.Sum().Rejected, "another row, and that of the step")
	m := r.Models["company"]
	assert.Equal(t, 3*Shown, m.Created)
	for _, list := range [][]Record{m.Creates, m.Updates, m.Blinds} {
		assert.Len(t, list, Shown)
	}
	assert.Len(t, r.Rejected, Shown)
}

// TestRedactedReportsHoldNoData: only names of properties remain.
func TestRedactedReportsHoldNoData(t *testing.T) {
	r := NewReport()
	for _, s := range steps() {
		r.Add(s)
	}
	r.Reject(outcome.RejectedRow{Model: "company", Key: "externalId secret", Message: "secret"})
	h := header()
	h.Args, h.Files = []string{"secret.csv"}, []File{{Name: "secret.csv"}}
	h.SideEffects = SideEffects{Written: []string{"secret.csv"}, Withheld: []Request{{Kind: "http.post", To: "secret", Count: 1}}}
	r.Redact()
	h.Redact()
	text, err := json.Marshal([]any{r, h})
	require.NoError(t, err)
	for _, data := range []string{"North", "Gone", "6123456789abcdef", "secret", `"x"`} {
		assert.NotContains(t, string(text), data)
	}
	assert.Equal(t, []string{"a", "b"}, r.Models["company"].Updates[0].Fields)
	assert.Equal(t, []string{"name"}, r.Models["company"].Creates[0].Fields)
}

func TestDuration(t *testing.T) {
	for calls, want := range map[int]time.Duration{0: 0, 200: 0, 201: time.Minute, 400: time.Minute, 401: 2 * time.Minute} {
		assert.Equal(t, want, Duration(calls, 200), calls)
	}
	assert.Zero(t, Duration(1000, 0))
}

func TestHashesDifferBetweenPlans(t *testing.T) {
	a, b := &Header{ID: NewID()}, &Header{ID: NewID()}
	assert.Equal(t, a.Hash("x"), a.Hash("x"))
	assert.NotEqual(t, a.Hash("x"), b.Hash("x"))
	assert.NotEqual(t, a.Hash("x"), a.Hash("y"))
}

// endless is a line without an end. It fails the test if more than enough of it is read.
type endless struct {
	t    *testing.T
	read int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.read += len(p); e.read > mostLine+1<<20 {
		e.t.Fatal("more is read than a line can have")
	}
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestLargeFilesAreRefused(t *testing.T) {
	first, err := encode(header())
	require.NoError(t, err)
	_, err = Read(io.MultiReader(bytes.NewReader(first), &endless{t: t}), func(*plan.Step) {}, func(outcome.RejectedRow) {})
	require.EqualError(t, err, "the file is not a whole plan: line 2 is longer than 128 MiB")
	_, err = Open(os.DevNull)
	require.ErrorContains(t, err, "is not a file")
	link := filepath.Join(t.TempDir(), "plan.jsonl")
	require.NoError(t, os.Symlink("/dev/zero", link))
	_, err = Open(link)
	require.ErrorContains(t, err, "is a pipe or a device")
}

// TestReads: what apply reads at least to look at the records again.
func TestReads(t *testing.T) {
	add := func(r *Report, model string, client, rows int, row plan.StepRow) {
		s := &plan.Step{Client: client, Model: model, Operation: "bulk_upsert"}
		for i := range rows {
			row.Row = i + 1
			s.Rows = append(s.Rows, row)
		}
		r.Add(s)
	}
	key := &plan.Key{Name: "externalId", Value: "x"}
	update := plan.StepRow{Action: plan.Update, Key: key}
	for name, tt := range map[string]struct {
		make func(*Report)
		made int
		want int
	}{
		"nothing":                           {func(*Report) {}, 7, 0},
		"a few records, and the first user": {func(r *Report) { add(r, "company", 1, few, update) }, 2, few + 1},
		"more records in one list":          {func(r *Report) { add(r, "company", 1, few+1, update) }, 0, 1 + 1},
		"a list of several pages":           {func(r *Report) { add(r, "enduser", 1, 2_001, update) }, 0, 2 + 1},
		"both views of a list": {func(r *Report) {
			add(r, "task", 1, 100, plan.StepRow{Action: plan.Update, Key: &plan.Key{Name: "sourceId", Value: "x"}})
		}, 0, 2 + 1},
		"as many as the plan has made": {func(r *Report) { add(r, "company", 1, few+1, update) }, 60, 60 + 1},
		"two accounts":                 {func(r *Report) { add(r, "company", 1, 1, update); add(r, "company", 2, 1, update) }, 0, 2 + 2},
		"new records with a key":       {func(r *Report) { add(r, "company", 1, 1, plan.StepRow{Action: plan.Create, Key: key}) }, 0, 1 + 1},
		"new records without a key":    {func(r *Report) { add(r, "company", 1, 9, plan.StepRow{Action: plan.Create}) }, 0, 0},
		"rows that were not looked up": {func(r *Report) { add(r, "company", 1, 9, plan.StepRow{Action: plan.Upsert, Blind: true, Key: key}) }, 0, 0},
		"rows that are not sent": {func(r *Report) {
			add(r, "company", 1, 9, plan.StepRow{Action: plan.Unchanged, Key: key})
			add(r, "company", 1, 9, plan.StepRow{Action: plan.Reject, Key: key})
		}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReport()
			tt.make(r)
			assert.Equal(t, tt.want, r.Reads(tt.made))
		})
	}
}
