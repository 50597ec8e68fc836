package runtime

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParallelEndsWithTheRun(t *testing.T) {
	busy := `http.get(BASE .. "/never")`
	for name, one := range map[string]string{
		"requests": busy, "caught": `while true do pcall(function() ` + busy + ` end) end`,
		"sleeping": `time.sleep(600)`, "running": `if n == 3 then while true do end end ` + busy,
		"inside": `parallel.map({ 1, 2 }, function() ` + busy + ` end)`, "coroutine": `coroutine.wrap(function() ` + busy + ` end)()`,
		"collecting": busy,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			started := make(chan struct{}, 1000)
			b, s := newSystem(t, map[string]http.HandlerFunc{"/never": func(_ http.ResponseWriter, r *http.Request) {
				started <- struct{}{}
				<-r.Context().Done()
			}})
			source := `local BASE, http = "` + s.URL + `", require "http"
` + inParallel + `pcall(parallel.map, upto(20), function(n) ` + one + ` end, { limit = 4, errors = "collect" }) print("after")`
			b.opts.Timeout = 300 * time.Millisecond
			e := b.fails(t, source)
			var limit *LimitError
			require.ErrorAs(t, e, &limit)
			assert.Equal(t, "time", limit.What)

			b.opts.Timeout = 0
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if name == "sleeping" {
				time.AfterFunc(100*time.Millisecond, cancel)
			} else {
				for len(started) > 0 {
					<-started
				}
				go func() {
					<-started
					cancel()
				}()
			}
			_, err := b.runContext(t, ctx, source)
			require.ErrorIs(t, err, context.Canceled)
			assert.Empty(t, b.stdout.String())
		})
	}
}

func TestParallelExit(t *testing.T) {
	b, _ := newSystem(t, nil)
	result, err := b.run(t, inParallel+`parallel.map(upto(20), function(n) time.sleep(0.001) if n == 5 then os.exit(3) end time.sleep(600) end) print("after")`)
	var exit *ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 3, result.ExitCode)
	assert.Empty(t, b.stdout.String())
}

func TestParallelCountsForLimits(t *testing.T) {
	b, _ := newSystem(t, nil)
	b.opts.MaxInstructions = 100_000
	var limit *LimitError
	require.ErrorAs(t, b.fails(t, inParallel+`parallel.map(upto(8), function() for i = 1, 50000 do if i % 1000 == 0 then time.sleep(0.0001) end end end)`), &limit)
	assert.Equal(t, "instructions", limit.What)

	b.opts.MaxInstructions, b.opts.MaxMemory = 0, 32<<20
	require.ErrorAs(t, b.fails(t, inParallel+`parallel.map(upto(8), function(n)
		local kept = {}
		for i = 1, 1e6 do kept[i] = ("x"):rep(1000) .. i .. n if i % 100 == 0 then time.sleep(0.0001) end end
	end)`), &limit)
	assert.Equal(t, "memory", limit.What)
	b.opts.MaxMemory = 0
	require.ErrorAs(t, b.fails(t, inParallel+`local function deep() return 1 + deep() end parallel.map({ 1 }, deep)`), &limit)
	assert.Contains(t, limit.Limit, "calls")
	e := b.fails(t, inParallel+`local function nest() return parallel.map({ 1 }, nest)[1] end nest()`)
	assert.Contains(t, e.Message, "at most 8 calls can be inside of one another")
	_, err := b.run(t, inParallel+`
		local function nest(depth)
			return function(n)
				for _ = 1, 3 do
					time.sleep(math.random() / 1000)
					if depth > 0 then assert(#parallel.map(upto(6), nest(depth - 1)) == 6) end
				end
				return n
			end
		end
		nest(3)()`)
	require.NoError(t, err)
}

// A rate holds for all functions together.
func TestParallelRate(t *testing.T) {
	var mu sync.Mutex
	var starts []time.Time
	b, s := newSystem(t, map[string]http.HandlerFunc{"/": func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		starts = append(starts, time.Now())
		mu.Unlock()
	}})
	began := time.Now()
	require.NoError(t, s.run(t, b, inParallel+`
		local client = http.client{ base = BASE, rate = { "5/300ms" } }
		parallel.map(upto(20), function() client:get("/") end, { limit = 10 })`))
	require.Len(t, starts, 20)
	for i, start := range starts {
		// A busy machine delivers a request late, so the time between two of them says nothing.
		assert.GreaterOrEqual(t, start.Sub(began), time.Duration(i/5)*300*time.Millisecond, "request %d", i)
	}
}

func TestParallelDryRun(t *testing.T) {
	b := newBench(t)
	s := newServer(t, 200, `{}`)
	b.connect(s)
	b.opts.DryRun = true
	result, err := b.run(t, inParallel+`parallel.map(upto(30), function(n) time.sleep(0.0001) planhat.company.create{ name = "c" .. n } end)`)
	require.NoError(t, err)
	assert.Empty(t, s.requests)
	require.Len(t, result.Planned, 1)
	assert.Equal(t, 30, result.Planned[0].Rows)
}

func TestParallelMemoryIsFlat(t *testing.T) {
	b, s := newSystem(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 10_000))
	}})
	b.opts.MaxMemory = 8 << 20 // all responses together have 100 MB
	require.NoError(t, s.run(t, b, inParallel+`
		local sizes = parallel.map(upto(10000), function(n) return #http.get(BASE .. "/").body end, { limit = 16 })
		print(#sizes)`))
	assert.Equal(t, "10000\n", b.stdout.String())
}

// BenchmarkParallel compares requests to a service that takes 20 ms with the same requests
// one after another.
func BenchmarkParallel(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(20 * time.Millisecond) }))
	defer server.Close()
	one := func(limit int) time.Duration {
		rt, err := New(Options{WorkDir: b.TempDir(), AllowNet: []string{"127.0.0.1"}})
		require.NoError(b, err)
		began := time.Now()
		_, err = rt.Run(b.Context(), Script{Name: "main.lua", Source: []byte(fmt.Sprintf(inParallel+`
			local http = require "http"
			parallel.map(upto(64), function() http.get(%q) end, { limit = %d })`, server.URL, limit))})
		require.NoError(b, err)
		return time.Since(began)
	}
	for b.Loop() {
		sequential := one(1)
		for _, limit := range []int{8, 16} {
			b.ReportMetric(float64(sequential)/float64(one(limit)), fmt.Sprintf("x-faster-%d", limit))
		}
	}
}
