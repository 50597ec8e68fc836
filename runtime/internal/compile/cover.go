package compile

import (
	"strconv"

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

// counted rewrites statements with a call of the counter before each. Of
// several statements on one line, the first one counts.
func (r *rewriter) counted(list []ast.Stmt) []ast.Stmt {
	out := make([]ast.Stmt, 0, 2*len(list))
	for _, stmt := range list {
		if line := firstLine(stmt); line > 0 && line != r.counting {
			r.counting = line
			r.cover.expect(line)
			out = append(out, countCall(line))
		}
		out = append(out, r.statement(stmt))
	}
	return out
}

func countCall(line int) ast.Stmt {
	number := &ast.NumberExpr{Value: strconv.Itoa(line)}
	number.SetLine(line)
	return lined(number, &ast.FuncCallStmt{Expr: intrinsicCall(number, intrinsicCover, number)})
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
