//go:build unix

package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/history"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/postgres"
)

// The load on a service with pages and webhooks.
const (
	loadFor     = 30 * time.Second
	viewers     = 4
	pageEvery   = 250 * time.Millisecond
	eventsASec  = 500
	eventKeys   = 50
	logLines    = 5000
	cpuRounds   = 20
	loadSecret  = "0123456789abcdef0123456789abcdef"
	bareMode    = "PHSCRIPT_BENCH_BARE"
	clockTicks  = 100 // of /proc/PID/stat, on every Linux
	bareAnswer  = 60 << 10
	idleService = 3 * time.Second
)

// serveBare is a server without phscript, in a process apart: what the machine and the client
// take by themselves.
func serveBare() {
	page := bytes.Repeat([]byte("0123456789abcde\n"), bareAnswer/16)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) })
	mux.HandleFunc("POST /", func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	_ = http.Serve(l, mux)
}

// bare starts serveBare and returns its address.
func bare(b *testing.B) string {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), bareMode+"=1")
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	text := make([]byte, 64)
	n, err := out.Read(text)
	require.NoError(b, err)
	return "http://" + strings.TrimSpace(string(text[:n]))
}

// took has the times of what was done, by its name. It is safe for concurrent use.
type took struct {
	mu   sync.Mutex
	list map[string][]time.Duration
}

func (t *took) add(what string, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.list == nil {
		t.list = map[string][]time.Duration{}
	}
	t.list[what] = append(t.list[what], d)
}

// of returns the median and the 99th percentile.
func (t *took) of(what string) (median, p99 time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.list[what]
	slices.Sort(list)
	return list[len(list)/2], list[len(list)*99/100]
}

// loaded is a service with pages and webhooks under load.
type loaded struct {
	*served
	cmd           *exec.Cmd
	pages, events string
	viewer        *http.Client
	run           int64
}

var openLink = regexp.MustCompile(`Open (http\S+)/sign-in#(\S+)`)

// freeAddress returns an address that nothing listens on.
func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// load starts a service with 200 schedules, 10,000 past runs, a run with a long log, and a
// webhook.
func load(b *testing.B, planhat *simulator.Server, state string) *loaded {
	b.Helper()
	s := &loaded{served: newServed(b, planhat, state)}
	s.schedule(func(int) string { return neverDue })
	at := freeAddress(b)
	s.events = "http://" + at + "/hooks/changes"
	text, err := os.ReadFile(filepath.Join(s.dir, "phscript.toml"))
	require.NoError(b, err)
	text = fmt.Appendf(text, `
[webhooks]
listen = %q
[dashboard]
listen = "127.0.0.1:0"
[[webhook]]
name       = "changes"
script     = "count.lua"
scheme     = "github"
secret_env = "HOOK_SECRET"
key        = "key"
batch      = 500
at_once    = 1
`, at)
	require.NoError(b, os.WriteFile(filepath.Join(s.dir, "phscript.toml"), text, 0o600))
	require.NoError(b, os.WriteFile(filepath.Join(s.dir, "count.lua"), []byte("local n = 0\nfor _, event in ipairs(require(\"webhook\").events()) do n = n + event.body.n end\nprint(n)\n"), 0o600))
	s.env = append(s.env, "HOOK_SECRET="+loadSecret)
	db := history.Open(b, s.state)
	require.NoError(b, db.QueryRowContext(b.Context(), "SELECT max(id) FROM phscript_run").Scan(&s.run))
	for some := range slices.Chunk(slices.Collect(func(yield func(int) bool) {
		for i := range logLines {
			if !yield(i + 1) {
				return
			}
		}
	}), 500) {
		var rows []string
		for _, seq := range some {
			rows = append(rows, fmt.Sprintf(`(%d, %d, %d, 'info', 'batch %d of the companies was written, as runs say it', '{"rows":%d}')`, s.run, seq, time.Now().UnixMicro(), seq, seq))
		}
		_, err := db.ExecContext(b.Context(), `INSERT INTO phscript_run_log (run, seq, at, level, message, fields) VALUES `+strings.Join(rows, ", "))
		require.NoError(b, err)
	}
	s.cmd = s.command("serve", "--open", "--log-level", "warn")
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, s.cmd.Start())
	b.Cleanup(func() { _ = s.cmd.Process.Signal(syscall.SIGTERM); _ = s.cmd.Wait() })
	var said []byte
	var found [][]byte
	for found == nil {
		piece := make([]byte, 4096)
		n, err := out.Read(piece)
		require.NoError(b, err, "%s", said)
		said = append(said, piece[:n]...)
		found = openLink.FindSubmatch(said)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	s.pages = string(found[1])
	jar, err := cookiejar.New(nil)
	require.NoError(b, err)
	s.viewer = &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * viewers}}
	res, err := s.viewer.PostForm(s.pages+"/sign-in", url.Values{"secret": {string(found[2])}})
	require.NoError(b, err)
	require.NoError(b, res.Body.Close())
	require.Equal(b, http.StatusOK, res.StatusCode)
	return s
}

// get reads a page and returns its length.
func get(client *http.Client, address string) (int64, error) {
	res, err := client.Get(address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	n, err := io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, res.Status)
	}
	return n, err
}

// cpu is the time that the service has computed, without its runs.
func (s *loaded) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	require.NoError(s.b, err)
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / clockTicks
}

// paths are the pages that are looked at.
func (s *loaded) paths() []string {
	return []string{"/", "/runs", "/runs?status=bad", "/runs?text=line", "/schedules", "/schedules/job-1", fmt.Sprintf("/runs/%d", s.run), fmt.Sprintf("/runs/%d?q=batch+49", s.run), "/quota", "/configuration", "/access"}
}

// watch looks at one page after another, and listens for changes, until ctx ends.
func (s *loaded) watch(ctx context.Context, n int, at string, t *took) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.pages+"/live", nil)
	if err == nil {
		r.Header.Set("Accept", "text/event-stream")
		go func() {
			if res, err := s.viewer.Do(r); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		}()
	}
	tick := time.NewTicker(pageEvery)
	defer tick.Stop()
	for i := n * 3; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		path := s.paths()[i%len(s.paths())]
		for _, one := range []struct{ what, address string }{{path, s.pages + path}, {"bare page", at}} {
			began := time.Now()
			if _, err := get(s.viewer, one.address); err != nil {
				s.b.Error(err)
				return
			}
			t.add(one.what, time.Since(began))
		}
	}
}

// send sends the events of one key in order, on time or as soon as the one before has its
// answer, until ctx ends. As many messages go to a bare server.
func (s *loaded) send(ctx context.Context, key int, at string, t *took) {
	client := &http.Client{Timeout: 30 * time.Second}
	began, every := time.Now(), eventKeys*time.Second/eventsASec
	for n := 1; ; n++ {
		due := began.Add(time.Duration(n)*every + time.Duration(key)*every/eventKeys)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		body := fmt.Appendf(nil, `{"key":"k%d","n":%d,"fill":%q}`, key, n, strings.Repeat("x", 1000))
		mac := hmac.New(sha256.New, []byte(loadSecret))
		_, _ = mac.Write(body)
		to := []struct{ what, address string }{{"event", s.events}}
		if n%10 == 0 {
			to = append(to, struct{ what, address string }{"bare post", at})
		}
		for _, one := range to {
			r, err := http.NewRequest(http.MethodPost, one.address, bytes.NewReader(body))
			if err != nil {
				s.b.Error(err)
				return
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
			r.Header.Set("X-GitHub-Delivery", fmt.Sprintf("%d-%d", key, n))
			sent := time.Now()
			res, err := client.Do(r)
			if err != nil {
				s.b.Error(err)
				return
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				s.b.Errorf("%s: %s", one.what, res.Status)
			}
			t.add(one.what, time.Since(sent))
		}
	}
}

// BenchmarkLoad runs a service with 200 schedules and 10,000 past runs, four viewers who look at
// a page each 250 ms and listen for changes, and 500 events a second, at once.
func BenchmarkLoad(b *testing.B) {
	planhat, err := simulator.Start(simulator.Options{Companies: 1, CallsPerMinute: -1})
	require.NoError(b, err)
	defer func() { _ = planhat.Close() }()
	for _, on := range []string{"SQLite", "PostgreSQL"} {
		b.Run(on, func(b *testing.B) {
			for range b.N {
				state := ""
				if on == "PostgreSQL" {
					state = postgres.Start(b).URL()
				}
				s := load(b, planhat, state)
				at := bare(b)
				patience.Await(b, 50*time.Millisecond, func() bool { _, err := get(s.viewer, s.pages+"/"); return err == nil }, "no pages")
				before := s.cpu()
				time.Sleep(idleService)
				idle := s.cpu() - before
				report("CPU time of a service that nobody uses, on "+on, fmt.Sprintf("%.1f %%", 100*idle.Seconds()/idleService.Seconds()), "")
				costs := map[string]string{}
				for _, path := range s.paths() {
					var size int64
					before, began := s.cpu(), time.Now()
					for range cpuRounds {
						if size, err = get(s.viewer, s.pages+path); err != nil {
							b.Fatal(err)
						}
					}
					cost := (s.cpu() - before - time.Duration(float64(idle)*time.Since(began).Seconds()/idleService.Seconds())) / cpuRounds
					costs[path] = fmt.Sprintf("%s of CPU time alone, %d KiB", ms(max(0, cost)), size>>10)
				}
				var t took
				ctx, stop := context.WithCancel(b.Context())
				var all sync.WaitGroup
				before = s.cpu()
				began := time.Now()
				for i := range viewers {
					all.Go(func() { s.watch(ctx, i, at, &t) })
				}
				for key := range eventKeys {
					all.Go(func() { s.send(ctx, key, at, &t) })
				}
				time.Sleep(loadFor)
				stop()
				all.Wait()
				spent, lasted := s.cpu()-before, time.Since(began)
				for _, what := range append(s.paths(), "bare page", "event", "bare post") {
					median, p99 := t.of(what)
					goal := "median 100 ms"
					switch {
					case strings.HasPrefix(what, "bare"):
						goal = ""
					case what == "event":
						goal = "99th percentile 50 ms"
						b.ReportMetric(float64(p99)/1e6, "ms-p99-event")
						costs[what] = fmt.Sprintf("%d in %.0f s", len(t.list[what]), lasted.Seconds())
					default:
						b.ReportMetric(float64(median)/1e6, "ms:"+what)
					}
					measured := fmt.Sprintf("median %s, 99th percentile %s", ms(median), ms(p99))
					if costs[what] != "" {
						measured += "; " + costs[what]
					}
					report(what+", on "+on, measured, goal)
				}
				report("CPU time of the service under that load, without its runs, on "+on, fmt.Sprintf("%.0f %%", 100*spent.Seconds()/lasted.Seconds()), "")
				report("memory of the service, on "+on, mb(peak(s.cmd.Process.Pid)), "")
				_ = s.cmd.Process.Signal(syscall.SIGTERM)
				_ = s.cmd.Wait()
			}
		})
	}
}
