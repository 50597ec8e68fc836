package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// Lines counts how often the lines of a chunk are executed. Compile the chunk
// with Options.Cover; the counts then belong to the state that runs it.
type Lines struct {
	// counts holds a number for each line, from 1, or -1 if no statement begins
	// on the line.
	counts []int
	count  *lua.LFunction
}

// Each visits every line on which a statement begins, with its count.
func (l *Lines) Each(visit func(line, count int)) {
	for line, n := range l.counts {
		if n >= 0 {
			visit(line, n)
		}
	}
}

func (l *Lines) expect(line int) {
	for len(l.counts) <= line {
		l.counts = append(l.counts, -1)
	}
	l.counts[line] = max(l.counts[line], 0)
}

// counter returns the function that compiled code calls with a line.
func (l *Lines) counter() *lua.LFunction {
	if l.count == nil {
		l.count = &lua.LFunction{IsG: true, GFunction: func(L *lua.LState) int {
			if line, ok := L.Get(1).(lua.LNumber); ok {
				l.counts[int(line)]++
			}
			return 0
		}}
	}
	return l.count
}

// count calls the counter before a statement. Of several statements on one
// line, the first one counts.
func (f *function) count(stmt ast.Stmt) {
	line := firstLine(stmt)
	if line <= 0 || line == f.counting {
		return
	}
	f.counting = line
	f.cover.expect(line)
	f.at(line)
	first := f.free
	f.reserve(2)
	f.emit(abx(lua.OP_LOADK, first, f.constant(f.cover.counter())))
	f.emit(abx(lua.OP_LOADK, first+1, f.constant(lua.LNumber(line))))
	f.emitABC(lua.OP_CALL, first, 2, 1)
	f.free = first
}

// firstLine is the line on which a statement begins. The parser puts a call
// over several lines at the end of its arguments.
func firstLine(stmt ast.Stmt) int {
	call, ok := stmt.(*ast.FuncCallStmt)
	if !ok {
		return stmt.Line()
	}
	line := stmt.Line()
	for e := call.Expr; e != nil; {
		if at := e.Line(); at > 0 && at < line {
			line = at
		}
		switch x := e.(type) {
		case *ast.FuncCallExpr:
			e = x.Func
			if e == nil {
				e = x.Receiver
			}
		case *ast.AttrGetExpr:
			e = x.Object
		default:
			e = nil
		}
	}
	return line
}
