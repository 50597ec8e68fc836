// Package show turns values into text for a terminal: records as lists of
// fields, lists of records as tables, within the given width and in bounded
// time, however large a value is. It reads tables raw and never runs any of the
// script's code.
package show

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/mattn/go-runewidth"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/display"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// Options configure how values are shown.
type Options struct {
	// State is the state that the values belong to.
	State *lua.LState
	// Width is the number of columns, Rows the most records of a list.
	Width, Rows int
	Color       bool
	Catalog     *catalog.Catalog
	// Topic returns the manual's topic on a value, or nil.
	Topic func(lua.LValue) *manual.Topic
	// Hide takes secrets out of a text before it is shortened. It may be nil.
	Hide func(string) string
}

// Bounds of what is shown.
const (
	longestText   = 2000 // of a string alone, in characters
	mostFields    = 60   // of a record
	mostItems     = 40   // of a list that is not shown as a table
	nestedDepth   = 3
	nestedItems   = 12
	mostLooked    = 10_000 // fields of a table that are looked at
	widestCell    = 36
	narrowestCell = 8
)

// Value returns a value as text, without a newline at the end.
func Value(v lua.LValue, o Options) string {
	s := &shower{Options: o}
	switch v := v.(type) {
	case lua.LString:
		return s.text(string(v))
	case *lua.LFunction:
		return s.function(v)
	case *lua.LTable:
		return s.table(v)
	}
	return s.inline(v)
}

type shower struct{ Options }

func (s *shower) inline(v lua.LValue) string {
	return bindings.ShowLine(s.State, v, nestedDepth, nestedItems)
}

// text shows a string on its own: on one line in quotes, or over several as it
// is.
func (s *shower) text(text string) string {
	more := ""
	if s.Hide != nil {
		text = s.Hide(text)
	}
	if len(text) > longestText {
		// There are at least as many bytes as characters, so this bounds both.
		if runes := []rune(text[:min(len(text), 4*longestText)]); len(runes) > longestText {
			kept := string(runes[:longestText])
			more = fmt.Sprintf("\n… %s more bytes", humanize.Comma(int64(len(text)-len(kept))))
			text = kept
		}
	}
	if strings.Contains(text, "\n") && !strings.ContainsFunc(text, control) {
		return strings.TrimSuffix(text, "\n") + more
	}
	return s.inline(lua.LString(text)) + more
}

// control reports whether a terminal would act on a character.
func control(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0
}

func (s *shower) function(f *lua.LFunction) string {
	if t := s.topic(f); t != nil {
		return s.bold(t.Signature()) + "\n  " + s.wrapped(t.Summary()) + s.ask(t.Name)
	}
	if f.IsG || f.Proto == nil || strings.HasPrefix(f.Proto.SourceName, bindings.InternalChunk) {
		return "a function"
	}
	return fmt.Sprintf("a function, from %s, line %d", f.Proto.SourceName, f.Proto.LineDefined)
}

// ask is the line that says where to read more.
func (s *shower) ask(name string) string { return "\n  " + s.dim(":doc "+name+" shows more") }

func (s *shower) topic(v lua.LValue) *manual.Topic {
	if s.Topic == nil {
		return nil
	}
	return s.Topic(v)
}

// wrapped breaks a sentence into lines, indented by two.
func (s *shower) wrapped(sentence string) string {
	return strings.Join(manual.Wrap(strings.ReplaceAll(sentence, "`", ""), s.Width-2, s.Color), "\n  ")
}

func (s *shower) table(t *lua.LTable) string {
	bindings.Fill(t)
	if k, _ := t.Next(lua.LNil); k == lua.LNil {
		return "{}"
	}
	if topic := s.topic(t); topic != nil && topic.Module != nil {
		return s.module(topic)
	}
	if bindings.ErrorFrom(t) != nil {
		return s.failure(t)
	}
	if isBulkResult(t) {
		return s.bulk(t)
	}
	if n := t.Len(); n > 0 {
		if s.isRecords(t, n) {
			return s.records(t, n)
		}
		return s.list(t)
	}
	if text, ok := s.record(t, nil); ok {
		return text
	}
	return bindings.ShowLine(s.State, t, nestedDepth, mostItems)
}

// module shows a module or model by its purpose.
func (s *shower) module(t *manual.Topic) string {
	var b strings.Builder
	b.WriteString(s.bold(t.Name) + "\n  " + s.wrapped(t.Summary()))
	var names []string
	for _, f := range t.Module.Funcs {
		names = append(names, f.Name)
	}
	for _, m := range t.Module.Modules {
		names = append(names, m.Name[strings.LastIndexByte(m.Name, '.')+1:])
	}
	if len(names) > 0 {
		b.WriteString("\n  " + s.wrapped("It has "+strings.Join(names, ", ")+"."))
	}
	return b.String() + s.ask(t.Name)
}

// list shows a list that is not a table of records, several items per line.
func (s *shower) list(t *lua.LTable) string {
	one := bindings.ShowLine(s.State, t, nestedDepth, mostItems)
	if runewidth.StringWidth(one) <= s.Width {
		return one
	}
	n := t.Len()
	var b strings.Builder
	for i := range min(n, mostItems) {
		label := strconv.Itoa(i+1) + "  "
		label = strings.Repeat(" ", max(0, len(strconv.Itoa(min(n, mostItems)))+2-len(label))) + label
		b.WriteString(s.dim(label) + s.cut(s.inline(t.RawGetInt(i+1)), s.Width-len(label)) + "\n")
	}
	if n > mostItems {
		b.WriteString(s.dim("… "+humanize.Comma(int64(n-mostItems))+" more") + "\n")
	}
	if names, more := s.besides(t, n); len(names) > 0 {
		remark := "… and " + more + humanize.Comma(int64(len(names))) + " named fields: " + strings.Join(names[:min(len(names), mostItems)], ", ")
		b.WriteString(s.dim(s.cut(oneLine(remark), s.Width)) + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// besides returns the names of the fields that a list has besides its items.
func (s *shower) besides(t *lua.LTable, n int) (names []string, more string) {
	for k, _ := t.Next(lua.LNumber(n)); k != lua.LNil; k, _ = t.Next(k) {
		if len(names) == mostLooked {
			return names, "more than "
		}
		names = append(names, k.String())
	}
	slices.Sort(names)
	return names, ""
}

// record shows a table with names as keys, one field per line. It returns false
// for any other table.
func (s *shower) record(t *lua.LTable, leave []string) (string, bool) {
	names, more, ok := s.fields(t)
	if !ok {
		return "", false
	}
	widest, shown := 0, 0
	for _, name := range names[:min(len(names), mostFields)] {
		widest = max(widest, runewidth.StringWidth(name))
	}
	widest = min(widest, s.Width/2)
	var lines []string
	for _, name := range names {
		if slices.Contains(leave, name) {
			continue
		}
		if shown == mostFields {
			lines = append(lines, s.dim("… "+more+humanize.Comma(int64(len(names)-shown))+" more fields"))
			break
		}
		shown++
		label := runewidth.FillRight(s.cut(oneLine(name), widest), widest)
		lines = append(lines, display.Paint(display.Cyan, label, s.Color)+"  "+s.cut(s.inline(t.RawGetString(name)), s.Width-widest-2))
	}
	return strings.Join(lines, "\n"), true
}

// fields returns the names of a table's fields in the order that people look
// for them; ok is false if a key is not a name.
func (s *shower) fields(t *lua.LTable) (names []string, more string, ok bool) {
	for k, _ := t.Next(lua.LNil); k != lua.LNil; k, _ = t.Next(k) {
		name, isName := k.(lua.LString)
		if !isName {
			return nil, "", false
		}
		if len(names) == mostLooked {
			more = "more than "
			break
		}
		names = append(names, string(name))
	}
	s.sortNames(names)
	return names, more, true
}

func (s *shower) cut(line string, width int) string {
	if s.Hide != nil {
		line = s.Hide(line)
	}
	return runewidth.Truncate(line, max(width, 1), "…")
}

func (s *shower) bold(text string) string { return display.Paint(display.Bold, text, s.Color) }
func (s *shower) dim(text string) string  { return display.Paint(display.Dim, text, s.Color) }

// oneLine keeps a string from breaking the lines around it.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || control(r) {
			return ' '
		}
		return r
	}, text)
}
