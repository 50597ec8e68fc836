// Package complete finds candidates at the cursor of a prompt. It uses the text
// before the cursor, the manual and the live values of the session, and never
// runs any of the script's code.
package complete

import (
	"cmp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/infer"
	"github.com/phscript/phscript/runtime/internal/manual"
	"github.com/phscript/phscript/runtime/internal/schema"
)

// Kind is what a candidate is.
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

// Candidate is one word that fits at the cursor.
type Candidate struct {
	// Text is what replaces the word; Label is its name in a list, or empty if
	// it is the same.
	Text, Label string
	// Back is how many bytes before the word Text replaces too, such as the dot of a custom
	// field that has to be in brackets.
	Back int
	// Doc describes it in one line.
	Doc  string
	Kind Kind

	// value is what Doc is made from, if that is deferred.
	value lua.LValue
}

// Result is what fits at the cursor.
type Result struct {
	// Start is where the replaced word begins, as an offset in bytes.
	Start int
	// Candidates are sorted, with the very last one at the end; More counts
	// those left out between.
	Candidates []Candidate
	More       int
}

// Most bounds the candidates that are returned.
const Most = 100

// Session gives access to live values.
type Session interface {
	Globals() *lua.LTable
	// Local returns a variable's value, or nil.
	Local(name string) lua.LValue
	Locals() []string
	ReadDir(name string) ([]string, error)
}

// Command is a command of the prompt.
type Command struct {
	// Name includes the colon.
	Name, Doc string
	// Takes is the kind of the argument: "topic", "model", "file", "code",
	// "on|off" or none.
	Takes string
}

// Engine completes. It is not safe for concurrent use.
type Engine struct {
	Manual   *manual.Manual
	Session  Session
	Commands []Command
	// Schema is what the account has, nil if that is unknown.
	Schema *schema.Schema
	// Hide takes secrets out of a value before it is shortened. It may be nil.
	Hide func(string) string

	// known is what inputs said about variables.
	known map[string]infer.Value
}

// Complete returns the candidates at the cursor, an offset in bytes.
func (e *Engine) Complete(text string, cursor int) Result {
	r := e.complete(text, cursor)
	for i := range r.Candidates {
		if c := &r.Candidates[i]; c.value != nil {
			c.Doc, c.value = e.valueDoc(c.value), nil
		}
	}
	return r
}

func (e *Engine) complete(text string, cursor int) Result {
	cursor = min(max(cursor, 0), len(text))
	before := text[:cursor]
	if trimmed := strings.TrimLeft(before, " \t"); strings.HasPrefix(trimmed, ":") {
		return e.command(before, len(before)-len(trimmed))
	}
	return e.code(before, 0)
}

// code completes Lua after offset, which skips a command.
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
			if strings.ContainsAny(last.Text[:1], `"'`) {
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

// closed reports whether a string is terminated.
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
// first ones in order and the last: sorting all would take too long.
type list struct {
	start  int
	prefix string
	fold   string
	found  []Candidate
	seen   map[string]bool
	// bound is the label after which candidates are only counted, or "" before
	// that; last is the greatest of those, dropped their number.
	bound   string
	last    Candidate
	dropped int
}

func newList(prefix string) *list {
	return &list{prefix: prefix, fold: strings.ToLower(prefix), seen: map[string]bool{}}
}

// fits reports whether a word begins with the prefix, ignoring case, so
// "externalid" finds externalId.
func (l *list) fits(word string) bool {
	if len(word) < len(l.prefix) {
		return false
	}
	return word[:len(l.prefix)] == l.prefix || strings.ToLower(word[:len(l.prefix)]) == l.fold
}

// add adds a candidate that fits. The first one of a label wins.
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

// drop counts a candidate that sorts after bound.
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

// result sorts and cuts the list.
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
	return r
}
