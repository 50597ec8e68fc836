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

// noteClaim keeps a call of expect in the test's world, until the function that
// it returns is called.
func noteClaim(a *bindings.Args) (matched func()) {
	w, c := worldOf(a.Context()), &claim{}
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

// unmatched returns an error for the first call of expect that no matcher
// followed, or nil.
func (w *world) unmatched() error {
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
