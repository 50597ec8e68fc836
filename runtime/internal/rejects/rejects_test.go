package rejects_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, head+",id,note,name,custom,n,no,column_1,column_2\n"+
		"no name,rejected,run.reject,a.csv,7,'=1+1,\"a\"\"b\",,,,,,\n"+
		"gone,unsent,company.bulk_upsert,,,,,B,\"{\"\"Tier\"\":\"\"Gold\"\"}\",1.50,,,\n"+
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
	_, kept, _ := strings.Cut(err.Error(), "; they are in ")
	kept, _, _ = strings.Cut(kept, ":")
	text, err = os.ReadFile(kept)
	require.NoError(t, err)
	assert.Contains(t, string(text), "A-1")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestRecorderLeavesNoHalfFile(t *testing.T) {
	dir := t.TempDir()
	r, err := rejects.NewRecorder(filepath.Join(dir, "r.csv"))
	require.NoError(t, err)
	r.Outcome(planhat.Outcome{Rejected: []planhat.RowError{{Message: "no"}}})
	err = r.Close(func(io.Writer) io.Writer { return full{} })
	assert.ErrorContains(t, err, "cannot write the rejected rows to ")
	assert.ErrorContains(t, err, "no space left")
	assert.Empty(t, names(t, dir))
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
	require.NoError(t, rejects.Write(&out, rows))
	assert.Equal(t, 20_001, strings.Count(out.String(), "\n"))
	assert.ErrorContains(t, rejects.Write(&out, func(yield func(outcome.RejectedRow, error) bool) { yield(outcome.RejectedRow{}, errors.New("broken")) }), "broken")
}
