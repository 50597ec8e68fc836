package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

var work = Work{Owner: "script /srv/import.lua", Arguments: "[]", Tenant: TenantOf("api.planhat.com", "a", "b"), Command: "phscript run --resume import.lua"}

func openStore(t testing.TB, location string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), location)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func file(t testing.TB) string { return filepath.Join(t.TempDir(), "state.db") }

func begun(t testing.TB, db *store.DB) *Journal {
	t.Helper()
	return New(func(context.Context) (*store.DB, error) { return db, nil }, work, slog.New(slog.DiscardHandler))
}

// resumed returns a journal that continues the only unfinished one.
func resumed(t testing.TB, db *store.DB, send bool) *Journal {
	t.Helper()
	found, err := Find(t.Context(), db, work.Owner)
	require.NoError(t, err)
	require.Len(t, found, 1)
	j := begun(t, db)
	require.NoError(t, j.Resume(t.Context(), found, send))
	return j
}

// begin records rows before they are sent; those that begin with "note" have no keys.
func begin(t testing.TB, j *Journal, rows ...string) planhat.JournalEntry {
	t.Helper()
	i := planhat.Intent{Model: "note", Operation: "create"}
	for n, row := range rows {
		i.IDs = append(i.IDs, j.ID("scope", []byte(row)))
		if strings.HasPrefix(row, "note") {
			i.Keyless = append(i.Keyless, planhat.KeylessRow{Place: n, Index: 10 + n, Origin: &planhat.Origin{File: "notes.csv", Line: 20 + n}, Data: planhat.Record(`{"row":"` + row + `"}`)})
		}
	}
	e, err := j.Begin(t.Context(), i)
	require.NoError(t, err)
	return e
}

func outcomes(list string) (rows []planhat.JournalRow) {
	for _, o := range list {
		rows = append(rows, planhat.JournalRow{Outcome: planhat.JournalOutcome(o)})
	}
	return rows
}

// recalled returns the outcomes of rows that are met again: . for one that is not known,
// l for one that is left out.
func recalled(t testing.TB, j *Journal, rows ...string) string {
	t.Helper()
	var out strings.Builder
	for _, row := range rows {
		past, ok, err := j.Recall(t.Context(), j.ID("scope", []byte(row)))
		require.NoError(t, err)
		switch {
		case !ok:
			out.WriteByte('.')
		case past.LeftOut:
			out.WriteByte('l')
		default:
			out.WriteByte(byte(past.Outcome))
		}
	}
	return out.String()
}

func bothStores(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Run("sqlite", func(t *testing.T) { test(t, openStore(t, file(t))) })
	t.Run("postgres", func(t *testing.T) { test(t, openStore(t, postgres.Start(t).URL())) })
}

func TestRowsAreRecalledOncePerSending(t *testing.T) {
	bothStores(t, func(t *testing.T, db *store.DB) {
		first := begun(t, db)
		assert.Equal(t, "..", recalled(t, first, "a", "b"), "an attempt does not recall its own rows")
		begin(t, first, "a", "b", "a", "c", "d").End(t.Context(), outcomes("cuxr?"), nil)
		begin(t, first, "e").End(t.Context(), nil, nil) // refused, so not carried out
		begin(t, first, "f", "a")                       // never answered

		second := resumed(t, db, false)
		// Of the three a, one was answered, one was not sent, and one is open.
		assert.Equal(t, "c?.ur??..", recalled(t, second, "a", "a", "a", "b", "c", "d", "f", "f", "e"))
		skipped, unmet := second.Skipped()
		assert.Equal(t, []int{3, 0}, []int{skipped, unmet})

		// What the second attempt sends counts for the third.
		begin(t, second, "d", "f", "new").End(t.Context(), outcomes("nnc"), nil)
		third := resumed(t, db, false)
		assert.Equal(t, "nnccu", recalled(t, third, "d", "f", "new", "a", "b"))
		skipped, unmet = third.Skipped()
		assert.Equal(t, []int{5, 1}, []int{skipped, unmet}, "c did not come again")

		require.NoError(t, third.Finish(t.Context()))
		found, err := Find(t.Context(), db, work.Owner)
		require.NoError(t, err)
		assert.Empty(t, found)
		left, err := store.Exists(t.Context(), db, "FROM phscript_journal_entry")
		require.NoError(t, err)
		assert.False(t, left)
	})
}

func TestWhatIsRecalledOfRows(t *testing.T) {
	db := openStore(t, file(t))
	first := begun(t, db)
	rows := outcomes("crrr")
	rows[0].ID = "67d08140557181002fd170dd"
	rows[1].Error = &planhat.RowError{Index: 7, Message: "no name", Kind: planhat.KindValidation, Raw: planhat.Record(`{"error":"no name"}`)}
	rows[2].Error = &planhat.RowError{Index: -1, Message: "some row", Kind: planhat.KindPermission}
	begin(t, first, "a", "b", "c", "d").End(t.Context(), rows, nil)
	begin(t, first, "single").End(t.Context(), outcomes("a"), []byte(`{"_id":"1"}`))

	second := resumed(t, db, false)
	recall := func(row string) planhat.Recalled {
		past, ok, err := second.Recall(t.Context(), second.ID("scope", []byte(row)))
		require.NoError(t, err)
		require.True(t, ok)
		return past
	}
	assert.Equal(t, "67d08140557181002fd170dd", recall("a").ID)
	assert.JSONEq(t, `{"_id":"1"}`, string(recall("single").Answer))
	loose := recall("d")
	assert.Equal(t, -1, loose.Error.Index)
	assert.Equal(t, "some row", loose.Error.Message, "it is not known which of the two it was")
	known := recall("b")
	assert.Equal(t, "no name", known.Error.Message)
	assert.JSONEq(t, `{"error":"no name"}`, string(known.Error.Raw))
	assert.Equal(t, planhat.KindValidation, known.Error.Kind)
	assert.WithinDuration(t, time.Now(), known.Began, time.Minute)
}

func TestRowsInDoubtAreNamedAndDecided(t *testing.T) {
	bothStores(t, func(t *testing.T, db *store.DB) {
		for send, want := range map[bool]string{false: "lll?c", true: "...?c"} {
			first := begun(t, db)
			begin(t, first, "note 1", "keyed")
			begin(t, first, "note 2", "note 3", "note 4").End(t.Context(), outcomes("??c"), nil)
			found, err := Find(t.Context(), db, work.Owner)
			require.NoError(t, err)
			require.Len(t, found, 1)
			u := found[0]
			assert.Equal(t, []int{3, 3, 1}, []int{u.Doubtful, u.Sent, u.Keyless})
			assert.Equal(t, work, u.Work)
			rows, err := u.Doubts(t.Context(), db)
			require.NoError(t, err)
			require.Len(t, rows, 3)
			assert.Equal(t, 10, rows[0].Index)
			assert.Equal(t, "notes.csv, line 20", rows[0].Origin.String())
			assert.JSONEq(t, `{"row":"note 3"}`, string(rows[2].Data))

			second := resumed(t, db, send)
			assert.Equal(t, want, recalled(t, second, "note 1", "note 2", "note 3", "keyed", "note 4"))
			// The decision lasts.
			third := resumed(t, db, !send)
			assert.Equal(t, want, recalled(t, third, "note 1", "note 2", "note 3", "keyed", "note 4"))
			require.NoError(t, third.Finish(t.Context()))
		}
	})
}

func TestAJournalIsResumedOnce(t *testing.T) {
	db := openStore(t, file(t))
	begin(t, begun(t, db), "a")
	found, err := Find(t.Context(), db, work.Owner)
	require.NoError(t, err)
	_, running := found[0].AtWork()
	assert.False(t, running, "this process is asking")
	second := begun(t, db)
	second.holder = "elsewhere 1"
	require.NoError(t, second.Resume(t.Context(), found, false))
	assert.EqualError(t, begun(t, db).Resume(t.Context(), found, false), ErrHeld.Error())
	found, err = Find(t.Context(), db, work.Owner)
	require.NoError(t, err)
	_, running = found[0].AtWork()
	assert.False(t, running, "another machine cannot be asked")
	found[0].Holder = hostName() + " 1"
	pid, running := found[0].AtWork()
	assert.Equal(t, 1, pid)
	assert.True(t, running)
	second.Release(t.Context())
	found, err = Find(t.Context(), db, work.Owner)
	require.NoError(t, err)
	assert.Empty(t, found[0].Holder)
}

// Work that was begun anew continues where the latest attempt ended, but no row without
// a key is sent again that any of the attempts has sent.
func TestWorkThatWasBegunAnew(t *testing.T) {
	db := openStore(t, file(t))
	begin(t, begun(t, db), "keyed 1", "keyed 2").End(t.Context(), outcomes("cc"), nil)
	begin(t, begun(t, db), "note 1", "note 2").End(t.Context(), outcomes("cc"), nil)
	other := begun(t, db)
	other.work.Arguments = "[1]"
	begin(t, other, "note 4").End(t.Context(), outcomes("c"), nil)
	latest := begun(t, db)
	told := 0
	latest.OnStart(func(ctx context.Context, db *store.DB) {
		found, err := Find(ctx, db, work.Owner)
		require.NoError(t, err)
		assert.Len(t, found, 3)
		told++
	})
	begin(t, latest, "keyed 1", "note 1").End(t.Context(), outcomes("cc"), nil)
	begin(t, latest, "note 3").End(t.Context(), outcomes("c"), nil)
	assert.Equal(t, 1, told)
	found, err := Find(t.Context(), db, work.Owner)
	require.NoError(t, err)
	require.Len(t, found, 4)
	found = slices.DeleteFunc(found, func(u *Unfinished) bool { return !u.Same(work) })
	j := begun(t, db)
	require.NoError(t, j.Resume(t.Context(), found, false))
	assert.Equal(t, "c.cccc..", recalled(t, j, "keyed 1", "keyed 2", "note 1", "note 1", "note 2", "note 3", "note 3", "note 4"))
	require.NoError(t, j.Finish(t.Context()))
	found, err = Find(t.Context(), db, work.Owner)
	require.NoError(t, err)
	assert.Len(t, found, 1, "that of other arguments")
}

// What cannot be recorded is sent nevertheless, with one warning.
func TestARunWithoutAJournal(t *testing.T) {
	var log strings.Builder
	db := openStore(t, file(t))
	broken := false
	j := New(func(context.Context) (*store.DB, error) {
		if broken {
			return nil, &store.Error{Message: "no permission"}
		}
		return db, nil
	}, work, slog.New(slog.NewTextHandler(&log, nil)))
	begin(t, j, "a").End(t.Context(), outcomes("c"), nil)
	broken = true
	begin(t, j, "note 1").End(t.Context(), outcomes("c"), nil)
	begin(t, j, "note 2").End(t.Context(), outcomes("c"), nil)
	assert.Equal(t, 1, strings.Count(log.String(), "level=WARN"), log.String())
	assert.Contains(t, log.String(), "would store them twice")
	broken = false
	j.size = mostBytes
	begin(t, j, "b").End(t.Context(), outcomes("c"), nil)
	found, err := Find(t.Context(), db, work.Owner)
	require.NoError(t, err)
	assert.Equal(t, 1, found[0].Sent)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("stop"))
	_, err = j.Begin(ctx, planhat.Intent{IDs: []uint64{1}})
	assert.EqualError(t, err, "stop")
}

func TestPrune(t *testing.T) {
	bothStores(t, func(t *testing.T, db *store.DB) {
		begin(t, begun(t, db), "old")
		require.NoError(t, store.Exec(t.Context(), db, `UPDATE phscript_journal SET used_at = `+db.Now()+` - ?`, (31*24*time.Hour).Microseconds()))
		begin(t, begun(t, db), "new")
		require.NoError(t, store.Exec(t.Context(), db, `INSERT INTO phscript_journal_entry (journal, seq, model, operation, row_count, keyless, doubtful, hashes) SELECT 99, seq, model, operation, row_count, keyless, doubtful, hashes FROM phscript_journal_entry LIMIT 1`))
		require.NoError(t, Prune(t.Context(), db))
		assert.Equal(t, ".?", recalled(t, resumed(t, db, false), "old", "new"))
		var n int
		require.NoError(t, db.QueryRowContext(t.Context(), `SELECT count(*) FROM phscript_journal_entry`).Scan(&n))
		assert.Equal(t, 1, n)
	})
}

// BenchmarkRequest is the cost of recording a request of 5,000 rows with keys, of 5,000
// without, and of one row.
func BenchmarkRequest(b *testing.B) {
	for _, c := range []struct {
		name    string
		rows    int
		keyless bool
	}{{"keyed-5000", 5000, false}, {"keyless-5000", 5000, true}, {"one", 1, true}} {
		b.Run(c.name, func(b *testing.B) {
			j := begun(b, openStore(b, file(b)))
			row := []byte(`{"externalId":"account-%07d","name":"Company %d","status":"customer","custom":{"Tier":"gold","Seats":%d,"Region":"EMEA"},"owner":"67d08140557181002fd170dd"}`)
			all := make([][]byte, c.rows)
			for i := range all {
				all[i] = fmt.Appendf(nil, string(row), i, i, i)
			}
			ended := outcomes(strings.Repeat("c", c.rows))
			for i := range ended {
				ended[i].ID = fmt.Sprintf("67d08140557181002f%06x", i)
			}
			for b.Loop() {
				in := planhat.Intent{Model: "company", Operation: "bulk_upsert", IDs: make([]uint64, c.rows)}
				for i, row := range all {
					in.IDs[i] = j.ID("scope", row)
					if c.keyless {
						in.Keyless = append(in.Keyless, planhat.KeylessRow{Place: i, Index: i, Data: row})
					}
				}
				e, err := j.Begin(b.Context(), in)
				require.NoError(b, err)
				e.End(b.Context(), ended, nil)
				j.size = 0
			}
		})
	}
}

// BenchmarkResume is the cost of loading a million rows and skipping them.
func BenchmarkResume(b *testing.B) {
	db := openStore(b, file(b))
	j := begun(b, db)
	var ids []uint64
	for n := range 200 {
		in := planhat.Intent{IDs: make([]uint64, 5000)}
		for i := range in.IDs {
			in.IDs[i] = j.ID("scope", fmt.Appendf(nil, "row %d of %d", i, n))
		}
		ids = append(ids, in.IDs...)
		e, err := j.Begin(b.Context(), in)
		require.NoError(b, err)
		e.End(b.Context(), outcomes(strings.Repeat("c", 5000)), nil)
	}
	for b.Loop() {
		j := resumed(b, db, false)
		for _, id := range ids {
			_, ok, _ := j.Recall(b.Context(), id)
			if !ok {
				b.Fatal("a row is missing")
			}
		}
	}
}

func TestOwnersThatBeginAndEndWithATextAreFound(t *testing.T) {
	bothStores(t, func(t *testing.T, db *store.DB) {
		for _, owner := range []string{"checkpoint å of script a.lua", "checkpoint b of script a.lua", "checkpoint b of script ba.lua", "script a.lua"} {
			j := New(func(context.Context) (*store.DB, error) { return db, nil }, Work{Owner: owner, Arguments: "[]"}, slog.New(slog.DiscardHandler))
			begin(t, j, "note")
		}
		for end, want := range map[string]int{" of script a.lua": 2, "": 3, "%a.lua": 0} {
			found, err := FindLike(t.Context(), db, "checkpoint ", end)
			require.NoError(t, err)
			assert.Len(t, found, want, end)
		}
	})
}
