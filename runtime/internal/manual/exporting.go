package manual

import (
	"cmp"

	"github.com/phscript/phscript/bindings/spec"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/guide"
)

// Export returns the given topics for other programs.
func (m *Manual) Export(program string, topics []*Topic, sections []*guide.Section) *Export {
	e := &Export{Version: ExportVersion, Program: program, Topics: []ExportTopic{}}
	for _, t := range topics {
		e.Topics = append(e.Topics, m.export(t))
	}
	for _, s := range sections {
		e.Guides = append(e.Guides, ExportSection{Name: s.Name(), Guide: s.Title, Heading: s.Headline(), Text: s.Text})
	}
	return e
}

// ExportAll returns the whole manual for other programs.
func (m *Manual) ExportAll(program string) *Export {
	e := m.Export(program, m.topics, guide.All().Sections())
	e.Types, e.Hosts = m.api.Types, m.api.Hosts
	return e
}

func (m *Manual) export(t *Topic) ExportTopic {
	e := ExportTopic{Name: t.Name, Kind: t.Kind, Summary: t.Summary(), Doc: t.Doc, Module: t.Module.Name}
	switch t.Kind {
	case KindModule, KindModel:
		e.Require, e.Library = t.Module.Required, m.IsLuaLibrary(t.Name)
		e.Members = members(t.Module)
		if t.Model != nil {
			e.Model = exportModel(t.Model)
		}
	case KindFunction:
		f := t.Func
		e.Function = &ExportFunction{
			Signature: t.Signature(), Params: append([]spec.Param{}, f.Params...), Variadic: f.Variadic, Returns: append([]spec.Return{}, f.Returns...),
			Errors: f.Errors, Example: f.Example, Deprecated: f.Deprecated, Note: m.OperationNote(t),
		}
	case KindValue:
		e.Type = t.Value.Type
	case KindTable:
		if t.Model == nil {
			e.Fields = t.Shape.Fields
			break
		}
		for _, p := range t.Model.Properties {
			e.Members = append(e.Members, t.Name+"."+p.Name)
		}
	case KindProperty:
		e.Property = &ExportProperty{
			Type: t.Property.Type, Required: necessity(t.Model, t.Property) == "all", ReadOnly: t.Property.ReadOnly, Ref: t.Property.Ref,
			Enum: t.Property.Enum, Confidence: cmp.Or(t.Property.Confidence, catalog.High), Origin: t.Property.Origin,
		}
	}
	return e
}

func members(module *spec.Module) []string {
	var names []string
	for _, f := range module.Funcs {
		names = append(names, spec.Qualify(module.Name, f.Name))
	}
	for _, v := range module.Values {
		names = append(names, spec.Qualify(module.Name, v.Name))
	}
	for _, s := range module.Records {
		names = append(names, s.Name)
	}
	for _, part := range module.Modules {
		names = append(names, part.Name)
	}
	return names
}

func exportModel(model *catalog.Model) *ExportModel {
	e := &ExportModel{
		Table: model.Name, Path: model.Path, Host: model.Base, Confidence: cmp.Or(model.Confidence, catalog.High), Notes: model.Notes,
		Keys: ExportKeys(model.Keyables),
		Required: ExportRequired{
			All: model.RequiredOnCreate, OneOf: model.RequiredOneOf, Suggested: model.SuggestedOnCreate, BulkCreate: model.RequiredOnBulkCreate,
		},
		Operations: []ExportOperation{},
	}
	for _, op := range model.Operations {
		o := ExportOperation{
			Name: op.Name, Method: op.Method, Path: op.Path, Host: op.Base,
			MaxItems: op.MaxItems, MaxBodyBytes: op.MaxBodyBytes, Note: Sentence(op.Note),
		}
		if limit := op.Parameter("limit"); limit != nil {
			o.PageDefault, o.PageMax = limit.Default, limit.Max
		}
		e.Operations = append(e.Operations, o)
	}
	return e
}
