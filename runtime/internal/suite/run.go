package suite

import (
	"context"
	"sync"
	"time"
)

// Run runs test files in parallel, each in its own state. The report lists them
// in the order of their names.
func Run(ctx context.Context, o Options, paths []string) *Report {
	started := time.Now()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan int)
	done := make([]chan *File, len(paths))
	for i := range done {
		done[i] = make(chan *File, 1)
	}
	var workers sync.WaitGroup
	for range max(1, min(o.Parallel, len(paths))) {
		workers.Go(func() {
			for i := range queue {
				done[i] <- runFile(ctx, o, paths[i])
			}
		})
	}
	go func() {
		defer close(queue)
		for i := range paths {
			select {
			case queue <- i:
			case <-ctx.Done():
				for _, rest := range done[i:] {
					close(rest)
				}
				return
			}
		}
	}()
	report := &Report{}
	if o.Shuffle {
		report.Seed = o.Seed
	}
	bailed := false
	for i := range done {
		f, ran := <-done[i]
		if !ran || bailed {
			continue
		}
		if ctx.Err() != nil {
			// An error caused by the end of the run says nothing about the
			// file.
			if f.Err != nil {
				f.Err = nil
			}
		}
		report.Files = append(report.Files, f)
		if o.Done != nil {
			o.Done(f)
		}
		if o.Bail && f.Failed() {
			bailed = true
			stop()
		}
	}
	workers.Wait()
	report.Duration = time.Since(started)
	report.Interrupted = ctx.Err() != nil && !bailed
	return report
}
