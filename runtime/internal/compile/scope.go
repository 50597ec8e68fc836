package compile

import "github.com/phscript/phscript/runtime/internal/fault"

// variable is one local variable of the source.
type variable struct {
	// captured is set once a nested function uses the variable.
	captured bool
	// loop is the loop over something that declares the variable, or nil.
	loop *fault.Loop
	// made is where a local statement gave it a value, or nil.
	made *fault.Made
}

// scopeBlock is a block of a function, with the locals declared so far.
type scopeBlock struct {
	parent *scopeBlock
	locals map[string]*variable
	all    []*variable
	// loop is set on the block that is a loop's body.
	loop *loopScope
}

// loopScope collects what is needed for break to close captured locals.
type loopScope struct {
	// left holds the blocks that some break of the loop leaves, except the
	// loop's own body.
	left []*scopeBlock
}

type scopeFunction struct {
	parent *scopeFunction
	block  *scopeBlock
	vararg bool
}

// open starts a block inside the current one.
func (f *scopeFunction) open(loop *loopScope) *scopeBlock {
	f.block = &scopeBlock{parent: f.block, loop: loop}
	return f.block
}

func (f *scopeFunction) close() { f.block = f.block.parent }

func (f *scopeFunction) declare(name string) *variable {
	if f.block.locals == nil {
		f.block.locals = map[string]*variable{}
	}
	v := &variable{}
	f.block.locals[name] = v
	f.block.all = append(f.block.all, v)
	return v
}

// lookup finds a variable of this function by name.
func (f *scopeFunction) lookup(name string) *variable {
	for block := f.block; block != nil; block = block.parent {
		if v := block.locals[name]; v != nil {
			return v
		}
	}
	return nil
}

// resolve finds what a name means, with its variable unless it is global, and
// marks a variable of an enclosing function as captured.
func (f *scopeFunction) resolve(name string) (fault.Scope, *variable) {
	if v := f.lookup(name); v != nil {
		return fault.Local, v
	}
	for outer := f.parent; outer != nil; outer = outer.parent {
		if v := outer.lookup(name); v != nil {
			v.captured = true
			return fault.Upvalue, v
		}
	}
	return fault.Global, nil
}

// leave notes a break, which leaves every block up to the loop's body.
func (f *scopeFunction) leave() {
	var left []*scopeBlock
	for block := f.block; block != nil; block = block.parent {
		if block.loop != nil {
			block.loop.left = append(block.loop.left, left...)
			return
		}
		left = append(left, block)
	}
}

// losesCaptured reports whether a break leaves a block with captured locals.
func (l *loopScope) losesCaptured() bool {
	for _, block := range l.left {
		for _, v := range block.all {
			if v.captured {
				return true
			}
		}
	}
	return false
}
