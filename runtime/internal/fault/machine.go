package fault

import (
	"fmt"
	"strings"
)

// FromMachine parses an error that gopher-lua only reports as text, without its
// position. It returns nil for any other text. Only this function knows gopher-lua's
// words; Error returns those of Lua.
func FromMachine(text string) *Fault {
	switch text {
	case "attempt to call a non-function object":
		// The message does not say which value. Only tables get here.
		return &Fault{Operation: Call, Type: "table"}
	case "table index is nil":
		return &Fault{Operation: Key, Type: "nil", Message: text}
	case "table index is NaN":
		return &Fault{Operation: Key, Type: "number", Message: text}
	case "too many recursions in gettable", "too many recursions in settable":
		return &Fault{Operation: Index, Message: "loop in " + text[len("too many recursions in "):]}
	case "stack overflow", "registry overflow":
		return &Fault{Operation: Depth, Message: text}
	}
	if rest, found := strings.CutPrefix(text, "attempt to index a non-table object("); found {
		kind, _, _ := strings.Cut(rest, ")")
		return &Fault{Operation: Index, Type: kind}
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
