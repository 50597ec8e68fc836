package follow

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
)

// counting counts what is asked of a history, and fails while it is told to.
type counting struct {
	*history.History
	states, logs atomic.Int64
	fails        atomic.Bool
}

var errDown = errors.New("the store is down")

func (c *counting) Brief(ctx context.Context, id int64) (*history.Run, error) {
	c.states.Add(1)
	if c.fails.Load() {
		return nil, errDown
	}
	return c.History.Brief(ctx, id)
}

func (c *counting) Log(ctx context.Context, run, after int64, limit int) ([]history.Line, error) {
	c.logs.Add(1)
	if c.fails.Load() {
		return nil, errDown
	}
	return c.History.Log(ctx, run, after, limit)
}

// fixture is a run whose log grows.
type fixture struct {
	*testing.T
	db   *store.DB
	h    *history.History
	from *counting
	logs *Logs
	run  int64
	seq  int64
}

func onBoth(t *testing.T, test func(f *fixture)) {
	for name, location := range map[string]string{"sqlite": filepath.Join(t.TempDir(), "state.db"), "postgres": postgres.Start(t).URL()} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), location)
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			r, err := db.Reader()
			require.NoError(t, err)
			f := &fixture{T: t, db: db, h: history.New(db), from: &counting{History: history.Of(r)}}
			f.logs = New(f.from)
			f.logs.soon = 5 * time.Millisecond
			one := &history.Run{Due: time.Now(), Cause: history.ByHand, Status: history.Queued}
			_, err = f.h.Add(t.Context(), db, one)
			require.NoError(t, err)
			_, err = f.h.Claim(t.Context(), db, one.ID, "here:1")
			require.NoError(t, err)
			f.run = one.ID
			test(f)
		})
	}
}

// write adds lines to the log.
func (f *fixture) write(n int) {
	f.Helper()
	var lines []history.Line
	for range n {
		f.seq++
		lines = append(lines, history.Line{Run: f.run, Seq: f.seq, At: time.Now(), Level: "info", Message: fmt.Sprint("line ", f.seq)})
	}
	require.NoError(f, f.h.Append(f.Context(), lines))
}

func (f *fixture) end() {
	f.Helper()
	done, err := f.h.Finish(f.Context(), f.db, f.run, history.End{Status: history.Succeeded}, history.Running)
	require.NoError(f, err)
	require.True(f, done)
}

// viewer notes what it sees.
type viewer struct {
	seen atomic.Int64
	done chan error
}

// watch watches from a line on. It fails the test if a line is missing or comes twice. each,
// if not nil, is called with each batch.
func (f *fixture) watch(ctx context.Context, after int64, each func(Batch)) *viewer {
	v := &viewer{done: make(chan error, 1)}
	v.seen.Store(after)
	go func() {
		v.done <- f.logs.Watch(ctx, f.run, after, func(b Batch) error {
			assert.LessOrEqual(f, len(b.Lines), mostAtOnce)
			for _, l := range b.Lines {
				if !assert.Equal(f, v.seen.Load()+1, l.Seq) {
					return errors.New("lines are missing or come twice")
				}
				v.seen.Store(l.Seq)
			}
			assert.True(f, !b.End || b.Run.Status.Over() && !b.More)
			if each != nil {
				each(b)
			}
			return nil
		})
	}()
	return v
}

func (f *fixture) await(v *viewer, seq int64) {
	f.Helper()
	patience.Await(f, time.Millisecond, func() bool { return v.seen.Load() == seq }, "a viewer never saw line %d", seq)
}

// TestViewersSeeEveryLineOnce: what was there before they came, what comes, and what comes
// last; those who come late, and those who are slow.
func TestViewersSeeEveryLineOnce(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.write(1300)
		slow := f.watch(f.Context(), 0, func(Batch) { time.Sleep(20 * time.Millisecond) })
		var quick []*viewer
		for i := range 10 {
			quick = append(quick, f.watch(f.Context(), int64(i*130), nil))
		}
		for range 20 {
			f.write(170)
			f.await(quick[0], f.seq)
		}
		late := f.watch(f.Context(), f.seq-1000, nil)
		ahead := f.watch(f.Context(), f.seq, nil)
		f.write(2 * mostKept)
		f.end()
		for _, v := range append(quick, slow, late, ahead) {
			require.NoError(f, <-v.done)
			assert.Equal(f, f.seq, v.seen.Load())
		}
		assert.Zero(f, f.logs.Watched())
		after := f.watch(f.Context(), f.seq-3, nil)
		require.NoError(f, <-after.done, "it has ended already")
		assert.Equal(f, f.seq, after.seen.Load())
	})
}

// TestViewersShareAPoller: the store is asked as often for many viewers as for one.
func TestViewersShareAPoller(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.logs.soon = 50 * time.Millisecond
		var viewers []*viewer
		for range 40 {
			viewers = append(viewers, f.watch(f.Context(), 0, nil))
		}
		began := time.Now()
		for range 5 {
			f.write(1)
			for _, v := range viewers {
				f.await(v, f.seq)
			}
		}
		f.end()
		for _, v := range viewers {
			require.NoError(f, <-v.done)
		}
		looks := int64(time.Since(began)/f.logs.soon) + 10
		assert.LessOrEqual(f, f.from.states.Load(), looks)
		assert.LessOrEqual(f, f.from.logs.Load(), looks+40, "each viewer may have read the first lines")
	})
}

// TestStatesAreSeen: progress and a wish to cancel, without lines.
func TestStatesAreSeen(t *testing.T) {
	onBoth(t, func(f *fixture) {
		var latest atomic.Pointer[history.Run]
		v := f.watch(f.Context(), 0, func(b Batch) { latest.Store(b.Run) })
		_, _, err := f.h.Seen(f.Context(), f.run, "here:1", &history.Progress{Calls: 7})
		require.NoError(f, err)
		patience.Await(f, time.Millisecond, func() bool { r := latest.Load(); return r != nil && r.Calls == 7 }, "progress was never seen")
		// Two changes can fall into one instant.
		require.NoError(f, store.Exec(f.Context(), f.db, `UPDATE phscript_run SET calls = 8 WHERE id = ?`, f.run))
		patience.Await(f, time.Millisecond, func() bool { return latest.Load().Calls == 8 }, "the second change was never seen")
		require.NoError(f, f.h.WantEnd(f.Context(), f.db, f.run, "enough"))
		patience.Await(f, time.Millisecond, func() bool { return latest.Load().CancelWanted }, "the cancellation was never seen")
		f.end()
		require.NoError(f, <-v.done)
		assert.Equal(f, history.Succeeded, latest.Load().Status)
	})
}

// TestAStoreThatFailsDelaysLines, and loses none.
func TestAStoreThatFailsDelaysLines(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.write(5)
		v := f.watch(f.Context(), 0, nil)
		f.await(v, 5)
		f.from.fails.Store(true)
		f.write(2 * mostAtOnce)
		asked := f.from.states.Load()
		late := f.watch(f.Context(), 0, nil)
		patience.Await(f, time.Millisecond, func() bool { return f.from.states.Load() > asked+2 }, "the store was not asked again")
		f.from.fails.Store(false)
		f.await(v, f.seq)
		f.await(late, f.seq)
		f.end()
		require.NoError(f, <-v.done)
		require.NoError(f, <-late.done)
	})
}

// TestLeaving ends the asking, and does not affect others.
func TestLeaving(t *testing.T) {
	onBoth(t, func(f *fixture) {
		ctx, leave := context.WithCancel(f.Context())
		first, second := f.watch(ctx, 0, nil), f.watch(f.Context(), 0, nil)
		f.write(3)
		f.await(first, 3)
		leave()
		require.ErrorIs(f, <-first.done, context.Canceled)
		f.write(3)
		f.await(second, 6)
		assert.Equal(f, 1, f.logs.Watched())
		refuses := f.logs.Watch(f.Context(), f.run, 0, func(Batch) error { return errDown })
		require.ErrorIs(f, refuses, errDown)
		f.end()
		require.NoError(f, <-second.done)
		assert.Zero(f, f.logs.Watched())
		require.ErrorIs(f, f.logs.Watch(f.Context(), 999, 0, func(Batch) error { return nil }), history.ErrNoRun)
	})
}

// TestThoseWhoAskAgain see every line once as well, and share a poller that ends when they
// stop.
func TestThoseWhoAskAgain(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.logs.lingers = 100 * time.Millisecond
		f.write(1200)
		asked := func(after int64) (seen int64, over bool) {
			b, err := f.logs.Since(f.Context(), f.run, after)
			require.NoError(f, err)
			for _, l := range b.Lines {
				after++
				require.Equal(f, after, l.Seq)
			}
			assert.Equal(f, after, b.Last)
			return after, b.End
		}
		var seen int64
		patience.Await(f, time.Millisecond, func() bool { seen, _ = asked(seen); return seen == 1200 }, "the first lines never came")
		f.write(700)
		patience.Await(f, time.Millisecond, func() bool { seen, _ = asked(seen); return seen == 1900 }, "the next lines never came")
		f.write(1)
		f.end()
		over := false
		patience.Await(f, time.Millisecond, func() bool { seen, over = asked(seen); return over }, "the end never came")
		assert.EqualValues(f, 1901, seen)
		patience.Await(f, 10*time.Millisecond, func() bool { return f.logs.Watched() == 0 }, "the poller stays")
		_, err := f.logs.Since(f.Context(), 999, 0)
		require.ErrorIs(f, err, history.ErrNoRun)
	})
}

// TestDeletedLinesEndNothing: the log of an old run may be deleted while it is read.
func TestDeletedLinesEndNothing(t *testing.T) {
	onBoth(t, func(f *fixture) {
		f.write(20)
		require.NoError(f, store.Exec(f.Context(), f.db, `DELETE FROM phscript_run_log WHERE run = ? AND seq < 20`, f.run))
		f.end()
		var got []int64
		require.NoError(f, f.logs.Watch(f.Context(), f.run, 0, func(b Batch) error {
			for _, l := range b.Lines {
				got = append(got, l.Seq)
			}
			return nil
		}))
		assert.Equal(f, []int64{20}, got)
	})
}
