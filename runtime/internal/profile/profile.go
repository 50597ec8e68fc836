// Package profile measures on which lines of Lua a run spends its time.
package profile

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/machine"
)

// every is the time between two samples.
const every = time.Millisecond

// deepest is how many calls of a sample are kept, the innermost ones.
const deepest = 128

// Profile is a profile of one run at a time. The time between two samples counts for the
// line of the second one, also if that waited for an answer all the while.
type Profile struct {
	// Sources are the texts of the chunks by their names.
	Sources map[string][]byte

	due atomic.Bool

	// The rest is used by the goroutine that runs the Lua state, one at a time.
	last    time.Time
	entries map[string]*entry
	key     []byte
	stop    chan struct{}
	stopped sync.WaitGroup
	began   time.Time
	took    time.Duration
	samples int
}

// entry is a stack of calls, and the time that was spent in it.
type entry struct {
	stack []call
	count int64
	spent time.Duration
}

// call is a running function and its line.
type call struct {
	proto *lua.FunctionProto
	line  int
}

// Start begins to measure.
func (p *Profile) Start() {
	p.began = time.Now()
	p.last, p.entries, p.stop = p.began, map[string]*entry{}, make(chan struct{})
	p.stopped.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.due.Store(true)
			case <-p.stop:
				return
			}
		}
	})
}

// Stop ends the measuring.
func (p *Profile) Stop() {
	close(p.stop)
	p.stopped.Wait()
	p.took = time.Since(p.began)
}

// Due implements machine.Profiler.
func (p *Profile) Due() bool { return p.due.Load() }

// Sample implements machine.Profiler.
func (p *Profile) Sample(L *lua.LState, line int) {
	p.due.Store(false)
	now := time.Now()
	spent := now.Sub(p.last)
	p.last = now
	p.key = p.key[:0]
	for c := range calls(L, line) {
		p.key = binary.NativeEndian.AppendUint64(p.key, uint64(uintptr(unsafe.Pointer(c.proto))))
		p.key = binary.NativeEndian.AppendUint64(p.key, uint64(c.line))
	}
	e := p.entries[string(p.key)]
	if e == nil {
		e = &entry{}
		for c := range calls(L, line) {
			e.stack = append(e.stack, c)
		}
		p.entries[string(p.key)] = e
	}
	e.count++
	e.spent += spent
	p.samples++
}

// calls lists the functions in Lua that run, those that wait for a coroutine included. The
// first one is at the line innermost, if that is not 0.
func calls(L *lua.LState, innermost int) func(yield func(call) bool) {
	return func(yield func(call) bool) {
		n := 0
		for ; L != nil; L = L.Parent {
			for f := range machine.Frames(L) {
				if f.Fn.IsG {
					continue
				}
				line := f.Line
				if n == 0 && innermost > 0 {
					line = innermost
				}
				if line == 0 { // it has not begun
					line = f.Fn.Proto.LineDefined
				}
				if n++; n > deepest || !yield(call{f.Fn.Proto, line}) {
					return
				}
			}
		}
	}
}
