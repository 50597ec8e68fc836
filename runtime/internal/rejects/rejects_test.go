package rejects_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/outcome"
	"github.com/phscript/phscript/runtime/internal/rejects"
)

const head = "\ufeffphscript_reason,phscript_state,phscript_call,phscript_file,phscript_line"

func same(to io.Writer) io.Writer { return to }

// names lists a folder, hidden files included.
func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestRecorder(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "r.csv")
	r, err := rejects.NewRecorder(name)
	require.NoError(t, err)
	r.Attempt(planhat.Attempt{})
	r.Outcome(planhat.Outcome{Model: "run", Operation: "reject", Rejected: []planhat.RowError{
		{Index: -1, Row: planhat.Record(`{"id":"=1+1","note":"a\"b"}`), Message: "no name", Kind: planhat.KindValidation, Origin: &planhat.Origin{File: "a.csv", Line: 7}},
	}})
	r.Outcome(planhat.Outcome{Model: "company", Operation: "bulk_upsert", Created: 1, Rejected: []planhat.RowError{
		{Index: 1, Row: planhat.Record(`{"name":"B","phscript_reason":"old","custom":{"Tier":"Gold"},"n":1.50,"no":null}`), Message: "gone", Kind: planhat.KindServer},
		{Index: 2, Row: planhat.Record(`{"name":"C"}`), Message: "late", Kind: planhat.KindTimeout, Uncertain: true, Origin: &planhat.Origin{Row: planhat.Record(`{"id":"A-3"}`)}},
		{Index: -1, Message: "some row", Kind: planhat.KindValidation},
		{Index: 3, Row: planhat.Record(`["x","y"]`), Message: "a list", Kind: planhat.KindValidation},
	}})
	assert.NotContains(t, names(t, dir), "r.csv", "it appears when it is complete")
	require.NoError(t, r.Close(same))
	assert.Equal(t, outcome.Written{Rows: 5, Unknown: 1, Unidentified: 1}, r.Written())
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, head+",id,note,name,custom,n,no,column_1,column_2\n"+
		"no name,rejected,run.reject,a.csv,7,'=1+1,\"a\"\"b\",,,,,,\n"+
		"gone,unsent,company.bulk_upsert,,,,,B,\"{\"\"Tier\"\":\"\"Gold\"\"}\",1.50,\"\",,\n"+
		"late,unknown,company.bulk_upsert,,,A-3,,,,,,,\n"+
		"some row,rejected,company.bulk_upsert,,,,,,,,,,\n"+
		"a list,rejected,company.bulk_upsert,,,,,,,,,x,y\n", string(text))
	info, err := os.Stat(name)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	assert.Equal(t, []string{"r.csv"}, names(t, dir))
}

func TestRecorderWritesNothingForNothing(t *testing.T) {
	dir := t.TempDir()
	r, err := rejects.NewRecorder(filepath.Join(dir, "r.csv"))
	require.NoError(t, err)
	r.Outcome(planhat.Outcome{Model: "company", Created: 1})
	require.NoError(t, r.Close(same))
	assert.Empty(t, names(t, dir))
	_, err = rejects.NewRecorder(filepath.Join(dir, "no", "r.csv"))
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// TestRecorderReplacesNothing: a file that appears during the run stays, and the rows
// are kept beside it.
func TestRecorderReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "r.csv")
	r, err := rejects.NewRecorder(name)
	require.NoError(t, err)
	r.Outcome(planhat.Outcome{Model: "run", Operation: "reject", Rejected: []planhat.RowError{{Row: planhat.Record(`{"id":"A-1"}`), Message: "no"}}})
	require.NoError(t, os.WriteFile(name, []byte("mine"), 0o600))
	err = r.Close(same)
	require.ErrorIs(t, err, os.ErrExist)
	text, _ := os.ReadFile(name)
	assert.Equal(t, "mine", string(text))
	lost, ok := errors.AsType[*rejects.Unwritten](err)
	require.True(t, ok)
	assert.Equal(t, dir, filepath.Dir(lost.File))
	assert.Equal(t, 1, lost.Kept)
	text, err = os.ReadFile(lost.File)
	require.NoError(t, err)
	assert.Contains(t, string(text), "A-1")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestRecorderLeavesNoHalfFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	r, err := rejects.NewRecorder(filepath.Join(dir, "r.csv"))
	require.NoError(t, err)
	r.Outcome(planhat.Outcome{Rejected: []planhat.RowError{{Message: "no"}}})
	err = r.Close(func(io.Writer) io.Writer { return full{} })
	assert.ErrorContains(t, err, "cannot write the rejected rows to ")
	assert.ErrorContains(t, err, "no space left")
	assert.Empty(t, names(t, dir))
	assert.Empty(t, names(t, os.TempDir()))
}

// limited takes only so many bytes.
type limited struct {
	io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errors.New("no space left")
	}
	return l.Writer.Write(p)
}

// TestRecorderKeepsWhatItCan: as many rows as fit, or all of them elsewhere.
func TestRecorderKeepsWhatItCan(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a folder with an open file cannot be removed there")
	}
	for name, tt := range map[string]struct {
		gone bool
		size int
		kept int
	}{"full": {false, 400, 4}, "gone": {true, 10_000, 8}} {
		dir := filepath.Join(t.TempDir(), "d")
		t.Setenv("TMPDIR", t.TempDir())
		require.NoError(t, os.Mkdir(dir, 0o700))
		r, err := rejects.NewRecorder(filepath.Join(dir, "r.csv"))
		require.NoError(t, err)
		for i := range 8 {
			r.Outcome(planhat.Outcome{Model: "run", Operation: "reject", Rejected: []planhat.RowError{{Row: planhat.Record(fmt.Sprintf(`{"id":"A-%d"}`, i)), Message: "the row has no name"}}})
		}
		if tt.gone {
			require.NoError(t, os.RemoveAll(dir))
		}
		err = r.Close(func(to io.Writer) io.Writer { return &limited{to, tt.size} })
		lost, ok := errors.AsType[*rejects.Unwritten](err)
		require.True(t, ok, name)
		assert.Equal(t, tt.kept, lost.Kept, name)
		assert.Equal(t, 8, lost.Total, name)
		text, err := os.ReadFile(lost.File)
		require.NoError(t, err, name)
		assert.Equal(t, 1+tt.kept, strings.Count(string(text), "\n"), name)
	}
}

// TestManyRows: the rows are not held in memory.
func TestManyRows(t *testing.T) {
	var out bytes.Buffer
	rows := func(yield func(outcome.RejectedRow, error) bool) {
		for i := range 20_000 {
			if !yield(outcome.RejectedRow{Model: "run", Operation: "reject", Message: "no", Data: fmt.Appendf(nil, `{"id":%d}`, i)}, nil) {
				return
			}
		}
	}
	n, err := rejects.Write(&out, rows)
	require.NoError(t, err)
	assert.Equal(t, outcome.Written{Rows: 20_000}, n)
	assert.Equal(t, 20_001, strings.Count(out.String(), "\n"))
	_, err = rejects.Write(&out, func(yield func(outcome.RejectedRow, error) bool) { yield(outcome.RejectedRow{}, errors.New("broken")) })
	assert.ErrorContains(t, err, "broken")
}

// TestRowsRejectedTwice: a row of a file is one row, with all reasons.
func TestRowsRejectedTwice(t *testing.T) {
	var out bytes.Buffer
	row := func(file string, line int, model, reason, state, id string) outcome.RejectedRow {
		return outcome.RejectedRow{Model: model, Operation: "x", Message: reason, State: state, File: file, Line: line, Source: []byte(`{"id":"` + id + `"}`)}
	}
	n, err := rejects.Write(&out, rejects.Of([]outcome.RejectedRow{
		row("a.csv", 2, "run", "no name", "rejected", "A"),
		row("b.csv", 2, "run", "no name", "rejected", "B"),
		row("a.csv", 2, "company", "late", "unknown", "A"),
		row("a.csv", 3, "company", "late", "unsent", "C"),
		row("a.csv", 2, "run", "no name", "rejected", "A"),
		row("a.csv", 3, "enduser", "late", "rejected", "C"),
		row("", 0, "run", "no name", "rejected", "D"),
		row("", 0, "run", "no name", "rejected", "D"),
		row("", 7, "run", "no name", "rejected", "E"),
		row("", 7, "run", "no name", "rejected", "F"),
	}))
	require.NoError(t, err)
	assert.Equal(t, outcome.Written{Rows: 7, Unknown: 1}, n)
	assert.Equal(t, head+",id\n"+
		"no name; late,unknown,run.x; company.x,a.csv,2,A\n"+
		"no name,rejected,run.x,b.csv,2,B\n"+
		"late,rejected,company.x; enduser.x,a.csv,3,C\n"+
		"no name,rejected,run.x,,,D\nno name,rejected,run.x,,,D\nno name,rejected,run.x,,7,E\nno name,rejected,run.x,,7,F\n",
		strings.ReplaceAll(out.String(), "\"", ""))
}
