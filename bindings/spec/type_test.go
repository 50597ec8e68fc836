package spec

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTypes(t *testing.T) {
	for typ, want := range map[Type]struct {
		kinds             Kind
		alternatives      []Type
		nonNil, element   Type
		names             []string
		luacats, readable string
		expected          string
	}{
		"":               {kinds: Any, alternatives: []Type{""}, expected: "a value"},
		"any":            {kinds: Any, alternatives: []Type{"any"}, nonNil: "any", luacats: "any", readable: "any", expected: "a value"},
		"any|nil":        {kinds: Any, alternatives: []Type{"any"}, nonNil: "any", luacats: "any", readable: "any", expected: "a value"},
		"nil":            {kinds: Nil, nonNil: "nil", luacats: "nil"},
		"string":         {kinds: String, alternatives: []Type{"string"}, nonNil: "string", luacats: "string", readable: "string", expected: "a string"},
		" string ":       {kinds: String, alternatives: []Type{"string"}, nonNil: " string ", luacats: "string", readable: "string", expected: "a string"},
		"integer?":       {kinds: Integer | Nil, alternatives: []Type{"integer"}, nonNil: "integer", luacats: "integer?", readable: "integer", expected: "a whole number"},
		"string|nil":     {kinds: String | Nil, alternatives: []Type{"string"}, nonNil: "string", luacats: "string?", readable: "string", expected: "a string"},
		"string[]|nil":   {kinds: Table | Nil, alternatives: []Type{"string[]"}, nonNil: "string[]", element: "string", luacats: "string[]?", readable: "list of strings", expected: "a list (table)"},
		"number|string?": {kinds: Number | String | Nil, alternatives: []Type{"number", "string"}, nonNil: "number|string", luacats: "number|string|nil", readable: "number or string", expected: "a number or a string"},
		"table|Company":  {kinds: Table, alternatives: []Type{"table", "Company"}, nonNil: "table|Company", names: []string{"Company"}, luacats: "table|Company", readable: "table or Company", expected: "a table"},
		"Company[]?":     {kinds: Table | Nil, alternatives: []Type{"Company[]"}, nonNil: "Company[]", element: "Company", names: []string{"Company"}, luacats: "Company[]?", readable: "list of Company", expected: "a list (table)"},
		"string?[]":      {kinds: Table, alternatives: []Type{"string?[]"}, nonNil: "string?[]", element: "string?", luacats: "string?[]", readable: "list of string", expected: "a list (table)"},
		"table<string, Company>": {kinds: Table, alternatives: []Type{"table<string, Company>"}, nonNil: "table<string, Company>",
			names: []string{"Company"}, luacats: "table<string, Company>", readable: "table<string, Company>", expected: "a table"},
		`("a"|"b")[]?`: {kinds: Table | Nil, alternatives: []Type{`("a"|"b")[]`}, nonNil: `("a"|"b")[]`, element: `"a"|"b"`,
			luacats: `("a"|"b")[]?`, readable: `list of "a" or "b"`, expected: "a list (table)"},
		"fun()": {kinds: Function, alternatives: []Type{"fun()"}, nonNil: "fun()", luacats: "(fun())", readable: "function", expected: "a function"},
		"Company[]|fun(): Company?": {kinds: Table | Function, alternatives: []Type{"Company[]", "fun(): Company?"}, nonNil: "Company[]|fun(): Company?",
			names: []string{"Company"}, luacats: "Company[]|(fun(): Company?)", readable: "list of Company or function → Company", expected: "a list (table) or a function"},
		"(fun(): Company)?": {kinds: Function | Nil, alternatives: []Type{"fun(): Company"}, nonNil: "fun(): Company", names: []string{"Company"},
			luacats: "(fun(): Company)?", readable: "function → Company", expected: "a function"},
		"string|fun(self, item: any, row: A): any, integer?": {kinds: String | Function, alternatives: []Type{"string", "fun(self, item: any, row: A): any, integer?"},
			nonNil: "string|fun(self, item: any, row: A): any, integer?", names: []string{"A"},
			luacats: "string|(fun(self, item: any, row: A): any, integer?)", readable: "string or function(item, row) → any, integer", expected: "a string or a function"},
		"{ name: string, of?: Team }": {kinds: Table, alternatives: []Type{"{ name: string, of?: Team }"}, nonNil: "{ name: string, of?: Team }",
			names: []string{"Team"}, luacats: "{ name: string, of?: Team }", readable: "{ name: string, of?: Team }", expected: "a table"},
		"thread": {kinds: Thread, alternatives: []Type{"thread"}, nonNil: "thread", luacats: "thread", readable: "thread", expected: "a thread"},
	} {
		parsed, err := Parse(string(typ))
		if !assert.NoError(t, err) {
			continue
		}
		for kind := Nil; kind <= Thread; kind <<= 1 {
			assert.Equal(t, want.kinds&kind != 0, typ.Accepts(kind), "%s accepts %b", typ, kind)
		}
		assert.Equal(t, want.alternatives, parsed.Alternatives(), typ)
		assert.Equal(t, want.nonNil, typ.NonNil(), typ)
		assert.Equal(t, want.element, typ.Element(), typ)
		assert.Equal(t, want.names, typ.Names(), typ)
		assert.Equal(t, want.luacats, typ.LuaCATS(), typ)
		assert.Equal(t, want.readable, typ.Readable(), typ)
		assert.Equal(t, want.expected, typ.Expected(), typ)
	}
}

func TestReadable(t *testing.T) {
	for typ, want := range map[Type]string{
		"fun(done: integer, total: integer)": "function(done, total)",
		"fun(self, row: table)":              "function(row)",
		"fun(): table?, integer?":            "function → table, integer",
		"table<string, string|number>":       "table<string, string|number>",
		"string|fun(item: any): any|nil":     "string or function(item) → any",
	} {
		assert.Equal(t, want, typ.Readable(), typ)
	}
}

func TestTypeOfAFunction(t *testing.T) {
	f := &Func{
		Params: []Param{
			{Name: "rows", Type: "A[]|fun(): A?"}, {Name: "options", Type: "table?", Optional: true}, {Name: "v", Type: "any", Optional: true},
			{Name: "item", Type: "string?", Optional: true},
		},
		Returns:  []Return{{Type: "fun(): A"}, {Type: "string|nil"}},
		Variadic: true,
	}
	assert.Equal(t, Type("fun(rows: A[]|(fun(): A?), options?: table, v?: any, ...: string): (fun(): A), string?"), f.Type())
	assert.NoError(t, (&Module{Funcs: []*Func{{Name: "f", Returns: []Return{{Type: f.Type()}}}}}).Validate(func(string) bool { return true }))
	assert.Equal(t, Type("fun()"), (&Func{}).Type())
	assert.Equal(t, "options", f.Params[1].Name, "the declaration stays as it is")
}

func TestOnly(t *testing.T) {
	for typ, want := range map[Type]Type{
		"": "", "any": "", "any|nil": "", "nil": "", "string": "string", "string?": "string", "nil|Company": "Company", "string|number": "",
		"fun(): string|nil": "fun(): string|nil",
	} {
		assert.Equal(t, want, typ.Only(), typ)
	}
}

func TestFunctionTypes(t *testing.T) {
	f := Type("fun(self, name?: string, ...: integer): table<string, any>, fun(): A|nil").Function()
	assert.Equal(t, []Param{{Name: "self", Type: "any"}, {Name: "name", Type: "string", Optional: true}, {Name: "...", Type: "integer"}}, f.Params)
	assert.Equal(t, []Return{{Type: "table<string, any>"}, {Type: "fun(): A|nil"}}, f.Returns)
	assert.True(t, f.Variadic)
	assert.Nil(t, Type("function").Function())
	assert.Equal(t, Type("A?"), Type("fun(): A?, integer").Result(0))
	assert.Equal(t, Type("integer"), Type("fun(): A?, integer").Result(1))
	assert.Empty(t, Type("fun(): A?, integer").Result(2))
	assert.Empty(t, Type("string").Result(0))
}

// TestNonNilKeepsResults writes a function that returns something in
// parentheses when another alternative follows.
func TestNonNilKeepsResults(t *testing.T) {
	typ := Type("(fun(): A)|string|nil").NonNil()
	assert.Equal(t, Type("(fun(): A)|string"), typ)
	assert.Equal(t, []Type{"fun(): A", "string"}, typ.Alternatives())
}

func TestMalformedTypes(t *testing.T) {
	for text, message := range map[string]string{
		"string|":          `type "string|": expected a type at the end`,
		"string number":    `type "string number": unexpected "number"`,
		"table<string":     `type "table<string": ">" expected before ""`,
		"(string":          `type "(string": ")" expected before ""`,
		"fun(a b)":         `type "fun(a b)": ")" expected before "b)"`,
		"fun(a: )":         `type "fun(a: )": expected a type before ")"`,
		"fun(?)":           `type "fun(?)": a parameter expected before "?)"`,
		"fun(): ":          `type "fun():": expected a type at the end`,
		"{ name string }":  `type "{ name string }": ":" expected before "string }"`,
		"{ ? }":            `type "{ ? }": a field expected before "? }"`,
		"{ a: }":           `type "{ a: }": expected a type before "}"`,
		`"open`:            `type "\"open": a string without an end`,
		"string[":          `type "string[": unexpected "["`,
		"table<string,>":   `type "table<string,>": expected a type before ">"`,
		"string|fun(a: |)": `type "string|fun(a: |)": expected a type before "|)"`,
	} {
		typ, err := Parse(text)
		assert.EqualError(t, err, message)
		assert.True(t, typ.Accepts(Table|String), "%s says nothing", text)
		assert.Equal(t, string(typ), typ.LuaCATS())
	}
}

func TestCut(t *testing.T) {
	for text, want := range map[string][2]string{
		"string name Whom to greet.":        {"string", "name Whom to greet."},
		"fun(a: any): A?, integer What.":    {"fun(a: any): A?, integer", "What."},
		"table<string, any>, string second": {"table<string, any>", ", string second"},
		"string[]":                          {"string[]", ""},
	} {
		typ, rest, err := Cut(text)
		assert.NoError(t, err)
		assert.Equal(t, want, [2]string{string(typ), rest})
	}
	_, rest, err := Cut("| nothing")
	assert.Error(t, err)
	assert.Equal(t, "| nothing", rest)
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"string|nil", "fun(a?: b): c[], d?", `{ a: "b" }|(x)[]`, "table<a, b>?"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		typ, err := Parse(text)
		typ.Readable()
		typ.Expected()
		if err != nil {
			return
		}
		for _, form := range []Type{Type(typ.LuaCATS()), typ.NonNil()} {
			_, err := Parse(string(form))
			assert.NoError(t, err, text)
			assert.Equal(t, typ.Alternatives(), form.Alternatives(), text)
		}
	})
}

func TestValidate(t *testing.T) {
	valid := func() *Module {
		return &Module{
			Name: "shop",
			Funcs: []*Func{{
				Name:    "sell",
				Params:  []Param{{Name: "what", Type: "string"}, {Name: "options", Type: "table", Optional: true, Fields: []Field{{Name: "price", Type: "number"}}}},
				Returns: []Return{{Type: "Receipt"}},
			}},
			Call:    &Func{Name: "shop", Params: []Param{{Name: "v", Type: "any"}}},
			Values:  []*Value{{Name: "open", Type: "boolean"}},
			Records: []*Shape{{Name: "Receipt", Fields: []Field{{Name: "by", Type: "Person"}}}},
			Modules: []*Module{{Name: "shop.back", Funcs: []*Func{{Name: "receipt", Returns: []Return{{Type: "Receipt?"}}}}}},
		}
	}
	person := func(name string) bool { return name == "Person" }
	assert.NoError(t, valid().Validate(person))
	for message, spoil := range map[string]func(m *Module){
		`shop.sell: parameter 'what': type "strin|": expected a type at the end`:                                     func(m *Module) { m.Funcs[0].Params[0].Type = "strin|" },
		`shop.sell: options.price: the type "numbr" is not one of Lua's, and no table of that name is described`:     func(m *Module) { m.Funcs[0].Params[1].Fields[0].Type = "numbr" },
		`shop.sell: result 1: the type "Receit" is not one of Lua's, and no table of that name is described`:         func(m *Module) { m.Funcs[0].Returns[0].Type = "Receit" },
		`shop: parameter 'v': the type "x" is not one of Lua's, and no table of that name is described`:              func(m *Module) { m.Call.Params[0].Type = "x" },
		`shop.open: the type "bool" is not one of Lua's, and no table of that name is described`:                     func(m *Module) { m.Values[0].Type = "bool" },
		`Receipt.by: the type "Persn" is not one of Lua's, and no table of that name is described`:                   func(m *Module) { m.Records[0].Fields[0].Type = "Persn" },
		`shop.back.receipt: result 1: the type "Recipe" is not one of Lua's, and no table of that name is described`: func(m *Module) { m.Modules[0].Funcs[0].Returns[0].Type = "Recipe?" },
		`shop.open is declared twice`: func(m *Module) { m.Funcs[0].Name = "open" },
		`shop: a member has no name`:  func(m *Module) { m.Funcs[0].Name = "" },
		`shop.sell: the required parameter 'second' comes after 'options', which is optional`: func(m *Module) {
			m.Funcs[0].Params = append(m.Funcs[0].Params, Param{Name: "second", Type: "string"})
		},
	} {
		m := valid()
		spoil(m)
		assert.EqualError(t, m.Validate(person), message)
	}
	assert.Error(t, valid().Validate(nil), "nothing else is known")
}
