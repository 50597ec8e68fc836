package planhat

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/internal/ahead"
	"github.com/phscript/phscript/planhat/simulator"
)

// eagerly returns a pager that requests pages at once however fast they come.
func eagerly(r *Resource, o ListOptions) *Pager {
	p := r.Pages(o)
	p.walk.ahead.Eager = true
	return p
}

// shuffled answers requests in another order than they come: each waits for a
// while before it is carried out.
func shuffled(t *testing.T, sim http.Handler, chance *rand.Rand, most time.Duration) string {
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		pause := time.Duration(chance.Int64N(int64(most)))
		mu.Unlock()
		time.Sleep(pause)
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func simulated(t *testing.T, o simulator.Options, companies int) *simulator.Server {
	o.CallsPerMinute, o.PerSecond, o.Parallel = -1, -1, -1
	sim, err := simulator.New(o)
	require.NoError(t, err)
	for i := range companies {
		require.NoError(t, sim.Put("company", map[string]any{"name": fmt.Sprintf("n%02d", i%30)}))
	}
	return sim
}

func clientOf(t *testing.T, url string, change ...func(*Config)) *Client {
	cfg := Config{
		APIToken: simulator.DefaultAPIToken, BaseURL: url, Retry: fast,
		Limiter: NewLimiter(LimiterConfig{CallsPerMinute: -1, PerSecond: -1, Parallel: -1}),
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := New(cfg)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// TestPagesAheadOfListsThatMove reads lists whose pages are requested at once and come
// in any order, while others and the reader itself create, delete, archive and rename
// records. Every record that is in the list all the while arrives once, none arrives
// twice, and none that the reader creates arrives.
func TestPagesAheadOfListsThatMove(t *testing.T) {
	for seed := range uint64(120) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			readAhead(t, seed)
		})
	}
}

func readAhead(t *testing.T, seed uint64) {
	chance := rand.New(rand.NewPCG(seed, 12))
	n := 1 + chance.IntN(150)
	o := ListOptions{PageSize: 1 + chance.IntN(12), Sort: []string{"", "", "-_id", "name", "-name"}[chance.IntN(5)]}
	if chance.IntN(6) == 0 {
		o.PageSize = 0
	}
	busy := []float64{0, 0.1, 0.5}[chance.IntN(3)]
	var mu sync.Mutex
	gone := map[string]bool{}
	started := false
	options := simulator.Options{
		Seed:     int64(seed),
		Switches: simulator.Switches{"page-cap": fmt.Sprint(2 + chance.IntN(20))},
		Changes: func(c simulator.Change) {
			mu.Lock()
			defer mu.Unlock()
			if started && (c.Record == nil || strings.Contains(string(c.Record), `"archived":true`)) {
				gone[c.ID] = true
			}
		},
	}
	if o.PageSize == 0 {
		options.Switches["page-cap"] = fmt.Sprint(100 + chance.IntN(20)) // shorter pages end a list
	}
	sim := simulated(t, options, n)
	client := clientOf(t, shuffled(t, sim, rand.New(rand.NewPCG(seed, 13)), 300*time.Microsecond))
	all, err := client.Company.GetList(t.Context(), ListOptions{PageSize: 1000})
	require.NoError(t, err)
	require.Equal(t, n, len(all))
	mu.Lock()
	started = true
	mu.Unlock()
	require.NoError(t, sim.InjectFaults(simulator.Fault{Kind: simulator.FaultOthers, Model: "company", Operation: "get_list", P: busy, Rows: 1 + chance.IntN(3)}))

	seen, own := map[string]int{}, map[string]bool{}
	writes := chance.IntN(3) == 0
	var ids []string
	for p := eagerly(client.Company.Resource(), o); ; {
		page, err := p.Next(t.Context())
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		if chance.IntN(2) == 0 {
			p.Ahead(t.Context())
		}
		for _, record := range page {
			seen[idOf(record)]++
			ids = append(ids, idOf(record))
			if !writes || chance.IntN(4) > 0 {
				continue
			}
			if chance.IntN(2) == 0 {
				made, err := client.Company.Create(t.Context(), map[string]string{"name": "mine"})
				require.NoError(t, err)
				own[idOf(made)] = true
			} else if _, err := client.Company.Delete(t.Context(), idOf(record)); err != nil {
				require.Equal(t, KindNotFound, KindOf(err))
			}
		}
		require.Less(t, len(ids), 10*n+1000, "the list has no end")
	}
	mu.Lock()
	defer mu.Unlock()
	about := fmt.Sprintf("seed %d: %d rows, sort %q, page size %d", seed, n, o.Sort, o.PageSize)
	for id, times := range seen {
		require.Equal(t, 1, times, "%s: %s came more than once", about, id)
		require.False(t, own[id], "%s: %s was created by the loop", about, id)
	}
	for _, record := range all {
		require.True(t, gone[idOf(record)] || seen[idOf(record)] == 1, "%s: %s is missing", about, idOf(record))
	}
	if o.Sort == "" {
		assert.True(t, slices.IsSorted(ids), about)
	}
}

// latent reads a list of a server whose pages take their time, and returns how many
// were requested in all and at a time.
func latent(t *testing.T, companies int, read func(ctx context.Context, r *Resource)) (calls, atOnce int) {
	var mu sync.Mutex
	under := 0
	sim := simulated(t, simulator.Options{}, companies)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		calls, under = calls+1, under+1
		atOnce = max(atOnce, under)
		mu.Unlock()
		time.Sleep(ahead.Worthwhile + 10*time.Millisecond)
		mu.Lock()
		under--
		mu.Unlock()
		sim.ServeHTTP(w, r)
	}))
	read(t.Context(), clientOf(t, s.URL).Company.Resource())
	s.Close() // waits for the requests that nobody waits for
	return calls, atOnce
}

func TestPagesAreRequestedAtOnce(t *testing.T) {
	all := func(o ListOptions, want int) func(context.Context, *Resource) {
		return func(ctx context.Context, r *Resource) {
			list, err := r.GetList(ctx, o)
			require.NoError(t, err)
			assert.Len(t, list, want)
		}
	}
	for _, tt := range []struct {
		name             string
		companies        int
		read             func(context.Context, *Resource)
		atLeast, atMost  int
		atOnce, atOnceIn int
	}{
		{"a list of one page", 7, all(ListOptions{PageSize: 10}, 7), 2, 2, 1, 1},
		{"a list that ends with its first page", 90, all(ListOptions{}, 90), 1, 1, 1, 1},
		{"a long list", 300, all(ListOptions{PageSize: 10}, 300), 34, 34 + ahead.Most, ahead.Most, ahead.Most},
		{"a limit", 300, all(ListOptions{PageSize: 10, Limit: 100}, 100), 11, 11, 2, ahead.Most},
		{"another order", 300, all(ListOptions{PageSize: 10, Sort: "name"}, 300), 68, 68 + 2*ahead.Most, 2, ahead.Most},
		{"another order and a limit", 300, all(ListOptions{PageSize: 10, Sort: "name", Limit: 50}, 50), 6, 6, 1, 1},
		{"a loop that is left in the first page", 300, func(ctx context.Context, r *Resource) {
			for _, err := range r.Each(ctx, ListOptions{PageSize: 10}) {
				require.NoError(t, err)
				break
			}
		}, 1, 1, 1, 1},
		{"a loop that is slower than the server", 80, func(ctx context.Context, r *Resource) {
			p := r.Pages(ListOptions{PageSize: 30})
			for {
				page, err := p.Next(ctx)
				require.NoError(t, err)
				if len(page) == 0 {
					return
				}
				time.Sleep(5 * ahead.Worthwhile)
				p.Ahead(ctx)
				time.Sleep(5 * ahead.Worthwhile)
			}
		}, 4, 4, 1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls, atOnce := latent(t, tt.companies, tt.read)
			assert.GreaterOrEqual(t, calls, tt.atLeast, "calls")
			assert.LessOrEqual(t, calls, tt.atMost, "calls")
			assert.GreaterOrEqual(t, atOnce, tt.atOnce, "at once")
			assert.LessOrEqual(t, atOnce, tt.atOnceIn, "at once")
		})
	}
}

// A page that was requested under a context that has ended since is requested again.
func TestPagesOfAContextThatEnded(t *testing.T) {
	sim := simulated(t, simulator.Options{}, 300)
	p := eagerly(clientOf(t, shuffled(t, sim, rand.New(rand.NewPCG(1, 1)), 5*time.Millisecond)).Company.Resource(), ListOptions{PageSize: 10})
	n := 0
	for {
		ctx, cancel := context.WithCancel(t.Context())
		page, err := p.Next(ctx)
		require.NoError(t, err)
		p.Ahead(ctx)
		cancel()
		if n += len(page); len(page) == 0 {
			break
		}
	}
	assert.Equal(t, 300, n)
}

// The last answer of a list is that of the last page that its caller got.
func TestTheResponseOfPagesAhead(t *testing.T) {
	sim := simulated(t, simulator.Options{}, 300)
	p := eagerly(clientOf(t, shuffled(t, sim, rand.New(rand.NewPCG(1, 1)), 5*time.Millisecond)).Company.Resource(), ListOptions{PageSize: 10})
	var response Response
	ctx := WithResponse(t.Context(), &response)
	for {
		page, err := p.Next(ctx)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.Status)
		response = Response{}
		if len(page) == 0 {
			break
		}
	}
}

// While calls wait for the quota, one page is requested ahead, so the caller's own
// calls need not wait behind others.
func TestPagesAheadLeaveQuota(t *testing.T) {
	for used, want := range map[int]int{0: 25, 100: 12, 190: 1, 195: 0, 200: 1} {
		limiter := NewLimiter(LimiterConfig{PerSecond: -1})
		for range used {
			release, err := limiter.Acquire(t.Context())
			require.NoError(t, err)
			release()
		}
		c := clientOf(t, "http://127.0.0.1:1", func(cfg *Config) { cfg.Limiter = limiter })
		assert.Equal(t, want, c.spare(t.Context()), "%d calls used", used)
	}
}
