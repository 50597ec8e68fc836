package check

import "github.com/yuin/gopher-lua/ast"

// evaluate makes a step of an expression.
func (f *flow) evaluate(e ast.Expr) *step {
	s := &step{kind: evaluate, token: f.inside(e), expr: e}
	f.scan(s, e)
	return f.emit(s)
}

// readName notes that a name is read.
func (f *flow) readName(st *step, name string, token int) *variable {
	v := f.lookup(name)
	if v == nil {
		return nil
	}
	v.read = true
	st.reads = append(st.reads, access{v, token})
	for fn := f.fn; fn != v.fn; fn = fn.parent {
		fn.reads[v] = append(fn.reads[v], st)
	}
	return v
}

// scan notes what an expression reads.
func (f *flow) scan(st *step, e ast.Expr) {
	f.stepOf[e] = st
	switch e := e.(type) {
	case *ast.IdentExpr:
		v := f.readName(st, e.Value, f.expr[e].at)
		f.resolved[e] = v
		if v == nil {
			f.globals = append(f.globals, globalUse{name: e.Value, expr: e, token: f.expr[e].at})
		}
	case *ast.Comma3Expr:
		f.readName(st, "...", f.expr[e].at)
	case *ast.FunctionExpr:
		f.closure(st, e, nil)
	case *ast.TableExpr:
		for _, field := range e.Fields {
			if field.Key != nil {
				f.scan(st, field.Key)
			}
			f.scan(st, field.Value)
		}
	case *ast.FuncCallExpr:
		f.scanCall(st, e)
	default:
		for _, part := range operands(e) {
			f.scan(st, part)
		}
	}
}

func (f *flow) scanCall(st *step, e *ast.FuncCallExpr) {
	if e.Func != nil {
		f.scan(st, e.Func)
	} else {
		f.scan(st, e.Receiver)
	}
	for _, arg := range e.Args {
		f.scan(st, arg)
		if fn, ok := arg.(*ast.FunctionExpr); ok {
			f.givenTo[fn] = e
		}
	}
	f.inserted(e)
}

// dotted returns an expression such as a.b.c as text, "" for others.
func dotted(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value
	case *ast.AttrGetExpr:
		key, ok := e.Key.(*ast.StringExpr)
		if before := dotted(e.Object); ok && before != "" {
			return before + "." + key.Value
		}
	}
	return ""
}

// closure makes the steps of a function inside of another.
func (f *flow) closure(st *step, e *ast.FunctionExpr, method *ast.FuncDefStmt) {
	f.stepOf[e] = st
	fn := f.body(e, e.Stmts, method)
	st.closures = append(st.closures, fn)
	st.closures = append(st.closures, fn.inner...)
}

// inside is the first token of an expression without the parentheses around it.
func (f *flow) inside(e ast.Expr) int {
	span := f.expr[e]
	for f.partner[span.from] == span.to && f.tokens[span.from].Text == "(" {
		span.from++
		span.to--
	}
	return span.from
}
