package runtime

import (
	"fmt"
	"regexp"
	"strings"
)

// genericLoop takes the head of a loop over something apart: its variables and
// what it goes through.
var genericLoop = regexp.MustCompile(`\bfor\s+(\w+(?:\s*,\s*\w+)*)\s+in\s+(.+?)(?:\s+do\b.*)?$`)

// localValue finds the name of a local variable that a message calls nil or a
// number.
var localValue = regexp.MustCompile(`^attempt to \w+ (?:local|upvalue) '(\w+)' \(a (?:nil|number) value\)`)

// loopHint explains the slips of a loop's head.
func (r *run) loopHint(e *ScriptError) string {
	if m := localValue.FindStringSubmatch(e.Message); m != nil {
		return r.secondValueHint(m[1], e)
	}
	m := genericLoop.FindStringSubmatch(r.sourceLine(e.Script, e.Line))
	if m == nil {
		return ""
	}
	variables, over := m[1], m[2]
	first, _, several := strings.Cut(variables, ",")
	switch {
	case strings.HasPrefix(e.Message, "attempt to call") && strings.HasSuffix(e.Message, "table value)"),
		e.Message == "attempt to call a table value":
		if strings.HasPrefix(over, "ipairs") || strings.HasPrefix(over, "pairs") {
			return ""
		}
		if !several {
			variables = "_, " + first
		}
		return fmt.Sprintf("a list is gone through with ipairs: for %s in ipairs(%s) do", variables, over)
	case strings.HasPrefix(e.Message, "bad argument #1 to 'ipairs' (table expected, got function)"),
		strings.HasPrefix(e.Message, "bad argument #1 to 'pairs' (table expected, got function)"):
		return "an iterator is gone through without ipairs and hands over the record first: for record in ... do"
	case uncalled.MatchString(over) && complains(e.Message, over):
		return fmt.Sprintf("call the function: for %s in %s() do", variables, over)
	}
	return ""
}

// complains tells whether a message comes from the function of that name,
// however a script gets at its module.
func complains(message, function string) bool {
	from, _, ok := strings.Cut(message, ": ")
	return ok && from[strings.LastIndex(from, ".")+1:] == function[strings.LastIndex(function, ".")+1:]
}

// uncalled is a function that is named and not called.
var uncalled = regexp.MustCompile(`^[\w.]+$`)

// iterators are the functions whose first value is the record.
var iterators = regexp.MustCompile(`\b(each|rows|lines)\b`)

// secondValueHint explains a loop variable that has no record because it is the
// second one.
func (r *run) secondValueHint(name string, e *ScriptError) string {
	const farthest = 60
	for line := e.Line; line > 0 && line > e.Line-farthest; line-- {
		m := genericLoop.FindStringSubmatch(r.sourceLine(e.Script, line))
		if m == nil {
			continue
		}
		first, rest, _ := strings.Cut(m[1], ",")
		if strings.TrimSpace(first) == name {
			return ""
		}
		if strings.TrimSpace(rest) != name {
			continue
		}
		if strings.HasPrefix(m[2], "ipairs") || strings.HasPrefix(m[2], "pairs") || !iterators.MatchString(m[2]) {
			return ""
		}
		return fmt.Sprintf("the loop at line %d gets the record as its first value: for %s in %s do", line, name, m[2])
	}
	return ""
}
