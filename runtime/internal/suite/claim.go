package suite

import (
	"slices"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime"
)

// claim is a call of expect that no matcher has followed yet.
type claim struct {
	script string
	line   int
}

// noteClaim records a call of expect until the function that it returns is
// called.
func noteClaim(a *bindings.Args) (matched func()) {
	w, c := environmentOf(a.Context()), &claim{}
	if w == nil {
		return func() {}
	}
	if frames := bindings.Stack(a.L); len(frames) > 0 {
		c.script, c.line = frames[0].Script, frames[0].Line
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.claims = append(w.claims, c)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if i := slices.Index(w.claims, c); i >= 0 {
			w.claims = slices.Delete(w.claims, i, i+1)
		}
	}
}

// unmatched returns an error for the first expect without a matcher, or nil.
func (w *environment) unmatched() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.claims) == 0 {
		return nil
	}
	return &runtime.ScriptError{
		Script: w.claims[0].script, Line: w.claims[0].line, Message: "expect(value) without a matcher proves nothing",
		Hint: "say what the value should be: expect(value).to_equal(3)",
	}
}
