package check

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

// varKind tells what declares a variable.
type varKind int

const (
	localVar varKind = iota
	argument
	loopVar
)

// variable is a local name: of a local statement, a parameter or a loop.
type variable struct {
	name string
	kind varKind
	// token is where it is declared; the self of a method has that of the
	// method's colon.
	token    int
	implicit bool
	fn       *function
	// from and to are the steps of fn in which it can be seen.
	from, to int
	values   []*value
	// read tells that it is read somewhere, changed that a field of what it
	// holds is set.
	read, changed bool
	// loop is the statement of a loop variable, with its place in it.
	loop  ast.Stmt
	place int
	// items and fields are what the script puts into the table that it holds:
	// values at computed places, and values under names.
	items, fields []entry
}

// entry is something that is put into the table of a variable.
type entry struct {
	// through is the name as it is written there, which tells which of the
	// variable's values is meant.
	through *ast.IdentExpr
	field   *ast.Field
	// key is the computed place of an item, nil for the list's end.
	key ast.Expr
}

// setsField reports whether the script puts something under a name into the table
// that the variable holds.
func (v *variable) setsField(name string) bool {
	return slices.ContainsFunc(v.fields, func(set entry) bool {
		key, ok := set.field.Key.(*ast.StringExpr)
		return ok && key.Value == name
	})
}

// value is one thing that is stored in a variable.
type value struct {
	v *variable
	// token is the name that is assigned to.
	token int
	// expr is what is assigned, nil where nothing is; place counts the further
	// results of a call.
	expr  ast.Expr
	place int
	// first holds for the value that comes with the declaration, empty where
	// that is none.
	first, empty bool
	// used and changed tell that somebody may read it, or set a field of it.
	used, changed bool
	// usedIn are the functions that use it, lastUser the one that was noted last;
	// they are kept for values that are functions.
	usedIn   map[*function]bool
	lastUser *function
	step     *step
	// over is the only assignment that follows, mixed tells that several do, or
	// that the value may live to the end.
	over  *step
	mixed bool
	// many holds for one of several results of a call.
	many bool
}

// isFunction reports whether the value is a function that is written out.
func (v *value) isFunction() bool {
	_, ok := v.expr.(*ast.FunctionExpr)
	return ok && v.place == 0
}

// holdsFunction reports whether a variable stands for one function.
func (v *variable) holdsFunction() bool {
	switch len(v.values) {
	case 1:
		return v.values[0].isFunction()
	case 2:
		return v.values[0].empty && v.values[1].isFunction()
	}
	return false
}

// function is a function of the script, or its main part.
type function struct {
	parent *function
	expr   *ast.FunctionExpr
	steps  []*step
	// inner are all functions in it, those in inner ones included.
	inner []*function
	// reads, changes and sets are what it, and the functions in it, do to
	// variables of the functions around it.
	reads, changes, sets map[*variable][]*step
	// value is what holds it, where a variable does.
	value *value
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

// step is a piece of a function that runs as a whole: the reads in it happen
// before what it sets.
type step struct {
	kind stepKind
	// fn is the function that it belongs to.
	fn *function
	// to is where a jump or a branch leads.
	to int
	// token is what a report of unreachable code points to, -1 for none;
	// loopEnd marks the way back to the start of a loop.
	token   int
	loopEnd bool
	expr    ast.Expr
	stmt    ast.Stmt
	reads   []access
	changes []access
	// used are the values that a read may find, two at the most.
	used     map[*variable][]*value
	closures []*function
	sets     []*value
}

// access is a place where a variable is used.
type access struct {
	v     *variable
	token int
}

// touches reports whether a variable is among accesses.
func touches(list []access, v *variable) bool {
	for i := range list {
		if list[i].v == v {
			return true
		}
	}
	return false
}

// setting returns the value that the step gives a variable, or nil. Of several
// in one assignment the last one stays.
func (s *step) setting(v *variable) *value {
	for i := len(s.sets) - 1; i >= 0; i-- {
		if s.sets[i].v == v {
			return s.sets[i]
		}
	}
	return nil
}
