package memory

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// Sizes in bytes of what a value takes besides its text. They are those of a
// 64-bit machine, and include the share of a map that an entry has.
const (
	valueSize    = 16
	tableSize    = 136
	entrySize    = 90
	functionSize = 112
	upvalueSize  = 64
	objectSize   = 64
	threadSize   = 1024
	// longText is the length of texts that are counted once only, wherever they
	// are.
	longText = 256
)

// fillField is a field of the metatables of tables whose contents are not there yet.
const fillField = "phscript.fill"

// fields of gopher-lua's types that have no methods which tell their size.
var (
	tableArray   = fieldOf(reflect.TypeFor[lua.LTable](), "array")
	tableEntries = [...]int{fieldOf(reflect.TypeFor[lua.LTable](), "dict"), fieldOf(reflect.TypeFor[lua.LTable](), "strdict")}
	stateStack   = fieldOf(reflect.TypeFor[lua.LState](), "reg")
	stackArray   = fieldOf(reflect.TypeFor[lua.LState]().Field(stateStack).Type.Elem(), "array")
)

func fieldOf(t reflect.Type, name string) int {
	f, ok := t.FieldByName(name)
	if !ok {
		panic("gopher-lua has changed: " + t.Name() + " has no field " + name)
	}
	return f.Index[0]
}

// Weigher is a Go value that a script holds and that tells how many bytes it takes.
type Weigher interface{ Weight() int64 }

// Weight estimates how many bytes the values take that a state reaches, or at
// least that it is more than limit. It must be called by the goroutine that runs
// the state.
func Weight(L *lua.LState, limit int64) int64 {
	s := &scale{limit: limit, seen: map[unsafe.Pointer]struct{}{}}
	s.add(L)
	s.add(L.G.Registry)
	s.add(L.G.Global)
	for len(s.waiting) > 0 && s.total <= limit {
		last := len(s.waiting) - 1
		next := s.waiting[last]
		s.waiting = s.waiting[:last]
		s.open(next)
	}
	return s.total
}

type scale struct {
	limit, total int64
	seen         map[unsafe.Pointer]struct{}
	waiting      []lua.LValue
}

// once reports whether something is met for the first time.
func (s *scale) once(p unsafe.Pointer) bool {
	_, known := s.seen[p]
	if !known {
		s.seen[p] = struct{}{}
	}
	return !known
}

// add counts a text, and notes what has to be opened.
func (s *scale) add(v lua.LValue) {
	switch v := v.(type) {
	case lua.LString:
		if len(v) < longText || s.once(unsafe.Pointer(unsafe.StringData(string(v)))) {
			s.total += int64(len(v)) + valueSize
		}
	case lua.LNumber:
		s.total += 8
	case *lua.LTable:
		s.note(unsafe.Pointer(v), v)
	case *lua.LFunction:
		s.note(unsafe.Pointer(v), v)
	case *lua.LUserData:
		s.note(unsafe.Pointer(v), v)
	case *lua.LState:
		s.note(unsafe.Pointer(v), v)
	}
}

func (s *scale) note(p unsafe.Pointer, v lua.LValue) {
	if p != nil && s.once(p) {
		s.waiting = append(s.waiting, v)
	}
}

// open counts a value and adds those in it.
func (s *scale) open(v lua.LValue) {
	switch v := v.(type) {
	case *lua.LTable:
		r := reflect.ValueOf(v).Elem()
		s.total += tableSize + valueSize*int64(r.Field(tableArray).Cap())
		for _, f := range tableEntries {
			s.total += entrySize * int64(r.Field(f).Len())
		}
		s.add(v.Metatable)
		if meta, ok := v.Metatable.(*lua.LTable); ok {
			if ud, ok := meta.RawGetString(fillField).(*lua.LUserData); ok {
				s.total += ud.Value.(interface{ Weight(t *lua.LTable) int64 }).Weight(v)
			}
		}
		v.ForEach(func(key, value lua.LValue) {
			if s.total <= s.limit {
				s.add(key)
				s.add(value)
			}
		})
	case *lua.LFunction:
		s.total += functionSize + upvalueSize*int64(len(v.Upvalues))
		for _, up := range v.Upvalues {
			if up != nil {
				s.add(up.Value())
			}
		}
		s.add(v.Env)
	case *lua.LUserData:
		s.total += objectSize
		s.add(v.Metatable)
		s.add(v.Env)
		switch inner := v.Value.(type) {
		case lua.LValue:
			s.add(inner)
		case Weigher:
			s.total += inner.Weight()
		}
	case *lua.LState:
		array := reflect.ValueOf(v).Elem().Field(stateStack).Elem().Field(stackArray)
		s.total += threadSize + valueSize*int64(array.Cap())
		for _, inner := range unsafe.Slice((*lua.LValue)(array.UnsafePointer()), array.Len()) {
			s.add(inner)
		}
		s.add(v.Env)
	}
}
