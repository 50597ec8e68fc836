package runtime

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// warnUnread warns of expected parameters that no loaded chunk reads. After a failure,
// modules may be missing, so only parameters that are spelt like one are reported.
func (r *run) warnUnread(failed bool) {
	if len(r.given.Expected) == 0 {
		return
	}
	read := map[string]bool{}
	for name, source := range r.sources {
		if !paramsRead(source, name, read) {
			return
		}
	}
	names := slices.Sorted(maps.Keys(read))
	reads := "it reads no parameters"
	if len(names) > 0 {
		reads = "it reads: " + strings.Join(names, ", ")
	}
	for _, name := range r.given.Expected {
		near := catalog.Nearest(name, names)
		if read[name] || failed && len(near) == 0 {
			continue
		}
		r.journal.WarnOnce(r.ctx, "param "+name, fmt.Sprintf("the parameter '%s' was given, but the script never reads it%s; %s", name, catalog.Aside(near), reads))
	}
}

// paramsRead adds the parameters that a chunk reads. It reports false if the chunk uses
// the table params in another way, such as in a loop, so that it may read any of them.
func paramsRead(source []byte, name string, read map[string]bool) (known bool) {
	chunk, err := compile.Parse(source, name)
	if err != nil {
		return false
	}
	known = true
	fields := map[ast.Expr]bool{}
	visitor := syntax.Visitor{Expr: func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.AttrGetExpr:
			object, _ := e.Object.(*ast.IdentExpr)
			key, ok := e.Key.(*ast.StringExpr)
			if ok && object != nil && object.Value == "params" {
				fields[object], read[key.Value] = true, true
			}
		case *ast.IdentExpr:
			known = known && (e.Value != "params" || fields[e])
		case *ast.StringExpr: // _G.params
			known = known && e.Value != "params"
		}
	}}
	visitor.Statements(chunk)
	return known
}
