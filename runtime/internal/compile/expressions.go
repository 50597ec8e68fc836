package compile

import (
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/lualib/number"
)

var arithmeticOps = map[string]int{"+": lua.OP_ADD, "-": lua.OP_SUB, "*": lua.OP_MUL, "/": lua.OP_DIV, "%": lua.OP_MOD, "^": lua.OP_POW}

func (f *function) expression(e ast.Expr) value {
	f.enter()
	defer func() { f.depth-- }()
	switch e := e.(type) {
	case *ast.NilExpr:
		f.at(e.LastLine())
		return made(isNil, 0)
	case *ast.TrueExpr:
		f.at(e.LastLine())
		return made(isTrue, 0)
	case *ast.FalseExpr:
		f.at(e.LastLine())
		return made(isFalse, 0)
	case *ast.NumberExpr:
		f.at(e.LastLine())
		v := made(isNumber, 0)
		v.number, _ = number.Parse(e.Value)
		return v
	case *ast.StringExpr:
		f.at(e.LastLine())
		return f.text(e.Value)
	case *ast.Comma3Expr:
		return f.vararg(e)
	case *ast.IdentExpr:
		f.at(e.LastLine())
		return f.variable(e.Value)
	case *ast.AttrGetExpr:
		return f.index(e)
	case *ast.TableExpr:
		return f.table(e)
	case *ast.FuncCallExpr:
		return f.call(e)
	case *ast.FunctionExpr:
		return f.closure(e, false)
	case *ast.LogicalOpExpr:
		return f.logical(e)
	case *ast.RelationalOpExpr:
		return f.relational(e)
	case *ast.StringConcatOpExpr:
		return f.concat(e)
	case *ast.ArithmeticOpExpr:
		left := f.operand(e.Lhs, e)
		right := f.expression(e.Rhs)
		f.at(e.LastLine())
		f.note(fault.Arithmetic, "", e.Lhs, e.Rhs)
		f.operation(arithmeticOps[e.Operator], &left, &right)
		f.locateValue(fault.Arithmetic, &left)
		return left
	case *ast.UnaryMinusOpExpr:
		v := f.expression(e.Expr)
		if !v.isNumeral() {
			f.toAny(&v)
		}
		f.note(fault.Arithmetic, "", e.Expr)
		f.operation(lua.OP_UNM, &v, &value{kind: isNumber, whenTrue: noJump, whenFalse: noJump})
		f.locateValue(fault.Arithmetic, &v)
		return v
	case *ast.UnaryLenOpExpr:
		v := f.expression(e.Expr)
		f.toAny(&v)
		f.note(fault.Length, "", e.Expr)
		f.operation(lua.OP_LEN, &v, &value{})
		f.locateValue(fault.Length, &v)
		return v
	case *ast.UnaryNotOpExpr:
		v := f.expression(e.Expr)
		f.not(&v)
		return v
	}
	return made(isNil, 0)
}

// parenthesized cuts a call or "..." in parentheses to one value.
func (f *function) parenthesized(v value, single bool) value {
	if single {
		f.read(&v)
	}
	return v
}

func (f *function) vararg(e *ast.Comma3Expr) value {
	f.at(e.Line())
	if f.proto.IsVarArg == 0 {
		f.fail("cannot use '...' outside a vararg function", "write function(...) to take any number of arguments")
	}
	f.proto.IsVarArg &^= lua.VarArgNeedsArg
	v := f.parenthesized(made(isVararg, f.emitABC(lua.OP_VARARG, 0, 1, 0)), e.AdjustRet)
	f.at(e.LastLine())
	return v
}

// operand generates the left operand of a binary operator. Its line is that of
// the operator, which Lua has read when it emits the operand.
func (f *function) operand(left, whole ast.Expr) value {
	v := f.expression(left)
	f.at(f.inner(whole))
	if !v.isNumeral() {
		f.toOperand(&v)
	}
	return v
}

func (f *function) index(e *ast.AttrGetExpr) value {
	v := f.expression(e.Object)
	f.toAny(&v)
	key := f.expression(e.Key)
	f.settle(&key)
	f.at(e.LastLine())
	v.aux = f.toOperand(&key)
	v.kind, v.field = isIndexed, e
	return v
}

func (f *function) logical(e *ast.LogicalOpExpr) value {
	left := f.expression(e.Lhs)
	f.at(f.inner(e))
	if e.Operator == "and" {
		f.continueIfTrue(&left)
		right := f.expression(e.Rhs)
		f.read(&right)
		f.join(&right.whenFalse, left.whenFalse)
		return right
	}
	f.continueIfFalse(&left)
	right := f.expression(e.Rhs)
	f.read(&right)
	f.join(&right.whenTrue, left.whenTrue)
	return right
}

func (f *function) relational(e *ast.RelationalOpExpr) value {
	left := f.expression(e.Lhs)
	f.at(f.inner(e))
	f.toOperand(&left)
	right := f.expression(e.Rhs)
	f.note(fault.Compare, "", e.Lhs, e.Rhs)
	switch e.Operator {
	case "==":
		f.comparison(lua.OP_EQ, true, &left, &right)
	case "~=":
		f.comparison(lua.OP_EQ, false, &left, &right)
	case "<":
		f.comparison(lua.OP_LT, true, &left, &right)
	case "<=":
		f.comparison(lua.OP_LE, true, &left, &right)
	case ">":
		f.comparison(lua.OP_LT, false, &left, &right)
	case ">=":
		f.comparison(lua.OP_LE, false, &left, &right)
	}
	return left
}

// concat generates a chain of "..", which is one instruction.
func (f *function) concat(e *ast.StringConcatOpExpr) value {
	var operands []ast.Expr
	var rest ast.Expr = e
	first := f.free
	for {
		chain, ok := rest.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		operands = append(operands, chain.Lhs)
		v := f.expression(chain.Lhs)
		f.at(f.inner(chain))
		f.toNext(&v)
		rest = chain.Rhs
	}
	operands = append(operands, rest)
	v := f.expression(rest)
	f.toNext(&v)
	f.note(fault.Concat, "", operands...)
	last := f.free - 1
	f.free = first
	v = made(isOpen, f.emitABC(lua.OP_CONCAT, 0, first, last))
	f.locateValue(fault.Concat, &v)
	return v
}

// table generates a table constructor. Items are stored in groups.
func (f *function) table(e *ast.TableExpr) value {
	f.at(e.Line())
	at := f.emitABC(lua.OP_NEWTABLE, 0, 0, 0)
	v := made(isOpen, at)
	f.toNext(&v)
	items, named, waiting := 0, 0, 0
	item := made(isVoid, 0)
	for _, field := range e.Fields {
		if item.kind != isVoid {
			f.toNext(&item)
			item.kind = isVoid
			if waiting == lua.FieldsPerFlush {
				f.storeItems(v.info, items, waiting)
				waiting = 0
			}
		}
		if field.Key == nil {
			item = f.expression(field.Value)
			items++
			waiting++
			continue
		}
		named++
		first := f.free
		key := f.expression(field.Key)
		f.settle(&key)
		operand := f.toOperand(&key)
		stored := f.expression(field.Value)
		f.setField(v.info, operand, f.toOperand(&stored))
		f.free = first
	}
	f.at(e.LastLine())
	if waiting > 0 {
		if item.isMulti() {
			f.want(&item, lua.MultRet)
			f.storeItems(v.info, items, lua.MultRet)
			items--
		} else {
			if item.kind != isVoid {
				f.toNext(&item)
			}
			f.storeItems(v.info, items, waiting)
		}
	}
	setB(&f.code[at], min(items, maxArgC))
	setC(&f.code[at], min(named, maxArgC))
	return v
}

// call generates a call. It has the line of its arguments.
func (f *function) call(e *ast.FuncCallExpr) value {
	var called value
	var name string
	if e.Func != nil {
		called = f.expression(e.Func)
		f.toNext(&called)
		name = callName(e.Func)
	} else {
		called = f.expression(e.Receiver)
		f.at(f.inner(e))
		f.self(&called, e)
		name = e.Method
	}
	base, line := called.info, f.inner(e)
	if line == 0 {
		line = f.line
	}
	last := f.list(e.Args)
	arguments := lua.MultRet
	if last.isMulti() {
		f.want(&last, lua.MultRet)
	} else {
		if last.kind != isVoid {
			f.toNext(&last)
		}
		arguments = f.free - (base + 1)
	}
	f.at(e.LastLine())
	v := made(isCall, f.emitABC(lua.OP_CALL, base, arguments+1, 2))
	f.proto.DbgCalls = append(f.proto.DbgCalls, lua.DbgCall{Pc: v.info, Name: name})
	f.fixLine(line)
	f.noteCall(e, line, v.info)
	f.free = base + 1
	return f.parenthesized(v, e.AdjustRet)
}

// self puts a method and its object into registers.
func (f *function) self(v *value, e *ast.FuncCallExpr) {
	f.toAny(v)
	f.release(v)
	key := f.text(e.Method)
	first := f.free
	f.reserve(2)
	operand := f.toOperand(&key)
	f.noteMethod(e)
	f.locate(fault.Index, f.emitABC(lua.OP_SELF, first, v.info, operand))
	f.release(&key)
	*v = made(isRegister, first)
}

// callName is the name of a called function, for tracebacks.
func callName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value
	case *ast.AttrGetExpr:
		if key, ok := e.Key.(*ast.StringExpr); ok {
			return key.Value
		}
	}
	return "?"
}
