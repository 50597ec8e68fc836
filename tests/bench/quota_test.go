package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// BenchmarkQuota makes 400 calls for one record each from four goroutines at
// Planhat's own quota, in real time, and looks at the starts as the server saw
// them.
func BenchmarkQuota(b *testing.B) {
	const calls, perMinute, goroutines = 400, 200, 4
	server, err := simulator.Start(simulator.Options{Companies: calls, CallsPerMinute: perMinute})
	require.NoError(b, err)
	defer func() { require.NoError(b, server.Close()) }()
	for range b.N {
		server.Reset()
		client := newClient(b, server, nil)
		ids := make(chan string)
		var wg sync.WaitGroup
		failures := make([]error, goroutines)
		began := time.Now()
		for g := range goroutines {
			wg.Go(func() {
				for id := range ids {
					if _, err := client.Company.GetByID(context.Background(), id); err != nil {
						failures[g] = err
					}
				}
			})
		}
		for i := range calls {
			ids <- fmt.Sprintf("extid-company-%d", i+1)
		}
		close(ids)
		wg.Wait()
		total := time.Since(began)
		for _, err := range failures {
			require.NoError(b, err)
		}
		starts := startsOf(server.Calls())
		require.Len(b, starts, calls, "a refused call would be one more")
		require.Zero(b, server.Count(simulator.Filter{Status: http.StatusTooManyRequests}))
		most, share := mostWithin(starts, time.Minute), windowUsed(starts, perMinute)
		require.LessOrEqual(b, most, perMinute)
		b.ReportMetric(float64(most), "starts/60s")
		b.ReportMetric(share*100, "%used")
		report("400 calls at 200 a minute, 4 goroutines: most starts in any 60 s", fmt.Sprint(most), "200")
		report("the same: share of the quota that was used", fmt.Sprintf("%.2f %% (%s in all)", share*100, seconds(total)), "more than 99 %")
	}
}

func newClient(b *testing.B, server *simulator.Server, observer planhat.Observer) *planhat.Client {
	b.Helper()
	client, err := planhat.New(planhat.Config{
		APIToken: server.APIToken(), TenantToken: server.TenantToken(),
		BaseURL: server.URL(), AnalyticsURL: server.AnalyticsURL(), Observer: observer,
	})
	require.NoError(b, err)
	b.Cleanup(client.Close)
	return client
}

// startsOf returns the times at which the server saw calls begin, in order.
func startsOf(calls []simulator.Call) []time.Time {
	starts := make([]time.Time, len(calls))
	for i, c := range calls {
		starts[i] = c.Time
	}
	slices.SortFunc(starts, time.Time.Compare)
	return starts
}

// mostWithin returns the largest number of starts in any stretch of the given
// length.
func mostWithin(starts []time.Time, length time.Duration) int {
	most, first := 0, 0
	for i, start := range starts {
		for start.Sub(starts[first]) >= length {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// windowUsed returns the part of the quota that was used while there was work:
// each start could come a minute after the one that lies a quota before it.
func windowUsed(starts []time.Time, quota int) float64 {
	var took time.Duration
	for i := quota; i < len(starts); i++ {
		took += starts[i].Sub(starts[i-quota])
	}
	return float64(time.Minute) * float64(len(starts)-quota) / float64(took)
}
