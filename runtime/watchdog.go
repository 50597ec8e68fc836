package runtime

import (
	"context"
	goruntime "runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// sampleEvery is how often the watchdog looks at the heap.
const sampleEvery = 50 * time.Millisecond

// heapMetric counts the bytes of objects, garbage that was not collected yet
// included; liveMetric those that the last collection left; allocMetric all
// that were ever allocated.
const (
	heapMetric  = "/memory/classes/heap/objects:bytes"
	liveMetric  = "/gc/heap/live:bytes"
	allocMetric = "/gc/heap/allocs:bytes"
)

// watchdog ends a run when the heap has grown by more than its limit. The heap
// is the process's: what other runs allocate at the same time counts as well.
type watchdog struct {
	base, peak int64
	done       chan struct{}
	stopped    sync.WaitGroup
}

// watchMemory starts a watchdog; a limit below 1 only measures the peak, at the
// end.
func watchMemory(limit int64, cancel context.CancelCauseFunc) *watchdog {
	w := &watchdog{base: read(heapMetric), done: make(chan struct{})}
	if limit < 1 {
		return w
	}
	w.stopped.Go(func() { w.watch(limit, cancel) })
	return w
}

func (w *watchdog) watch(limit int64, cancel context.CancelCauseFunc) {
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
			cancel(memoryLimit(limit))
			return
		}
	}
}

// stop ends the watchdog and returns the largest growth that it saw.
func (w *watchdog) stop() int64 {
	close(w.done)
	w.stopped.Wait()
	return max(w.peak, read(heapMetric)-w.base, 0)
}

func read(metric string) int64 {
	sample := []metrics.Sample{{Name: metric}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
