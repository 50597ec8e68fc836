package doctor

import (
	"maps"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/luatext"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// use is a script's use of a connector.
type use struct {
	system, script string
	// settings are those that the script gives as texts, and computed is set if it gives
	// others.
	settings map[string]string
	computed bool
	// several is set if there are uses with other settings.
	several bool
}

// same reports whether another use has the same settings.
func (u use) same(other use) bool {
	return u.computed == other.computed && maps.Equal(u.settings, other.settings)
}

// table writes the settings as a Lua table.
func (u use) table() string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(u.settings)) {
		parts = append(parts, "["+luatext.Quoted(name)+"] = "+luatext.Quoted(u.settings[name]))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// usesIn returns the connectors that a script requires, with the settings that it gives to
// their functions sync.
func usesIn(s script) (list []use) {
	chunk, err := compile.Parse(s.source, s.name)
	if err != nil {
		return nil
	}
	names, synced, order := map[string]string{}, map[string][]use{}, []string{}
	visitor := syntax.Visitor{
		Stmt: func(stmt ast.Stmt) {
			local, ok := stmt.(*ast.LocalAssignStmt)
			if !ok {
				return
			}
			for i, e := range local.Exprs {
				if system, ok := connectorOf(e); ok && i < len(local.Names) {
					names[local.Names[i]] = system
				}
			}
		},
		Expr: func(e ast.Expr) {
			if system, ok := connectorOf(e); ok && !slices.Contains(order, system) {
				order = append(order, system)
			}
			call, ok := e.(*ast.FuncCallExpr)
			if !ok {
				return
			}
			var object ast.Expr
			if get, ok := call.Func.(*ast.AttrGetExpr); ok {
				if key, ok := get.Key.(*ast.StringExpr); ok && key.Value == "sync" {
					object = get.Object
				}
			} else if call.Method == "sync" {
				object = call.Receiver
			}
			system, ok := connectorOf(object)
			if name, isName := object.(*ast.IdentExpr); isName {
				system, ok = names[name.Value], names[name.Value] != ""
			}
			if ok {
				u := use{system: system, script: s.name}
				u.read(call.Args)
				synced[system] = append(synced[system], u)
			}
		},
	}
	visitor.Statements(chunk)
	for _, system := range order {
		if len(synced[system]) == 0 {
			synced[system] = []use{{system: system, script: s.name, computed: true}}
		}
		list = append(list, synced[system]...)
	}
	return list
}

// connectorOf returns the system of a connector that an expression requires.
func connectorOf(e ast.Expr) (string, bool) {
	module, ok := syntax.Required(e)
	system, is := strings.CutPrefix(module, "connectors.")
	return system, ok && is && !strings.Contains(system, ".")
}

// read reads the settings in the arguments of a call of sync.
func (u *use) read(args []ast.Expr) {
	if len(args) == 0 {
		return
	}
	options, ok := args[0].(*ast.TableExpr)
	if !ok {
		u.computed = true
		return
	}
	for _, field := range options.Fields {
		if key, ok := field.Key.(*ast.StringExpr); !ok || key.Value != "settings" {
			continue
		}
		settings, ok := field.Value.(*ast.TableExpr)
		if !ok {
			u.computed = true
			return
		}
		u.settings = map[string]string{}
		for _, one := range settings.Fields {
			key, isText := one.Key.(*ast.StringExpr)
			value, ok := one.Value.(*ast.StringExpr)
			if !isText || !ok {
				u.computed = true
				continue
			}
			u.settings[key.Value] = value.Value
		}
	}
}
