package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/fault"
)

func (f *function) while(s *ast.WhileStmt) {
	start := f.label()
	exit := f.condition(s.Condition)
	f.enterBlock(true)
	f.body(s.Stmts)
	f.patch(f.jump(), start)
	f.leaveBlock()
	f.patchHere(exit)
}

func (f *function) repeat(s *ast.RepeatStmt) {
	start := f.label()
	f.enterBlock(true)
	inner := f.enterBlock(false)
	f.statements(s.Stmts)
	exit := f.condition(s.Condition)
	if inner.captured {
		f.leaveLoop()
		f.patchHere(exit)
		f.leaveBlock()
		f.patch(f.jump(), start)
	} else {
		f.leaveBlock()
		f.patch(exit, start)
	}
	f.leaveBlock()
}

// leaveLoop generates a break.
func (f *function) leaveLoop() {
	captured := false
	b := f.block
	for b != nil && !b.breakable {
		captured = captured || b.captured
		b = b.outer
	}
	if b == nil {
		f.fail("no loop to break", "break only works inside a for, while or repeat loop; elsewhere, use return")
	}
	if captured {
		f.emitABC(lua.OP_CLOSE, b.first, 0, 0)
	}
	f.join(&b.breaks, f.jump())
}

func (f *function) numberFor(s *ast.NumberForStmt) {
	f.enterBlock(true)
	for _, e := range []ast.Expr{s.Init, s.Limit} {
		v := f.expression(e)
		f.toNext(&v)
	}
	step := value{kind: isNumber, number: 1, whenTrue: noJump, whenFalse: noJump}
	if s.Step != nil {
		step = f.expression(s.Step)
	}
	f.toNext(&step)
	base := len(f.active)
	f.at(f.inner(s))
	f.declareNames("(for index)", "(for limit)", "(for step)")
	prepare := f.emitJump(lua.OP_FORPREP, base)
	f.loopBody([]string{s.Name}, nil, s.Stmts)
	f.patchHere(prepare)
	end := f.emitJump(lua.OP_FORLOOP, base)
	f.fixLine(s.Line())
	f.patch(end, prepare+1)
	f.leaveBlock()
}

func (f *function) genericFor(s *ast.GenericForStmt) {
	over := f.noteLoop(s)
	f.enterBlock(true)
	base := len(f.active)
	last := f.list(s.Exprs)
	f.adjust(3, len(s.Exprs), &last)
	f.checkStack(3) // for the call of the iterator
	f.declareNames("(for generator)", "(for state)", "(for control)")
	prepare := f.jump()
	f.loopBody(s.Names, over, s.Stmts)
	f.patchHere(prepare)
	f.emitABC(lua.OP_TFORLOOP, base, 0, len(s.Names))
	f.fixLine(s.Line())
	f.patch(f.jump(), prepare+1)
	f.leaveBlock()
}

func (f *function) loopBody(names []string, over *fault.Loop, body []ast.Stmt) {
	f.enterBlock(false)
	f.checkLocals(len(names))
	for _, name := range names {
		f.declare(&variable{name: name, loop: over})
	}
	f.reserve(len(names))
	f.body(body)
	f.leaveBlock()
}
