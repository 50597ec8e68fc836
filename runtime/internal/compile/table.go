package compile

import (
	"strconv"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/syntax"
)

const (
	// largeTable is the number of fields from which a table constructor is
	// split. gopher-lua loses items past 25,550, and its search for constants
	// makes long constructors slow to compile well before that.
	largeTable = 2000
	// tablePiece is the number of fields in a piece of a large constructor.
	tablePiece = 500
)

// table rewrites a table constructor. gopher-lua takes a call behind a key in
// the last field for an open list, so that is made one value. A large table, or
// one that breakAt finds a mistake in, becomes
//
//	(function(...)
//	  local t = {}
//	  append(t, 0, (function(...) return {piece} end)(...))
//	  append(t, 500, (function(...) return {piece} end)(...))
//	  return t
//	end)(...)
//
// where each function has constants and registers of its own. Fields keep their
// order. A key computed at run time is put in a piece of its own, so that it
// cannot be taken for a position.
func (r *rewriter) table(e *ast.TableExpr) ast.Expr {
	if last := len(e.Fields) - 1; last >= 0 && e.Fields[last].Key != nil {
		single(e.Fields[last].Value)
	}
	if len(e.Fields) <= largeTable && breakAt(e.Fields, 0) == len(e.Fields) {
		r.fields(e)
		return e
	}
	outer := r.fn
	r.fn = &scopeFunction{parent: outer, vararg: outer.vararg}
	r.fn.open(nil)
	defer func() { r.fn = outer }()
	name := r.freshName()
	body := []ast.Stmt{localOf(e, []string{name}, []ast.Expr{&ast.TableExpr{}})}
	offset := 0
	for start := 0; start < len(e.Fields); {
		end := pieceEnd(e.Fields, start)
		piece := lined(e, &ast.TableExpr{Fields: e.Fields[start:end]})
		r.fields(piece)
		if key := piece.Fields[0].Key; key != nil && !isString(key) {
			field := lined(e, &ast.AttrGetExpr{Object: identOf(e, name), Key: key})
			store := lined(e, &ast.AssignStmt{Lhs: []ast.Expr{field}, Rhs: []ast.Expr{piece.Fields[0].Value}})
			body = append(body, blockOf(e, r.plainStore(store)))
		} else {
			part := r.immediately(e, outer.vararg, returnOf(e, piece)...)
			add := intrinsicCall(e, intrinsicAppend, identOf(e, name), numeral(e, strconv.Itoa(offset)), part)
			stmt := lined(e, &ast.FuncCallStmt{Expr: add})
			body = append(body, stmt)
		}
		offset += positions(piece.Fields)
		start = end
	}
	return r.immediately(e, outer.vararg, append(body, returnOf(e, identOf(e, name))...)...)
}

// plainStore makes an assignment that the code generator gets right.
func (r *rewriter) plainStore(s *ast.AssignStmt) []ast.Stmt {
	value := r.freshName()
	declare := localOf(s, []string{value}, s.Rhs)
	s.Rhs = []ast.Expr{identOf(s, value)}
	return []ast.Stmt{declare, s}
}

func (r *rewriter) fields(e *ast.TableExpr) {
	for _, field := range e.Fields {
		if field.Key != nil {
			field.Key = r.expression(field.Key)
		}
		field.Value = r.expression(field.Value)
	}
}

// pieceEnd finds where the piece that starts at a field ends.
func pieceEnd(fields []*ast.Field, start int) int {
	if key := fields[start].Key; key != nil && !isString(key) {
		return start + 1
	}
	end := start + 1
	for end < len(fields) && end-start < tablePiece && (fields[end].Key == nil || isString(fields[end].Key)) {
		end++
	}
	return min(end, breakAt(fields, start))
}

// breakAt finds the first field that gopher-lua gets wrong in a constructor
// that begins at another one. It stores positions in groups of FieldsPerFlush,
// and stores the last group twice, over reused registers, when a field with a
// key or an open list directly follows a full group.
func breakAt(fields []*ast.Field, start int) int {
	count := 0
	for i := start; i < len(fields); i++ {
		open := i == len(fields)-1 && syntax.Unpacks(fields[i].Value)
		if (fields[i].Key != nil || open) && count > 0 && count%lua.FieldsPerFlush == 0 {
			return i
		}
		if fields[i].Key == nil {
			count++
		}
	}
	return len(fields)
}

func positions(fields []*ast.Field) int {
	count := 0
	for _, field := range fields {
		if field.Key == nil {
			count++
		}
	}
	return count
}

// isString reports whether an expression is a literal string.
func isString(e ast.Expr) bool {
	_, ok := e.(*ast.StringExpr)
	return ok
}

func returnOf(at ast.PositionHolder, value ast.Expr) []ast.Stmt {
	s := lined(at, &ast.ReturnStmt{Exprs: []ast.Expr{value}})
	return []ast.Stmt{s}
}

// immediately makes "(function(...) body end)(...)", without the dots if the
// enclosing function is not variadic.
func (r *rewriter) immediately(at ast.PositionHolder, vararg bool, body ...ast.Stmt) ast.Expr {
	fn := lined(at, &ast.FunctionExpr{ParList: &ast.ParList{HasVargs: vararg}, Stmts: body})
	fn.SetLastLine(at.Line())
	call := lined(at, &ast.FuncCallExpr{Func: fn, AdjustRet: true})
	if vararg {
		dots := lined(at, &ast.Comma3Expr{})
		call.Args = []ast.Expr{dots}
	}
	return call
}
