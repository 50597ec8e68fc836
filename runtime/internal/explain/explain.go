// Package explain writes hints for errors of scripts, from the error's data and the
// names that the script can use. It knows habits from other languages. Following a
// hint literally must never produce wrong data; if there is no safe advice, there is
// no hint.
package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/fault"
	"github.com/phscript/phscript/runtime/internal/pattern"
)

// Names are the names that a script can use. An owner is that of a fault.
type Names interface {
	// Modules are the modules that can be required, Globals all global variables,
	// including modules.
	Modules() []string
	Globals() []string
	// Members lists the names in a table and in its metatable's __index, sorted.
	Members(owner any) []string
	// Columns are those of the CSV file that a row was read from, nil for others.
	Columns(owner any) []string
	// Record reports whether a table looks like a record of Planhat's: it has an _id.
	Record(owner any) bool
	// Module is the name of the library or module that a table is, or "".
	Module(owner any) string
	// TableFunctions are the names in the library table.
	TableFunctions() []string
}

// Fault returns a hint for one of Lua's own errors, or "".
func Fault(f *fault.Fault, names Names) string {
	switch f.Operation {
	case fault.Index, fault.Call:
		return missing(f, names)
	case fault.Arithmetic, fault.Concat, fault.Length:
		if f.Type == "nil" {
			return nilOperand(f, names)
		}
		if f.Operation == fault.Arithmetic && f.Type == "string" {
			return textOperand(f)
		}
	case fault.Compare:
		return comparison(f)
	case fault.Key:
		if f.Type == "nil" {
			return "the key between the brackets has no value here (nil): check for that first"
		}
	case fault.Argument:
		if f.Function == "ipairs" && f.Type == "string" && f.Loop != nil {
			return splitText(f.Loop)
		}
		if (f.Function == "ipairs" || f.Function == "pairs") && f.Type == "function" && f.Loop != nil {
			return "an iterator does not need ipairs and returns the record first: for record in ... do"
		}
	}
	return ""
}

// splitText is for a loop with ipairs over a text.
func splitText(l *fault.Loop) string {
	over := strings.TrimSuffix(strings.TrimPrefix(l.Over, "ipairs("), ")")
	item := l.Names[len(l.Names)-1]
	return fmt.Sprintf(`a text is not a list; if commas separate its items, write local text = require "text", then for _, %s in ipairs(text.split(%s, ",")) do`, item, over)
}

// loopHead is for a loop over something that is not an iterator.
func loopHead(f *fault.Fault) string {
	variables := strings.Join(f.Loop.Names, ", ")
	switch {
	case f.Uncalled:
		return fmt.Sprintf("call the function: for %s in %s() do", variables, f.Loop.Over)
	case f.Type == "number" && f.Loop.Function == "" && len(f.Loop.Names) == 1:
		return fmt.Sprintf("to count, write for %s = %s do", variables, bounds(f.Loop.Over))
	case f.Type != "table" || f.Loop.Function == "ipairs" || f.Loop.Function == "pairs":
		return ""
	case len(f.Loop.Names) == 1:
		variables = "_, " + variables
	}
	return fmt.Sprintf("loop over a list with ipairs: for %s in ipairs(%s) do", variables, f.Loop.Over)
}

// bounds are the numbers that a loop over something would count from and to.
func bounds(over string) string {
	if strings.Contains(over, ",") {
		return over
	}
	return "1, " + over
}

// secondValue is for a loop variable that has no record because it is the second one.
func secondValue(o fault.Operand) string {
	l := o.Loop
	if l == nil || len(l.Names) != 2 || l.Names[1] != o.Name || !slices.Contains([]string{"each", "rows", "lines"}, l.Function) {
		return ""
	}
	return fmt.Sprintf("the loop at line %d gets the record as its first value: for %s in %s do", l.Line, o.Name, l.Over)
}

// global is for a global variable that is nil.
func global(name string, names Names) string {
	if slices.Contains(names.Modules(), name) {
		return "write local " + name + " = require \"" + name + "\" first"
	}
	if hint := Global(name); hint != "" {
		return hint
	}
	return catalog.Question(catalog.Nearest(name, names.Globals()))
}

// tableFunction is for a call of a table function as a method.
func tableFunction(name string, functions []string) string {
	if !slices.Contains(functions, name) {
		near := Likeliest(name, functions)
		if len(near) == 0 {
			return ""
		}
		name = near[0]
	}
	return "tables have no methods: write table." + name + "(the table, ...)"
}

// dateName finds the names of dates.
var dateName = pattern.Lazy(`(?i:date|deadline)$|[a-z](At|From|To)$`)

// nilOperand is for an operand that is nil.
func nilOperand(f *fault.Fault, names Names) string {
	o := f.Operand
	text := o.Name
	switch o.Scope {
	case fault.Global:
		if hint := global(o.Name, names); hint != "" {
			return hint
		}
	case fault.Field:
		if f.Owner != nil {
			if near := catalog.Nearest(o.Name, names.Members(f.Owner)); len(near) > 0 {
				return catalog.Question(near)
			}
		}
		if text = o.Text; text == "" {
			text = "value"
		}
	case fault.Local, fault.Upvalue:
	default:
		return ""
	}
	what := "'" + text + "' has no value here; "
	switch {
	case f.Operation == fault.Length:
		return "'" + text + "' has no value yet; a list begins with " + text + " = {}"
	case f.Operation == fault.Concat:
		return what + "write (" + text + " or \"\") where it may be missing"
	case dateName().MatchString(o.Name):
		return what + "check for that first: if " + text + " then ... end"
	}
	return what + "write (" + text + " or 0) where it may be missing, as an empty cell of a CSV file is"
}

// textOperand is for a text in a calculation.
func textOperand(f *fault.Fault) string {
	if slices.ContainsFunc(f.Near, isDate) {
		return `dates are texts: time.diff(later, earlier, "days") counts the days between two, time.add(date, "30d") moves one`
	}
	return "texts are joined with ..; a text that holds a number becomes one with tonumber(text)"
}

func isDate(o fault.Operand) bool {
	return strings.HasPrefix(o.Text, "time.today") || dateName().MatchString(o.Name)
}

// comparison is for two values that cannot be compared.
func comparison(f *fault.Fault) string {
	switch {
	case f.Type == "nil" || f.Other == "nil":
		if f.Type == f.Other {
			return ""
		}
		return "one of the two is missing (nil): check for that first, or give it a value with (x or 0)"
	case f.Type != "string" && f.Other != "string", f.Type != "number" && f.Other != "number":
		return ""
	case slices.ContainsFunc(f.Near, func(o fault.Operand) bool { return strings.HasPrefix(o.Text, "time.now") }):
		return "time.now() is a number of seconds, dates are texts: compare a date with time.today()"
	}
	return `a text is compared with a number here: turn it into one with tonumber(text); for columns of a CSV file, read it with the option numbers = { "column" }`
}
