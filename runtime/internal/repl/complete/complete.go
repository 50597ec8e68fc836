// Package complete finds what may stand at the cursor of a prompt: it reads the
// text in front of it, the manual and the live values of the session, and never
// runs any of the script's code.
package complete

import (
	"cmp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Kind tells what a candidate is.
type Kind string

// The kinds of candidates.
const (
	KindModule   Kind = "module"
	KindModel    Kind = "model"
	KindFunction Kind = "function"
	KindValue    Kind = "value"
	KindOption   Kind = "option"
	KindProperty Kind = "property"
	KindField    Kind = "field"
	KindVariable Kind = "variable"
	KindKeyword  Kind = "keyword"
	KindFile     Kind = "file"
	KindCommand  Kind = "command"
)

// Candidate is one word that may stand at the cursor.
type Candidate struct {
	// Text is what is inserted in the place of the word, Label how a list calls
	// it; the same where Label is empty.
	Text, Label string
	// Doc says in one line what it is.
	Doc  string
	Kind Kind

	// value is what Doc is made of, where that is left for the end.
	value lua.LValue
}

// Result is what may stand at the cursor.
type Result struct {
	// Start is where the word begins that a candidate takes the place of, as an
	// offset in bytes.
	Start int
	// Candidates are in alphabetical order, the last one of all at their end;
	// More counts those between that were left out.
	Candidates []Candidate
	More       int
}

// Most is the most candidates that are returned.
const Most = 100

// Session is what is live.
type Session interface {
	Globals() *lua.LTable
	// Local returns a variable's value, or nil where there is none.
	Local(name string) lua.LValue
	Locals() []string
	ReadDir(name string) ([]string, error)
}

// Command is a command of the prompt.
type Command struct {
	// Name is what is typed, with the colon.
	Name, Doc string
	// Takes says what follows: "topic", "model", "file", "code", "on|off" or
	// nothing.
	Takes string
}

// Engine completes. It serves one goroutine at a time.
type Engine struct {
	Manual   *manual.Manual
	Session  Session
	Commands []Command

	// types are the types of variables, as far as inputs have shown them.
	types map[string]spec.Type
}

// Complete returns what may stand at the cursor, an offset in bytes.
func (e *Engine) Complete(text string, cursor int) Result {
	cursor = min(max(cursor, 0), len(text))
	before := text[:cursor]
	if trimmed := strings.TrimLeft(before, " \t"); strings.HasPrefix(trimmed, ":") {
		return e.command(before, len(before)-len(trimmed))
	}
	return e.code(before, 0)
}

// code completes Lua behind offset, where commands have something in front.
func (e *Engine) code(before string, offset int) Result {
	tokens := compile.Tokens([]byte(before[offset:]))
	c := &context{engine: e, before: before, offset: offset, tokens: tokens}
	list := newList("")
	list.start = len(before)
	if n := len(tokens); n > 0 && tokens[n-1].End+offset == len(before) {
		switch last := tokens[n-1]; last.Kind {
		case compile.Comment, compile.Number:
			return list.result()
		case compile.Symbol:
			if quoted(last.Text) {
				return c.inString(last)
			}
		case compile.String:
			if !closed(last.Text) {
				return c.inString(last)
			}
			return list.result()
		case compile.Name, compile.Keyword:
			list = newList(last.Text)
			list.start = offset + last.Start
			c.tokens = tokens[:n-1]
		}
	}
	if len(c.tokens) == 0 && list.prefix == "" && offset == 0 && strings.TrimSpace(before) != "" {
		return list.result()
	}
	c.words(list)
	return list.result()
}

func quoted(text string) bool { return strings.HasPrefix(text, `"`) || strings.HasPrefix(text, `'`) }

// closed tells whether a string has come to its end.
func closed(text string) bool {
	if strings.HasPrefix(text, "[") {
		return strings.HasSuffix(text, "]") && strings.Count(text, "]") > 1
	}
	if len(text) < 2 || text[len(text)-1] != text[0] {
		return false
	}
	escapes := 0
	for i := len(text) - 2; i > 0 && text[i] == '\\'; i-- {
		escapes++
	}
	return escapes%2 == 0
}

// list collects candidates that begin with a prefix. Of very many it keeps the
// first ones in alphabetical order and the last, since sorting all would take
// longer than a person should wait.
type list struct {
	start  int
	prefix string
	fold   string
	found  []Candidate
	seen   map[string]bool
	// bound is the label behind which candidates are only counted, "" as long as
	// none are; last is the greatest of those, dropped their number.
	bound   string
	last    Candidate
	dropped int
}

func newList(prefix string) *list {
	return &list{prefix: prefix, fold: strings.ToLower(prefix), seen: map[string]bool{}}
}

// fits tells whether a word begins with the prefix. Capital letters make no
// difference, so that "externalid" finds externalId.
func (l *list) fits(word string) bool {
	if len(word) < len(l.prefix) {
		return false
	}
	return word[:len(l.prefix)] == l.prefix || strings.ToLower(word[:len(l.prefix)]) == l.fold
}

// add adds a candidate that fits. The first one of a label counts.
func (l *list) add(c Candidate) {
	if c.Label == "" {
		c.Label = c.Text
	}
	switch {
	case !l.fits(c.Label):
	case l.bound != "" && c.Label > l.bound:
		l.drop(c)
	case !l.seen[c.Label]:
		l.seen[c.Label] = true
		l.found = append(l.found, c)
		if len(l.found) == 4*Most {
			l.prune()
		}
	}
}

// drop counts a candidate that is too far behind.
func (l *list) drop(c Candidate) {
	l.dropped++
	if c.Label > l.last.Label {
		l.last = c
	}
}

// prune keeps the first candidates.
func (l *list) prune() {
	slices.SortFunc(l.found, byLabel)
	for _, c := range l.found[Most:] {
		l.drop(c)
	}
	l.found = l.found[:Most]
	l.bound = l.found[Most-1].Label
}

func byLabel(a, b Candidate) int { return cmp.Compare(a.Label, b.Label) }

// result sorts what was found and cuts it down.
func (l *list) result() Result {
	if len(l.found) > Most {
		l.prune()
	}
	slices.SortFunc(l.found, byLabel)
	r := Result{Start: l.start, Candidates: l.found}
	if l.dropped > 0 {
		r.Candidates[Most-1] = l.last
		r.More = l.dropped // the last one is shown, the one in its place is not
	}
	for i := range r.Candidates {
		if c := &r.Candidates[i]; c.value != nil {
			c.Doc, c.value = valueDoc(c.value), nil
		}
	}
	return r
}
