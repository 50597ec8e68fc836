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
	// Argument is a call of a function with an argument that it does not accept.
	Argument
	// Depth means too many nested calls, Nesting too many nested coroutines.
	Depth
	Nesting
)

// Scope is where a name comes from.
type Scope string

// The scopes of names. A literal is an operand such as 1 or "a". An operand without a
// scope has no name.
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
	// Owner are the names that lead to the table of a field or method: a variable
	// and its fields. It is empty if the table has no such name.
	Owner []string
	// Loop is the loop that a variable belongs to, Made is where a local variable
	// got its first value; nil if there is none.
	Loop *Loop
	Made *Made
}

// Made is the statement that declares a local variable with a value.
type Made struct {
	Line int
	// Name is the variable, From the text of its value: a field, or a call, which
	// is written name(...). It is "" for other values.
	Name, From string
	Call       bool
	// Changed is set if the variable is assigned anywhere else.
	Changed bool
}

// String returns the operand's name as Lua's messages have it, or "".
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
	// Function is the last name of the function whose call it loops over, or "".
	Function string
	// Value are the names that lead to what it loops over, if that is a variable
	// or a field.
	Value []string
}

// Access says what a field is for.
type Access int

// What fields are for: reading, writing, or calling as a method.
const (
	ToRead Access = iota
	ToWrite
	ToCall
)

// Fault is a failed operation: one of Lua's own errors, as data.
type Fault struct {
	Operation Operation
	// Type is the type of the wrong value. Other is the type of the second value of
	// a comparison.
	Type, Other string
	// Operand is the name of the value. Near are the names of all values that the
	// fault may be about.
	Operand Operand
	Near    []Operand
	// Access says what an index was for. Key is what the script writes after the
	// value, such as .name or :name, "" if that is not plain.
	Access Access
	Key    string
	// Owner is the Lua value, a table or string, without the missing field; nil if
	// unknown.
	Owner any
	// Loop is the loop whose head the fault is about, or nil. Uncalled reports
	// whether the loop got a function instead of its result.
	Loop     *Loop
	Uncalled bool
	// Function is the one that does not accept the argument.
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
