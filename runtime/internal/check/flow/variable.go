package flow

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

// VarKind is what declares a variable.
type VarKind int

// What declares a variable.
const (
	LocalVar VarKind = iota
	Argument
	LoopVar
)

// Variable is a local name: of a local statement, a parameter or a loop.
type Variable struct {
	Name string
	Kind VarKind
	// Token is where it is declared; the self of a method has that of the
	// method's colon.
	Token    int
	Implicit bool
	Fn       *Function
	// from and to are the steps of Fn in which it can be seen.
	from, to int
	Values   []*Value
	// Read is set if it is read somewhere, Changed if a field of what it
	// holds is set.
	Read, Changed bool
	// Loop is the statement of a loop variable, with its place in it.
	Loop  ast.Stmt
	Place int
	// Items and Fields are what the script puts into the table that it holds:
	// values at computed places, and values under names.
	Items, Fields []Entry
}

// Entry is something that is put into the table of a variable.
type Entry struct {
	// Through is the name as it is written there, which tells which of the
	// variable's values is meant.
	Through *ast.IdentExpr
	Field   *ast.Field
	// Key is the computed place of an item, nil for the list's end.
	Key ast.Expr
}

// SetsField reports whether the script puts something under a name into the table
// that the variable holds.
func (v *Variable) SetsField(name string) bool {
	return slices.ContainsFunc(v.Fields, func(set Entry) bool {
		key, ok := set.Field.Key.(*ast.StringExpr)
		return ok && key.Value == name
	})
}

// Value is one thing that is stored in a variable.
type Value struct {
	V *Variable
	// Token is the name that is assigned to.
	Token int
	// Expr is what is assigned, nil for no value; Place counts the further
	// results of a call.
	Expr  ast.Expr
	Place int
	// First is set on the value of the declaration, Empty if that is nil because
	// nothing is assigned.
	First, Empty bool
	// Used and Changed are set if something may read it, or set a field of it.
	Used, Changed bool
	// UsedIn are the functions that use it, lastUser the one that was noted last;
	// they are kept for values that are functions.
	UsedIn   map[*Function]bool
	lastUser *Function
	Step     *Step
	// Over is the only assignment that follows, mixed is set if several do, or
	// if the value may last to the end.
	Over  *Step
	mixed bool
	// Many holds for one of several results of a call.
	Many bool
}

// IsFunction reports whether the value is a function that is written out.
func (val *Value) IsFunction() bool {
	_, ok := val.Expr.(*ast.FunctionExpr)
	return ok && val.Place == 0
}

// HoldsFunction reports whether a variable stands for one function.
func (v *Variable) HoldsFunction() bool {
	switch len(v.Values) {
	case 1:
		return v.Values[0].IsFunction()
	case 2:
		return v.Values[0].Empty && v.Values[1].IsFunction()
	}
	return false
}

// Function is a function of the script, or its main part.
type Function struct {
	Parent *Function
	Expr   *ast.FunctionExpr
	Steps  []*Step
	// inner are all functions in it, those in inner ones included.
	inner []*Function
	// reads, changes and sets are what it, and the functions in it, do to
	// variables of the functions around it.
	reads, changes, sets map[*Variable][]*Step
	// Value is the variable's value that it is, or nil.
	Value *Value
}

// stepKind tells steps apart.
type stepKind int

const (
	plain stepKind = iota
	jump
	branch
	evaluate
	declare
	assign
)

// Step is a piece of a function that runs as a whole: the reads in it happen
// before what it sets.
type Step struct {
	kind stepKind
	// Fn is the function that it belongs to.
	Fn *Function
	// to is where a jump or a branch leads.
	to int
	// Token is what a report of unreachable code points to, -1 for none;
	// LoopEnd marks the way back to the start of a loop.
	Token   int
	LoopEnd bool
	// returns marks the jump of a return.
	returns bool
	expr    ast.Expr
	stmt    ast.Stmt
	Reads   []Access
	Changes []Access
	// Used are the values that a read may find. There are more than those if it
	// has more than MostValues.
	Used     map[*Variable][]*Value
	closures []*Function
	sets     []*Value
}

// Access is a place where a variable is used.
type Access struct {
	V     *Variable
	Token int
}

// touches reports whether a variable is among accesses.
func touches(list []Access, v *Variable) bool {
	return slices.ContainsFunc(list, func(a Access) bool { return a.V == v })
}

// Setting returns the value that the step gives a variable, or nil. Of several
// in one assignment the last one stays.
func (s *Step) Setting(v *Variable) *Value {
	for i := len(s.sets) - 1; i >= 0; i-- {
		if s.sets[i].V == v {
			return s.sets[i]
		}
	}
	return nil
}

// Settings returns the values that the step gives variables.
func (s *Step) Settings() []*Value { return s.sets }

// Shows reports whether another variable may hold the same table, so setting its
// fields has an effect.
func (val *Value) Shows() bool {
	return val.First && val.V.Kind != LocalVar || val.IsFunction() || val.Expr != nil && Truth(val.Expr) == Sometimes
}

// Reaching returns the values that a name can have where it is read. ok is false
// if others are possible: there are too many, or nothing is known about them.
func (f *Graph) Reaching(name *ast.IdentExpr) (values []*Value, ok bool) {
	v, s := f.Resolved[name], f.StepOf[name]
	if made := f.Made[name.Value]; v == nil && made != nil {
		return made.Values, len(made.Values) <= MostValues
	}
	if v == nil || s == nil {
		return nil, false
	}
	// A field of the table is set in a circular way: the flow has no use of it.
	if values = s.Used[v]; len(values) == 0 && len(v.Values) == 1 {
		values = v.Values
	}
	return values, len(values) > 0 && len(values) <= MostValues
}
