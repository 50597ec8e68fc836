package bindings_test

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/bindings"
)

func ExampleOpen() {
	greet := &bindings.Module{
		Name: "greet", Doc: "Greets people.",
		Funcs: []*bindings.Func{{
			Name: "hello", Doc: "Returns a greeting.",
			Params:  []bindings.Param{{Name: "name", Type: "string", Doc: "Whom to greet."}},
			Returns: []bindings.Return{{Type: "string", Doc: "The greeting."}},
			Call: func(a *bindings.Args) (int, error) {
				if a.String(0) == "" {
					return 0, a.Errorf("the name is empty")
				}
				return a.Push(lua.LString("hello " + a.String(0)))
			},
		}},
	}
	if err := bindings.Validate(greet, nil); err != nil {
		fmt.Println(err)
	}

	L := lua.NewState()
	defer L.Close()
	L.SetGlobal("greet", bindings.Open(L, &bindings.Host{}, greet))
	err := L.DoString(`
		print(greet.hello("Ada"))
		print(select(2, pcall(greet.hello, 7, 8)))`)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(greet.Funcs[0].Signature())
	// Output:
	// hello Ada
	// <string>:3: greet.hello: takes at most 1 argument, not 2; call it as hello(name)
	// hello(name)
}

func ExampleShow() {
	L := lua.NewState()
	defer L.Close()
	v, err := bindings.CodecOf(L).DecodeBytes([]byte(`{"name": "Acme", "tags": ["vip"], "owner": null}`), bindings.DecodeOptions{Nulls: true})
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(bindings.Show(L, v, 80))
	// Output: { name = "Acme", owner = json.null, tags = { "vip" } }
}
