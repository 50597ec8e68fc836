package bindings

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/bindings/spec"
)

// Inspect returns the module inspect, which shows any value as readable text.
func Inspect() *Module {
	fn := &Func{
		Name: "inspect",
		Doc: "Returns a value as readable text. Tables are shown with their contents: list items first, then fields in " +
			"alphabetical order, so the same table always gives the same text. Strings are quoted as in Lua. A table " +
			"that contains itself is marked `<cycle>`. `json.null` is shown as `json.null`, and functions as `<function>`.\n\n" +
			"You can call the module itself: `inspect(value)` and `inspect.inspect(value)` are the same.",
		Params: []Param{
			{Name: "value", Type: "any", Doc: "The value to show.", Optional: true},
			{Name: "options", Type: "InspectOptions", Optional: true, Doc: "How to show it.", Fields: inspectOptions},
		},
		Returns: []Return{{Type: "string", Doc: "The text, without a newline at the end."}},
		Errors:  "When an option is unknown or invalid.",
		Example: `local inspect = require "inspect"
print(inspect({ name = "Acme", tags = {"vip", "eu"} }))
--> { name = "Acme", tags = { "vip", "eu" } }`,
		Lazy: true,
		Call: callInspect,
	}
	return &Module{
		Name: "inspect",
		Doc:  "Shows any value as readable text, for debugging and for logs. Call the module itself: `print(inspect(value))`.",
		Call: fn, Funcs: []*Func{fn},
		Records: []*Shape{{Name: "InspectOptions", Doc: "How `inspect` shows a value.", Fields: inspectOptions}},
	}
}

var inspectOptions = []Field{
	{Name: "depth", Type: "integer", Doc: "How many levels of tables to show. Deeper tables are shown as `{...}`. Default: no limit.", Number: refusedCount},
	{Name: "indent", Type: "string|integer", Doc: "The indentation of one level: text, or a number of spaces. 0 or `\"\"` puts everything on one line. Default: 2 spaces.", Number: refusedIndent},
	{Name: "max_items", Type: "integer", Doc: "How many items of each table to show. The others are only counted. Default: all.", Number: refusedCount},
}

func callInspect(a *Args) (int, error) {
	o := a.Options(1)
	show := newInspector(a.L, maxLine)
	if o.Has("depth") {
		show.depth = o.Int("depth")
	}
	if o.Has("max_items") {
		show.most = o.Int("max_items")
	}
	err := refusedCount(float64(min(show.depth, show.most)))
	if err != nil {
		return 0, a.Errorf("%w", err)
	}
	if show.indent, err = indentOption(a, o); err != nil {
		return 0, err
	}
	return a.Push(lua.LString(show.text(a.Get(0))))
}

func refusedCount(n float64) error {
	if n < 0 {
		return errors.New("'depth' and 'max_items' must be at least 0")
	}
	return nil
}

func refusedIndent(n float64) error {
	if n < 0 || n > 16 {
		return errors.New("'indent' must be 0 to 16 spaces")
	}
	return nil
}

// indentOption returns the option indent: text, or a number of spaces.
func indentOption(a *Args, o Options) (string, error) {
	switch v := o.Get("indent").(type) {
	case lua.LString:
		return string(v), nil
	case lua.LNumber:
		if err := refusedIndent(float64(v)); err != nil {
			return "", a.Errorf("%w", err)
		}
		return strings.Repeat(" ", int(v)), nil
	}
	return "  ", nil
}

// inspectCompact returns a value on one line, cut to the size of a log line.
func inspectCompact(L *lua.LState, v lua.LValue) string {
	return (&inspector{depth: 4, most: 20, codec: CodecOf(L)}).text(v)
}

// ShowLine returns a value as inspect shows it, on one line: at most depth tables
// deep and most items of each. It takes a bounded time however large a table is.
func ShowLine(L *lua.LState, v lua.LValue, depth, most int) string {
	return (&inspector{depth: depth, most: most, bounded: true, codec: CodecOf(L)}).text(v)
}

// Show returns a value as inspect shows it, with tables of up to width bytes on
// one line.
func Show(L *lua.LState, v lua.LValue, width int) string {
	return newInspector(L, width).text(v)
}

// newInspector returns an inspector that shows everything.
func newInspector(L *lua.LState, width int) *inspector {
	return &inspector{depth: math.MaxInt, most: math.MaxInt, indent: "  ", width: width, codec: CodecOf(L)}
}

// maxLine is the length in bytes up to which a table stays on one line.
const maxLine = 76

// maxInspectDepth bounds the recursion whatever the options say.
const maxInspectDepth = 200

// inspector turns values into text. It reads tables raw: metamethods are not
// called, so showing a value has no effects.
type inspector struct {
	depth, most int
	indent      string
	codec       *Codec
	// bounded stops counting the fields of large tables.
	bounded bool
	// width is up to which a table stays on one line if there is an indentation.
	width int
	// above holds the tables that are being shown, to find cycles.
	above []*lua.LTable
}

func (s *inspector) text(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return luatext.Quote(string(v))
	case *lua.LTable:
		return s.table(v)
	case lua.LNumber:
		return luatext.Number(float64(v))
	case *lua.LNilType, lua.LBool:
		return v.String()
	}
	if s.codec.IsNull(v) {
		return "json.null"
	}
	return "<" + v.Type().String() + ">"
}

func (s *inspector) table(t *lua.LTable) string {
	if slices.Contains(s.above, t) {
		return "<cycle>"
	}
	Fill(t)
	if k, _ := t.Next(lua.LNil); k == lua.LNil {
		return "{}"
	}
	if len(s.above) >= s.depth || len(s.above) >= maxInspectDepth {
		return "{...}"
	}
	s.above = append(s.above, t)
	items := s.items(t)
	s.above = s.above[:len(s.above)-1]

	length, broken := 4+len(s.indent)*len(s.above), false
	for _, item := range items {
		length += len(item) + 2
		broken = broken || strings.Contains(item, "\n")
	}
	if s.indent == "" || !broken && length <= s.width {
		return "{ " + strings.Join(items, ", ") + " }"
	}
	outer := strings.Repeat(s.indent, len(s.above))
	var b strings.Builder
	b.WriteString("{\n")
	for _, item := range items {
		b.WriteString(outer + s.indent + item + ",\n")
	}
	b.WriteString(outer + "}")
	return b.String()
}

// items returns the contents of a table, one text each.
func (s *inspector) items(t *lua.LTable) []string {
	var items []string
	n := s.listLength(t)
	for i := range min(n, s.most) {
		items = append(items, s.text(t.RawGetInt(i+1)))
	}
	var keys []lua.LValue
	k, _ := t.Next(lua.LNil)
	if s.bounded && n > 0 {
		k, _ = t.Next(lua.LNumber(n))
	}
	more := ""
	for ; k != lua.LNil; k, _ = t.Next(k) {
		if s.bounded && len(keys) == mostCounted {
			more = "more than "
			break
		}
		if i, ok := k.(lua.LNumber); !ok || !inList(i, n) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, compareKeys)
	for _, k := range keys[:min(len(keys), s.most-len(items))] {
		items = append(items, s.key(k)+" = "+s.text(t.RawGet(k)))
	}
	if rest := n + len(keys) - len(items); rest > 0 {
		items = append(items, fmt.Sprintf("... %s%d more", more, rest))
	}
	return items
}

// mostCounted is how many fields of a table a bounded inspector looks at.
const mostCounted = 10_000

// listLength is the number of items before the first nil.
func (s *inspector) listLength(t *lua.LTable) int {
	n := 0
	for ; t.RawGetInt(n+1) != lua.LNil; n++ {
		if s.bounded && n > s.most {
			return max(n, t.Len())
		}
	}
	return n
}

func inList(i lua.LNumber, n int) bool {
	return i >= 1 && i <= lua.LNumber(n) && i == lua.LNumber(math.Trunc(float64(i)))
}

func (s *inspector) key(k lua.LValue) string {
	if name, ok := k.(lua.LString); ok && spec.IsName(string(name)) {
		return string(name)
	}
	return "[" + s.text(k) + "]"
}

// compareKeys orders numbers before texts, and both before everything else.
func compareKeys(a, b lua.LValue) int {
	if c := cmp.Compare(keyRank(a), keyRank(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case lua.LNumber:
		return cmp.Compare(a, b.(lua.LNumber))
	case lua.LString:
		return cmp.Compare(a, b.(lua.LString))
	}
	return cmp.Compare(a.String(), b.String())
}

func keyRank(k lua.LValue) int {
	switch k.(type) {
	case lua.LNumber:
		return 0
	case lua.LString:
		return 1
	case lua.LBool:
		return 2
	}
	return 3 + int(k.Type())
}
