package plans

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/changes"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/store"
)

// end ends the run that applies a plan.
func (r *trial) end(run int64, end history.End) {
	r.Helper()
	h := history.New(r.DB)
	claimed, err := h.Claim(r.Context(), r.DB, run, "here:1")
	require.NoError(r, err)
	require.True(r, claimed)
	done, err := h.Finish(r.Context(), r.DB, run, end, history.Running)
	require.NoError(r, err)
	require.True(r, done)
	require.NoError(r, r.Settle(r.Context()))
}

func TestWhatBecomesOfAPlan(t *testing.T) {
	onBoth(t, func(r *trial) {
		approve := func(id int64) int64 {
			r.Helper()
			run, err := r.Approve(r.Context(), id, Given{}, kim)
			require.NoError(r, err)
			one, err := history.New(r.DB).Run(r.Context(), run)
			require.NoError(r, err)
			assert.Equal(r, history.ByPlan, one.Cause)
			assert.Equal(r, id, one.Definition.Plan)
			assert.Equal(r, "crm", one.Schedule)
			assert.Equal(r, "1h0m0s", one.Definition.Timeout)
			assert.Zero(r, one.Definition.Retries)
			assert.Equal(r, "kim", one.AskedBy)
			return run
		}
		code := func(n int) *int { return &n }
		id := r.submit(does{updates: 1}).Plan.ID
		r.end(approve(id), history.End{Status: history.Failed, Reason: "the token was refused", ExitCode: code(4)})
		p := r.get(id)
		assert.Equal(r, Waiting, p.State)
		assert.Contains(r, p.Reason, "has sent nothing: the token was refused")
		run := approve(id)
		r.end(run, history.End{Status: history.Succeeded, ExitCode: code(0)})
		assert.Equal(r, Applied, r.get(id).State)
		assert.Equal(r, run, r.get(id).Run)
		assert.False(r, r.get(id).Ended.IsZero())

		id = r.submit(does{updates: 2}).Plan.ID
		r.end(approve(id), history.End{Status: history.Failed, Reason: "it is stale", ExitCode: code(fault.ExitStale)})
		assert.Equal(r, Stale, r.get(id).State)
		_, err := r.Approve(r.Context(), id, Given{}, kim)
		assert.ErrorContains(r, err, "is stale: it is stale")

		// A machine that is lost is replaced by another, and a run that fails after it has begun
		// can be continued.
		id = r.submit(does{updates: 3}).Plan.ID
		run = approve(id)
		r.end(run, history.End{Status: history.Lost, Reason: "gone"})
		p = r.get(id)
		assert.Equal(r, Approved, p.State)
		assert.NotEqual(r, run, p.Run)
		journal := changes.New(func(context.Context) (*store.DB, error) { return r.DB, nil }, slog.New(slog.DiscardHandler))
		w, _, err := journal.Begin(r.Context(), changes.Set{Plan: p.Plan, Kind: changes.ByApply, Script: "a.lua"})
		require.NoError(r, err)
		require.NoError(r, w.Add(r.Context(), []changes.Change{{Step: 1, Row: 1, Model: "company", Operation: "update", Action: "update"}}))
		w.Close(r.Context())
		r.end(p.Run, history.End{Status: history.Failed, Reason: "no connection", ExitCode: code(1)})
		assert.Equal(r, Interrupted, r.get(id).State)
		require.NoError(r, store.Exec(r.Context(), r.DB, `UPDATE phscript_plan SET expires_at = 1 WHERE id = ?`, id))
		require.NoError(r, r.Settle(r.Context()))
		assert.Equal(r, Interrupted, r.get(id).State, "what has begun can be continued at any time")
		r.end(approve(id), history.End{Status: history.Rejected, Reason: "1 row may have been sent", ExitCode: code(3)})
		assert.Equal(r, Interrupted, r.get(id).State, "some rows are not decided")
		w, _, err = journal.Begin(r.Context(), changes.Set{Plan: p.Plan, Kind: changes.ByApply, Script: "a.lua"})
		require.NoError(r, err)
		require.NoError(r, w.End(r.Context(), ""))
		w.Close(r.Context())
		r.end(approve(id), history.End{Status: history.Rejected, Reason: "1 row was rejected", ExitCode: code(3)})
		assert.Equal(r, Applied, r.get(id).State)
		assert.Equal(r, "1 row was rejected", r.get(id).Reason)

		id = r.submit(does{updates: 4}).Plan.ID
		require.NoError(r, store.Exec(r.Context(), r.DB, `UPDATE phscript_plan SET expires_at = 1 WHERE id = ?`, id))
		_, err = r.Approve(r.Context(), id, Given{}, kim)
		assert.ErrorContains(r, err, "expired at")
		require.NoError(r, r.Settle(r.Context()))
		assert.Equal(r, Expired, r.get(id).State)
		assert.ErrorContains(r, r.Refuse(r.Context(), id, kim), "expired at")
	})
}

func TestOldPlansAreDeleted(t *testing.T) {
	onBoth(t, func(r *trial) {
		var ids []int64
		for i := range 4 {
			ids = append(ids, r.submit(does{updates: 1 + i}).Plan.ID) // each replaces the one before
		}
		long := func(id int64, d time.Duration) {
			require.NoError(r, store.Exec(r.Context(), r.DB, `UPDATE phscript_plan SET ended_at = ended_at - ? WHERE id = ?`, d.Microseconds(), id))
		}
		long(ids[0], 100*24*time.Hour)
		long(ids[1], 40*24*time.Hour)
		r.Use(90, 1<<20)
		require.NoError(r, r.Prune(r.Context()))
		_, err := Get(r.Context(), r.DB, ids[0])
		assert.ErrorIs(r, err, ErrNoPlan)
		assert.Zero(r, r.get(ids[1]).Size)
		_, _, err = Content(r.Context(), r.DB, ids[1])
		assert.ErrorIs(r, err, ErrDeleted)
		assert.Positive(r, r.get(ids[2]).Size)
		r.Use(90, 1)
		require.NoError(r, r.Prune(r.Context()))
		assert.Zero(r, r.get(ids[2]).Size)
		assert.Positive(r, r.get(ids[3]).Size, "it waits")
		assert.ErrorContains(r, r.Delete(r.Context(), ids[3], kim.By), "its content is still needed")
		require.NoError(r, r.Refuse(r.Context(), ids[3], kim))
		require.NoError(r, r.Delete(r.Context(), ids[3], kim.By))
		var parts int
		require.NoError(r, r.DB.QueryRowContext(r.Context(), `SELECT count(*) FROM phscript_plan_part`).Scan(&parts))
		assert.Zero(r, parts)
	})
}
