package progress

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// crowded is a window that others use.
type crowded struct{ planhat.Window }

func (crowded) Use(_ context.Context, calls int) (planhat.WindowUse, error) {
	return planhat.WindowUse{Limit: 200, Own: 60, Others: 140, Busiest: "nightly.lua", Calls: 140, After: time.Duration(calls) * time.Second}, nil
}

// silent shows nothing.
type silent struct{}

func (silent) every() time.Duration { return time.Second }

func (silent) show(State) {}

func (silent) end(State) {}

func TestTheQuotaDecidesHowLongTheRestTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard("job.lua", time.Now, silent{})
		defer b.Close()
		limiter := planhat.NewLimiter(planhat.LimiterConfig{Window: crowded{planhat.NewWindow(planhat.WindowSpec{Limit: 200})}})
		o := b.Begun(planhat.Work{Model: "company", Operation: "bulk_upsert", Rows: 50_000, Limiter: limiter})
		for i := range 2 {
			after(100 * time.Millisecond)
			b.Attempt(planhat.Attempt{})
			o.Progress(planhat.BulkProgress{Rows: (i + 1) * 5000, TotalRows: 50_000})
		}
		after(askEvery)
		s := b.State()
		require.Len(t, s.Tasks, 1)
		// 8 more calls, one a second.
		assert.InDelta(t, 8, s.Tasks[0].Left.Seconds(), 0.3)
		assert.Equal(t, 2, s.Calls)
		o.Ended()
		assert.Empty(t, b.State().Tasks)
		assert.True(t, b.State().Last.Ended)
	})
}

func TestTimeThatCallsWaitedIsNotWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard("job.lua", time.Now, silent{})
		defer b.Close()
		o := b.Begun(planhat.Work{Model: "company", Operation: "bulk_upsert", Rows: 20})
		after(time.Second)
		over := b.Waiting(planhat.Wait{Reason: planhat.WaitQuota, For: time.Minute, Limiter: planhat.NewLimiter(planhat.LimiterConfig{CallsPerMinute: -1})})
		after(time.Minute)
		over()
		after(time.Second)
		b.Attempt(planhat.Attempt{})
		o.Progress(planhat.BulkProgress{Rows: 10, TotalRows: 20})
		left := b.State().Tasks[0].Left
		assert.InDelta(t, 2, left.Seconds(), 0.1, "the second half takes as long as the first without the wait")
	})
}

func TestRatesComeFromTheLastSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard("job.lua", time.Now, silent{})
		defer b.Close()
		task := b.Begin(bindings.Task{Name: "x", Total: 100_000})
		for range 60 {
			after(time.Second)
			task.Add(1)
		}
		for range 200 {
			after(100 * time.Millisecond)
			task.Add(10)
		}
		s := b.State().Tasks[0]
		assert.InDelta(t, 100, s.Rate, 5)
		assert.InDelta(t, (100_000-2060)/100, s.Left.Seconds(), 60)
		task.Set(200_000)
		assert.GreaterOrEqual(t, b.State().Tasks[0].Left, time.Duration(0), "never negative")
	})
}

func TestSecretsOfNamesAreHidden(t *testing.T) {
	b := newBoard("job.lua", time.Now, silent{})
	defer b.Close()
	b.Hide = func(text string) string { return strings.ReplaceAll(text, "hunter2", "…") }
	task := b.Begin(bindings.Task{Name: "with hunter2", Unit: "hunter2"})
	task.Note("hunter2")
	s := b.State().Tasks[0]
	assert.NotContains(t, s.Name+s.Unit+s.Note, "hunter2")
}

func TestALineInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := InLog("job.lua", time.Now, slog.New(slog.NewTextHandler(&out, nil)))
		task := b.Begin(bindings.Task{Name: "rows", Total: 1000})
		for range 200 {
			after(time.Second)
			task.Add(1)
		}
		// After 10, 20, ... 60, 120 and 180 seconds.
		assert.Equal(t, 8, strings.Count(out.String(), "\n"))
		assert.Contains(t, out.String(), `msg="after 3:00: rows 17% 179 of 1,000 items, 1.0/s, 13:41 left"`)
		assert.NotContains(t, out.String(), "\x1b")
		task.End()
		b.Close()
		assert.Equal(t, 9, strings.Count(out.String(), "\n"), "the end is told")
	})
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := InLog("job.lua", time.Now, slog.New(slog.NewTextHandler(&out, nil)))
		b.Begin(bindings.Task{Name: "rows", Total: 1000}).Add(1)
		after(9 * time.Second)
		b.Close()
		assert.Empty(t, out.String(), "a short run says nothing")
	})
}

func TestJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		b := AsJSON("job.lua", time.Now, &out)
		task := b.Begin(bindings.Task{Name: "rows", Total: 10, Unit: "rows"})
		task.Note("Acme\x1b[2J")
		task.Add(5)
		after(1500 * time.Millisecond)
		task.Set(10)
		task.End()
		b.Close()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Len(t, lines, 2)
		var first, last struct{ Progress object }
		require.NoError(t, json.Unmarshal([]byte(lines[0]), &first))
		require.NoError(t, json.Unmarshal([]byte(lines[1]), &last))
		require.Len(t, first.Progress.Tasks, 1)
		assert.Equal(t, int64(5), first.Progress.Tasks[0].Done)
		assert.Equal(t, "Acme\x1b[2J", first.Progress.Tasks[0].Note)
		assert.InDelta(t, 1, *first.Progress.Tasks[0].Left, 0.1)
		assert.True(t, last.Progress.Ended)
		assert.Equal(t, int64(10), last.Progress.Tasks[0].Done)
	})
}

func TestAListThatNobodyReadsAnyMoreIsNotShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard("job.lua", time.Now, silent{})
		defer b.Close()
		list := b.Begun(planhat.Work{Model: "company", Operation: "get_list"})
		list.Progress(planhat.BulkProgress{Rows: 100})
		b.Begin(bindings.Task{Name: "slow", Total: 5}).Add(1)
		after(staleAfter + time.Second)
		tasks, hidden := b.State().shown(3)
		require.Len(t, tasks, 1)
		assert.Equal(t, "slow", tasks[0].Name)
		assert.Zero(t, hidden)
	})
}
