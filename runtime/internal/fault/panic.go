package fault

import "fmt"

// PanicError is a panic of Go code that a script called.
type PanicError struct {
	// Value is what the code panicked with, Stack its Go stack.
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
