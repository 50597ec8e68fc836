package template

import (
	"context"
	"fmt"
	"html"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/internal/invalid"
	"github.com/phscript/phscript/bindings/internal/luatext"
	"github.com/phscript/phscript/planhat/catalog"
)

// renderer fills a template.
type renderer struct {
	l             *lua.LState
	ctx           context.Context
	codec         *bindings.Codec
	html, lenient bool
	most          int
	// texts are the partials, and parsed those that were used.
	texts  map[string]string
	parsed map[string][]node
	out    strings.Builder
	steps  int
}

// scope is a value in which names are looked up, then in those around it.
type scope struct {
	value lua.LValue
	outer *scope
	// item says which item of a list it is, for errors.
	item string
}

// frame is where in which template the renderer is.
type frame struct {
	name  string
	stack *scope
	depth int
}

// nodes writes the parts of a template.
func (r *renderer) nodes(nodes []node, f frame) error {
	for i := range nodes {
		if r.steps++; r.steps%256 == 0 && r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if err := r.node(&nodes[i], f); err != nil {
			return err
		}
		if r.out.Len() > r.most {
			return invalid.Errorf("fill the template in parts", "the text would be larger than %s", humanize.IBytes(uint64(r.most)))
		}
	}
	return nil
}

func (r *renderer) node(n *node, f frame) error {
	switch n.kind {
	case literal:
		r.out.WriteString(n.text)
		return nil
	case partial:
		return r.partial(n, f)
	case section, inverted:
		v, _ := r.lookup(n, f.stack)
		return r.section(n, v, f)
	}
	v, known := r.lookup(n, f.stack)
	text, err := r.text(n, v, known, f)
	if err != nil {
		return err
	}
	if r.html && n.kind != raw {
		text = html.EscapeString(text)
	}
	r.out.WriteString(text)
	return nil
}

// section writes a section once, for each item, or not at all.
func (r *renderer) section(n *node, v lua.LValue, f frame) error {
	there := r.there(v)
	if n.kind == inverted {
		if there {
			return nil
		}
		return r.nodes(n.inner, f)
	}
	if !there {
		return nil
	}
	t, ok := v.(*lua.LTable)
	if !ok || t.Len() == 0 {
		if v != lua.LTrue {
			f.stack = &scope{value: v, outer: f.stack}
		}
		return r.nodes(n.inner, f)
	}
	outer := f.stack
	for i := 1; i <= t.Len(); i++ {
		f.stack = &scope{value: t.RawGetInt(i), outer: outer, item: fmt.Sprintf(", in item %d of '%s'", i, n.name())}
		if err := r.nodes(n.inner, f); err != nil {
			return err
		}
		if r.steps++; r.steps%256 == 0 && r.ctx.Err() != nil {
			return r.ctx.Err()
		}
	}
	return nil
}

// there reports whether a value counts as one in a condition.
func (r *renderer) there(v lua.LValue) bool {
	switch v := v.(type) {
	case *lua.LNilType:
		return false
	case lua.LBool:
		return bool(v)
	case lua.LString:
		return v != ""
	case *lua.LTable:
		bindings.Fill(v)
		k, _ := v.Next(lua.LNil)
		return k != lua.LNil
	}
	return !r.codec.IsNull(v)
}

// lookup returns the value of a name, and the names that are known where it is missing.
func (r *renderer) lookup(n *node, s *scope) (lua.LValue, []string) {
	if len(n.path) == 0 {
		return s.value, nil
	}
	for at := s; at != nil; at = at.outer {
		v := r.field(at.value, n.path[0])
		if v == lua.LNil {
			continue
		}
		for _, name := range n.path[1:] {
			next := r.field(v, name)
			if next == lua.LNil {
				return next, names(v)
			}
			v = next
		}
		return v, nil
	}
	var known []string
	for at := s; at != nil; at = at.outer {
		known = append(known, names(at.value)...)
	}
	return lua.LNil, known
}

// field returns a field of a value, or nil. A number names an item of a list.
func (r *renderer) field(v lua.LValue, name string) lua.LValue {
	t, ok := v.(*lua.LTable)
	if !ok {
		return lua.LNil
	}
	bindings.Fill(t)
	if found := r.l.GetField(t, name); found != lua.LNil {
		return found
	}
	if i, err := strconv.Atoi(name); err == nil && i > 0 {
		return t.RawGetInt(i)
	}
	return lua.LNil
}

// mostNames is how many names are searched for a similar one.
const mostNames = 1000

func names(v lua.LValue) []string {
	found := map[string]bool{}
	if t, ok := v.(*lua.LTable); ok {
		for k, _ := t.Next(lua.LNil); k != lua.LNil && len(found) < mostNames; k, _ = t.Next(k) {
			if name, ok := k.(lua.LString); ok {
				found[string(name)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// text returns a value as text.
func (r *renderer) text(n *node, v lua.LValue, known []string, f frame) (string, error) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), nil
	case lua.LBool:
		return v.String(), nil
	case lua.LNumber:
		if x := float64(v); math.IsNaN(x) || math.IsInf(x, 0) {
			return "", r.errorf(n, f, "look for a division by zero", "'%s' is %s", n.name(), luatext.Number(x))
		}
		return luatext.Number(float64(v)), nil
	case *lua.LTable:
		return "", r.errorf(n, f, "write its fields in a section of that name", "'%s' is a table, which cannot be written as text", n.name())
	case *lua.LNilType:
	default:
		if !r.codec.IsNull(v) {
			return "", r.errorf(n, f, "", "'%s' is a %s, which cannot be written as text", n.name(), v.Type())
		}
	}
	if r.lenient {
		return "", nil
	}
	what := "missing"
	if v != lua.LNil {
		what = "null"
	}
	last := n.name()
	if len(n.path) > 0 {
		last = n.path[len(n.path)-1]
	}
	return "", r.errorf(n, f, "set the value; if it is optional, put the text into a section of that name", "the value '%s' is %s%s", n.name(), what, catalog.DidYouMean(last, known))
}

// errorf is an error about a tag, and about the item in which it is.
func (r *renderer) errorf(n *node, f frame, hint, format string, args ...any) error {
	where := ""
	for at := f.stack; at != nil; at = at.outer {
		where += at.item
	}
	return invalid.Errorf(hint, "%s, line %d%s: %s", f.name, n.line, where, fmt.Sprintf(format, args...))
}

// partial writes another template.
func (r *renderer) partial(n *node, f frame) error {
	name := n.name()
	text, ok := r.texts[name]
	if !ok {
		return r.errorf(n, f, "pass it with the option 'partials'", "there is no partial '%s'%s", name, catalog.DidYouMean(name, slices.Sorted(maps.Keys(r.texts))))
	}
	if f.depth++; f.depth > mostDepth {
		return r.errorf(n, f, "", "partials are nested deeper than %d levels", mostDepth)
	}
	nodes, ok := r.parsed[name]
	if !ok {
		var err error
		if nodes, err = parse("the partial '"+name+"'", text); err != nil {
			return err
		}
		r.parsed[name] = nodes
	}
	f.name = "the partial '" + name + "'"
	return r.nodes(nodes, f)
}
