package runtime

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// listing prints every name that a script can reach: globals, what is in the
// libraries and modules, and in the parts of planhat.
const listing = `
local names = {}
local function add(name, value, depth)
  names[#names + 1] = name
  if type(value) == "table" and depth < 2 and name ~= "_G" and name ~= "package.loaded"
    and name ~= "package.preload" and name ~= "package.loaders" and name ~= "args" and name ~= "arg" and name ~= "params" then
    for k, v in pairs(value) do add(name .. "." .. k, v, depth + 1) end
  end
end
for k, v in pairs(_G) do add(k, v, 0) end
add("help", help, 0)
for _, module in ipairs(args) do
  add(module, require(module), 0)
end
return names
`

// TestManualNamesWhatThereIs compares the manual with a live state, both ways.
func TestManualNamesWhatThereIs(t *testing.T) {
	rt, err := New(Options{})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{Source: []byte(listing)})
	require.NoError(t, err)
	result, err := program.Run(t.Context(), RunOptions{Args: builtins.Names()})
	require.NoError(t, err)
	var there []string
	require.NoError(t, result.Decode(&there))
	var known []string
	for _, topic := range builtins.Manual().Topics() {
		if topic.Kind != manual.KindTable && topic.Kind != manual.KindProperty {
			known = append(known, topic.Name)
		}
	}
	slices.Sort(there)
	slices.Sort(known)
	assert.Equal(t, slices.Compact(there), known)
}

func TestManualFindsWhatIsMeant(t *testing.T) {
	m := builtins.Manual()
	for name, want := range map[string]string{
		"planhat.company.bulk_upsert":   "planhat.company.bulk_upsert",
		"planhat.company:bulk_upsert()": "planhat.company.bulk_upsert",
		"company.get_list":              "planhat.company.get_list",
		"company":                       "planhat.company",
		"Company.externalid":            "Company.externalId",
		" json ":                        "json",
		"string.format":                 "string.format",
		"print":                         "print",
	} {
		topic := m.Find(name)
		if assert.NotNil(t, topic, name) {
			assert.Equal(t, want, topic.Name)
		}
	}
	assert.Nil(t, m.Find("compny"))
	assert.Contains(t, m.Nearest("compny"), "company")
	assert.Contains(t, m.Nearest("planhat.company.bulk_upsrt"), "planhat.company.bulk_upsert")
	assert.Equal(t, "planhat.company.bulk_upsert", m.Ask("bulk_upsert company").Topics[0].Name)
	assert.Equal(t, "planhat.company.get_by_id(id)", m.Find("company.get_by_id").Signature())
}

// TestEverythingIsDescribed fails for a function or value without a word about
// it, and for a function of which a parameter is not explained.
func TestEverythingIsDescribed(t *testing.T) {
	m := builtins.Manual()
	var check func(module *bindings.Module)
	check = func(module *bindings.Module) {
		assert.True(t, module.Doc != "" || module.Name == "", module.Name)
		for _, f := range module.Funcs {
			assert.NotEmpty(t, f.Doc, "%s.%s", module.Name, f.Name)
		}
		for _, v := range module.Values {
			assert.NotEmpty(t, v.Doc, "%s.%s", module.Name, v.Name)
		}
		for _, part := range module.Modules {
			check(part)
		}
	}
	for _, module := range m.Modules() {
		check(module)
	}
	check(m.Globals())
}

// TestTypesAreKnown finds types that cannot be read, and tables that nothing
// describes, in the modules written in Lua as well.
func TestTypesAreKnown(t *testing.T) {
	r := &Runtime{manual: sync.OnceValue(func() *manual.Manual { return builtins.Manual() })}
	for _, module := range append(r.manual().Modules(), r.manual().Globals()) {
		assert.NoError(t, module.Validate(r.describes), module.Name)
	}
}

func TestDeclarationsAreValidated(t *testing.T) {
	call := func(*bindings.Args) (int, error) { return 0, nil }
	for message, m := range map[string]*bindings.Module{
		"":                      {Name: "m", Funcs: []*bindings.Func{{Name: "f", Call: call, Returns: []bindings.Return{{Type: "Company[]"}}}}},
		"m.f: result 1":         {Name: "m", Funcs: []*bindings.Func{{Name: "f", Call: call, Returns: []bindings.Return{{Type: "Compny[]"}}}}},
		"neither Call nor Lua":  {Name: "m", Funcs: []*bindings.Func{{Name: "f"}}},
		"m.f is declared twice": {Name: "m", Funcs: []*bindings.Func{{Name: "f", Call: call}, {Name: "f", Call: call}}},
		"two modules are named": {Name: "json"},
	} {
		_, err := New(Options{Modules: []*bindings.Module{m}})
		if message == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, message)
		}
	}
}
