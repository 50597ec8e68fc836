package runtime

import (
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/suggest"
	"github.com/phscript/phscript/runtime/manual"
)

// nilName finds the name in Lua's messages about a value that is nil.
var nilName = regexp.MustCompile(`^attempt to (\w+) (global|field|method) '([^']+)' \(a nil value\)`)

// hint returns what to do about an error of Lua's, or "". It is asked while the
// state's stack is as the error left it.
func (r *run) hint(e *ScriptError) string {
	if m := nilOperand.FindStringSubmatch(e.Message); m != nil {
		if m[2] == "global" {
			if hint := r.globalHint(m[3]); hint != "" {
				return hint
			}
		}
		return operandHint(m[1], m[2], m[3])
	}
	if m := nilName.FindStringSubmatch(e.Message); m != nil {
		if m[2] == "global" {
			return r.globalHint(m[3])
		}
		return r.memberHint(m[3], e)
	}
	if hint := r.loopHint(e); hint != "" {
		return hint
	}
	for _, known := range operandHints {
		if known.message.MatchString(e.Message) {
			return known.hint
		}
	}
	return ""
}

// nilOperand finds the name of a value that an operator was given and that is
// nil.
var nilOperand = regexp.MustCompile(`^attempt to (perform arithmetic on|concatenate|get length of) (global|local|upvalue|field) '([^']+)' \(a nil value\)`)

// operandHint says what to do about a nil operand.
func operandHint(operation, kind, name string) string {
	if kind == "field" {
		name = "row." + name
	}
	switch operation {
	case "get length of":
		return "'" + name + "' has no value yet; a list begins with " + name + " = {}"
	case "concatenate":
		return "'" + name + "' has no value here; write (" + name + " or \"\") where it may be missing"
	}
	return "'" + name + "' has no value here; write (" + name + " or 0) where it may be missing, as an empty cell of a CSV file is"
}

// operandHints say what to do about values that do not fit an operation.
var operandHints = []struct {
	message *regexp.Regexp
	hint    string
}{
	{
		regexp.MustCompile(`^attempt to perform arithmetic on .*\bstring value`),
		"texts are joined with ..; a text that holds a number becomes one with tonumber(text)",
	},
	{
		regexp.MustCompile(`^attempt to compare (string with number|number with string)$`),
		`a text is compared with a number here: turn it into one with tonumber(text); for columns of a CSV file, read it with the option numbers = { "column" }`,
	},
	{
		regexp.MustCompile(`^attempt to compare (nil with \w+|\w+ with nil)$`),
		"one of the two is missing (nil): check for that first, or give it a value with (x or 0)",
	},
}

// globalHint says what was meant by a global name that is nil.
func (r *run) globalHint(name string) string {
	if slices.Contains(r.rt.ModuleNames(), name) {
		return "write local " + name + " = require \"" + name + "\" first"
	}
	if hint := manual.Foreign(name); hint != "" {
		return hint
	}
	return didYouMean(suggest.Nearest(name, r.globalNames()))
}

// globalNames lists the names that every script can use, and its own globals.
func (r *run) globalNames() []string {
	names := r.rt.ModuleNames()
	for _, f := range globals().Funcs {
		names = append(names, f.Name)
	}
	r.L.G.Global.ForEach(func(k, _ lua.LValue) { names = append(names, k.String()) })
	return names
}

// didYouMean offers names, if there are any.
func didYouMean(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "did you mean '" + strings.Join(names, "' or '") + "'?"
}
