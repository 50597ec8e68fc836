package check

import (
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// contents knows the tables and functions of a script: what they contain and
// return, as far as the script alone decides it.
type contents struct {
	*script
	// functions are the functions of the script by their expressions; returns
	// are their return statements.
	functions map[*ast.FunctionExpr]*flow.Function
	returns   map[*ast.FunctionExpr][]*ast.ReturnStmt
	// holders are the variables that a table is stored in, calls the calls of a
	// variable's function, and loose the variables that are used in another way
	// than by a call.
	holders map[*ast.TableExpr][]*flow.Value
	calls   map[*flow.Variable][]*ast.FuncCallExpr
	loose   map[*flow.Variable]bool
	// fields and entries are what a table that is written out gets, from its
	// constructor and later: under names and at places. named are the tables that get
	// fields after their constructor. elsewhere counts the assignments to fields with a
	// name in other tables; mixed are the tables in which the script sets fields
	// under computed names, and computed is set if it does so in other tables.
	fields    map[field][]written
	entries   map[*ast.TableExpr][]flow.Entry
	named     map[*ast.TableExpr]bool
	elsewhere map[string]int
	mixed     map[*ast.TableExpr]bool
	computed  bool
	// The others are answers; what an answer depends on itself for is unknown.
	items         map[*ast.TableExpr]infer.Value
	results       map[result]infer.Value
	parameters    map[*flow.Variable]infer.Value
	keyed         map[*ast.TableExpr]bool
	opaque, leaky map[*flow.Variable]bool
}

// field is a name in a table.
type field struct {
	table *ast.TableExpr
	name  string
}

// written is what a table is given under a name, in its constructor or later.
type written struct {
	value ast.Expr
	later bool
}

// result is a place among the results of a function.
type result struct {
	fn    *ast.FunctionExpr
	place int
}

// contents finds what the script's tables and functions are. Until then, nothing is
// known about them.
func (c *script) contents() {
	t := &contents{
		script: c, functions: map[*ast.FunctionExpr]*flow.Function{}, returns: map[*ast.FunctionExpr][]*ast.ReturnStmt{},
		holders: map[*ast.TableExpr][]*flow.Value{}, calls: map[*flow.Variable][]*ast.FuncCallExpr{}, loose: map[*flow.Variable]bool{},
		fields: map[field][]written{}, named: map[*ast.TableExpr]bool{}, entries: map[*ast.TableExpr][]flow.Entry{}, elsewhere: map[string]int{}, mixed: map[*ast.TableExpr]bool{},
		items: map[*ast.TableExpr]infer.Value{}, results: map[result]infer.Value{}, parameters: map[*flow.Variable]infer.Value{},
		keyed: map[*ast.TableExpr]bool{}, opaque: map[*flow.Variable]bool{}, leaky: map[*flow.Variable]bool{},
	}
	for _, fn := range c.flow.Functions {
		if fn.Expr != nil {
			t.functions[fn.Expr] = fn
		}
	}
	hold := func(v *flow.Variable) {
		for _, val := range v.Values {
			if table, ok := val.Expr.(*ast.TableExpr); ok && val.Place == 0 {
				t.holders[table] = append(t.holders[table], val)
			}
		}
	}
	for _, v := range c.flow.Vars {
		hold(v)
	}
	for _, v := range c.flow.Made {
		hold(v)
	}
	t.read()
}

// read goes over the script.
func (t *contents) read() {
	var open []*ast.FunctionExpr
	var targets []ast.Expr
	called := map[ast.Expr]bool{}
	v := syntax.Visitor{
		Open: func(of ast.PositionHolder) {
			fn, _ := of.(*ast.FunctionExpr)
			if fn == nil && len(open) > 0 {
				fn = open[len(open)-1]
			}
			open = append(open, fn)
		},
		Close: func() { open = open[:len(open)-1] },
		Stmt: func(s ast.Stmt) {
			switch s := s.(type) {
			case *ast.ReturnStmt:
				var fn *ast.FunctionExpr // nil is the script itself
				if len(open) > 0 {
					fn = open[len(open)-1]
				}
				t.returns[fn] = append(t.returns[fn], s)
			case *ast.FuncDefStmt:
				if s.Name.Func == nil {
					t.elsewhere[s.Name.Method]++
				} else {
					called[s.Name.Func] = true
					targets = append(targets, s.Name.Func)
				}
			case *ast.AssignStmt:
				for _, e := range s.Lhs {
					called[e] = true
				}
				targets = append(targets, s.Lhs...)
			}
		},
		Expr: func(e ast.Expr) {
			switch e := e.(type) {
			case *ast.TableExpr:
				t.construct(e)
			case *ast.FuncCallExpr:
				if name, ok := e.Func.(*ast.IdentExpr); ok {
					called[name] = true
					if v := t.flow.VariableOf(name); v != nil {
						t.calls[v] = append(t.calls[v], e)
					}
				}
			case *ast.IdentExpr:
				if v := t.flow.VariableOf(e); v != nil && !called[e] {
					t.loose[v] = true
				}
			}
		},
	}
	v.Statements(t.chunk)
	for _, e := range targets {
		target, ok := e.(*ast.AttrGetExpr)
		if !ok {
			continue
		}
		if key, named := target.Key.(*ast.StringExpr); named {
			t.elsewhere[key.Value]++
		} else if table, ok := t.origin(target.Object).(*ast.TableExpr); !t.isPlace(target.Key) {
			t.computed = t.computed || !ok
			t.mixed[table] = true
		}
	}
	for _, v := range t.flow.Vars {
		t.attribute(v)
	}
	for _, v := range t.flow.Made {
		t.attribute(v)
	}
	t.escapesOf(nil)
	// What was found so far is less than what is known from here on.
	t.Forget()
	t.made = t
}

// construct notes what a constructor puts under names.
func (t *contents) construct(table *ast.TableExpr) {
	for _, f := range table.Fields {
		key, named := f.Key.(*ast.StringExpr)
		switch {
		case named:
			t.fields[field{table, key.Value}] = append(t.fields[field{table, key.Value}], written{f.Value, false})
		case f.Key != nil && !t.isPlace(f.Key):
			t.mixed[table] = true
		}
	}
}

// attribute notes which tables the fields and items are put into that the script sets
// through a variable.
func (t *contents) attribute(v *flow.Variable) {
	for _, entry := range v.Fields {
		if table, ok := t.origin(entry.Through).(*ast.TableExpr); ok {
			name := entry.Field.Key.(*ast.StringExpr).Value
			t.fields[field{table, name}] = append(t.fields[field{table, name}], written{entry.Field.Value, true})
			t.named[table] = true
			t.elsewhere[name]--
		}
	}
	for _, entry := range v.Items {
		if table, ok := t.origin(entry.Through).(*ast.TableExpr); ok {
			t.entries[table] = append(t.entries[table], entry)
		}
	}
}

// isPlace reports whether a key is a place in a list.
func (t *contents) isPlace(key ast.Expr) bool {
	switch e := key.(type) {
	case *ast.NumberExpr, *ast.UnaryLenOpExpr:
		return true
	case *ast.ArithmeticOpExpr:
		return t.isPlace(e.Lhs) || t.isPlace(e.Rhs)
	}
	return t.Value(key).IsNumber()
}
