package runtime

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings"
)

func TestOptionsAreValidated(t *testing.T) {
	call := func(*bindings.Args) (int, error) { return 0, nil }
	module := func(name string, funcs ...*bindings.Func) Options {
		return Options{Modules: []*bindings.Module{{Name: name, Funcs: funcs}}}
	}
	for want, o := range map[string]Options{
		`the value "print": a global already has this name`:   {Values: map[string]any{"print": 1}},
		`the value "json": a global already has this name`:    {Values: map[string]any{"json": 1}},
		`the value "params": a global already has this name`:  {Values: map[string]any{"params": 1}},
		`the value "a-b": this is not a valid name`:           {Values: map[string]any{"a-b": 1}},
		`the module "json": a module already has this name`:   {LuaModules: map[string]string{"json": "return 1"}},
		`the module "tables": a module already has this name`: {LuaModules: map[string]string{"tables": "return 1"}},
		`the module "string": a module already has this name`: {LuaModules: map[string]string{"string": "return 1"}},
		`the module "rules": rules:2: `:                       {LuaModules: map[string]string{"rules": "x = 1\nx ="}},
		`the working directory: stat /nonexistent: `:          {WorkDir: "/nonexistent"},
		`lib is not an absolute path`:                         {ModuleDirs: []string{"lib"}},
		`the module "string": a global already has this name`: module("string"),
		`the module "bad name": this is not a valid name`:     module("bad name"),
		`the module "end": this is not a valid name`:          module("end"),
		`a module is nil`: {Modules: []*bindings.Module{nil}},
		`the module "": require does not take this name`:       {LuaModules: map[string]string{"": "return 1"}},
		`MaxCallDepth is negative`:                             {MaxCallDepth: -5},
		`MaxString is negative`:                                {MaxString: -1},
		`the function "print": a global already has this name`: module("", &bindings.Func{Name: "print", Call: call}),
		`the type "strnig"`:                                    module("m", &bindings.Func{Name: "f", Call: call, Params: []bindings.Param{{Name: "a", Type: "strnig"}}}),
		`m.f has neither Call`:                                 module("m", &bindings.Func{Name: "f"}),
		`m.f is declared twice`:                                module("m", &bindings.Func{Name: "f", Call: call}, &bindings.Func{Name: "f", Call: call}),
		`the required parameter 'b'`:                           module("m", &bindings.Func{Name: "f", Call: call, Params: []bindings.Param{{Name: "a", Type: "string", Optional: true}, {Name: "b", Type: "string"}}}),
	} {
		_, err := New(o)
		assert.ErrorContains(t, err, want)
	}
	_, err := New(Options{Values: map[string]any{"print": 1, "json": 1}})
	assert.ErrorContains(t, err, "print")
	assert.ErrorContains(t, err, "json", "all mistakes are told")
}

func TestValuesOfARunAreValidated(t *testing.T) {
	rt, err := New(Options{})
	require.NoError(t, err)
	program, err := rt.Compile(t.Context(), Script{})
	require.NoError(t, err)
	r, err := program.Run(t.Context(), RunOptions{Values: map[string]any{"print": 1}})
	assert.ErrorContains(t, err, `the value "print": a global already has this name`)
	assert.NotNil(t, r)
}
