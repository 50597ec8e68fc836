package history

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/postgres"
)

func onBoth(t *testing.T, test func(t *testing.T, db *store.DB)) {
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), location)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			test(t, db)
		})
	}
}

func reading(t *testing.T, db *store.DB) *History {
	t.Helper()
	r, err := db.Reader()
	require.NoError(t, err)
	return Of(r)
}

// TestPages: the pages together have all runs once, whatever is added meanwhile.
func TestPages(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		h, pages := New(db), reading(t, db)
		at := time.Now()
		add := func(i int) {
			// Many have the same time.
			r := &Run{Schedule: fmt.Sprint("s", i%3), Tick: at.Add(-time.Duration(i) * time.Millisecond), Due: at.Add(-time.Duration(i/7) * time.Second), Cause: ByTick, Status: Queued}
			added, err := h.Add(t.Context(), db, r)
			require.NoError(t, err)
			require.True(t, added)
		}
		for i := range 60 {
			add(i)
		}
		for _, f := range []Filter{{}, {Schedule: "s1"}, {Statuses: []Status{Queued, Failed}}} {
			all, err := h.List(t.Context(), f)
			require.NoError(t, err)
			f.Limit = 7
			var ids []int64
			for range 100 {
				p, err := pages.Page(t.Context(), f)
				require.NoError(t, err)
				require.NotEmpty(t, p.Runs)
				for _, r := range p.Runs {
					ids = append(ids, r.ID)
				}
				if f.Before == nil {
					add(-len(all) - 1) // it is on a page before
				}
				if f.Before = p.Next; f.Before == nil {
					break
				}
				key, err := ParseKey(f.Before.String())
				require.NoError(t, err)
				assert.Equal(t, f.Before.ID, key.ID)
				assert.True(t, f.Before.Due.Equal(key.Due))
				f.Before = &key
			}
			var want []int64
			for _, r := range all {
				want = append(want, r.ID)
			}
			assert.Equal(t, want, ids)
			at = at.Add(time.Minute)
		}
	})
	for _, wrong := range []string{"", "1", "-", "x y-1", "1-1-1"} {
		_, err := ParseKey(wrong)
		require.Error(t, err, wrong)
	}
}

func TestPagesAreFiltered(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		h, pages := New(db), reading(t, db)
		at := time.Now().Add(-time.Hour)
		for i, r := range []*Run{
			{Schedule: "nightly", Script: "jobs/Sync.lua", Cause: ByTick, Worker: "app-1:17"},
			{Script: "on_failure.lua", Cause: ByEvent, Worker: "app-10:1"},
			{Schedule: "nightly", Script: "jobs/Sync.lua", Cause: ByHand, AskedBy: "Kim", AskedWhy: "100% of it_em\\s", Worker: "app-2:3"},
		} {
			r.Due, r.Tick, r.Status = at.Add(time.Duration(i)*time.Minute), at.Add(time.Duration(i)*time.Second), Queued
			_, err := h.Add(t.Context(), db, r)
			require.NoError(t, err)
			_, err = h.Claim(t.Context(), db, r.ID, r.Worker)
			require.NoError(t, err)
			_, err = h.Finish(t.Context(), db, r.ID, End{Status: Failed, Reason: "it broke", Error: strings.Repeat("é", 2000) + "far", Hint: "mend it", Written: 3, Rejected: 1}, Running)
			require.NoError(t, err)
		}
		for _, tt := range []struct {
			f    Filter
			want []int64
		}{
			{Filter{}, []int64{3, 2, 1}},
			{Filter{Causes: []Cause{ByEvent, ByHand}}, []int64{3, 2}},
			{Filter{Worker: "app-1"}, []int64{2, 1}},
			{Filter{Worker: "app-1:"}, []int64{1}},
			{Filter{Worker: "app_1"}, nil},
			{Filter{Text: "sync.LUA"}, []int64{3, 1}},
			{Filter{Text: "kim"}, []int64{3}},
			{Filter{Text: "100%"}, []int64{3}},
			{Filter{Text: "0_0"}, nil},
			{Filter{Text: "it_em\\"}, []int64{3}},
			{Filter{Text: "#2"}, []int64{2}},
			{Filter{Text: "broke\x00"}, nil},
			{Filter{Text: strings.Repeat("é", 500)}, []int64{3, 2, 1}},
			{Filter{Text: "éfar", Schedule: "nightly"}, []int64{3, 1}},
			{Filter{Since: at.Add(30 * time.Second), Until: at.Add(90 * time.Second)}, []int64{2}},
			{Filter{Statuses: []Status{Failed, Lost}, Text: "broke", Until: at}, []int64{1}},
		} {
			p, err := pages.Page(t.Context(), tt.f)
			require.NoError(t, err)
			var got []int64
			for _, r := range p.Runs {
				got = append(got, r.ID)
				assert.Less(t, len(r.Error), 2100, "lists have the beginning of an error")
				assert.Equal(t, "mend it", r.Hint)
			}
			assert.Equal(t, tt.want, got, "%+v", tt.f)
		}
		whole, err := pages.Run(t.Context(), 1)
		require.NoError(t, err)
		assert.True(t, strings.HasSuffix(whole.Error, "far"))
		assert.Equal(t, 3, whole.Written)
	})
}

func TestOpenAndFinished(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		h, pages := New(db), reading(t, db)
		now := time.Now()
		var ids []int64
		for i, status := range []Status{Queued, Running, Queued, Skipped, Succeeded} {
			r := &Run{Due: now.Add(time.Duration(i-5) * time.Minute), Cause: ByHand, Status: Queued}
			_, err := h.Add(t.Context(), db, r)
			require.NoError(t, err)
			switch status {
			case Running:
				_, err = h.Claim(t.Context(), db, r.ID, "here:1")
			case Skipped, Succeeded:
				_, err = h.Finish(t.Context(), db, r.ID, End{Status: status}, Queued)
			}
			require.NoError(t, err)
			ids = append(ids, r.ID)
		}
		_, err := h.Add(t.Context(), db, &Run{Due: now.Add(time.Hour), Cause: ByHand, Status: Queued})
		require.NoError(t, err)
		open, err := pages.Open(t.Context(), 10)
		require.NoError(t, err)
		require.Len(t, open, 3)
		assert.Equal(t, []int64{ids[1], ids[0], ids[2]}, []int64{open[0].ID, open[1].ID, open[2].ID}, "what is at work goes first")
		finished, err := pages.Finished(t.Context(), 10)
		require.NoError(t, err)
		require.Len(t, finished, 1)
		assert.Equal(t, ids[4], finished[0].ID)
	})
}

func TestLines(t *testing.T) {
	onBoth(t, func(t *testing.T, db *store.DB) {
		h, pages := New(db), reading(t, db)
		r := &Run{Due: time.Now(), Cause: ByHand, Status: Queued}
		_, err := h.Add(t.Context(), db, r)
		require.NoError(t, err)
		var lines []Line
		levels := []string{"debug", "info", "warn", "print", "error", "stderr"}
		for i := range 2400 {
			l := Line{Run: r.ID, Seq: int64(i + 1), At: time.UnixMicro(int64(i)), Level: levels[i%len(levels)], Message: fmt.Sprint("Line ", i+1)}
			if i == 41 {
				l.Fields = []byte(`{"model":"Company_1"}`)
			}
			lines = append(lines, l)
		}
		require.NoError(t, h.Append(t.Context(), lines))
		for name, tt := range map[string]struct {
			l           Lines
			first, last int64
			n           int
		}{
			"all":       {Lines{}, 1, 2400, 2400},
			"first":     {Lines{Limit: 3}, 1, 3, 3},
			"last":      {Lines{Limit: 3, Last: true}, 2398, 2400, 3},
			"after":     {Lines{After: 100, Limit: 5}, 101, 105, 5},
			"before":    {Lines{Before: 100, Limit: 5, Last: true}, 95, 99, 5},
			"between":   {Lines{After: 100, Before: 103}, 101, 102, 2},
			"warnings":  {Lines{Levels: LevelsFrom("warn"), Limit: 4}, 3, 9, 4},
			"errors":    {Lines{Levels: LevelsFrom("error"), Last: true, Limit: 2}, 2399, 2400, 2},
			"info":      {Lines{Levels: LevelsFrom("info"), Before: 8}, 2, 6, 5},
			"debug":     {Lines{Levels: LevelsFrom("debug")}, 1, 2400, 2400},
			"text":      {Lines{Text: "line 24"}, 24, 2400, 12},
			"fields":    {Lines{Text: "company_1"}, 42, 42, 1},
			"wildcards": {Lines{Text: "L%e"}, 0, 0, 0},
			"both":      {Lines{Text: "line 24", Levels: LevelsFrom("error")}, 24, 2400, 5},
		} {
			tt.l.Run = r.ID
			got, err := pages.Lines(t.Context(), tt.l)
			require.NoError(t, err)
			for _, one := range got {
				require.True(t, tt.l.Picks(one), name)
			}
			if tt.l.After == 0 && tt.l.Before == 0 && tt.l.Limit == 0 {
				picked := 0
				for _, one := range lines {
					if tt.l.Picks(one) {
						picked++
					}
				}
				assert.Equal(t, tt.n, picked, name)
			}
			if assert.Len(t, got, tt.n, name) && tt.n > 0 {
				assert.Equal(t, tt.first, got[0].Seq, name)
				assert.Equal(t, tt.last, got[len(got)-1].Seq, name)
			}
			if tt.l.Limit == 0 {
				n, err := pages.CountLines(t.Context(), tt.l)
				require.NoError(t, err)
				assert.EqualValues(t, tt.n, n, name)
			}
		}
		for seq, want := range map[int64][2]int64{1: {1, 4}, 2: {1, 5}, 100: {97, 103}, 2400: {2397, 2400}} {
			got, err := pages.Around(t.Context(), r.ID, seq, 3)
			require.NoError(t, err)
			assert.Equal(t, want, [2]int64{got[0].Seq, got[len(got)-1].Seq}, seq)
		}
		n := 0
		require.NoError(t, pages.EachLine(t.Context(), Lines{Run: r.ID}, func(some []Line) error {
			for _, l := range some {
				n++
				require.EqualValues(t, n, l.Seq)
			}
			return nil
		}))
		assert.Equal(t, 2400, n)
		got, err := pages.Run(t.Context(), r.ID)
		require.NoError(t, err)
		assert.Equal(t, 800, got.Warnings, "warnings and errors")
	})
}
