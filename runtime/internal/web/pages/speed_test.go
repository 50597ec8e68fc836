package pages

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime/internal/config"
	"github.com/phscript/phscript/runtime/internal/history"
	"github.com/phscript/phscript/runtime/internal/schedule"
	"github.com/phscript/phscript/runtime/internal/store"
	past "github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/postgres"
)

// BenchmarkPages measures each page of a service with 200 schedules and 10,000 runs, for four
// who look at once. It reports the median in milliseconds; -v has each page.
func BenchmarkPages(b *testing.B) {
	for name, location := range map[string]string{"sqlite": filepath.Join(b.TempDir(), "state.db"), "postgres": postgres.Start(b).URL()} {
		b.Run(name, func(b *testing.B) {
			r := start(b, location)
			var definitions []schedule.Definition
			for i := range 200 {
				d, err := schedule.New(config.Schedule{Name: fmt.Sprintf("job-%d", i), Script: "a.lua", Cron: fmt.Sprintf("%d * * * *", i%60)}, "phscript.toml")
				require.NoError(b, err)
				definitions = append(definitions, d)
			}
			require.NoError(b, r.schedules.Sync(b.Context(), definitions))
			past.Past(b, r.db.DB, 200, 10_000)
			if r.db.Pool() != nil { // which it does itself after a while
				require.NoError(b, store.Exec(b.Context(), r.db, "VACUUM ANALYZE"))
			}
			id := r.run("job-1", history.Running, history.End{})
			r.lines(id, 1, 5000)
			pages := []string{"/", "/runs", "/runs?status=bad", "/runs?text=line", "/schedules", "/schedules/job-1", fmt.Sprintf("/runs/%d", id), "/quota", "/configuration", "/access"}
			took := map[string][]time.Duration{}
			var mu sync.Mutex
			for b.Loop() {
				var wait sync.WaitGroup
				for viewer := range 4 {
					wait.Go(func() {
						for i := range pages {
							page := pages[(i+viewer*3)%len(pages)]
							began := time.Now()
							status, _, _ := r.ask("kim", http.MethodGet, page, nil)
							mu.Lock()
							took[page] = append(took[page], time.Since(began))
							mu.Unlock()
							if status != http.StatusOK {
								b.Errorf("%s: %d", page, status)
							}
						}
					})
				}
				wait.Wait()
			}
			for _, page := range pages {
				slices.Sort(took[page])
				n := len(took[page])
				b.Logf("%-28s median %5.1f ms, 99th percentile %5.1f ms", page, ms(took[page][n/2]), ms(took[page][n*99/100]))
				b.ReportMetric(ms(took[page][n/2]), "ms:"+page)
			}
		})
	}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
