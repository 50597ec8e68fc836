// Package memory ends work that makes the process's heap grow too much.
package memory

import (
	goruntime "runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// sampleEvery is how often a watch looks at the heap.
const sampleEvery = 50 * time.Millisecond

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
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-w.done:
			return
		case <-ticker.C:
		}
		grown := read(heapMetric) - w.base
		w.peak = max(w.peak, grown)
		if grown <= limit {
			continue
		}
		// Much of it may be garbage: what counts is what a collection leaves,
		// without what is allocated while it runs, all of which it keeps.
		before := read(allocMetric)
		goruntime.GC()
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
