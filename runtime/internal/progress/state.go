package progress

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat"
)

// State is how far a run is.
type State struct {
	// Name is the script.
	Name    string
	Elapsed time.Duration
	Calls   int
	Wait    *Waiting
	// Tasks are those under way, the one that began first being first. Last is the one that
	// changed last, and may have ended.
	Tasks []Task
	Last  *Task
}

// Waiting is what calls wait for.
type Waiting struct {
	Reason planhat.WaitReason
	// Left is how long they still wait.
	Left time.Duration
	// Use is who uses the quota, as far as that is known.
	Use planhat.WindowUse
}

// Task is something that takes long.
type Task struct {
	Name, Unit, Note string
	Done             int64
	// Total is 0 if it is not known.
	Total   int64
	Elapsed time.Duration
	// Idle is how long nothing has changed.
	Idle time.Duration
	// Rate is how many items are done in a second, 0 if that is not known.
	Rate float64
	// Left is how long the rest will take, negative if that is not known.
	Left  time.Duration
	Ended bool
}

// State returns how far the run is now.
func (b *Board) State() State {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	s := State{Name: b.name, Calls: b.calls}
	if !b.began.IsZero() {
		s.Elapsed = now.Sub(b.began)
	}
	for _, t := range b.tasks {
		s.Tasks = append(s.Tasks, b.state(t, now))
	}
	if b.last != nil {
		last := b.state(b.last, now)
		s.Last = &last
	}
	for _, w := range b.waits {
		left := max(0, w.until.Sub(now))
		// As soon as one call can start, the run continues.
		if s.Wait == nil || left < s.Wait.Left {
			s.Wait = &Waiting{Reason: w.reason, Left: left, Use: b.use}
		}
	}
	return s
}

func (b *Board) state(t *task, now time.Time) Task {
	s := Task{
		Name: t.name, Unit: t.unit, Note: t.note, Done: t.done, Total: t.total,
		Elapsed: now.Sub(t.began), Idle: now.Sub(t.changed), Left: -1, Ended: t.ended,
	}
	if t.ended {
		s.Elapsed = t.changed.Sub(t.began)
	}
	s.Rate = t.rate(now)
	if t.ended {
		if s.Elapsed > 0 {
			s.Rate = float64(t.done) / s.Elapsed.Seconds()
		}
		return s
	}
	s.Left = b.left(t, s.Rate, now)
	return s
}

// rate is how many items were done in a second lately.
func (t *task) rate(now time.Time) float64 {
	first, last := t.recent[0], t.recent[len(t.recent)-1]
	took := last.at.Sub(first.at)
	// A pause that is longer than usual makes the rate fall.
	if steps := len(t.recent) - 1; steps > 0 {
		took += max(0, now.Sub(last.at)-took/time.Duration(steps))
	}
	if took <= 0 || last.done <= first.done {
		return 0
	}
	return float64(last.done-first.done) / took.Seconds()
}

// left is how long the rest of a task will take. With calls, that depends on when the
// quota has room for those that are left, and on how long the work took without waiting.
func (b *Board) left(t *task, rate float64, now time.Time) time.Duration {
	if t.total <= 0 || t.done <= 0 {
		return -1
	}
	rest := float64(max(0, t.total-t.done))
	if b.callsLeft(t) == 0 {
		if rate <= 0 {
			return -1
		}
		return seconds(rest / rate)
	}
	worked := max(0, now.Sub(t.began)-(b.waitedBy(now)-t.waited))
	return max(seconds(worked.Seconds()/float64(t.done)*rest), t.slot.Sub(now))
}

func seconds(s float64) time.Duration { return time.Duration(min(s, 1e9) * float64(time.Second)) }

// callsLeft is how many calls a task will probably still make, judged by those that the
// run has made for what is done.
func (b *Board) callsLeft(t *task) int {
	made := b.calls - t.calls
	if t.total <= 0 || t.done <= 0 || made <= 0 {
		return 0
	}
	return int(min(1e6, (float64(made)*float64(max(0, t.total-t.done))+float64(t.done)/2)/float64(t.done)))
}

// askEvery is how often limiters are asked about the quota, and askTime how long an answer
// may take.
const (
	askEvery = time.Second
	askTime  = time.Second
)

// ask asks the limiters when the calls that are left can start, and who uses the quota
// that calls wait for.
func (b *Board) ask() {
	type question struct {
		task    *task
		limiter *planhat.Limiter
		calls   int
	}
	b.mu.Lock()
	var questions []question
	if len(b.waits) > 0 && b.limiter != nil {
		questions = append(questions, question{limiter: b.limiter})
	}
	for _, t := range b.tasks {
		limiter := cmp.Or(t.limiter, b.limiter)
		if calls := b.callsLeft(t); calls > 0 && limiter != nil {
			questions = append(questions, question{t, limiter, calls})
		}
	}
	b.mu.Unlock()
	for _, q := range questions {
		ctx, cancel := context.WithTimeout(context.Background(), askTime)
		use, err := q.limiter.Use(ctx, q.calls)
		cancel()
		if err != nil {
			continue // the calls themselves will tell
		}
		b.mu.Lock()
		if q.task == nil {
			b.use = use
		} else {
			q.task.slot = b.now().Add(use.After)
		}
		b.mu.Unlock()
	}
}

// shown returns the tasks to show, at most so many: those that have run for a moment, and
// of many those that changed last. hidden counts the others.
func (s State) shown(most int) (tasks []Task, hidden int) {
	tasks = slices.DeleteFunc(slices.Clone(s.Tasks), func(t Task) bool {
		// Nobody says when a script stops reading a list or a file.
		return t.Elapsed < firstShown || t.Total == 0 && t.Idle > staleAfter || t.Unit == bindings.TaskBytes && t.Idle > staleFile
	})
	if len(tasks) <= most {
		return tasks, 0
	}
	idle := make([]time.Duration, len(tasks))
	for i, t := range tasks {
		idle[i] = t.Idle
	}
	slices.Sort(idle)
	hidden = len(tasks) - most
	for i := len(tasks) - 1; i >= 0 && len(tasks) > most; i-- {
		if most == 0 || tasks[i].Idle >= idle[most] {
			tasks = slices.Delete(tasks, i, i+1)
		}
	}
	return tasks, hidden
}

// Main is the task that says most about the run, or nil: the first one whose total is known,
// or else the first one.
func (s State) Main() *Task {
	tasks, _ := s.shown(len(s.Tasks))
	for i := range tasks {
		if tasks[i].Total > 0 {
			return &tasks[i]
		}
	}
	if len(tasks) > 0 {
		return &tasks[0]
	}
	return nil
}

// Tasks are shown when they have run for firstShown. Those without a total are shown until
// they are idle for staleAfter, files until they are for staleFile.
const (
	firstShown = time.Second
	staleAfter = 10 * time.Second
	staleFile  = 2 * time.Minute
)

func isList(operation string) bool { return strings.HasPrefix(operation, "get_") }

var _ bindings.Progress = (*Board)(nil)

var _ planhat.ProgressObserver = (*Board)(nil)
