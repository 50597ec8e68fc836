package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/fault"
)

// missing is for a value that cannot be indexed or called.
func missing(f *fault.Fault, names Names) string {
	if f.Operation == fault.Call && f.Loop != nil {
		if hint := loopHead(f); hint != "" {
			return hint
		}
	}
	o := f.Operand
	if o.Scope == fault.Local || o.Scope == fault.Upvalue {
		if hint := secondValue(o); hint != "" && (f.Type == "nil" || f.Type == "number") {
			return hint
		}
	}
	if f.Type != "nil" {
		return ""
	}
	switch o.Scope {
	case fault.Local, fault.Upvalue:
		return emptyLocal(f)
	case fault.Global:
		if hint := global(o.Name, names); hint != "" {
			return hint
		}
		return "nothing has been assigned to the variable '" + o.Name + "': check the spelling, and that it is set before this line"
	case fault.Field, fault.Method:
		if o.Name == fault.Computed {
			return emptyPlace(f, names)
		}
		return member(f, names)
	}
	if f.Operation == fault.Index && strings.HasSuffix(o.Text, "()") {
		return o.Text + " returned nothing (nil): check for that first"
	}
	return ""
}

// emptyLocal is for a local variable that is nil.
func emptyLocal(f *fault.Fault) string {
	o, m := f.Operand, f.Operand.Made
	if m == nil || m.Changed || m.From == "" {
		if code := instead(f, o.Name); code != "" {
			return "'" + o.Name + "' has no value here" + code
		}
		return ""
	}
	if m.Call {
		return fmt.Sprintf("'%s' is nil because %s at line %d returned nothing for it; check for that first: if %s then ... end", o.Name, m.From, m.Line, o.Name)
	}
	return fmt.Sprintf("'%s' is nil because %s has no value at line %d", o.Name, m.From, m.Line) + instead(f, o.Name)
}

// textMethods are the functions that texts have as methods.
var textMethods = []string{"byte", "find", "gmatch", "gsub", "len", "lower", "match", "reverse", "sub", "upper"}

// instead says what to write where a value may be nil, or returns "".
func instead(f *fault.Fault, text string) string {
	if text == "" || f.Operation != fault.Index || f.Key == "" {
		return ""
	}
	switch f.Access {
	case fault.ToWrite:
		if f.Operand.Scope != fault.Field {
			return "" // a new table in a variable would be lost
		}
		return fmt.Sprintf("; write %s = %s or {} before this line", text, text)
	case fault.ToRead:
		return fmt.Sprintf("; where it may be missing, write (%s or {})%s", text, f.Key)
	case fault.ToCall:
		if slices.Contains(textMethods, strings.TrimPrefix(f.Key, ":")) {
			return fmt.Sprintf("; where it may be missing, write (%s or \"\")%s", text, f.Key)
		}
	}
	return ""
}

// emptyPlace is for an item of a list, or a key of a table, that is nil.
func emptyPlace(f *fault.Fault, names Names) string {
	text := f.Operand.Text
	at := strings.LastIndexByte(text, '[')
	switch {
	case at < 0:
		return ""
	case f.Owner != nil && len(names.Members(f.Owner)) > 0:
		return "there is nothing at " + text + instead(f, text)
	}
	return "there is nothing at " + text + "; the items of a list are numbered from 1 to #" + text[:at]
}

// shownMembers is how many names of a module a hint lists.
const shownMembers = 12

// member is for a field or method that is nil.
func member(f *fault.Fault, names Names) string {
	o := f.Operand
	if f.Owner == nil {
		return emptyField(f, "")
	}
	if columns := names.Columns(f.Owner); columns != nil && f.Operation == fault.Index {
		return column(f, columns)
	}
	members := names.Members(f.Owner)
	if near := Likeliest(o.Name, members); len(near) > 0 {
		return catalog.Question(near)
	}
	if module := names.Module(f.Owner); module != "" {
		return module + " has: " + listed(members)
	}
	if hint := tableFunction(o.Name, names.TableFunctions()); hint != "" {
		return hint
	}
	if names.Record(f.Owner) {
		return emptyField(f, ": Planhat leaves out properties that are empty")
	}
	return emptyField(f, "")
}

// column is for a cell of a row that is nil.
func column(f *fault.Fault, columns []string) string {
	if slices.Contains(columns, f.Operand.Name) {
		return emptyField(f, ": the cell is empty")
	}
	if near := catalog.Nearest(f.Operand.Name, columns); len(near) > 0 {
		return catalog.Question(near)
	}
	return "the file has no column \"" + f.Operand.Name + "\"; its columns are: " + listed(columns)
}

// emptyField is for a field that is nil, and why.
func emptyField(f *fault.Fault, why string) string {
	if f.Operation != fault.Index || f.Operand.Text == "" {
		return ""
	}
	code := instead(f, f.Operand.Text)
	if why+code == "" {
		return ""
	}
	return "'" + f.Operand.Text + "' is nil" + why + code
}

// listed joins names, the first few of many.
func listed(names []string) string {
	shown, more := names[:min(len(names), shownMembers)], ""
	if left := len(names) - len(shown); left > 0 {
		more = fmt.Sprintf(" and %d more", left)
	}
	return strings.Join(shown, ", ") + more
}
