package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// generator makes the code of one chunk.
type generator struct {
	source string
	places places
	names  *Names
	// heads are the heads of loops that have not been reached yet.
	heads heads
	// line is the line of the token that was used last, which instructions get.
	line  int
	depth int
	// cover, if set, counts executed statements; counting is the line that was
	// counted last.
	cover    *Lines
	counting int
	// work is called for each statement.
	work func()
}

// generate makes the prototype of a whole chunk. It panics with a *limitError
// if the chunk exceeds the compiler's limits.
func (g *generator) generate(chunk []ast.Stmt, last int) *lua.FunctionProto {
	f := g.open(nil, 0)
	f.proto.IsVarArg = lua.VarArgIsVarArg
	f.statements(chunk)
	return f.close(last)
}

// at moves on to the line of a token, if it is known.
func (g *generator) at(line int) {
	if line > 0 {
		g.line = line
	}
}

// inner is the line of the token inside a node.
func (g *generator) inner(node ast.PositionHolder) int {
	if line, ok := g.places[node]; ok {
		return line
	}
	return node.Line()
}

func (g *generator) enter() {
	g.depth++
	if g.depth > maxDepth {
		panic(&limitError{line: g.line, message: tooDeep, hint: tooDeepHint})
	}
}

func (f *function) statements(list []ast.Stmt) {
	for _, stmt := range list {
		f.enter()
		if f.cover != nil {
			f.count(stmt)
		}
		f.statement(stmt)
		f.free = len(f.active)
		f.depth--
	}
}

// body generates statements as a block.
func (f *function) body(list []ast.Stmt) {
	f.enterBlock(false)
	f.statements(list)
	f.leaveBlock()
}

func (f *function) statement(stmt ast.Stmt) {
	f.work()
	f.at(stmt.Line())
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		f.assignment(s)
	case *ast.LocalAssignStmt:
		f.local(s)
	case *ast.FuncCallStmt:
		v := f.expression(s.Expr)
		setC(&f.code[v.info], 1)
	case *ast.DoBlockStmt:
		f.body(s.Stmts)
	case *ast.WhileStmt:
		f.while(s)
	case *ast.RepeatStmt:
		f.repeat(s)
	case *ast.IfStmt:
		f.conditional(s)
	case *ast.NumberForStmt:
		f.numberFor(s)
	case *ast.GenericForStmt:
		f.genericFor(s)
	case *ast.FuncDefStmt:
		f.definition(s)
	case *ast.ReturnStmt:
		f.returns(s)
	case *ast.BreakStmt:
		f.leaveLoop()
	}
}

// assignment evaluates the tables and keys of the targets, then the values, and
// stores from right to left.
func (f *function) assignment(s *ast.AssignStmt) {
	targets := make([]value, len(s.Lhs))
	for i, e := range s.Lhs {
		if name, ok := e.(*ast.IdentExpr); ok {
			if _, v := f.meaning(name.Value); v != nil && v.made != nil {
				v.made.Changed = true
			}
		}
		targets[i] = f.expression(e)
		if i > 0 && targets[i].kind == isLocal {
			f.keep(targets[:i], targets[i].info)
		}
	}
	last := f.list(s.Rhs)
	i := len(targets) - 1
	if len(s.Rhs) == len(targets) {
		f.wantOne(&last)
		f.store(&targets[i], &last)
		i--
	} else {
		f.adjust(len(targets), len(s.Rhs), &last)
		f.free -= max(len(s.Rhs)-len(targets), 0)
	}
	for ; i >= 0; i-- {
		v := made(isRegister, f.free-1)
		f.store(&targets[i], &v)
	}
}

// keep copies a local that is the table or the key of an earlier target, before
// the assignment changes it.
func (f *function) keep(targets []value, register int) {
	conflict := false
	for i := range targets {
		t := &targets[i]
		if t.kind != isIndexed {
			continue
		}
		if t.info == register {
			t.info, conflict = f.free, true
		}
		if t.aux == register {
			t.aux, conflict = f.free, true
		}
	}
	if conflict {
		f.emitABC(lua.OP_MOVE, f.free, register, 0)
		f.reserve(1)
	}
}

// adjust makes the values of a list as many as are wanted.
func (f *function) adjust(wanted, given int, last *value) {
	more := wanted - given
	if last.isMulti() {
		more = max(more+1, 0)
		f.want(last, more)
		if more > 1 {
			f.reserve(more - 1)
		}
		return
	}
	if last.kind != isVoid {
		f.toNext(last)
	}
	if more > 0 {
		reg := f.free
		f.reserve(more)
		f.loadNil(reg, more)
	}
}

// local generates a local statement. Only in "local function f" does the
// function see the new variable; the trees differ only in the last line.
func (f *function) local(s *ast.LocalAssignStmt) {
	if isRecursive(s) {
		target := made(isLocal, f.free)
		f.reserve(1)
		f.declareNames(s.Names[0])
		v := f.expression(s.Exprs[0])
		f.store(&target, &v)
		return
	}
	f.checkLocals(len(s.Names))
	made := f.madeBy(s)
	last := f.list(s.Exprs)
	f.adjust(len(s.Names), len(s.Exprs), &last)
	for i, name := range s.Names {
		f.declare(&variable{name: name, made: made[i]})
	}
}

// isRecursive tells "local function f" from "local f = function".
func isRecursive(s *ast.LocalAssignStmt) bool {
	return len(s.Names) == 1 && len(s.Exprs) == 1 && s.LastLine() > 0
}

// condition generates a condition and returns the jumps that leave it if it is
// false.
func (f *function) condition(e ast.Expr) int {
	v := f.expression(e)
	if v.kind == isNil {
		v.kind = isFalse
	}
	f.continueIfTrue(&v)
	return v.whenFalse
}

// conditional generates an if statement. Its elseif parts nest in the tree, so a
// loop follows them: a long chain is not deep.
func (f *function) conditional(s *ast.IfStmt) {
	escape := noJump
	for part := s; ; {
		exit := f.condition(part.Condition)
		f.body(part.Then)
		if len(part.Else) == 0 {
			f.join(&escape, exit)
			break
		}
		f.join(&escape, f.jump())
		f.patchHere(exit)
		next, chained := elseif(part)
		if !chained {
			f.body(part.Else)
			break
		}
		part = next
	}
	f.patchHere(escape)
}

// elseif returns the next part of an if statement if it is an elseif.
func elseif(s *ast.IfStmt) (next *ast.IfStmt, ok bool) {
	if len(s.Else) != 1 {
		return nil, false
	}
	next, ok = s.Else[0].(*ast.IfStmt)
	return next, ok
}

// definition generates "function a.b.c() end" and "function a.b:c() end".
func (f *function) definition(s *ast.FuncDefStmt) {
	var target, v value
	if s.Name.Func == nil {
		target = f.expression(s.Name.Receiver)
		f.toAny(&target)
		key := f.text(s.Name.Method)
		target.kind, target.aux = isIndexed, f.toOperand(&key)
		target.field = &ast.AttrGetExpr{Object: s.Name.Receiver, Key: &ast.StringExpr{Value: s.Name.Method}}
	} else {
		target = f.expression(s.Name.Func)
	}
	v = f.closure(s.Func, s.Name.Func == nil)
	f.store(&target, &v)
	f.fixLine(s.Line())
}

func (f *function) returns(s *ast.ReturnStmt) {
	if len(s.Exprs) == 0 {
		f.emitABC(lua.OP_RETURN, 0, 1, 0)
		return
	}
	v := f.list(s.Exprs)
	first, count := len(f.active), len(s.Exprs)
	switch {
	case v.isMulti():
		f.want(&v, lua.MultRet)
		if v.kind == isCall && count == 1 {
			inst := &f.code[v.info]
			*inst = *inst&^(0x3f<<26) | uint32(lua.OP_TAILCALL<<26)
		}
		count = lua.MultRet
	case count == 1:
		first = f.toAny(&v)
	default:
		f.toNext(&v)
	}
	f.emitABC(lua.OP_RETURN, first, count+1, 0)
}

// list generates a list of expressions. All but the last go to registers.
func (f *function) list(exprs []ast.Expr) value {
	v := made(isVoid, 0)
	for i, e := range exprs {
		if i > 0 {
			f.toNext(&v)
		}
		v = f.expression(e)
	}
	return v
}

// closure generates a function and what makes a closure of it.
func (f *function) closure(e *ast.FunctionExpr, method bool) value {
	inner := f.open(f, e.Line())
	if method {
		inner.declareNames("self")
	}
	inner.declareNames(e.ParList.Names...)
	inner.proto.NumParameters = uint8(len(inner.active))
	if e.ParList.HasVargs {
		inner.proto.IsVarArg = lua.VarArgHasArg | lua.VarArgNeedsArg | lua.VarArgIsVarArg
		inner.declareNames("arg")
	}
	inner.reserve(len(inner.active))
	f.enter()
	inner.statements(e.Stmts)
	f.depth--
	f.at(e.LastLine())
	f.proto.FunctionPrototypes = append(f.proto.FunctionPrototypes, inner.close(f.line))
	v := made(isOpen, f.emit(abx(lua.OP_CLOSURE, 0, len(f.proto.FunctionPrototypes)-1)))
	for _, u := range inner.upvalues {
		op := lua.OP_GETUPVAL
		if u.local {
			op = lua.OP_MOVE
		}
		f.data[f.emitABC(op, 0, u.info, 0)] = true
	}
	return v
}
