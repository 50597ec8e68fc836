package bindings

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"github.com/phscript/phscript/bindings/spec"
)

// TestModulesAreDocumented keeps help, reference pages and editor types
// complete: they are made from the specs and nothing else.
func TestModulesAreDocumented(t *testing.T) {
	modules := []*Module{CSV(), Env(), FS(), Inspect(), JSON(), Log(), Money(), Time(), Planhat()}
	for len(modules) > 0 {
		m := modules[0]
		modules = append(modules[1:], m.Modules...)
		assert.NotEmpty(t, m.Doc, m.Name)
		for _, shape := range m.Records {
			assert.NotEmpty(t, shape.Doc, shape.Name)
			for _, f := range shape.Fields {
				documented(t, shape.Name+"."+f.Name, f.Type, f.Doc)
			}
		}
		for _, fn := range m.Funcs {
			name := m.Name + "." + fn.Name
			assert.True(t, strings.HasSuffix(spec.Summary(fn.Doc), "."), "%s begins with a sentence: %q", name, spec.Summary(fn.Doc))
			for _, p := range fn.Params {
				documented(t, name+" "+p.Name, p.Type, p.Doc)
				for _, f := range p.Fields {
					documented(t, name+" "+f.Name, f.Type, f.Doc)
				}
			}
			for _, r := range fn.Returns {
				documented(t, name+" returns", r.Type, r.Doc)
			}
			assert.NotEmpty(t, fn.Example, "%s has an example", name)
			_, err := parse.Parse(strings.NewReader(fn.Example), name)
			assert.NoError(t, err, "the example of %s is Lua", name)
			assert.Contains(t, fn.Example, fn.Name, "the example of %s uses it", name)
		}
	}
}

// TestModulesAreValid finds malformed types, and tables that nothing describes.
func TestModulesAreValid(t *testing.T) {
	planhat := Planhat()
	record := func(name string) bool {
		return slices.ContainsFunc(planhat.Records, func(s *Shape) bool { return s.Name == name })
	}
	for _, m := range []*Module{Checkpoint(), CSV(), Env(), FS(), Inspect(), JSON(), Log(), Money(), Time(), planhat} {
		assert.NoError(t, Validate(m, record))
	}
}

func TestValidateNamesWhatCannotBeCalled(t *testing.T) {
	call := func(*Args) (int, error) { return 0, nil }
	for message, m := range map[string]*Module{
		"":                             {Name: "m", Funcs: []*Func{{Name: "f", Call: call}, {Name: "g", Lua: "return print"}}},
		"m.f has neither Call nor Lua": {Name: "m", Funcs: []*Func{{Name: "f"}}},
		"m.p.f has both Call and Lua":  {Name: "m", Modules: []*Module{{Name: "m.p", Funcs: []*Func{{Name: "f", Call: call, Lua: "return print"}}}}},
		"m has neither Call nor Lua":   {Name: "m", Call: &Func{}},
		"m.f is declared twice":        {Name: "m", Funcs: []*Func{{Name: "f", Call: call}, {Name: "f", Call: call}}},
		"m.f: Call is a func(*lua.LState) int, not a func(*bindings.Args) (int, error)": {
			Name: "m", Funcs: []*Func{{Name: "f", Call: func(*lua.LState) int { return 0 }}}},
		"m.v: Make is a string, not a func(*lua.LState) lua.LValue": {Name: "m", Values: []*Value{{Name: "v", Make: "v"}}},
	} {
		if err := Validate(m, nil); message == "" {
			assert.NoError(t, err)
		} else {
			assert.EqualError(t, err, message)
		}
	}
}

func documented(t *testing.T, name string, typ spec.Type, doc string) {
	t.Helper()
	assert.NotEmpty(t, typ, name)
	assert.True(t, strings.HasSuffix(strings.TrimRight(doc, "`)"), "."), "%s is documented in sentences: %q", name, doc)
}
