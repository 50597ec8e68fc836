package editor

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/runtime"
	"github.com/phscript/phscript/runtime/internal/builtins"
	"github.com/phscript/phscript/runtime/internal/compile"
	"github.com/phscript/phscript/runtime/internal/manual"
)

// class is what definitions say about a class.
type class struct {
	// parent is the class whose fields it has too, or "".
	parent string
	// fields are the types of its own fields, functions the parameters of those.
	fields    map[string]string
	functions map[string][]string
}

// declarations are what all files of definitions declare.
type declarations struct {
	classes map[string]*class
	// modules are the classes of the modules, by the names to require them by.
	modules map[string]string
	// globals are the classes of global tables by their names, "" for what is no
	// table.
	globals map[string]string
	// aliases are the classes that other names stand for.
	aliases map[string][]string
	// optional are the fields that may be absent, after their class: "Company.name".
	optional map[string]bool
	// types are all types that are used, with the lines that use them.
	types map[string]string
}

var (
	classLine    = regexp.MustCompile(`^---@class ([\w.]+)(?: : ([\w.]+))?$`)
	aliasLine    = regexp.MustCompile(`^---@alias (\w+) ([\w.|]+)$`)
	fieldLine    = regexp.MustCompile(`^---@field (\w+\??|\["[^"]+"\]) (.*)$`)
	paramLine    = regexp.MustCompile(`^---@param (\w+|\.\.\.)(\??) (.*)$`)
	typedLine    = regexp.MustCompile(`^---@(?:return|type|overload) (.*)$`)
	functionLine = regexp.MustCompile(`^function (?:(\w+)\.)?(\w+)\(([^)]*)\) end$`)
	variableLine = regexp.MustCompile(`^(local )?(\w+) = (\{\}|nil)$`)
	metaLine     = regexp.MustCompile(`^---@meta (\S+)$`)
)

// declared reads files of definitions. Each line must be of a known form.
func declared(t *testing.T, files []File) *declarations {
	t.Helper()
	d := &declarations{map[string]*class{}, map[string]string{}, map[string]string{}, map[string][]string{}, map[string]bool{}, map[string]string{}}
	for _, f := range files {
		d.read(t, f)
	}
	return d
}

func (d *declarations) read(t *testing.T, f File) {
	variables := map[string]string{}
	current, meta := "", ""
	var params []string
	for line := range strings.Lines(f.Text) {
		line = strings.TrimSuffix(line, "\n")
		where := f.Path + ": " + line
		typed := func(text string) {
			names, rest, err := readType(text)
			require.NoError(t, err, where)
			require.True(t, rest == "" || strings.HasPrefix(rest, "# "), where)
			for _, name := range names {
				d.types[name] = where
			}
		}
		switch {
		case metaLine.MatchString(line):
			meta = metaLine.FindStringSubmatch(line)[1]
		case classLine.MatchString(line):
			m := classLine.FindStringSubmatch(line)
			current = m[1]
			require.Nil(t, d.classes[current], "declared twice: %s", where)
			d.classes[current] = &class{m[2], map[string]string{}, map[string][]string{}}
			if m[2] != "" {
				d.types[m[2]] = where
			}
		case aliasLine.MatchString(line):
			m := aliasLine.FindStringSubmatch(line)
			require.Nil(t, d.aliases[m[1]], "declared twice: %s", where)
			d.aliases[m[1]] = strings.Split(m[2], "|")
			typed(m[2])
		case fieldLine.MatchString(line):
			m := fieldLine.FindStringSubmatch(line)
			typed(m[2])
			typ, _, _ := strings.Cut(m[2], " # ")
			field := strings.TrimSuffix(m[1], "?")
			require.Empty(t, d.classes[current].fields[field], "declared twice: %s", where)
			d.classes[current].fields[field] = m[2]
			d.optional[current+"."+field] = field != m[1] || strings.HasSuffix(typ, "?")
		case paramLine.MatchString(line):
			m := paramLine.FindStringSubmatch(line)
			typed(m[3])
			params = append(params, m[1])
		case typedLine.MatchString(line):
			typed(typedLine.FindStringSubmatch(line)[1])
		case strings.HasPrefix(line, "---@"):
			require.Regexp(t, `@deprecated|@diagnostic disable-next-line: redefined-local$`, line, where)
		case functionLine.MatchString(line):
			m := functionLine.FindStringSubmatch(line)
			assert.Equal(t, m[3], strings.Join(params, ", "), where)
			if m[1] == "" {
				d.globals[m[2]] = ""
			} else {
				d.classes[variables[m[1]]].functions[m[2]] = params
			}
			params = nil
		case variableLine.MatchString(line):
			m := variableLine.FindStringSubmatch(line)
			variables[m[2]] = current
			if m[1] == "" {
				d.globals[m[2]] = current
			}
			if m[3] == "nil" {
				d.globals[m[2]] = ""
			}
		case strings.HasPrefix(line, "return "):
			variable := meta[strings.LastIndexByte(meta, '.')+1:]
			require.Equal(t, "return "+variable, line)
			d.modules[meta] = variables[variable]
		default:
			require.True(t, line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, made), where)
		}
	}
}

// names lists what a class holds, and what the classes of its fields hold.
func (d *declarations) names(prefix, name string) []string {
	list := []string{prefix}
	c := d.classes[name]
	for f := range c.functions {
		list = append(list, prefix+"."+f)
	}
	for field, typ := range c.fields {
		typ, _, _ = strings.Cut(typ, " ")
		if strings.HasPrefix(typ, name+".") && d.classes[typ] != nil {
			list = append(list, d.names(prefix+"."+field, typ)...)
			continue
		}
		list = append(list, prefix+"."+field)
	}
	return list
}

// field is what a class or its parents say about a field, or "".
func (d *declarations) field(name, field string) string {
	for c := d.classes[name]; c != nil; c = d.classes[c.parent] {
		if typ := c.fields[field]; typ != "" {
			return typ
		}
	}
	return ""
}

// luaTypes are the types that a language server knows by itself.
var luaTypes = []string{"any", "boolean", "function", "integer", "nil", "number", "string", "table", "userdata"}

// further is a module of an embedding program, and one that holds globals.
func further() []*spec.Module {
	return []*spec.Module{
		{
			Name: "shop", Doc: "Sells things.\n@no annotation",
			Funcs: []*spec.Func{{
				Name: "sell", Doc: "Sells.", Deprecated: "give it away", Variadic: true,
				Params: []spec.Param{
					{Name: "by", Type: "string|fun(item: any): any", Optional: true},
					{Name: "options", Type: "table", Optional: true, Fields: []spec.Field{{Name: "price", Type: "number", Required: true}}},
					{Name: "more", Type: "string?"},
				},
			}},
			Records: []*spec.Shape{{Name: "Receipt", Fields: []spec.Field{{Name: "in words", Type: "string"}, {Name: "print", Type: "fun(self, times: integer): string?"}}}},
		},
		{Funcs: []*spec.Func{{Name: "describe", Doc: "Describes."}}},
	}
}

func TestDefinitionsAreSound(t *testing.T) {
	for name, m := range map[string]*manual.Manual{"built in": builtIn(), "embedded": builtins.Manual(further()...)} {
		files := Definitions(m, nil)
		d := declared(t, files)
		for typ, where := range d.types {
			assert.True(t, slices.Contains(luaTypes, typ) || d.classes[typ] != nil || d.aliases[typ] != nil, "%s: no such type as %s: %s", name, typ, where)
		}
		for _, f := range files {
			_, err := compile.Parse([]byte(f.Text), f.Path)
			assert.NoError(t, err, f.Path)
		}
		for _, topic := range m.Topics() {
			if topic.Kind == manual.KindTable {
				assert.NotNil(t, d.classes[topic.Name], topic.Name)
			}
			if topic.Kind == manual.KindProperty {
				assert.NotEmpty(t, d.field(topic.Model.Name, topic.Property.Name), topic.Name)
			}
		}
	}
}

func TestEmbeddedDefinitions(t *testing.T) {
	files := Definitions(builtins.Manual(further()...), nil)
	at := slices.IndexFunc(files, func(f File) bool { return f.Path == "shop.d.lua" })
	require.NotEqual(t, -1, at)
	assert.Equal(t, `---@meta shop
-- Made by 'phscript setup'. Changes made here are lost.

---Sells things.
--- @no annotation
---@class shop
shop = {}

---@class Receipt
---@field ["in words"] string?
---@field print fun(self: Receipt, times: integer): string?

---The `+"`options` of `shop.sell`"+`.
---@class shop.sell.options
---@field price number

---Sells.
---@deprecated give it away
---@param by? string|(fun(item: any): any)
---@param options? shop.sell.options
---@param ... string
function shop.sell(by, options, ...) end

return shop
`, files[at].Text)
}

// reachable prints every name that a script reaches in the modules, and all its
// globals.
const reachable = `
local names, globals = {}, {}
local function add(name, value, depth)
  names[#names + 1] = name
  if type(value) == "table" and depth < 2 then
    for k, v in pairs(value) do add(name .. "." .. k, v, depth + 1) end
  end
end
for _, name in ipairs(args) do add(name, require(name), 0) end
local _ = help
for k in pairs(_G) do globals[#globals + 1] = k end
return { names, globals }
`

// TestDefinitionsNameWhatThereIs compares the definitions with a live state,
// both ways.
func TestDefinitionsNameWhatThereIs(t *testing.T) {
	rt, err := runtime.New(runtime.Options{})
	require.NoError(t, err)
	d := declared(t, Definitions(builtins.Manual(), nil))
	assert.ElementsMatch(t, builtins.Names(), slices.Collect(maps.Keys(d.modules)))
	program, err := rt.Compile(t.Context(), runtime.Script{Source: []byte(reachable)})
	require.NoError(t, err)
	result, err := program.Run(t.Context(), runtime.RunOptions{Args: builtins.Names()})
	require.NoError(t, err)
	var lists [2][]string
	require.NoError(t, result.Decode(&lists))
	there, globals := lists[0], lists[1]

	var names []string
	for name, class := range d.modules {
		names = append(names, d.names(name, class)...)
	}
	assert.ElementsMatch(t, there, names)

	for _, name := range globals {
		own := builtins.Manual().Topic(name)
		require.NotNil(t, own, name)
		if own.Kind == manual.KindModule && builtins.Manual().IsLuaLibrary(name) || name == "_G" || name == "_VERSION" {
			continue
		}
		if _, ok := d.globals[name]; !ok {
			assert.False(t, slices.ContainsFunc(builtins.Manual().Own().Funcs, func(f *spec.Func) bool { return f.Name == name }), name)
			assert.Equal(t, manual.KindFunction, own.Kind, name)
		}
	}
	for name := range d.globals {
		assert.NotNil(t, builtins.Manual().Topic(name), name)
	}
}

func TestRecords(t *testing.T) {
	var all strings.Builder
	for _, f := range Definitions(builtIn(), nil) {
		all.WriteString(f.Text)
	}
	for _, want := range []string{
		`---@field status? "prospect"|"coming"|"customer"|"canceled"|"lost" # `,
		"---@field owner? string # Account manager; list responses may expand it to an object with id and nickName. The id of User.\n",
		"---@return fun(): Company? # An iterator",
		"---@overload fun(self: planhat.company, rows: CompanyRow[]|(fun(): CompanyRow?), options?: planhat.company.bulk_upsert.options): BulkResult\n",
		"---@overload fun(value?: any, options?: InspectOptions): string\n", // the module inspect can be called
		"---@field depth? integer", "---@return planhat # The client.",
		"---@field null any # ",
		"---@field convert? fun(cell: string, row: table): any, string? # ", // of a column in the options of an import
	} {
		assert.Contains(t, all.String(), want)
	}
}
