// Package follow lets many viewers follow the logs of runs while the store is asked once for
// each run, also for runs on other machines.
package follow

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/phscript/phscript/runtime/internal/history"
)

// Source has the runs and their logs: a *history.History.
type Source interface {
	Brief(ctx context.Context, id int64) (*history.Run, error)
	Last(ctx context.Context, run int64, n int) ([]history.Line, error)
	Log(ctx context.Context, run, after int64, limit int) ([]history.Line, error)
}

// Times and bounds.
const (
	// soon is the pause between two looks while lines come, later the longest one while none
	// come.
	soon, later = 300 * time.Millisecond, time.Second
	// mostAtOnce is how many lines a batch has at most, mostKept how many of the last ones are
	// kept for those who watch. Whoever is further behind reads the store.
	mostAtOnce, mostKept = 500, 2000
	// within is how long one look may take.
	within = 10 * time.Second
	// lingers is how long a run is asked for after the last call of Since.
	lingers = 5 * time.Second
)

// Batch is what happened to a run since the last one.
type Batch struct {
	// Run is the state of the run, without its summary. Nobody may change it or the lines:
	// viewers share them.
	Run   *history.Run
	Lines []history.Line
	// Last is the line to continue from: the last of Lines, unless there are none.
	Last int64
	// More reports whether there are further lines already, End whether there will be none.
	More, End bool
}

// Logs follows the logs of runs. It is safe for concurrent use.
type Logs struct {
	from          Source
	soon, lingers time.Duration

	mu      sync.Mutex
	watched map[int64]*poller
}

// New returns a follower of the logs of runs.
func New(from Source) *Logs {
	return &Logs{from: from, soon: soon, lingers: lingers, watched: map[int64]*poller{}}
}

// Watched returns how many runs are asked for.
func (l *Logs) Watched() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.watched)
}

// Watch passes the lines of a run that follow line after to each, in batches of at most 500,
// until the run has ended, each fails, or ctx ends. It also calls each without lines when the
// state of the run changes. A store that fails for a while only delays the lines. The
// error for a run that does not exist is history.ErrNoRun.
func (l *Logs) Watch(ctx context.Context, run, after int64, each func(Batch) error) error {
	p := l.join(run)
	defer l.leave(run, p)
	for seen := 0; ; {
		s, err := p.await(ctx, seen)
		if err != nil {
			return err
		}
		seen = s.number
		for more := true; more; {
			b, err := l.batch(ctx, s, run, after)
			if err != nil {
				return err
			}
			if err := each(b); err != nil || b.End {
				return err
			}
			after, more = b.Last, b.More
		}
	}
}

// Since returns what happened to a run after a line, without waiting for more: for those who
// ask again and again. As long as somebody does, the store is asked as for Watch, however many
// they are. The state and the lines may be a second old.
func (l *Logs) Since(ctx context.Context, run, after int64) (Batch, error) {
	p := l.join(run)
	defer func() {
		time.AfterFunc(l.lingers, func() { l.leave(run, p) })
	}()
	s, err := p.await(ctx, 0)
	if err != nil {
		return Batch{}, err
	}
	return l.batch(ctx, s, run, after)
}

// batch returns what follows a line in a state.
func (l *Logs) batch(ctx context.Context, s state, run, after int64) (b Batch, err error) {
	b.Run, b.Last = s.run, max(after, s.from)
	if b.Lines, err = l.lines(ctx, s, run, after); err != nil {
		return b, err
	}
	if n := len(b.Lines); n > 0 {
		b.Last = b.Lines[n-1].Seq
	}
	b.More = b.Last < s.last
	b.End = s.end && !b.More
	return b, nil
}

// lines returns the lines that follow a line, at most mostAtOnce. It waits for a store that
// fails.
func (l *Logs) lines(ctx context.Context, s state, run, after int64) ([]history.Line, error) {
	for after < s.from {
		lines, err := l.from.Log(ctx, run, after, mostAtOnce)
		if err == nil {
			return lines, nil
		}
		select {
		case <-time.After(l.soon):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return s.after(after), nil
}

// join returns the poller of a run, and starts one that nobody else uses.
func (l *Logs) join(run int64) *poller {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.watched[run]
	if p == nil {
		ctx, stop := context.WithCancel(context.Background())
		p = &poller{run: run, from: l.from, soon: l.soon, stop: stop, changed: make(chan struct{})}
		l.watched[run] = p
		go p.poll(ctx)
	}
	p.viewers++
	return p
}

func (l *Logs) leave(run int64, p *poller) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.viewers--; p.viewers > 0 {
		return
	}
	p.stop()
	if l.watched[run] == p {
		delete(l.watched, run)
	}
}

// state is what a poller knows about a run. It does not change.
type state struct {
	// number counts the states.
	number int
	run    *history.Run
	// lines are the last ones: those after the line from, up to the line last.
	lines      []history.Line
	from, last int64
	end        bool
	err        error
}

// after returns the lines that follow a line which is kept or the one before, at most
// mostAtOnce.
func (s state) after(seq int64) []history.Line {
	i, _ := slices.BinarySearchFunc(s.lines, seq+1, func(l history.Line, seq int64) int { return cmp.Compare(l.Seq, seq) })
	return s.lines[i:min(len(s.lines), i+mostAtOnce)]
}

// poller asks for one run.
type poller struct {
	run  int64
	from Source
	soon time.Duration
	stop context.CancelFunc
	// viewers is guarded by the lock of Logs.
	viewers int

	mu  sync.Mutex
	now state
	// changed is closed when there is another state.
	changed chan struct{}
}

// await returns the state after a number of states.
func (p *poller) await(ctx context.Context, seen int) (state, error) {
	for {
		p.mu.Lock()
		s, changed := p.now, p.changed
		p.mu.Unlock()
		if s.number > seen {
			return s, s.err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return s, context.Cause(ctx)
		}
	}
}

// poll asks until the run has ended, or nobody watches any more.
func (p *poller) poll(ctx context.Context) {
	defer p.stop()
	for pause := p.soon; ; {
		lines, over := p.look(ctx)
		switch {
		case over || ctx.Err() != nil:
			return
		case lines == mostAtOnce:
			continue
		case lines > 0:
			pause = p.soon
		default:
			pause = min(2*pause, later)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// look asks once. It returns how many lines there were, and reports whether there will be no
// other state.
func (p *poller) look(ctx context.Context) (n int, over bool) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	p.mu.Lock()
	s := p.now
	p.mu.Unlock()
	// In this order, no line is missed: the last ones are stored before the run ends.
	r, err := p.from.Brief(ctx, p.run)
	if errors.Is(err, history.ErrNoRun) {
		s.err = history.ErrNoRun
		p.publish(s)
		return 0, true
	}
	if err != nil {
		return 0, false
	}
	var lines []history.Line
	if s.run == nil {
		// What is there already is read by those who do not have it.
		if lines, err = p.from.Last(ctx, p.run, 1); err == nil && len(lines) > 0 {
			s.from = lines[0].Seq - 1
		}
	} else {
		lines, err = p.from.Log(ctx, p.run, s.last, mostAtOnce)
	}
	if err != nil {
		return 0, false
	}
	// Of two changes within the same instant, the time when it was seen tells nothing.
	changed := s.run == nil || !reflect.DeepEqual(r, s.run)
	s.run = r
	if n = len(lines); n > 0 {
		// A new list: viewers have the old one.
		s.lines = append(s.lines[:len(s.lines):len(s.lines)], lines...)
		s.last = lines[len(lines)-1].Seq
		if drop := len(s.lines) - mostKept; drop > 0 {
			s.from, s.lines = s.lines[drop-1].Seq, s.lines[drop:]
		}
	}
	s.end = r.Status.Over() && n < mostAtOnce
	if changed || n > 0 || s.end {
		p.publish(s)
	}
	return n, s.end
}

func (p *poller) publish(s state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.number++
	p.now = s
	close(p.changed)
	p.changed = make(chan struct{})
}
