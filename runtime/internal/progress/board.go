// Package progress shows people how far a run is: on a terminal below what the run
// prints, elsewhere as lines of the log or as JSON.
package progress

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// Board knows the tasks of a run, and shows them until it is closed. It is safe for
// concurrent use.
type Board struct {
	// Hide removes secrets from what scripts call their tasks. It must be set before the
	// first one begins.
	Hide func(string) string

	name string
	now  func() time.Time
	out  output

	mu    sync.Mutex
	tasks []*task
	// began is when the first task, call or wait began; zero before.
	began time.Time
	// calls counts requests. waits are the waits of calls under way, by their number.
	calls int
	waits map[int]wait
	next  int
	// waited is how long calls have waited for the quota, without the wait that began at
	// waiting.
	waited  time.Duration
	waiting time.Time
	// limiter is the one that calls used last, and use what it said last.
	limiter *planhat.Limiter
	use     planhat.WindowUse
	// last is the task that changed last, ended ones included.
	last *task

	closed  bool
	stop    chan struct{}
	stopped sync.WaitGroup
}

// output is where progress is shown.
type output interface {
	// every is how often show is called, on one goroutine.
	every() time.Duration
	show(State)
	// end is called once, after all calls of show.
	end(State)
}

// wait is a wait of a call.
type wait struct {
	reason planhat.WaitReason
	until  time.Time
}

// newBoard returns a board of the run of a script.
func newBoard(name string, now func() time.Time, out output) *Board {
	return &Board{Hide: func(text string) string { return text }, name: name, now: now, out: out, waits: map[int]wait{}, stop: make(chan struct{})}
}

// begin starts the showing. The caller has locked the board.
func (b *Board) begin() {
	if !b.began.IsZero() || b.closed {
		return
	}
	b.began = b.now()
	b.stopped.Add(2)
	go func() {
		defer b.stopped.Done()
		b.loop(b.out.every(), func() { b.out.show(b.State()) })
	}()
	go func() {
		defer b.stopped.Done()
		b.loop(askEvery, b.ask)
	}()
}

func (b *Board) loop(every time.Duration, do func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			do()
		case <-b.stop:
			return
		}
	}
}

// Close shows the last state, and nothing after it.
func (b *Board) Close() {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return
	}
	b.closed = true
	close(b.stop)
	b.mu.Unlock()
	b.stopped.Wait()
	b.out.end(b.State())
}

// task is something that takes long.
type task struct {
	board *Board
	// name and unit are what is shown; limiter is that of an operation.
	name, unit, note string
	limiter          *planhat.Limiter
	done, total      int64
	began, changed   time.Time
	ended            bool
	// calls and waited are what the board had when the task began.
	calls  int
	waited time.Duration
	// recent are earlier states, the oldest first, for the rate.
	recent []sample
	// slot is when the last call that the task probably needs can start.
	slot time.Time
}

// sample is how far a task was at a time.
type sample struct {
	at   time.Time
	done int64
}

// The rate is that of the last rateWindow, from samples that are sampleEvery apart.
const (
	rateWindow  = 15 * time.Second
	sampleEvery = 250 * time.Millisecond
)

// Begin implements bindings.Progress.
func (b *Board) Begin(p bindings.Task) bindings.Tracker {
	return b.add(&task{name: b.Hide(p.Name), unit: cmp.Or(b.Hide(p.Unit), bindings.TaskItems), total: max(0, p.Total)})
}

func (b *Board) add(t *task) *task {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin()
	t.board, t.began, t.calls, t.waited = b, b.now(), b.calls, b.waitedBy(b.now())
	t.changed, t.recent = t.began, []sample{{at: t.began}}
	b.tasks = append(b.tasks, t)
	return t
}

// Add implements bindings.Tracker, as do Set, Total, Note and End.
func (t *task) Add(n int64) { t.change(func() { t.done += n }) }

// Set sets how many items are done.
func (t *task) Set(done int64) { t.change(func() { t.done = done }) }

// Total sets how many items there are, 0 if that is not known.
func (t *task) Total(n int64) { t.change(func() { t.total = max(0, n) }) }

// Note sets what is shown after the numbers.
func (t *task) Note(text string) {
	text = t.board.Hide(text)
	t.change(func() { t.note = text })
}

// End ends the task.
func (t *task) End() {
	t.change(func() {
		t.ended = true
		t.board.tasks = slices.DeleteFunc(t.board.tasks, func(o *task) bool { return o == t })
	})
}

func (t *task) change(do func()) {
	b := t.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.ended {
		return
	}
	before := t.done
	do()
	now := b.now()
	if t.changed = now; t.done > 0 {
		b.last = t
	}
	if t.done == before {
		return
	}
	if newest := len(t.recent) - 1; newest > 0 && now.Sub(t.recent[newest-1].at) < sampleEvery {
		t.recent[newest] = sample{now, t.done}
	} else {
		t.recent = append(t.recent, sample{now, t.done})
	}
	// One that is older than the window stays, so that slow tasks have a rate.
	for len(t.recent) > 2 && now.Sub(t.recent[1].at) > rateWindow {
		t.recent = t.recent[1:]
	}
}

// Attempt implements planhat.Observer.
func (b *Board) Attempt(planhat.Attempt) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin()
	b.calls++
}

// Outcome implements planhat.Observer.
func (b *Board) Outcome(planhat.Outcome) {}

// Begun implements planhat.ProgressObserver.
func (b *Board) Begun(w planhat.Work) planhat.WorkObserver {
	t := &task{name: w.Model + "." + w.Operation, unit: bindings.TaskRows, total: int64(w.Rows), limiter: w.Limiter}
	if isList(w.Operation) {
		t.unit = bindings.TaskRecords
	}
	return operation{b.add(t)}
}

// operation is a task that a client makes calls for.
type operation struct{ *task }

func (o operation) Progress(p planhat.BulkProgress) {
	o.change(func() {
		o.done = int64(p.Rows)
		if p.TotalRows > 0 {
			o.total = int64(p.TotalRows)
		}
	})
}

func (o operation) Ended() { o.End() }

// Waiting implements planhat.ProgressObserver.
func (b *Board) Waiting(w planhat.Wait) (over func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.begin()
	now := b.now()
	b.next++
	n := b.next
	b.waits[n] = wait{w.Reason, now.Add(w.For)}
	b.limiter = w.Limiter
	if len(b.waits) == 1 {
		b.waiting = now
	}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.waits, n)
		if len(b.waits) == 0 && !b.waiting.IsZero() {
			b.waited += b.now().Sub(b.waiting)
			b.waiting = time.Time{}
		}
	}
}

// waitedBy is how long calls have waited until now.
func (b *Board) waitedBy(now time.Time) time.Duration {
	if b.waiting.IsZero() {
		return b.waited
	}
	return b.waited + now.Sub(b.waiting)
}
