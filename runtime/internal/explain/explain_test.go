package explain

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/phscript/phscript/runtime/internal/fault"
)

// known are names for the tests: the owner "module" is a module.
type known struct{}

func (known) Modules() []string        { return []string{"csv", "json"} }
func (known) Globals() []string        { return []string{"csv", "json", "print", "rows"} }
func (known) TableFunctions() []string { return []string{"concat", "insert", "remove"} }

func (known) Members(owner any) []string {
	return map[any][]string{"module": {"encode", "get_by_id"}, "record": {"ownerId"}}[owner]
}

func (known) Columns(owner any) []string {
	if owner == "row" {
		return []string{"id", "Account Name"}
	}
	return nil
}

func (known) Record(owner any) bool { return owner == "record" }

func (known) Module(owner any) string {
	if owner == "module" {
		return "json"
	}
	return ""
}

func TestFaults(t *testing.T) {
	global := func(name string) fault.Operand { return fault.Operand{Scope: fault.Global, Name: name, Text: name} }
	field := func(name, text string) fault.Operand {
		return fault.Operand{Scope: fault.Field, Name: name, Text: text}
	}
	list := &fault.Loop{Line: 2, Names: []string{"row"}, Over: "rows", Value: []string{"rows"}}
	numbers := &fault.Loop{Line: 2, Names: []string{"i"}, Over: "1, 10"}
	length := &fault.Loop{Line: 2, Names: []string{"i"}, Over: "#rows"}
	each := &fault.Loop{Line: 2, Names: []string{"_", "c"}, Over: "planhat.company.each()", Function: "each"}
	for name, tt := range map[string]struct {
		fault fault.Fault
		want  string
	}{
		"a module":            {fault.Fault{Operation: fault.Index, Type: "nil", Operand: global("csv")}, `write local csv = require "csv" first`},
		"a habit":             {fault.Fault{Operation: fault.Call, Type: "nil", Operand: global("len")}, "the length of a list or text is written #value"},
		"a slip":              {fault.Fault{Operation: fault.Call, Type: "nil", Operand: global("prnt")}, "did you mean 'print'?"},
		"a global of a type":  {fault.Fault{Operation: fault.Call, Type: "number", Operand: global("prnt")}, ""},
		"a member":            {fault.Fault{Operation: fault.Call, Type: "nil", Operand: field("Encode", ""), Owner: "module"}, "did you mean 'encode'?"},
		"no member":           {fault.Fault{Operation: fault.Call, Type: "nil", Operand: field("qqq", ""), Owner: "module"}, "json has: encode, get_by_id"},
		"an unknown owner":    {fault.Fault{Operation: fault.Call, Type: "nil", Operand: field("Encode", "")}, ""},
		"a function of table": {fault.Fault{Operation: fault.Call, Type: "nil", Operand: field("push", ""), Owner: "list"}, "tables have no methods: write table.insert(the table, ...)"},
		"a place":             {fault.Fault{Operation: fault.Index, Type: "nil", Operand: field("?", "list[i]")}, "there is nothing at list[i]; the items of a list are numbered from 1 to #list"},
		"a computed place":    {fault.Fault{Operation: fault.Index, Type: "nil", Operand: field("?", "")}, ""},
		"a list":              {fault.Fault{Operation: fault.Call, Type: "table", Loop: list}, "loop over a list with ipairs: for _, row in ipairs(rows) do"},
		"two numbers":         {fault.Fault{Operation: fault.Call, Type: "number", Loop: numbers}, "to count, write for i = 1, 10 do"},
		"a number":            {fault.Fault{Operation: fault.Call, Type: "number", Loop: length}, "to count, write for i = 1, #rows do"},
		"a function":          {fault.Fault{Operation: fault.Call, Type: "function", Loop: list, Uncalled: true}, "call the function: for row in rows() do"},
		"a second value":      {fault.Fault{Operation: fault.Index, Type: "nil", Operand: fault.Operand{Scope: fault.Local, Name: "c", Loop: each}}, "the loop at line 2 gets the record as its first value: for c in planhat.company.each() do"},
		"a first value":       {fault.Fault{Operation: fault.Index, Type: "nil", Operand: fault.Operand{Scope: fault.Local, Name: "_", Loop: each}}, ""},
		"a missing number":    {fault.Fault{Operation: fault.Arithmetic, Type: "nil", Operand: field("mrr", "row.mrr")}, "'row.mrr' has no value here; write (row.mrr or 0) where it may be missing, as an empty cell of a CSV file is"},
		"a missing date":      {fault.Fault{Operation: fault.Arithmetic, Type: "nil", Operand: field("renewalDate", "c.renewalDate")}, "'c.renewalDate' has no value here; check for that first: if c.renewalDate then ... end"},
		"a slip in a field":   {fault.Fault{Operation: fault.Arithmetic, Type: "nil", Operand: field("ownerID", "row.ownerID"), Owner: "record"}, "did you mean 'ownerId'?"},
		"a missing result":    {fault.Fault{Operation: fault.Arithmetic, Type: "nil", Operand: fault.Operand{Text: "f()"}}, ""},
		"a missing list":      {fault.Fault{Operation: fault.Length, Type: "nil", Operand: fault.Operand{Scope: fault.Local, Name: "list"}}, "'list' has no value yet; a list begins with list = {}"},
		"no calculation":      {fault.Fault{Operation: fault.Arithmetic, Type: "table", Operand: field("mrr", "row.mrr")}, ""},
		"nil and nil":         {*fault.Comparison("nil", "nil"), ""},
		"two tables":          {*fault.Comparison("table", "table"), ""},
		"a list and a number": {*fault.Comparison("table", "number"), ""},
		"an iterator":         {fault.Fault{Operation: fault.Argument, Function: "ipairs", Type: "function", Loop: each}, "an iterator does not need ipairs and returns the record first: for record in ... do"},
		"another argument":    {fault.Fault{Operation: fault.Argument, Function: "ipairs", Type: "nil", Loop: each}, ""},
		"NaN as a key":        {fault.Fault{Operation: fault.Key, Type: "number"}, ""},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, Fault(&tt.fault, known{})) })
	}
}

func TestHabitsByPlace(t *testing.T) {
	assert.Equal(t, "'not equal' is written ~=", Symbol("!="))
	assert.Equal(t, "'elsif' is written elseif", Word("elsif"))
	assert.Equal(t, "'elif' is written elseif", Global("elif"))
	assert.Equal(t, "'NULL' is written nil; json.null clears a field in Planhat", Global("NULL"))
	assert.Equal(t, "Lua has no await; every call waits for its result", Word("await"))
	assert.Empty(t, Global("print"), "a function that there is")
	assert.Empty(t, Word("len"))
	assert.Empty(t, Symbol("=="))
	for place, hints := range byPlace {
		for written, hint := range hints {
			assert.NotContains(t, hint, "%", "%d %s", place, written)
		}
	}
}
