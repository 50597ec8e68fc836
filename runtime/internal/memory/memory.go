// Package memory ends work that makes the process's heap grow too much.
package memory

import (
	goruntime "runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

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

// Watch looks at the heap while work is done. The heap is the process's: what
// others allocate at the same time counts as well.
type Watch struct {
	base, peak int64
	done       chan struct{}
	stopped    sync.WaitGroup
}

// headroom is how much memory beside the limit of a run a process may have before
// it collects garbage all the time.
const headroom = 64 << 20

// Reserve tells a process that works for one run at a time to collect garbage early
// enough to stay near the run's limit. It does nothing without a limit.
func Reserve(limit int64) {
	if limit > 0 {
		debug.SetMemoryLimit(limit + headroom)
	}
}

// Start starts a watch, which calls exceeded once when the heap has grown by
// more than limit bytes. A limit below 1 only measures the peak, at the end.
func Start(limit int64, exceeded func()) *Watch {
	w := &Watch{base: read(heapMetric), done: make(chan struct{})}
	if limit < 1 {
		return w
	}
	w.stopped.Go(func() { w.watch(limit, exceeded) })
	return w
}

func (w *Watch) watch(limit int64, exceeded func()) {
	timer := time.NewTimer(sampleEvery)
	defer timer.Stop()
	for {
		select {
		case <-w.done:
			return
		case <-timer.C:
		}
		timer.Reset(sampleEvery)
		grown := read(heapMetric) - w.base
		w.peak = max(w.peak, grown)
		if grown <= limit {
			continue
		}
		// Much of it may be garbage: what counts is what a collection leaves,
		// without what is allocated while it runs, all of which it keeps.
		before, began := read(allocMetric), time.Now()
		goruntime.GC()
		// A heap that stays near the limit is collected half of the time at most.
		timer.Reset(max(sampleEvery, time.Since(began)))
		meanwhile := read(allocMetric) - before
		if read(liveMetric)-meanwhile-w.base > limit {
			exceeded()
			return
		}
	}
}

// Stop ends the watch and returns the largest growth that it saw.
func (w *Watch) Stop() int64 {
	close(w.done)
	w.stopped.Wait()
	return max(w.peak, read(heapMetric)-w.base, 0)
}

func read(metric string) int64 {
	sample := []metrics.Sample{{Name: metric}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
