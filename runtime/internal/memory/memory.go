// Package memory watches how much memory the process and single Lua states take.
package memory

import (
	goruntime "runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultLimit is the limit of the command line.
const DefaultLimit = 1 << 30

// sampleEvery is how often a watch looks at the heap.
const sampleEvery = 10 * time.Millisecond

// heapMetric counts the bytes of objects, garbage that was not collected yet
// included; liveMetric those that the last collection left; allocMetric all
// that were ever allocated.
const (
	heapMetric  = "/memory/classes/heap/objects:bytes"
	liveMetric  = "/gc/heap/live:bytes"
	allocMetric = "/gc/heap/allocs:bytes"
)

// besides are what Go takes beside the objects of a heap: about 3 % of it.
var besides = [...]string{
	"/memory/classes/heap/stacks:bytes", "/memory/classes/metadata/mspan/inuse:bytes", "/memory/classes/metadata/other:bytes",
}

// Watch looks at the heap while work is done. The heap is the process's: what
// others allocate at the same time counts as well.
type Watch struct {
	base, peak int64
	done       chan struct{}
	end        sync.Once
	stopped    sync.WaitGroup

	// limit is 0 if there is none; ended says that exceeded was called.
	limit    int64
	exceeded func()
	mu       sync.Mutex
	ended    bool
	// rested is when collecting is worth its time again; ticks are the instructions
	// since Tick last looked.
	rested time.Time
	ticks  int
}

// headroom is how much memory beside the limit of a run a process may have before
// it collects garbage all the time; too much is what it may never have.
const (
	headroom = 24 << 20
	tooMuch  = 64 << 20
)

// lookEvery is how many instructions run between two looks of Tick: they allocate a
// few megabytes at most.
const lookEvery = 1 << 14

// alone is set if a process works for one run at a time.
var alone atomic.Bool

// Reserve tells a process that works for one run at a time to collect garbage early
// enough to stay near the run's limit. It does nothing without a limit.
func Reserve(limit int64) {
	if limit > 0 {
		alone.Store(true)
		debug.SetMemoryLimit(limit + headroom)
	}
}

// frugal is how much garbage there may be before it is collected, in percent of what is in use.
const frugal = 50

// Spare tells the process to collect garbage twice as often as usual, for work that holds
// much.
func Spare() { debug.SetGCPercent(frugal) }

// Start starts a watch, which calls exceeded once when the heap has grown by
// more than limit bytes. A limit below 1 only measures the peak, at the end.
func Start(limit int64, exceeded func()) *Watch {
	w := &Watch{base: size(), done: make(chan struct{}), limit: max(limit, 0), exceeded: exceeded}
	if limit < 1 {
		return w
	}
	// The clock sees what a long call allocates that does not look itself.
	w.stopped.Go(func() {
		w.sample(func(int64) (pause time.Duration) {
			if w.check(0, false) {
				return 0
			}
			return sampleEvery
		})
	})
	return w
}

// Before looks at the heap before bytes are allocated at once. A nil Watch does
// nothing.
func (w *Watch) Before(bytes int) {
	if w != nil && w.limit > 0 {
		w.check(int64(bytes), true)
	}
}

// Tick is told what was executed by the goroutine that allocates, which can't grow
// the heap while it looks, however busy the machine is. A nil Watch does nothing.
func (w *Watch) Tick(instructions int) {
	if w == nil || w.limit < 1 {
		return
	}
	if w.ticks += instructions; w.ticks >= lookEvery {
		w.ticks = 0
		w.check(0, true)
	}
}

// check reports whether the heap has grown by more than the limit, or would with
// some bytes more. still is set if what grows it waits meanwhile.
func (w *Watch) check(more int64, still bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	grown := size() - w.base + more
	if w.ended || grown <= w.limit {
		return w.ended
	}
	// Much of it may be garbage: what counts is what a collection leaves. A heap that
	// stays near the limit is collected a fifth of the time at most, as long as the
	// garbage takes little.
	if !still && alone.Load() && grown > w.limit+tooMuch {
		// Garbage grows faster than it can be collected, so end the run.
		w.ended = true
		w.exceeded()
		return true
	}
	if grown <= w.limit+headroom/2 && time.Now().Before(w.rested) {
		return false
	}
	began := time.Now()
	before := read(allocMetric)
	goruntime.GC()
	// What was allocated while it ran is kept by it, garbage or not.
	meanwhile := read(allocMetric) - before
	w.rested = time.Now().Add(4 * time.Since(began))
	if live()-meanwhile-w.base+more > w.limit {
		w.ended = true
		w.exceeded()
	}
	return w.ended
}

// Allocated returns how many bytes the process has ever allocated.
func Allocated() int64 { return read(allocMetric) }

// Notice starts a watch that calls large again and again while the whole heap,
// with its garbage, has more than limit bytes: only then can a part of it.
// allocated is what Allocated returns.
func Notice(limit int64, large func(allocated int64)) *Watch {
	w := &Watch{done: make(chan struct{})}
	w.stopped.Go(func() {
		w.sample(func(size int64) time.Duration {
			if size > limit {
				large(Allocated())
			}
			return sampleEvery
		})
	})
	return w
}

// sample calls look with the growth of the heap, after each pause that it
// returns, until that is 0.
func (w *Watch) sample(look func(growth int64) (pause time.Duration)) {
	timer := time.NewTimer(sampleEvery)
	defer timer.Stop()
	for {
		select {
		case <-w.done:
			return
		case <-timer.C:
		}
		growth := size() - w.base
		w.peak = max(w.peak, growth)
		pause := look(growth)
		if pause == 0 {
			return
		}
		timer.Reset(pause)
	}
}

// Stop ends the watch and returns the largest growth that it saw. It may be called again.
func (w *Watch) Stop() int64 {
	w.end.Do(func() { close(w.done) })
	w.stopped.Wait()
	return max(w.peak, size()-w.base, 0)
}

// read returns the sum of some metrics.
func read(names ...string) (sum int64) {
	var room [4]metrics.Sample
	samples := room[:0]
	for _, name := range names {
		samples = append(samples, metrics.Sample{Name: name})
	}
	metrics.Read(samples)
	for _, s := range samples {
		sum += int64(s.Value.Uint64())
	}
	return sum
}

// size is the size of the heap, with what Go takes beside it.
func size() int64 { return read(append(besides[:], heapMetric)...) }

// live is the size that the last collection left.
func live() int64 { return read(append(besides[:], liveMetric)...) }
