package simulator

import (
	"context"
	"slices"
	"sync"
	"time"
)

// lateCalls are calls that are carried out after their answer.
type lateCalls struct {
	mu      sync.Mutex
	waiting []lateCall
	timers  []*time.Timer
	closed  bool
}

type lateCall struct {
	after int // further calls
	apply func()
}

// applyLate carries out the call after its answer, as the fault says.
func (x *exchange) applyLate(f *Fault) {
	late := &exchange{server: x.server, r: x.r.WithContext(context.WithoutCancel(x.r.Context())), route: x.route, body: x.body, call: x.call}
	l := &x.server.late
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
	case f.LateCalls > 0:
		l.waiting = append(l.waiting, lateCall{f.LateCalls, func() { late.apply() }})
	default:
		l.timers = append(l.timers, time.AfterFunc(f.Late, func() { late.apply() }))
	}
}

// arrive carries out the calls whose turn comes with a further call.
func (l *lateCalls) arrive() {
	l.mu.Lock()
	var due []lateCall
	for i := range l.waiting {
		if l.waiting[i].after--; l.waiting[i].after == 0 {
			due = append(due, l.waiting[i])
		}
	}
	l.waiting = slices.DeleteFunc(l.waiting, func(c lateCall) bool { return c.after == 0 })
	l.mu.Unlock()
	for _, c := range due {
		c.apply()
	}
}

// close forgets the calls that are still to come.
func (l *lateCalls) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed, l.waiting = true, nil
	for _, t := range l.timers {
		t.Stop()
	}
}
