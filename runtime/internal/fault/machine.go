package fault

import "fmt"

// FromMachine reads what Lua's machine says, without the position, where it
// gives an error as text only. It returns nil for any other text. This is the
// one place that knows the machine's words; Error gives those of Lua.
func FromMachine(text string) *Fault {
	switch text {
	case "attempt to call a non-function object":
		// The value is not told. Other types than tables never get there.
		return &Fault{Operation: Call, Type: "table"}
	case "table index is nil":
		return &Fault{Operation: Key, Type: "nil", Message: text}
	case "table index is NaN":
		return &Fault{Operation: Key, Type: "number", Message: text}
	case "stack overflow", "registry overflow":
		return &Fault{Operation: Depth, Message: text}
	case "lua callstack overflow":
		return &Fault{Operation: Depth, Message: "stack overflow"}
	}
	var left, right, rest string
	if n, _ := fmt.Sscanf(text, "attempt to compare %s with %s %s", &left, &right, &rest); n != 2 {
		return nil
	}
	return Comparison(left, right)
}

// Comparison is the fault of comparing two values that have no order.
func Comparison(left, right string) *Fault {
	f := &Fault{Operation: Compare, Type: left, Other: right, Message: "attempt to compare " + left + " with " + right}
	if left == right {
		f.Message = "attempt to compare two " + left + " values"
	}
	return f
}
