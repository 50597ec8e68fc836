package view

import "github.com/phscript/phscript/runtime/internal/schema"

// SchemaChanges is what schema diff prints.
type SchemaChanges struct {
	Form
	Changes []schema.Change `json:"changes" doc:"what is different in the account, compared with the file"`
}

// SchemaShown is what schema show prints.
type SchemaShown struct {
	Form
	Tenant    schema.Tenant  `json:"tenant" doc:"the account"`
	Fields    []schema.Field `json:"custom_fields" doc:"the custom fields, by model and name"`
	Phases    []string       `json:"phases" doc:"the phases that companies had"`
	Users     []schema.User  `json:"users" doc:"the team, by name"`
	Workflows []string       `json:"workflows" doc:"the names of the workflows"`
}

// SchemaDiffForm makes the form of differences.
func SchemaDiffForm(list []schema.Change) SchemaChanges {
	return SchemaChanges{current, append([]schema.Change{}, list...)}
}

// SchemaForm makes the form of a schema, with some of its fields.
func SchemaForm(s *schema.Schema, fields []schema.Field) SchemaShown {
	return SchemaShown{
		Form: current, Tenant: s.Tenant, Fields: append([]schema.Field{}, fields...), Phases: append([]string{}, s.Phases...),
		Users: append([]schema.User{}, s.Users...), Workflows: append([]string{}, s.Workflows...),
	}
}
