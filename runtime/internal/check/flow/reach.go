package flow

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

// MostValues is how many values of a variable a read is known to find. What may
// have more is unknown.
const MostValues = 8

// A value that a function stores in one of its variables reaches every read
// that can follow without another assignment in between. Functions inside of it
// may run at any time once they exist: what they read and set counts from the
// step that makes them on, in any order.

// propagate ties the values of a function to what may read them.
func (fn *Function) propagate() {
	w := &walker{steps: fn.Steps, seen: make([]int, len(fn.Steps))}
	for i, s := range fn.Steps {
		for _, val := range s.sets {
			if val.V.Fn == fn && s.Setting(val.V) == val {
				w.walk(i+1, func(at int, s *Step) bool { return fn.assigned(at, s, val) })
			}
		}
	}
	runs := make([]bool, len(fn.Steps))
	w.walk(0, func(at int, _ *Step) bool { runs[at] = true; return true })
	for i, s := range fn.Steps {
		for _, inner := range s.closures {
			if len(inner.reads)+len(inner.changes)+len(inner.sets) == 0 {
				continue
			}
			fn.created(s, inner)
			if !runs[i] || inner.meetsOthers() {
				w.walk(i, func(_ int, s *Step) bool { fn.created(s, inner); return true })
			}
		}
	}
}

// meetsOthers reports whether a function shares a variable whose value changes after the
// declaration. A value that never changes reaches the function from where it is set.
func (fn *Function) meetsOthers() bool {
	if len(fn.sets) > 0 {
		return true
	}
	for _, used := range []map[*Variable][]*Step{fn.reads, fn.changes} {
		for v := range used {
			if len(v.Values) > 1 {
				return true
			}
		}
	}
	return false
}

// Unreached returns the steps that never run and that a report can point to,
// without those that follow from another one.
func (fn *Function) Unreached() []*Step {
	w := &walker{steps: fn.Steps, seen: make([]int, len(fn.Steps))}
	reached := make([]bool, len(fn.Steps))
	mark := func(at int, _ *Step) bool {
		first := !reached[at]
		reached[at] = true
		return first
	}
	w.walk(0, mark)
	var first []*Step
	for i, s := range fn.Steps {
		if !reached[i] && s.Token >= 0 {
			first = append(first, s)
			w.walk(i, mark)
		}
	}
	return first
}

// Falls reports whether the function may end without a return. ends reports
// whether a call that is a statement never comes back.
func (fn *Function) Falls(ends func(call ast.Expr) bool) bool {
	w := &walker{steps: fn.Steps, seen: make([]int, len(fn.Steps))}
	falls := len(fn.Steps) == 0
	w.walk(0, func(at int, s *Step) bool {
		if s.returns || s.kind == evaluate && ends(s.expr) {
			return false
		}
		next := at + 1
		if s.kind == jump {
			next = s.to
		}
		falls = falls || next >= len(fn.Steps) || s.kind == branch && s.to >= len(fn.Steps)
		return true
	})
	return falls
}

// walker visits the steps that can follow a step.
type walker struct {
	steps []*Step
	// seen holds the number of the walk that came by last.
	seen  []int
	round int
	queue []int
}

// walk visits each step that can be reached once; visit reports whether to go
// past it.
func (w *walker) walk(from int, visit func(at int, s *Step) bool) {
	w.round++
	w.queue = append(w.queue[:0], from)
	for len(w.queue) > 0 {
		at := w.queue[len(w.queue)-1]
		w.queue = w.queue[:len(w.queue)-1]
		for at < len(w.steps) && w.seen[at] != w.round {
			w.seen[at] = w.round
			s := w.steps[at]
			if !visit(at, s) {
				break
			}
			if s.kind == branch {
				w.queue = append(w.queue, s.to)
			}
			at++
			if s.kind == jump {
				at = s.to
			}
		}
	}
}

// assigned notes that a value reaches a step, and reports whether it reaches further ones.
func (fn *Function) assigned(at int, s *Step, val *Value) bool {
	v := val.V
	if at < v.from || at > v.to {
		val.Over, val.mixed = nil, true
		return false
	}
	if touches(s.Reads, v) && !s.circular(v) {
		val.use(fn, s, false)
	}
	if touches(s.Changes, v) {
		val.use(fn, s, true)
	}
	for _, inner := range s.closures {
		if !s.circular(v) {
			val.useAll(inner, inner.reads[v], false)
		}
		val.useAll(inner, inner.changes[v], true)
	}
	if s.Setting(v) == nil {
		return true
	}
	switch {
	case val.mixed:
	case val.Over != nil && val.Over != s:
		val.Over, val.mixed = nil, true
	default:
		val.Over = s
	}
	return false
}

// use notes that a step may read the value, or set a field of it.
func (val *Value) use(fn *Function, s *Step, change bool) {
	if s.Used == nil {
		s.Used = map[*Variable][]*Value{}
	}
	if known := s.Used[val.V]; len(known) <= MostValues && !slices.Contains(known, val) {
		s.Used[val.V] = append(known, val)
	}
	if change {
		val.Changed = true
	} else {
		val.Used = true
	}
	if fn != val.lastUser && val.IsFunction() {
		if val.UsedIn == nil {
			val.UsedIn = map[*Function]bool{}
		}
		val.UsedIn[fn], val.lastUser = true, fn
	}
}

func (val *Value) useAll(fn *Function, steps []*Step, change bool) {
	for _, s := range steps {
		val.use(fn, s, change)
	}
}

// created notes that an inner function may run at a step.
func (fn *Function) created(s *Step, inner *Function) {
	for _, val := range s.sets {
		if s.Setting(val.V) == val {
			val.useAll(inner, inner.reads[val.V], false)
			val.useAll(inner, inner.changes[val.V], true)
		}
	}
	for _, other := range s.closures {
		cross(inner, other)
		cross(other, inner)
	}
	for v, setters := range inner.sets {
		read, changed := touches(s.Reads, v), touches(s.Changes, v)
		for _, setter := range setters {
			if read {
				setter.Setting(v).use(fn, s, false)
			}
			if changed {
				setter.Setting(v).use(fn, s, true)
			}
		}
	}
}

// cross notes that one function may read what another one sets.
func cross(reader, setter *Function) {
	for v, steps := range setter.sets {
		for _, s := range steps {
			s.Setting(v).useAll(reader, reader.reads[v], false)
			s.Setting(v).useAll(reader, reader.changes[v], true)
		}
	}
}
