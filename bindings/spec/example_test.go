package spec_test

import (
	"fmt"

	"github.com/phscript/phscript/bindings/spec"
)

func ExampleType() {
	rows := spec.Type("Company[]|fun(): Company?")
	for _, one := range rows.Alternatives() {
		fmt.Println(one)
	}
	fmt.Println("element:", rows.Alternatives()[0].Element())
	fmt.Println("result:", rows.Alternatives()[1].Result(0))
	fmt.Println("takes a table:", rows.Accepts(spec.Table))
	fmt.Println("takes nil:", rows.Accepts(spec.Nil))
	// Output:
	// Company[]
	// fun(): Company?
	// element: Company
	// result: Company?
	// takes a table: true
	// takes nil: false
}

func ExampleType_Readable() {
	for _, t := range []spec.Type{"string|string[]", "fun(item: any, index: integer): boolean", "integer?"} {
		fmt.Printf("%s / %s\n", t.Readable(), t.Expected())
	}
	// Output:
	// string or list of strings / a string or a list (table)
	// function(item, index) → boolean / a function
	// integer / a whole number
}

func ExampleCut() {
	t, rest, err := spec.Cut("table<string, any> options What to do.")
	fmt.Printf("%q %q %v\n", t, rest, err)
	// Output: "table<string, any>" "options What to do." <nil>
}

func ExampleModule_Validate() {
	m := &spec.Module{Name: "greet", Funcs: []*spec.Func{{
		Name:   "hello",
		Params: []spec.Param{{Name: "name", Type: "strnig"}},
	}}}
	fmt.Println(m.Validate(nil))
	// Output: greet.hello: parameter 'name': the type "strnig" is not one of Lua's, and no table of that name is described
}

func ExampleFunc_Signature() {
	f := &spec.Func{Name: "get_list", Params: []spec.Param{{Name: "options", Type: "table", Optional: true}}}
	fmt.Println(f.Signature())
	// Output: get_list(options?)
}
