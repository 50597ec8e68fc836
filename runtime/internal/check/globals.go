package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/yuin/gopher-lua/ast"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/check/flow"
	"github.com/phscript/phscript/runtime/internal/syntax"
)

// globals reports names that nothing defines, and globals that the script makes.
func (c *script) globals() {
	uses := map[string][]flow.GlobalUse{}
	set := map[string]bool{}
	for _, g := range c.flow.Globals {
		set[g.Name] = set[g.Name] || g.Set
		uses[g.Name] = append(uses[g.Name], g)
	}
	c.slips, c.told, c.locals = map[string]string{}, map[string]bool{}, c.localNames()
	own, guarded := c.ownEnvironment(), c.guarded()
	c.together = map[*flow.Function]*finding{}
	for _, g := range c.flow.Globals {
		known := c.known[g.Name]
		switch {
		case g.Set && known:
			if !c.declared[g.Name] {
				f := c.overwritten(g, uses[g.Name])
				f.minor = f.minor || own
			}
		case known:
		case set[g.Name]:
			f := c.makesGlobal(g, uses[g.Name])
			f.minor = f.minor || own
		case c.told[g.Name]:
			f := c.at(g.Token, "undefined-global", fmt.Sprintf("'%s' is not defined", g.Name))
			f.Subject, f.minor = g.Name, own || guarded[g.Name]
		default:
			// Another use of the name is merged with the first, unless a comment ignores that.
			c.told[g.Name] = len(c.comments) == 0
			c.undefined(g).minor = own || guarded[g.Name]
		}
	}
}

// overwritten reports a built-in name that the script assigns to. A function in its place
// is meant, and so is what begins with the old value; another value only does harm to those
// who need the old one.
func (c *script) overwritten(g flow.GlobalUse, uses []flow.GlobalUse) *finding {
	f := c.at(g.Token, "global-overwritten", fmt.Sprintf("this replaces '%s' for the rest of the run", g.Name))
	f.Hint, f.Subject = "choose another name and declare it with local", g.Name
	topic := c.manual.Topic(g.Name)
	f.minor = c.keepsMeaning(g) || !essential[g.Name] && topic != nil && topic.Func == nil && !slices.ContainsFunc(uses, c.needsModule)
	return f
}

// keepsMeaning reports whether an assignment to a built-in name puts something of its kind
// in its place: a function, what it was before, or something where it is missing.
func (c *script) keepsMeaning(g flow.GlobalUse) bool {
	if _, function := g.Value.(*ast.FunctionExpr); function || g.Value == nil || refersTo(g.Value, g.Name) || c.guarded()[g.Name] {
		return g.Value != nil
	}
	name, ok := g.Value.(*ast.IdentExpr)
	if !ok {
		return false
	}
	v := c.flow.Resolved[name]
	return v != nil && slices.ContainsFunc(v.Values, func(val *flow.Value) bool { return val.Expr != nil && refersTo(val.Expr, g.Name) })
}

// essential are the names that nearly every script and every module needs.
var essential = map[string]bool{
	"string": true, "table": true, "math": true, "os": true, "planhat": true, "csv": true, "json": true,
}

// needsModule reports whether a use of a global reads a function that a module of that name
// has.
func (c *script) needsModule(g flow.GlobalUse) bool {
	if g.Set {
		return false
	}
	next := g.Token + 2
	return next < len(c.flow.Tokens) && c.flow.Tokens[g.Token+1].Text == "." && c.manual.Topic(g.Name+"."+c.flow.Tokens[next].Text) != nil
}

// makesGlobal reports a use of a global that the script itself sets. At the top of a script
// it is as good as a local, and what functions share is meant. What each function sets before it
// reads it misses a local.
func (c *script) makesGlobal(g flow.GlobalUse, uses []flow.GlobalUse) *finding {
	message := fmt.Sprintf("'%s' is a global of this script", g.Name)
	hint := "write local before its first assignment"
	if g.Set {
		message = fmt.Sprintf("'%s' is a global, which every function and file can change", g.Name)
		hint += ": " + localForm(g)
	}
	f := c.at(g.Token, "global-set", message)
	f.Hint, f.Subject = hint, g.Name
	near, known := c.slips[g.Name]
	if !known {
		near = c.misspelled(uses)
		c.slips[g.Name] = near
	}
	if near != "" && g.Set {
		f.Message += near
	}
	f.minor = near == "" && !leaks(uses) || g.Name == "_"
	if !f.minor && near == "" {
		c.tellTogether(f, uses)
	}
	return f
}

// tellTogether adds a global that misses its local to the finding about the first one of its
// function.
func (c *script) tellTogether(f *finding, uses []flow.GlobalUse) {
	fn := outermost(uses[0].Fn)
	first := c.together[fn]
	switch {
	case first == nil:
		c.together[fn] = f
	case first.Subject != f.Subject:
		f.minor = true
		if !slices.Contains(first.others, f.Subject) {
			first.others = append(first.others, f.Subject)
		}
		const most = 5
		names := make([]string, 0, most)
		for _, name := range first.others[:min(most, len(first.others))] {
			names = append(names, "'"+name+"'")
		}
		text := english.WordSeries(names, "and")
		if more := len(first.others) - most; more > 0 {
			text = strings.Join(names, ", ") + fmt.Sprintf(" and %d more", more)
		}
		first.Message = fmt.Sprintf("'%s' is a global, which every function and file can change, and so %s %s", first.Subject, english.PluralWord(len(first.others), "is", "are"), text)
	}
}

// outermost is the function of the script's top level that a function is in.
func outermost(fn *flow.Function) *flow.Function {
	for fn.Parent != nil && fn.Parent.Parent != nil {
		fn = fn.Parent
	}
	return fn
}

// leaks reports whether a global is used inside of functions only, and each of them sets it
// before it reads it.
func leaks(uses []flow.GlobalUse) bool {
	begun := map[*flow.Function]bool{}
	for _, g := range uses {
		fn := outermost(g.Fn)
		if fn.Parent == nil || !begun[fn] && !g.Set {
			return false
		}
		if _, isFunction := g.Value.(*ast.FunctionExpr); isFunction {
			return false
		}
		begun[fn] = true
	}
	return true
}

// misspelled returns which local may be meant by a global that is never read, "" for none.
func (c *script) misspelled(uses []flow.GlobalUse) string {
	for _, g := range uses {
		if _, function := g.Value.(*ast.FunctionExpr); function || !g.Set {
			return ""
		}
	}
	name := uses[0].Name
	if len(name) < 4 {
		return ""
	}
	for _, local := range c.locals.near(name) {
		if slices.ContainsFunc(c.locals.named[local], func(v *flow.Variable) bool { return v.Token < uses[0].Token && c.endOf(v) >= uses[0].Token }) {
			return catalog.DidYouMean(name, []string{local})
		}
	}
	return ""
}

// nameIndex finds the local variables whose names differ from another in one slip.
type nameIndex struct {
	named map[string][]*flow.Variable
	// without are the names by what is left of them without one of their letters.
	without map[string][]string
}

func (c *script) localNames() *nameIndex {
	x := &nameIndex{named: map[string][]*flow.Variable{}, without: map[string][]string{}}
	for _, v := range c.flow.Vars {
		if len(v.Name) > 2 {
			if x.named[v.Name] == nil {
				for i := range len(v.Name) {
					left := v.Name[:i] + v.Name[i+1:]
					x.without[left] = append(x.without[left], v.Name)
				}
			}
			x.named[v.Name] = append(x.named[v.Name], v)
		}
	}
	return x
}

// near returns the names that one slip makes of a name, in order.
func (x *nameIndex) near(name string) []string {
	var found []string
	try := func(other string) {
		if slip(name, other) && !slices.Contains(found, other) {
			found = append(found, other)
		}
	}
	for _, other := range x.without[name] {
		try(other)
	}
	for i := range len(name) {
		left := name[:i] + name[i+1:]
		if x.named[left] != nil {
			try(left)
		}
		for _, other := range x.without[left] {
			try(other)
		}
	}
	slices.Sort(found)
	return found
}

// slip reports whether one letter of a name is missing, too much or another one, or two are
// swapped.
func slip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	return a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// ownEnvironment reports whether the script changes what global names mean: with module,
// setfenv or _ENV, or by setting globals under computed names.
func (c *script) ownEnvironment() bool {
	for _, g := range c.flow.Globals {
		switch {
		case g.Name == "module" && !c.setGlobals["module"], g.Name == "_ENV":
			return true
		}
	}
	if slices.ContainsFunc(c.flow.Vars, func(v *flow.Variable) bool { return v.Name == "_ENV" }) {
		return true
	}
	found := false
	v := syntax.Visitor{
		Stmt: func(s ast.Stmt) {
			assign, ok := s.(*ast.AssignStmt)
			if !ok {
				return
			}
			for _, target := range assign.Lhs {
				if index, ok := target.(*ast.AttrGetExpr); ok && flow.Dotted(index.Object) == "_G" {
					if _, plain := index.Key.(*ast.StringExpr); !plain {
						found = true
					}
				}
			}
		},
		Expr: func(e ast.Expr) {
			call, ok := e.(*ast.FuncCallExpr)
			if !ok || call.Func == nil || len(call.Args) == 0 {
				return
			}
			switch flow.Dotted(call.Func) {
			case "setfenv":
				level, ok := call.Args[0].(*ast.NumberExpr)
				found = found || ok && level.Value == "1"
			case "setmetatable":
				found = found || flow.Dotted(call.Args[0]) == "_G"
			}
		},
	}
	v.Statements(c.chunk)
	return found
}

// guarded are the globals and functions of modules that the script does without: it compares
// them with nil, asks for their type, has another value if they are missing, or uses them only
// if they are there. Their names are written with dots.
func (c *script) guarded() map[string]bool {
	if c.spared != nil {
		return c.spared
	}
	c.spared = map[string]bool{}
	tested, needed := map[string]bool{}, map[string]bool{}
	var asks func(e ast.Expr)
	asks = func(e ast.Expr) {
		switch e := e.(type) {
		case *ast.IdentExpr, *ast.AttrGetExpr:
			tested[c.globalPath(e)] = true
		case *ast.UnaryNotOpExpr:
			asks(e.Expr)
		case *ast.LogicalOpExpr:
			asks(e.Lhs)
			asks(e.Rhs)
		}
	}
	spare := func(e ast.Expr) { c.spared[c.globalPath(e)] = true }
	v := syntax.Visitor{
		Stmt: func(s ast.Stmt) {
			if s, ok := s.(*ast.IfStmt); ok {
				asks(s.Condition)
			}
		},
		Expr: func(e ast.Expr) {
			switch e := e.(type) {
			case *ast.RelationalOpExpr:
				for _, pair := range [][2]ast.Expr{{e.Lhs, e.Rhs}, {e.Rhs, e.Lhs}} {
					if c.isNil(pair[1]) || flow.Truth(pair[1]) == flow.Never {
						spare(pair[0])
					}
				}
			case *ast.LogicalOpExpr:
				tested[c.globalPath(e.Lhs)] = true
				if e.Operator == "or" {
					if c.globalPath(e.Lhs) != "" {
						spare(e.Rhs)
					}
					spare(e.Lhs)
					if left, ok := e.Lhs.(*ast.LogicalOpExpr); ok {
						if spare(left.Rhs); c.globalPath(left.Rhs) != "" {
							spare(e.Rhs)
						}
					}
				}
			case *ast.AttrGetExpr:
				needed[c.globalPath(e.Object)] = true
			case *ast.FuncCallExpr:
				if e.Func == nil {
					needed[c.globalPath(e.Receiver)] = true
					return
				}
				needed[c.globalPath(e.Func)] = true
				if flow.Dotted(e.Func) == "type" && len(e.Args) == 1 {
					spare(e.Args[0])
				}
			}
		},
	}
	v.Statements(c.chunk)
	for name := range tested {
		if needed[name] || c.known[name] || strings.Contains(name, ".") || slices.Contains(elsewhere, name) {
			c.spared[name] = true
		}
	}
	for name := range c.spared {
		if !c.known[name] && !strings.Contains(name, ".") && (c.locals.named[name] != nil || len(c.locals.near(name)) > 0) {
			delete(c.spared, name)
		}
	}
	return c.spared
}

// elsewhere are globals of other versions of Lua, which scripts ask for to know where they run.
var elsewhere = []string{"jit", "bit", "bit32", "utf8", "_ENV"}

// globalPath is a global, or a field of one, as it is written, "" for anything else.
func (c *script) globalPath(e ast.Expr) string {
	root := e
	for {
		index, ok := root.(*ast.AttrGetExpr)
		if !ok {
			break
		}
		root = index.Object
	}
	if name, ok := root.(*ast.IdentExpr); ok && c.flow.Resolved[name] == nil {
		return flow.Dotted(e)
	}
	return ""
}
