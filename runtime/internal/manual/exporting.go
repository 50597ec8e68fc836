package manual

import (
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
		e.Require, e.Library = m.MustBeRequired(t.Name), m.IsLuaLibrary(t.Name)
		e.Members = members(t.Module)
		if t.Model != nil {
			e.Model = exportModel(t.Model)
		}
	case KindFunction:
		e.Function = exportFunction(t.Func)
		e.Function.Signature, e.Function.Note = t.Signature(), m.OperationNote(t)
	case KindValue:
		e.Type = t.Value.Type
	case KindTable:
		if t.Model == nil {
			e.Fields = exportFields(t.Shape.Fields)
			break
		}
		for _, p := range t.Model.Properties {
			e.Members = append(e.Members, t.Name+"."+p.Name)
		}
	case KindProperty:
		e.Property = exportProperty(t.Model, t.Property)
	}
	return e
}

func members(module *spec.Module) []string {
	var names []string
	for _, f := range module.Funcs {
		names = append(names, module.Name+"."+f.Name)
	}
	for _, v := range module.Values {
		names = append(names, module.Name+"."+v.Name)
	}
	for _, s := range module.Records {
		names = append(names, s.Name)
	}
	for _, part := range module.Modules {
		names = append(names, part.Name)
	}
	return names
}

func exportFunction(f *spec.Func) *ExportFunction {
	e := &ExportFunction{
		Params: []ExportParam{}, Returns: []ExportReturn{}, Variadic: f.Variadic,
		Errors: f.Errors, Example: f.Example, Deprecated: f.Deprecated,
	}
	for _, p := range f.Params {
		e.Params = append(e.Params, ExportParam{Name: p.Name, Type: p.Type, Optional: p.Optional, Doc: p.Doc, Fields: exportFields(p.Fields)})
	}
	for _, r := range f.Returns {
		e.Returns = append(e.Returns, ExportReturn{Type: r.Type, Doc: r.Doc})
	}
	return e
}

func exportFields(fields []spec.Field) []ExportField {
	var list []ExportField
	for _, f := range fields {
		list = append(list, ExportField{Name: f.Name, Type: f.Type, Required: f.Required, Doc: f.Doc})
	}
	return list
}

func exportModel(model *catalog.Model) *ExportModel {
	e := &ExportModel{
		Table: model.Name, Path: model.Path, Host: model.Base, Confidence: sure(model.Confidence), Notes: model.Notes,
		Keys: ExportKeys{Get: model.Keyables.Get, Update: model.Keyables.Update, Delete: model.Keyables.Delete, Bulk: model.Keyables.Bulk},
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

func exportProperty(model *catalog.Model, p *catalog.Property) *ExportProperty {
	return &ExportProperty{
		Type: p.Type, Required: necessity(model, p) == "all", ReadOnly: p.ReadOnly, Ref: p.Ref, Enum: p.Enum,
		Confidence: sure(p.Confidence), Origin: p.Origin,
	}
}

// sure returns the confidence that is implied if none is noted.
func sure(c catalog.Confidence) catalog.Confidence {
	if c == "" {
		return catalog.High
	}
	return c
}
