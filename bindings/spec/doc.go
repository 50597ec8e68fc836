// Package spec holds the declarations of Lua functions: their names, parameters,
// results, types and documentation, as data.
//
// A function is declared once, and everything that has to know about it asks
// the declaration: the argument check and its messages, help(), completion, the
// checker, the definitions for editors and the reference.
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
// Types are written as in LuaCATS, and [Type] answers questions about them:
// which values they accept, what a list holds, what a function returns, how they
// read in a sentence.
//
// The package knows neither Lua states nor Planhat. Package bindings turns a
// declaration into a table that scripts can use.
package spec
