package bindings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize/english"
	lua "github.com/yuin/gopher-lua"
)

// problemFields are those of a row or line that was left out.
var problemFields = []Field{
	{Name: "file", Type: "string", Doc: "The file."},
	{Name: "line", Type: "integer", Doc: "The line where the row begins."},
	{Name: "message", Type: "string", Doc: "What is wrong, with file and line."},
	{Name: "hint", Type: "string?", Doc: "What to do about it."},
}

// problems collects the rows of a file that are left out, for the script and for a
// warning. Nil problems are none.
type problems struct {
	ctx  context.Context
	log  Logger
	l    *lua.LState
	name string
	list *lua.LTable
	// kept counts the rows that were not left out. lines counts those that were;
	// first and last are the first of them and the latest.
	kept, lines, last int
	first             error
}

// newProblems returns nil unless problems are collected.
func newProblems(a *Args, name string, collect bool) *problems {
	if !collect {
		return nil
	}
	return &problems{ctx: a.Context(), log: a.Host.Log, l: a.L, name: name, list: a.L.NewTable()}
}

// add notes a problem. fields are what else is known about it.
func (p *problems) add(line int, err error, fields map[string]lua.LValue) {
	if line != p.last {
		p.lines++
	}
	p.first, p.last = cmp.Or(p.first, err), line
	t := p.l.NewTable()
	t.RawSetString("file", lua.LString(p.name))
	t.RawSetString("line", lua.LNumber(line))
	t.RawSetString("message", lua.LString(err.Error()))
	var hinter Hinter
	if errors.As(err, &hinter) && hinter.ErrorHint() != "" {
		t.RawSetString("hint", lua.LString(hinter.ErrorHint()))
	}
	for name, v := range fields {
		t.RawSetString(name, v)
	}
	p.list.Append(t)
}

// good notes a row without problems.
func (p *problems) good() error {
	if p != nil {
		p.kept++
	}
	return nil
}

// end returns io.EOF and warns of what was left out. That may be everything: the script
// has the list of it.
func (p *problems) end() error {
	if p == nil || p.lines == 0 {
		return io.EOF
	}
	rows, hint := english.Plural(p.lines, "row", ""), ""
	switch {
	case p.lines == 1:
		rows += " was"
	case p.kept == 0:
		rows, hint = "all "+rows+" were", "; check whether the options fit the file"
	default:
		rows += " were"
	}
	p.log.WarnOnce(p.ctx, "left out of "+p.name, fmt.Sprintf("%s: %s left out; the first: %v%s", p.name, rows, p.first, hint))
	return io.EOF
}

// give pushes the first result of a call, and the list if there is one.
func (p *problems) give(a *Args, v lua.LValue, err error) (int, error) {
	if err != nil || p == nil {
		return a.give(v, err)
	}
	a.L.Push(v)
	a.L.Push(p.list)
	return 2, nil
}
