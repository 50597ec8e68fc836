package bindings

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/yuin/gopher-lua/parse"
)

// TestModulesAreDocumented keeps help, reference pages and editor types
// complete: they are made from the specs and nothing else.
func TestModulesAreDocumented(t *testing.T) {
	modules := []*Module{CSV(), Env(), FS(), Inspect(), JSON(), Log(), Time(), Planhat()}
	for len(modules) > 0 {
		m := modules[0]
		modules = append(modules[1:], m.Modules...)
		assert.NotEmpty(t, m.Doc, m.Name)
		seen := map[string]bool{}
		shapes := map[string]bool{}
		for _, shape := range m.Records {
			shapes[shape.Name] = true
			assert.NotEmpty(t, shape.Doc, shape.Name)
			for _, f := range shape.Fields {
				documented(t, shape.Name+"."+f.Name, f.Type, f.Doc)
			}
		}
		for _, fn := range m.Funcs {
			name := m.Name + "." + fn.Name
			assert.False(t, seen[fn.Name], "%s is there once", name)
			seen[fn.Name] = true
			assert.True(t, (fn.Call != nil) != (fn.Lua != ""), name)
			assert.True(t, strings.HasSuffix(Summary(fn.Doc), "."), "%s begins with a sentence: %q", name, Summary(fn.Doc))
			for _, p := range fn.Params {
				documented(t, name+" "+p.Name, p.Type, p.Doc)
				for _, f := range p.Fields {
					documented(t, name+" "+f.Name, f.Type, f.Doc)
				}
				if shape := p.Type[strings.LastIndex(p.Type, "|")+1:]; len(p.Fields) > 0 && shape != "table" {
					assert.True(t, shapes[shape], "%s: the shape %s is described", name, shape)
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

func documented(t *testing.T, name, typ, doc string) {
	t.Helper()
	assert.NotEmpty(t, typ, name)
	assert.True(t, strings.HasSuffix(strings.TrimRight(doc, "`)"), "."), "%s is documented in sentences: %q", name, doc)
}
