package check

// A value that a function stores in one of its variables reaches every read
// that can follow without another assignment in between. Functions inside of it
// may run at any time once they exist: what they read and set counts from the
// step that makes them on, in any order.

// propagate ties the values of a function to what may read them.
func (fn *function) propagate() {
	w := &walker{steps: fn.steps, seen: make([]int, len(fn.steps))}
	for i, s := range fn.steps {
		for _, val := range s.sets {
			if val.v.fn == fn && s.setting(val.v) == val {
				w.walk(i+1, func(at int, s *step) bool { return fn.assigned(at, s, val) })
			}
		}
	}
	for i, s := range fn.steps {
		for _, inner := range s.closures {
			if len(inner.reads)+len(inner.changes)+len(inner.sets) > 0 {
				w.walk(i, func(_ int, s *step) bool { fn.created(s, inner); return true })
			}
		}
	}
}

// walker goes through the steps that can follow one.
type walker struct {
	steps []*step
	// seen holds the number of the walk that came by last.
	seen  []int
	round int
	queue []int
}

// walk visits each step that can be reached once; visit reports whether to go on
// behind it.
func (w *walker) walk(from int, visit func(at int, s *step) bool) {
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

// assigned notes that a value reaches a step, and reports whether it goes on.
func (fn *function) assigned(at int, s *step, val *value) bool {
	v := val.v
	if at < v.from || at > v.to {
		val.over, val.mixed = nil, true
		return false
	}
	if touches(s.reads, v) && !s.circular(v) {
		val.use(fn, s, false)
	}
	if touches(s.changes, v) {
		val.use(fn, s, true)
	}
	for _, inner := range s.closures {
		if !s.circular(v) {
			val.useAll(inner, inner.reads[v], false)
		}
		val.useAll(inner, inner.changes[v], true)
	}
	if s.setting(v) == nil {
		return true
	}
	switch {
	case val.mixed:
	case val.over != nil && val.over != s:
		val.over, val.mixed = nil, true
	default:
		val.over = s
	}
	return false
}

// use notes that a step may read the value, or set a field of it.
func (val *value) use(fn *function, s *step, change bool) {
	if s.used == nil {
		s.used = map[*variable][]*value{}
	}
	// Nobody asks for more than whether there are several.
	if known := s.used[val.v]; len(known) == 0 || len(known) == 1 && known[0] != val {
		s.used[val.v] = append(known, val)
	}
	if change {
		val.changed = true
	} else {
		val.used = true
	}
	if fn != val.lastUser && val.isFunction() {
		if val.usedIn == nil {
			val.usedIn = map[*function]bool{}
		}
		val.usedIn[fn], val.lastUser = true, fn
	}
}

func (val *value) useAll(fn *function, steps []*step, change bool) {
	for _, s := range steps {
		val.use(fn, s, change)
	}
}

// created notes that an inner function may run at a step.
func (fn *function) created(s *step, inner *function) {
	for _, val := range s.sets {
		if s.setting(val.v) == val {
			val.useAll(inner, inner.reads[val.v], false)
			val.useAll(inner, inner.changes[val.v], true)
		}
	}
	for _, other := range s.closures {
		cross(inner, other)
		cross(other, inner)
	}
	for v, setters := range inner.sets {
		read, changed := touches(s.reads, v), touches(s.changes, v)
		for _, setter := range setters {
			if read {
				setter.setting(v).use(fn, s, false)
			}
			if changed {
				setter.setting(v).use(fn, s, true)
			}
		}
	}
}

// cross notes that one function may read what another one sets.
func cross(reader, setter *function) {
	for v, steps := range setter.sets {
		for _, s := range steps {
			s.setting(v).useAll(reader, reader.reads[v], false)
			s.setting(v).useAll(reader, reader.changes[v], true)
		}
	}
}
