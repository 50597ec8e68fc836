package suite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/compile"
)

// TestModulesAreDocumented keeps help, reference pages and editor types
// complete.
func TestModulesAreDocumented(t *testing.T) {
	for _, m := range Modules() {
		if m.Name != "" {
			assert.True(t, strings.HasSuffix(spec.Summary(m.Doc), ".") || strings.Contains(m.Doc, ": "), m.Name)
		}
		for _, s := range m.Records {
			for _, f := range s.Fields {
				documented(t, s.Name+"."+f.Name, f.Type, f.Doc)
			}
		}
		funcs := m.Funcs
		if m.Call != nil {
			funcs = append([]*bindings.Func{m.Call}, funcs...)
		}
		for _, fn := range funcs {
			name := m.Name + "." + fn.Name
			assert.NotNil(t, fn.Call, name)
			assert.True(t, strings.HasSuffix(spec.Summary(fn.Doc), "."), "%s begins with a sentence: %q", name, fn.Doc)
			for _, p := range fn.Params {
				documented(t, name+" "+p.Name, p.Type, p.Doc)
			}
			for _, r := range fn.Returns {
				documented(t, name+" returns", r.Type, r.Doc)
			}
			_, err := compile.Compile([]byte(fn.Example), name)
			require.NoError(t, err)
			assert.Contains(t, fn.Example, fn.Name, name)
		}
	}
}

func documented(t *testing.T, name string, typ spec.Type, doc string) {
	t.Helper()
	assert.NotEmpty(t, typ, name)
	assert.True(t, strings.HasSuffix(strings.TrimRight(doc, "`)"), "."), "%s is documented in sentences: %q", name, doc)
}

// TestExamplesPass runs the examples: those of what tests call inside of a test,
// those of what defines tests by themselves.
func TestExamplesPass(t *testing.T) {
	for _, m := range Modules() {
		for _, fn := range m.Funcs {
			source := fn.Example
			switch m.Name {
			case "expect", "simulator", "clock":
				source = fmt.Sprintf("it(%q, function()\n%s\nend)", m.Name+"."+fn.Name, source)
			}
			dir := folder(t, map[string]string{
				"a_test.lua": source, "fixtures/company.json": `[{"name":"Acme"}]`,
				"sync.lua": `local rows = {} for r in csv.rows("accounts.csv") do rows[#rows + 1] = { externalId = r.id, name = r.name } end planhat.company.bulk_upsert(rows)`,
			})
			f := runIn(t, dir, Options{}).Files[0]
			require.NoError(t, f.Err, source)
			for _, one := range f.Tests {
				assert.NoError(t, one.Err, source)
			}
		}
	}
}

// The manual, from which help, completion, the checker and editor types come,
// takes the modules of tests as well.
func TestManualKnowsTests(t *testing.T) {
	m := builtins.Manual(Modules()...)
	for _, name := range []string{
		"test", "test.each", "it.only", "describe", "before_each", "run_script", "skip", "expect", "expect.to_equal",
		"simulator.seed", "clock.freeze", "Expectation", "ScriptResult",
	} {
		assert.NotNil(t, m.Topic(name), name)
	}
	assert.Nil(t, builtins.Manual().Topic("simulator.seed"), "scripts have none of it")
}
