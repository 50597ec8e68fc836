package runtime

import (
	"regexp"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// nilOperand finds the name of a value that an operator was given and that is
// nil.
var nilOperand = pattern.Lazy(`^attempt to (perform arithmetic on|concatenate|get length of) (global|local|upvalue|field) '([^']+)' \(a nil value\)`)

// unnamed is what messages call a field whose key the script computes.
const unnamed = "?"

// dateName finds the names of dates.
var dateName = pattern.Lazy(`(?i:date|deadline)$|[a-z](At|From|To)$`)

// operandHint says what to do about a nil operand.
func (r *run) operandHint(operation, kind, name string, e *ScriptError) string {
	text := name
	if kind == "field" {
		if near := r.nearField(name, e); near != "" {
			return near
		}
		if text = r.expression(name, e); text == "" {
			text = "value"
		}
	}
	what := "'" + text + "' has no value here; "
	switch {
	case operation == "get length of":
		return "'" + text + "' has no value yet; a list begins with " + text + " = {}"
	case operation == "concatenate":
		return what + "write (" + text + " or \"\") where it may be missing"
	case dateName().MatchString(name):
		return what + "look first whether there is one: if " + text + " then ... end"
	}
	return what + "write (" + text + " or 0) where it may be missing, as an empty cell of a CSV file is"
}

// nearField names the fields of the indexed table that a name is spelt like.
func (r *run) nearField(name string, e *ScriptError) string {
	owner := r.indexed(name, e)
	if owner == nil {
		return ""
	}
	return catalog.Question(catalog.Nearest(name, membersOf(owner)))
}

// placeHint says what to do about a place of a list, or a key of a table, that
// holds nothing.
func (r *run) placeHint(e *ScriptError) string {
	text := r.expression(unnamed, e)
	if text == "" {
		return ""
	}
	list := text[:strings.LastIndexByte(text, '[')]
	return "there is nothing at " + text + "; the places of a list go from 1 to #" + list
}

// expression returns what the failed line reads under a field's name, as the
// script writes it, such as row.mrr; "" where that is not clear.
func (r *run) expression(name string, e *ScriptError) string {
	const owner = `\w+(?:\.\w+|\[[^\[\]]*\])*?`
	reads := owner + `\[[^\[\]"']+\]`
	if name != unnamed {
		quoted := regexp.QuoteMeta(name)
		reads = owner + `(?:\.` + quoted + `\b|\[\s*["']` + quoted + `["']\s*\])`
	}
	found := ""
	for _, text := range regexp.MustCompile(reads).FindAllString(r.sourceLine(e.Script, e.Line), -1) {
		if found != "" && text != found {
			return ""
		}
		found = text
	}
	return found
}

// mixedHints say what to do about values that do not fit an operation.
var mixedHints = []struct {
	message func() *regexp.Regexp
	// line, where set, is what the line has to hold.
	line func() *regexp.Regexp
	hint string
}{
	{
		pattern.Lazy(`^attempt to perform arithmetic on .*\bstring value`), pattern.Lazy(`time\.today|\b\w*(Date|date)\b|\b\w+[a-z]At\b`),
		`dates are texts: time.diff(later, earlier, "days") counts the days between two, time.add(date, "30d") moves one`,
	},
	{
		pattern.Lazy(`^attempt to perform arithmetic on .*\bstring value`), nil,
		"texts are joined with ..; a text that holds a number becomes one with tonumber(text)",
	},
	{
		pattern.Lazy(`^attempt to compare (string with number|number with string)$`), pattern.Lazy(`time\.now`),
		"time.now() is a number of seconds, dates are texts: compare a date with time.today()",
	},
	{
		pattern.Lazy(`^attempt to compare (string with number|number with string)$`), nil,
		`a text is compared with a number here: turn it into one with tonumber(text); for columns of a CSV file, read it with the option numbers = { "column" }`,
	},
	{
		pattern.Lazy(`^attempt to compare (nil with \w+|\w+ with nil)$`), nil,
		"one of the two is missing (nil): check for that first, or give it a value with (x or 0)",
	},
	{
		pattern.Lazy(`^table index is nil$`), nil,
		"the key between the brackets has no value here (nil): check for that first",
	},
}

// mixedHint says what to do about values that do not fit an operation.
func (r *run) mixedHint(e *ScriptError) string {
	line := r.sourceLine(e.Script, e.Line)
	for _, known := range mixedHints {
		if known.message().MatchString(e.Message) && (known.line == nil || known.line().MatchString(line)) {
			return known.hint
		}
	}
	return ""
}
