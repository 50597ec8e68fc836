package machine

import (
	"errors"
	"fmt"
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// frameStack is gopher-lua's interface callFrameStack, which states call their
// stack of calls by.
type frameStack interface {
	At(index int) *frame
	FreeAll()
	IsEmpty() bool
	IsFull() bool
	Last() *frame
	Pop() *frame
	Push(f frame)
	SetSp(n int)
	Sp() int
}

// segment is the piece that frames grow by. Calls keep their place in memory, as
// the machine refers to them.
type segment [segmentSize]frame

const segmentSize = 8

// margin is how many calls more a stack has room for while an error is handled:
// the error may be that it is full.
const margin = 200

// frames is the stack of calls of a thread. gopher-lua's own, which may grow,
// takes 8 bytes for every 8 calls of its limit from the start, and panics when it
// is full.
type frames struct {
	segments []*segment
	count    int
	limit    int
	// outer is how many calls of other threads wait for this one: all of them are on
	// one stack of Go. handlers is how many handlers of errors run inside one another.
	outer, handlers int
	// running is how many loops run on this thread, one called by another through
	// Go functions or metamethods.
	running int
	// failed is the call that raised the error that is passing through the loops,
	// searched the base of the last one; failed is nil without such an error.
	failed, searched *frame
	// raise takes the errors of the thread, or is nil.
	raise func(*lua.LState)

	first segment
	room  [4]*segment
}

// init makes an empty stack for at most limit calls.
func (s *frames) init(limit int) {
	s.limit = limit
	s.room[0] = &s.first
	s.segments = s.room[:1]
}

// at returns a call. Unsigned numbers make it one shift and one mask.
func (s *frames) at(index int) *frame {
	i := uint(index)
	return &s.segments[i/segmentSize][i%segmentSize]
}

// At returns a call, counted from the outermost one, which is 0.
func (s *frames) At(index int) *frame { return s.at(index) }

// FreeAll does nothing: the collector frees a stack.
func (s *frames) FreeAll() {}

// IsEmpty reports whether the stack has no calls.
func (s *frames) IsEmpty() bool { return s.count == 0 }

// IsFull reports whether a further call is an error.
func (s *frames) IsFull() bool { return s.count+s.outer >= s.limit }

// Last returns the innermost call, nil if there is none.
func (s *frames) Last() *frame {
	if s.count == 0 {
		return nil
	}
	return s.at(s.count - 1)
}

// Pop removes the innermost call and returns it, nil if there is none. It is valid
// until the next Push.
func (s *frames) Pop() *frame {
	if s.count == 0 {
		return nil
	}
	s.count--
	if uint(s.count)%segmentSize == 0 {
		s.trim()
	}
	return s.at(s.count)
}

// trim frees what a deep recursion leaves, except for one segment.
func (s *frames) trim() {
	if keep := s.count/segmentSize + 2; keep < len(s.segments) {
		clear(s.segments[keep:])
		s.segments = s.segments[:keep]
	}
}

// Push adds a call.
func (s *frames) Push(f frame) {
	f.Idx = s.count
	*s.push() = f
}

// push makes room for a call and returns its place.
func (s *frames) push() *frame {
	if s.count == len(s.segments)*segmentSize {
		s.segments = append(s.segments, new(segment))
	}
	s.count++
	return s.at(s.count - 1)
}

// SetSp leaves the outermost n calls.
func (s *frames) SetSp(n int) {
	s.count = n
	s.trim()
}

// Sp returns how many calls there are.
func (s *frames) Sp() int { return s.count }

// calls returns a state's stack of calls, which Attach made.
func (s *state) calls() *frames { return s.stack.(*frames) }

// checkStack compares gopher-lua's interface with the one here, and calls all
// methods through it.
func checkStack() error {
	field, ok := reflect.TypeFor[lua.LState]().FieldByName("stack")
	ours := reflect.TypeFor[frameStack]()
	if !ok || field.Type.Kind() != reflect.Interface || field.Type.NumMethod() != ours.NumMethod() {
		return errors.New("LState.stack is another interface")
	}
	for i := range ours.NumMethod() {
		mine, theirs := ours.Method(i), field.Type.Method(i)
		if mine.Name != theirs.Name || !sameSizes(mine.Type, theirs.Type) {
			return fmt.Errorf("LState.stack.%s is another method", theirs.Name)
		}
	}
	var own frames
	own.init(1)
	return exercise(&own)
}

// sameSizes compares the arguments and results of two functions.
func sameSizes(a, b reflect.Type) bool {
	if a.NumIn() != b.NumIn() || a.NumOut() != b.NumOut() {
		return false
	}
	for i := range a.NumIn() {
		if a.In(i).Kind() != b.In(i).Kind() || a.In(i).Size() != b.In(i).Size() {
			return false
		}
	}
	for i := range a.NumOut() {
		if a.Out(i).Kind() != b.Out(i).Kind() {
			return false
		}
	}
	return true
}

// exercise also keeps the linker from leaving methods out that only gopher-lua
// calls.
//
//go:noinline
func exercise(s frameStack) error {
	empty := s.IsEmpty() && s.Last() == nil && s.Pop() == nil
	s.Push(frame{NArgs: 7})
	pushed := s.Last().NArgs == 7 && s.At(0) == s.Last() && s.Sp() == 1 && s.IsFull()
	s.SetSp(0)
	s.FreeAll()
	if !empty || !pushed || s.Sp() != 0 {
		return errors.New("the stack of calls does not work")
	}
	return nil
}
