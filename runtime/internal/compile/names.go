package compile

import (
	"slices"
	"strconv"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/lualib/number"

	"github.com/phscript/phscript/bindings/spec"
)

// site is one operation in the source with the names of its operands.
type site struct {
	op       fault.Operation
	key      string
	operands []fault.Operand
	// method is set for the index of a method call.
	method bool
	// proto and pc are the instruction of the operation, if it is known.
	proto *lua.FunctionProto
	pc    int
}

// Names records, for one chunk, the names of the operands and the heads of
// loops on each line. It is built during compilation and immutable afterwards.
type Names struct {
	lines   map[int][]site
	loops   map[int][]*fault.Loop
	carrier *lua.LUserData
}

func newNames() *Names { return &Names{lines: map[int][]site{}, loops: map[int][]*fault.Loop{}} }

// namesOf returns the names of the chunk that a function was compiled from, or
// nil for a Go function or code that this package did not compile.
func namesOf(fn *lua.LFunction) *Names {
	if fn == nil || fn.IsG || len(fn.Proto.Constants) == 0 {
		return nil
	}
	carrier, ok := fn.Proto.Constants[len(fn.Proto.Constants)-1].(*lua.LUserData)
	if !ok {
		return nil
	}
	names, _ := carrier.Value.(*Names)
	return names
}

// note records an operation of the instruction that is emitted next.
func (f *function) note(op fault.Operation, key string, operands ...ast.Expr) {
	s := site{op: op, key: key, operands: make([]fault.Operand, len(operands))}
	for i, operand := range operands {
		s.operands[i] = f.describe(operand)
	}
	f.names.lines[f.line] = append(f.names.lines[f.line], s)
}

// locate sets the instruction of the last operation of a kind on the line.
func (f *function) locate(op fault.Operation, pc int) {
	sites := f.names.lines[f.line]
	for i := len(sites) - 1; i >= 0; i-- {
		if sites[i].op == op {
			if sites[i].proto == nil {
				sites[i].proto, sites[i].pc = f.proto, pc
			}
			return
		}
	}
}

// locateValue sets the instruction that gives a value, if it was not computed already.
func (f *function) locateValue(op fault.Operation, v *value) {
	if v.kind == isOpen {
		f.locate(op, v.info)
	}
}

// noteIndex records an indexed value.
func (f *function) noteIndex(v *value) {
	if v.field != nil {
		f.note(fault.Index, siteKey(v.field.Key), v.field.Object)
	}
}

// noteMethod records that a method call indexes its object.
func (f *function) noteMethod(e *ast.FuncCallExpr) {
	f.note(fault.Index, e.Method, e.Receiver)
	sites := f.names.lines[f.line]
	sites[len(sites)-1].method = true
}

// noteCall records a call on a line and its instruction.
func (f *function) noteCall(e *ast.FuncCallExpr, line, pc int) {
	called := fault.Operand{Scope: fault.Method, Name: e.Method}
	key := e.Method
	if e.Func == nil {
		called.Owner = path(e.Receiver)
	} else {
		called, key = f.describe(e.Func), lastName(e.Func)
	}
	f.names.lines[line] = append(f.names.lines[line], site{op: fault.Call, key: key, operands: []fault.Operand{called}, proto: f.proto, pc: pc})
}

// madeBy describes the values of a local statement.
func (f *function) madeBy(s *ast.LocalAssignStmt) []*fault.Made {
	made := make([]*fault.Made, len(s.Names))
	for i, name := range s.Names {
		m := &fault.Made{Line: s.Line(), Name: name}
		if i < len(s.Exprs) {
			m.From = written(s.Exprs[i], longestPath)
			if call, ok := s.Exprs[i].(*ast.FuncCallExpr); ok {
				m.Call, m.From = true, ""
				if called := written(call.Func, longestPath); called != "" {
					m.From = called + "(...)"
				}
			}
		}
		made[i] = m
	}
	return made
}

func (f *function) noteLoop(s *ast.GenericForStmt) *fault.Loop {
	l := &fault.Loop{Line: s.Line(), Names: s.Names, Over: f.heads.take(s.Line(), s.Names)}
	if e, ok := s.Exprs[0].(*ast.FuncCallExpr); ok {
		l.Function = e.Method
		if e.Func != nil {
			l.Function = lastName(e.Func)
		}
	} else if len(s.Exprs) == 1 {
		l.Value = path(s.Exprs[0])
	}
	f.names.loops[l.Line] = append(f.names.loops[l.Line], l)
	return l
}

// lastName is the name of a variable or field, or fault.Computed.
func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value
	case *ast.AttrGetExpr:
		return keyText(e.Key)
	}
	return fault.Computed
}

// keyText is the text of a key that is a plain string, or fault.Computed.
func keyText(key ast.Expr) string {
	if text, ok := key.(*ast.StringExpr); ok {
		return text.Value
	}
	return fault.Computed
}

// siteKey tells the fields on a line apart: the text of a plain string or
// numeral, or fault.Computed.
func siteKey(key ast.Expr) string {
	if numeral, ok := key.(*ast.NumberExpr); ok {
		if n, ok := number.Parse(numeral.Value); ok {
			return number.Format(n)
		}
	}
	return keyText(key)
}

func (f *function) describe(e ast.Expr) fault.Operand {
	o := fault.Operand{Text: written(e, longestPath)}
	switch e := e.(type) {
	case *ast.IdentExpr:
		var v *variable
		o.Scope, v = f.meaning(e.Value)
		o.Name = e.Value
		if v != nil {
			o.Loop, o.Made = v.loop, v.made
		}
	case *ast.AttrGetExpr:
		o.Scope, o.Name, o.Owner = fault.Field, keyText(e.Key), path(e.Object)
	default:
		_, none := e.(*ast.NilExpr)
		if _, literal := e.(ast.ConstExpr); literal && !none {
			o.Scope = fault.Literal
		}
	}
	return o
}

// longestPath bounds how many nested fields and calls are named.
const longestPath = 12

// path lists the names that lead to a value: a variable and its fields. It is
// nil for other expressions, and for one that nests too deep.
func path(e ast.Expr) []string {
	var names []string
	for range longestPath {
		switch x := e.(type) {
		case *ast.IdentExpr:
			names = append(names, x.Value)
			slices.Reverse(names)
			return names
		case *ast.AttrGetExpr:
			key, ok := x.Key.(*ast.StringExpr)
			if !ok {
				return nil
			}
			names, e = append(names, key.Value), x.Object
		default:
			return nil
		}
	}
	return nil
}

// written is a variable, field, number or call without arguments as source
// text. It is "" for other expressions, and for one deeper than levels.
func written(e ast.Expr, levels int) string {
	if levels == 0 {
		return ""
	}
	switch e := e.(type) {
	case *ast.IdentExpr:
		return e.Value
	case *ast.NumberExpr:
		return e.Value
	case *ast.AttrGetExpr:
		owner := written(e.Object, levels-1)
		if owner == "" {
			return ""
		}
		if key, ok := e.Key.(*ast.StringExpr); ok {
			if spec.IsName(key.Value) {
				return owner + "." + key.Value
			}
			return owner + "[" + strconv.Quote(key.Value) + "]"
		}
		// A key is usually a name or a number: two levels are enough.
		if key := written(e.Key, min(levels-1, 2)); key != "" {
			return owner + "[" + key + "]"
		}
	case *ast.FuncCallExpr:
		if e.Func == nil || len(e.Args) > 0 {
			return ""
		}
		if name := written(e.Func, levels-1); name != "" {
			return name + "()"
		}
	}
	return ""
}

// heads are the heads of a source's loops over something, in order.
type heads []head

type head struct {
	line  int
	names []string
	over  string
}

func (s *sourceText) loopHeads() heads {
	var found heads
	for i, tok := range s.tokens {
		if tok.Text != "for" || tok.Kind != Keyword || s.isField(i) {
			continue
		}
		h := head{line: tok.Line}
		at := i + 1
		for ; at < len(s.tokens) && s.tokens[at].Text != "in" && s.tokens[at].Text != "="; at++ {
			if s.tokens[at].Text != "," {
				h.names = append(h.names, s.tokens[at].Text)
			}
		}
		if at >= len(s.tokens) || s.tokens[at].Text == "=" {
			continue
		}
		depth, end := 0, at+1
		for ; end < len(s.tokens) && (depth > 0 || s.tokens[end].Text != "do"); end++ {
			switch s.tokens[end].Text {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				depth--
			}
		}
		h.over = s.words(at+1, end)
		found = append(found, h)
	}
	return found
}

// take returns what the loop at a line with these variables loops over.
func (h *heads) take(line int, names []string) string {
	i := slices.IndexFunc(*h, func(h head) bool { return h.line == line && slices.Equal(h.names, names) })
	if i < 0 {
		return ""
	}
	over := (*h)[i].over
	if i == 0 { // usual: loops are reached in order
		*h = (*h)[1:]
		return over
	}
	*h = slices.Delete(*h, i, i+1)
	return over
}
