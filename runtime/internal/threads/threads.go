// Package threads runs functions of one Lua state on several goroutines. A state is not
// safe for concurrent use, so one of them runs at a time; the others wait for something
// outside of the state, or for their turn.
package threads

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/lualib"
)

// Threads are those of one state. It implements bindings.Threads.
type Threads struct {
	// Panicked is told about a panic of Go code, while its stack is still there. It must
	// end the run.
	Panicked func(L *lua.LState, value any)
	// Kept is called by Keep.
	Kept func(L *lua.LState, raised lua.LValue) (as func(other lua.LValue))

	// turn is locked by the goroutine that runs Lua, as long as calls of Run are active.
	turn   sync.Mutex
	active atomic.Int32
	// holding counts the calls of Hold that have not ended, and made the threads of all
	// calls of Run. They belong to the goroutine that runs Lua.
	holding, made int
	// depth is how many calls of Run the running thread is in.
	depth int
}

// Limits of calls of Run inside one another, since each thread takes memory that no limit
// counts. mostThreads is how many threads all of them may have before each gets only one.
const (
	mostDepth   = 8
	mostThreads = 256
)

var _ bindings.Threads = (*Threads)(nil)

// Errors of Run.
var (
	errHeld = errors.New("cannot be called by a module that is loaded inside of parallel.map; require the module before")
	errDeep = fmt.Errorf("at most %d calls can be inside of one another", mostDepth)
)

// Wait calls a function that waits, and lets others run meanwhile.
func (t *Threads) Wait(L *lua.LState, wait func(bindings.Turn)) {
	if t.active.Load() == 0 || t.holding > 0 {
		wait(nil)
		return
	}
	kept, depth := lualib.Suspend(L), t.depth
	again := func() {
		t.turn.Lock()
		kept.Resume(L)
		t.depth = depth
	}
	t.turn.Unlock()
	defer again()
	wait(func(use func()) {
		again()
		defer func() {
			kept = lualib.Suspend(L)
			t.turn.Unlock()
		}()
		use()
	})
}

// Hold keeps other threads from running, also while this one waits, until release is
// called.
func (t *Threads) Hold() (release func()) {
	t.holding++
	return func() { t.holding-- }
}

// Run calls work on as many threads at once, and returns when all have ended. It raises
// the error that ended the run.
func (t *Threads) Run(L *lua.LState, count int, work func(L *lua.LState)) error {
	if t.holding > 0 && t.active.Load() > 0 {
		return errHeld
	}
	if t.depth == mostDepth {
		return errDeep
	}
	held, depth := t.holding, t.depth+1
	t.holding = 0
	count = max(1, min(count, mostThreads-t.made))
	t.made += count
	if t.active.Add(1) == 1 {
		t.turn.Lock()
	}
	// What the threads refer to counts as memory of the state.
	list := L.CreateTable(count, 0)
	L.Push(list)
	kept := lualib.Suspend(L)
	var ended any
	var all sync.WaitGroup
	for range count {
		thread := lualib.NewWorker(L)
		list.Append(thread)
		all.Go(func() {
			t.turn.Lock()
			defer t.turn.Unlock()
			kept.Resume(thread)
			t.depth = depth
			thread.G.CurrentThread = thread
			if p := t.call(thread, work); p != nil && ended == nil {
				ended = p
			}
			thread.Parent, thread.Dead = nil, true
		})
	}
	t.turn.Unlock()
	all.Wait()
	t.turn.Lock()
	kept.Resume(L)
	t.holding, t.depth = held, depth-1
	t.made -= count
	if t.active.Add(-1) == 0 {
		t.turn.Unlock()
	}
	if raised, ok := ended.(*lua.ApiError); ok {
		L.Error(raised.Object, 0)
	}
	if ended != nil {
		panic(ended)
	}
	return nil
}

// call calls work on a thread and returns what it panicked with, or nil.
func (t *Threads) call(thread *lua.LState, work func(L *lua.LState)) (ended any) {
	defer func() {
		ended = recover()
		if _, raised := ended.(*lua.ApiError); ended != nil && !raised && t.Panicked != nil {
			t.Panicked(thread, ended)
		}
	}()
	thread.Push(thread.NewFunction(func(L *lua.LState) int {
		work(L)
		return 0
	}))
	thread.Call(0, 0)
	return nil
}

// Keep remembers the calls that led to an error.
func (t *Threads) Keep(L *lua.LState, raised lua.LValue) (as func(other lua.LValue)) {
	if t.Kept == nil {
		return func(lua.LValue) {}
	}
	return t.Kept(L, raised)
}
