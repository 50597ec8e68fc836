package runtime

import (
	"context"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/memory"
)

// meter keeps the limits of instructions and of memory of one state. The
// goroutine that runs the state calls tick; a watch asks for the memory.
type meter struct {
	// left is how many instructions are left of most; 0 is no limit.
	most, left int64
	// state is weighed when it can have grown beyond limit: while the process has
	// more than limit bytes, and once it has allocated next bytes.
	state *lua.LState
	limit int64
	next  atomic.Int64
	asked atomic.Bool
	// rested is when weighing is worth its time again.
	rested time.Time
}

// newMeter returns a meter for the limits of the options, nil without any.
func newMeter(o *Options) *meter {
	if o.MaxInstructions <= 0 && o.MaxMemory <= 0 {
		return nil
	}
	return &meter{most: max(o.MaxInstructions, 0), left: o.MaxInstructions, limit: o.MaxMemory}
}

// attach sets the state, before it runs.
func (m *meter) attach(L *lua.LState) {
	if m != nil {
		m.state = L
	}
}

// watch starts to look at the process's memory, and returns what ends that.
func (m *meter) watch() (stop func()) {
	if m == nil || m.limit <= 0 {
		return func() {}
	}
	m.next.Store(memory.Allocated() + m.limit)
	w := memory.Notice(m.limit, func(allocated int64) {
		if allocated >= m.next.Load() {
			m.asked.Store(true)
		}
	})
	return func() { w.Stop() }
}

func (m *meter) tick(ctx context.Context, instructions int) {
	if m.most > 0 {
		if m.left -= int64(instructions); m.left < 0 {
			running(ctx).cancel(fault.InstructionLimit(m.most))
		}
	}
	if m.asked.Load() {
		m.asked.Store(false)
		m.weigh(ctx)
	}
}

// weigh ends the run if its state holds too much.
func (m *meter) weigh(ctx context.Context) {
	began := time.Now()
	if began.Before(m.rested) {
		return
	}
	weight := memory.Weight(m.state, m.limit)
	if weight > m.limit {
		running(ctx).cancel(fault.MemoryLimit(m.limit))
	}
	// It takes a third of the time at most, also if others allocate a lot.
	m.next.Store(memory.Allocated() + max(m.limit-weight, m.limit/32))
	m.rested = began.Add(3 * time.Since(began))
}
