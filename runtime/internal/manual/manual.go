// Package manual holds what phscript knows about itself: every module,
// function, table, model and property that a script can name, found by name or
// by words.
//
// It is built from the specs of package bindings, from the comments in modules
// written in Lua, and from the API catalog. Help, completion, the checker and
// the editor's types all use it, so they agree.
package manual

import (
	"embed"
	"slices"
	"strings"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
)

//go:embed standard
var standard embed.FS

// libraries are the libraries of Lua, in the order of the manual. Each has a file
// in standard; the global functions are in globals.lua.
var libraries = []string{"coroutine", "string", "table", "math", "os", "io", "debug", "package"}

func luaLibrary(name, file string) *spec.Module {
	text, err := standard.ReadFile("standard/" + file + ".lua")
	if err != nil {
		panic(err) // the file is part of the program
	}
	m := LuaModule(name, string(text))
	m.Required = false
	return m
}

// Kind is what a topic is about.
type Kind string

// The kinds of topics.
const (
	// KindModule is a module or a library: "csv", "string".
	KindModule Kind = "module"
	// KindModel is a model's part of the planhat module: "planhat.company".
	KindModel Kind = "model"
	// KindFunction is a function: "planhat.company.get_list", "print".
	KindFunction Kind = "function"
	// KindValue is a field that is not a function: "json.null".
	KindValue Kind = "value"
	// KindTable is a table that functions take or return: "PlanhatError".
	KindTable Kind = "table"
	// KindProperty is a property of a model: "Company.externalId".
	KindProperty Kind = "property"
)

// Topic is one thing with a name and a description.
type Topic struct {
	// Name is its name in scripts, or as an editor's type.
	Name string
	Kind Kind
	// Doc is Markdown. Its first sentence is the summary.
	Doc string
	// Module is the module itself, or the one it belongs to.
	Module *spec.Module
	// Func, Value, Shape, Model and Property are set according to Kind; Model
	// also on properties.
	Func     *spec.Func
	Value    *spec.Value
	Shape    *spec.Shape
	Model    *catalog.Model
	Property *catalog.Property
}

// Summary returns the first sentence of Doc.
func (t *Topic) Summary() string { return spec.Summary(t.Doc) }

// Signature returns a function's call, such as "planhat.company.get_by_id(id)";
// for other topics, the name.
func (t *Topic) Signature() string {
	if t.Func == nil {
		return t.Name
	}
	return strings.TrimSuffix(t.Name, t.Func.Name) + t.Func.Signature()
}

// Manual is the whole manual. It is immutable and safe for concurrent use.
type Manual struct {
	api     *catalog.Catalog
	modules []*spec.Module
	globals *spec.Module
	// own are the globals other than Lua's, tests those that only tests have.
	own, tests *spec.Module
	topics     []*Topic
	byName     map[string]*Topic
	byFold     map[string]*Topic
	// standard are Lua's own libraries.
	standard map[string]bool
}

// New returns the manual of the given modules and of Lua's own libraries. A module
// without a name holds globals.
func New(modules []*spec.Module, api *catalog.Catalog) *Manual {
	m := &Manual{api: api, byName: map[string]*Topic{}, byFold: map[string]*Topic{}, standard: map[string]bool{}}
	m.globals = luaLibrary("", "globals")
	m.own, m.tests = &spec.Module{}, &spec.Module{ForTests: true}
	for _, module := range modules {
		if module.Name != "" {
			m.modules = append(m.modules, module)
			continue
		}
		own := m.own
		if module.ForTests {
			own = m.tests
		}
		for _, all := range []*spec.Module{m.globals, own} {
			all.Funcs = append(all.Funcs, module.Funcs...)
			all.Values = append(all.Values, module.Values...)
			all.Records = append(all.Records, module.Records...)
		}
	}
	slices.SortStableFunc(m.modules, func(a, b *spec.Module) int { return strings.Compare(a.Name, b.Name) })
	for _, name := range libraries {
		m.modules = append(m.modules, luaLibrary(name, name))
		m.standard[name] = true
	}
	for _, module := range m.modules {
		m.addModule(module)
	}
	m.addMembers(m.globals)
	return m
}

func (m *Manual) addModule(module *spec.Module) {
	t := &Topic{Name: module.Name, Kind: KindModule, Doc: module.Doc, Module: module}
	if parent, snake, found := strings.Cut(module.Name, "."); found && m.byName[parent] != nil {
		if t.Model = m.api.Model(snake); t.Model != nil {
			t.Kind = KindModel
		}
	}
	m.add(t)
	m.addMembers(module)
	for _, part := range module.Modules {
		m.addModule(part)
	}
}

// addMembers adds what a module contains, except its parts.
func (m *Manual) addMembers(module *spec.Module) {
	for _, f := range module.Funcs {
		m.add(&Topic{Name: spec.Qualify(module.Name, f.Name), Kind: KindFunction, Doc: f.Doc, Module: module, Func: f})
	}
	for _, v := range module.Values {
		m.add(&Topic{Name: spec.Qualify(module.Name, v.Name), Kind: KindValue, Doc: v.Doc, Module: module, Value: v})
	}
	for _, s := range module.Records {
		t := &Topic{Name: s.Name, Kind: KindTable, Doc: s.Doc, Module: module, Shape: s}
		t.Model = m.api.ModelNamed(s.Name)
		m.add(t)
		if t.Model == nil {
			continue
		}
		for _, p := range t.Model.Properties {
			m.add(&Topic{Name: s.Name + "." + p.Name, Kind: KindProperty, Doc: propertyDoc(s, p), Module: module, Model: t.Model, Property: p})
		}
	}
}

// propertyDoc is the description of a property in the record's shape.
func propertyDoc(s *spec.Shape, p *catalog.Property) string {
	for i := range s.Fields {
		if s.Fields[i].Name == p.Name {
			return s.Fields[i].Doc
		}
	}
	return p.Doc
}

// add adds a topic. The first one of a name wins.
func (m *Manual) add(t *Topic) {
	if m.byName[t.Name] == nil {
		m.byName[t.Name] = t
		m.topics = append(m.topics, t)
	}
	if fold := strings.ToLower(t.Name); m.byFold[fold] == nil {
		m.byFold[fold] = t
	}
}

// Topics returns all topics: a module, then its members. The caller must not
// change the result.
func (m *Manual) Topics() []*Topic { return m.topics }

// Modules returns the modules: phscript's by name, then Lua's own libraries.
// The caller must not change the result.
func (m *Manual) Modules() []*spec.Module { return m.modules }

// Globals returns the global functions and values, as a module without a name.
// Most modules are also globals.
func (m *Manual) Globals() *spec.Module { return m.globals }

// Own returns the globals other than Lua's, as a module without a name.
func (m *Manual) Own() *spec.Module { return m.own }

// OnlyInTests returns the globals that only test files have, as a module
// without a name.
func (m *Manual) OnlyInTests() *spec.Module { return m.tests }

// IsLuaLibrary reports whether a module is one of Lua's own libraries.
func (m *Manual) IsLuaLibrary(module string) bool { return m.standard[module] }

// Catalog returns the API that the models come from.
func (m *Manual) Catalog() *catalog.Catalog { return m.api }

// Topic returns the topic of exactly that name, or nil.
func (m *Manual) Topic(name string) *Topic { return m.byName[name] }

// ModelModule returns the topic of the functions of a model, built-in or declared, or nil.
func (m *Manual) ModelModule(name string) *Topic {
	if t := m.Topic(`planhat.model("` + name + `")`); t != nil {
		return t
	}
	if t := m.Topic("planhat." + name); t != nil && t.Kind == KindModel {
		return t
	}
	return nil
}

// ModelNames returns the names of the models, built-in and declared.
func (m *Manual) ModelNames() (names []string) {
	for _, t := range m.topics {
		if name, ok := strings.CutPrefix(t.Name, `planhat.model("`); ok && t.Func == nil {
			names = append(names, strings.TrimSuffix(name, `")`))
		} else if t.Kind == KindModel {
			names = append(names, strings.TrimPrefix(t.Name, "planhat."))
		}
	}
	return names
}

// Member returns the topic of a module that the manual may not have, or of one of its
// functions, by its whole name.
func (m *Manual) Member(module *spec.Module, name string) *Topic {
	if t := m.Topic(name); t != nil {
		return t
	}
	for _, f := range module.Funcs {
		if spec.Qualify(module.Name, f.Name) == name {
			return &Topic{Name: name, Kind: KindFunction, Doc: f.Doc, Module: module, Func: f}
		}
	}
	return &Topic{Name: module.Name, Kind: KindModule, Doc: module.Doc, Module: module}
}

// Record returns the model whose records have a type, or nil.
func (m *Manual) Record(typ spec.Type) *catalog.Model { return m.api.ModelNamed(string(typ)) }

// Fields returns the fields of a table type that the manual describes, or nil.
func (m *Manual) Fields(typ spec.Type) []spec.Field {
	if t := m.byName[string(typ)]; t != nil && t.Shape != nil {
		return t.Shape.Fields
	}
	return nil
}

// Find returns the topic that a person means by a name, or nil. It ignores
// case, a missing "planhat.", a colon in place of the last dot, and
// parentheses.
func (m *Manual) Find(name string) *Topic {
	name, _, _ = strings.Cut(strings.TrimSpace(name), "(")
	name = strings.ReplaceAll(strings.TrimSpace(name), ":", ".")
	for _, one := range []string{name, "planhat." + name} {
		if t := m.byName[one]; t != nil {
			return t
		}
	}
	if model, function, ok := strings.Cut(strings.TrimPrefix(name, "planhat."), "."); ok { // of a custom model
		if t := m.byName[`planhat.model("`+model+`").`+function]; t != nil {
			return t
		}
	}
	fold := strings.ToLower(name)
	for _, one := range []string{fold, "planhat." + fold} {
		if t := m.byFold[one]; t != nil {
			return t
		}
	}
	return nil
}

// Nearest returns at most three names of topics that are spelled like name.
func (m *Manual) Nearest(name string) []string {
	var names []string
	for _, t := range m.topics {
		names = append(names, t.Name)
		if rest, ok := strings.CutPrefix(t.Name, "planhat."); ok && !strings.HasPrefix(name, "planhat.") {
			names = append(names, rest)
		}
	}
	return catalog.Nearest(name, names)
}
