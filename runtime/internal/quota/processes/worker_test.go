// Package quota_test proves that processes which share a quota never go over
// it together, and waste none of it, on good days and on bad ones.
package processes

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime/internal/quota"
	"github.com/phscript/phscript/runtime/internal/store"
	"github.com/phscript/phscript/tests/patience"
	"github.com/phscript/phscript/tests/program"
)

// The quota of the tests: the real one's shape in a short window.
const (
	limit  = 100
	length = 2 * time.Second
	// margin is the part of the window that a late start may use up: the
	// client's tolerance, and what a busy machine adds before the start is
	// noted.
	margin = 500 * time.Millisecond
)

const (
	workerVariable = "PHSCRIPT_TEST_QUOTA_WORKER"
	stateVariable  = "PHSCRIPT_TEST_QUOTA_STATE"
)

func TestMain(m *testing.M) {
	if name := os.Getenv(workerVariable); name != "" {
		work(name, os.Getenv(stateVariable))
		return
	}
	os.Exit(program.Run(m))
}

// newWindow returns a window on the store at a location, opened once.
func newWindow(name, location string, log *slog.Logger) *quota.Window {
	var mu sync.Mutex
	var db *store.DB
	return windowOn(func(ctx context.Context) (*store.DB, error) {
		mu.Lock()
		defer mu.Unlock()
		if db != nil {
			return db, nil
		}
		var err error
		db, err = store.Open(ctx, location)
		return db, err
	}, name, length, log)
}

func windowOn(open func(context.Context) (*store.DB, error), name string, length time.Duration, log *slog.Logger) *quota.Window {
	return quota.New(quota.Options{
		Open: open, URL: "https://api.planhat.com", Token: "secret", Limit: limit, Length: length,
		Run: name, Script: name + ".lua", Log: log,
	})
}

// work is a process that uses the quota as fast as it may with 4 goroutines,
// and prints when each of its calls started.
func work(name, location string) {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	limiter := planhat.NewLimiter(planhat.LimiterConfig{PerSecond: -1, Parallel: -1, Window: newWindow(name, location, log)})
	var mu sync.Mutex
	for range 4 {
		go func() {
			for {
				release, err := limiter.Acquire(context.Background())
				at := time.Now()
				mu.Lock()
				if err != nil {
					fmt.Println("error", err)
				} else {
					fmt.Println("start", at.UnixMicro())
				}
				mu.Unlock()
				if err == nil {
					release()
				}
			}
		}()
	}
	// The parent ends the process; it ends by itself when the parent is gone.
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

// shortRuns returns windows for calls, a new one after each five: none of them is for a
// long run.
func shortRuns(db *store.DB, length time.Duration) func() *quota.Window {
	var calls atomic.Int64
	return func() *quota.Window {
		open := func(context.Context) (*store.DB, error) { return db, nil }
		return windowOn(open, fmt.Sprintf("run %d", (calls.Add(1)-1)/5), length, nil)
	}
}

// worker is a running process of work.
type worker struct {
	t      *testing.T
	cmd    *exec.Cmd
	stderr strings.Builder
	read   sync.WaitGroup

	mu     sync.Mutex
	starts []int64
	errors []string
}

func startWorker(t *testing.T, name, location string) *worker {
	t.Helper()
	w := &worker{t: t, cmd: exec.Command(os.Args[0])}
	w.cmd.Env = append(os.Environ(), workerVariable+"="+name, stateVariable+"="+location)
	out, err := w.cmd.StdoutPipe()
	require.NoError(t, err)
	_, err = w.cmd.StdinPipe()
	require.NoError(t, err)
	w.cmd.Stderr = &w.stderr
	require.NoError(t, w.cmd.Start())
	w.read.Go(func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			kind, rest, _ := strings.Cut(lines.Text(), " ")
			w.mu.Lock()
			if at, err := strconv.ParseInt(rest, 10, 64); kind == "start" && err == nil {
				w.starts = append(w.starts, at)
			} else {
				w.errors = append(w.errors, lines.Text())
			}
			w.mu.Unlock()
		}
	})
	t.Cleanup(w.kill)
	return w
}

// kill ends the process as kill -9 does.
func (w *worker) kill() {
	_ = w.cmd.Process.Kill()
	w.read.Wait()
	_ = w.cmd.Wait()
}

// count is how many calls it has started.
func (w *worker) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.starts)
}

// crew is several workers on one store.
type crew []*worker

func startCrew(t *testing.T, location string) crew {
	t.Helper()
	var c crew
	for i := range 4 {
		c = append(c, startWorker(t, fmt.Sprintf("worker%d", i), location))
	}
	return c
}

func (c crew) count() int {
	n := 0
	for _, w := range c {
		n += w.count()
	}
	return n
}

// await waits until the crew has started n calls in all.
func (c crew) await(t *testing.T, n int) {
	t.Helper()
	patience.Await(t, 10*time.Millisecond, func() bool { return c.count() >= n }, "fewer than %d calls started", n)
}

// finish ends the crew and demands that no stretch of time held too many
// starts, and that nobody saw an error.
func (c crew) finish(t *testing.T) []int64 {
	t.Helper()
	var starts []int64
	for _, w := range c {
		w.kill()
		assert.Empty(t, w.errors)
		starts = append(starts, w.starts...)
	}
	assert.LessOrEqual(t, crowd(starts, (length-margin).Microseconds()), limit)
	return starts
}
