package fault

import "fmt"

// Operation is what a script did when it failed.
type Operation int

// The operations of Lua that can fail.
const (
	Index Operation = iota
	Call
	Arithmetic
	Concat
	Length
	Compare
	// Key is the use of nil or NaN as the key of a table.
	Key
	// Argument is a call of a function with an argument that it does not take.
	Argument
	// Depth is a call too many inside of others, Nesting a coroutine or
	// protected call too many inside of others.
	Depth
	Nesting
)

// Scope is where a name comes from.
type Scope string

// The scopes of names. A literal is an operand that is written out, such as 1
// or "a"; an operand without a scope has no name.
const (
	Local   Scope = "local"
	Upvalue Scope = "upvalue"
	Global  Scope = "global"
	Field   Scope = "field"
	Method  Scope = "method"
	Literal Scope = "literal"
	NoName  Scope = ""
)

// Computed is the name of a field whose key the script computes.
const Computed = "?"

// Operand is what a value is called in the source.
type Operand struct {
	Scope Scope
	// Name is that of the variable or field.
	Name string
	// Text is the expression as the script writes it, such as row.mrr; "" for
	// one that is not plainly a name, a field or a call.
	Text string
	// Owner, of a field or method, are the names that lead to the table that
	// has it: a variable, and fields of it. It is empty where the table has no
	// such name.
	Owner []string
	// Loop is the loop that a variable belongs to, or nil.
	Loop *Loop
}

// String names the operand in the words of Lua's messages, "" where it has no
// name.
func (o Operand) String() string {
	if o.Scope == Literal || o.Scope == NoName {
		return ""
	}
	return string(o.Scope) + " '" + o.Name + "'"
}

// Loop is the head of a loop over something.
type Loop struct {
	Line int
	// Names are its variables, Over is the text of what it loops over.
	Names []string
	Over  string
	// Function is the name of the function whose call it loops over, without
	// what is in front of it; "" where that is no call.
	Function string
	// Value are the names that lead to what it loops over, where that is a
	// variable or a field of one.
	Value []string
}

// Fault is an operation that failed: an error of Lua's own, as data.
type Fault struct {
	Operation Operation
	// Type is the type of the value that does not fit, Other, of a comparison,
	// that of the second value.
	Type, Other string
	// Operand is what the value is called, Near what the values of the
	// operations are called that the fault may be about.
	Operand Operand
	Near    []Operand
	// Owner is the table or text that a missing field was looked up in, a value
	// of Lua's machine; nil where it is not known.
	Owner any
	// Loop is the loop whose head the fault is about, or nil. Uncalled is set
	// where the loop was given a function in place of what the function returns.
	Loop     *Loop
	Uncalled bool
	// Function is the one that does not take the argument.
	Function string
	// Message is the text of the error, without the position.
	Message string
}

// Error returns the text of the error, without the position.
func (f *Fault) Error() string {
	if f.Message != "" {
		return f.Message
	}
	act := map[Operation]string{Index: "index", Call: "call", Arithmetic: "perform arithmetic on", Concat: "concatenate", Length: "get length of"}[f.Operation]
	if name := f.Operand.String(); name != "" {
		return fmt.Sprintf("attempt to %s %s (a %s value)", act, name, f.Type)
	}
	return fmt.Sprintf("attempt to %s a %s value", act, f.Type)
}
