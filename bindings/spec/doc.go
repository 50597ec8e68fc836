// Package spec holds the declarations of Lua functions: their names, parameters,
// results, types and documentation, as data.
//
// A function is declared once. The argument check and its messages, help(),
// completion, the checker, the definitions for editors and the reference all use
// the declaration.
//
//	var greet = &spec.Module{
//		Name: "greet", Doc: "Greets people.",
//		Funcs: []*spec.Func{{
//			Name: "hello", Doc: "Returns a greeting.",
//			Params:  []spec.Param{{Name: "names", Type: "string|string[]", Doc: "Whom to greet."}},
//			Returns: []spec.Return{{Type: "string", Doc: "The greeting."}},
//		}},
//	}
//
// Types are written as in LuaCATS. [Type] says which values a type accepts, what
// a list holds, what a function returns, and how the type reads in a sentence.
//
// The package knows neither Lua states nor Planhat. Package bindings turns a
// declaration into a table that scripts can use.
package spec
