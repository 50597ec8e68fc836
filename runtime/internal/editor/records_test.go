package editor

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
)

// alternatives are the classes that a name stands for: itself, or its alternatives.
func (d *declarations) alternatives(name string) []string {
	if d.classes[name] != nil {
		return []string{name}
	}
	return d.aliases[name]
}

// needed lists the properties that a record of a class must have, sorted.
func (d *declarations) needed(name string) []string {
	var names []string
	for field := range d.classes[name].fields {
		if !d.optional[name+"."+field] {
			names = append(names, field)
		}
	}
	slices.Sort(names)
	return names
}

// TestRecordsForWriting: new records need what the catalog says, rows their key, and changes
// nothing; what Planhat sets can only be read.
func TestRecordsForWriting(t *testing.T) {
	d := declared(t, Definitions(builtIn(), nil))
	for name, want := range map[string][][]string{
		"CompanyNew":       {{"name"}},
		"CompanyChanges":   {nil},
		"CompanyRow":       {{"_id"}, {"sourceId"}, {"externalId"}},
		"AssetNew":         {{"companyId", "name"}, {"companyExternalId", "name"}},
		"EnduserNew":       {{"companyId", "externalId"}, {"companyId", "sourceId"}, {"email"}, {"companyExternalId", "externalId"}, {"companyExternalId", "sourceId"}},
		"EnduserRow":       {{"_id"}, {"sourceId"}, {"externalId"}, {"email"}},
		"LicenseNew":       {{"companyId", "fromDate"}, {"companyExternalId", "fromDate"}}, // Planhat may fill in _currency
		"NoteRow":          {{"_id"}, {"companyId"}, {"companyExternalId"}},                // no key but _id: new ones are complete
		"TimesheetNew":     {nil},
		"TimesheetRow":     {nil},
		"Custom_FieldNew":  {{"name", "parent", "type"}},
		"MetricsNew":       {{"dimensionId", "externalId", "value"}, {"companyId", "dimensionId", "value"}}, // an alias
		"User_ActivityNew": {{"email"}, {"externalId"}, {"userId"}},
	} {
		var got [][]string
		for _, class := range d.alternatives(name) {
			got = append(got, d.needed(class))
		}
		assert.Equal(t, want, got, name)
	}
	for _, name := range []string{"WorkflowNew", "WorkflowChanges", "TicketNew", "Custom_FieldRow"} {
		assert.Empty(t, d.alternatives(name), "%s: no function takes it", name)
	}
	assert.Equal(t, "number # Monthly value. Read-only.", d.field("Company", "mrr"))
	for _, name := range []string{"CompanyNew", "CompanyChanges", "CompanyRow.externalId"} {
		assert.Empty(t, d.field(name, "mrr"), name)
		assert.NotEmpty(t, d.field(name, "phase"), name)
	}
	assert.Equal(t, "string # Planhat id.", d.field("Company", "_id"), "a row is found by it")
}

// TestWrittenRecordsAreReadToo: a record that was read is a row for its own model, and has
// each property that can be set.
func TestWrittenRecordsAreReadToo(t *testing.T) {
	d := declared(t, Definitions(builtIn(), nil))
	for _, m := range catalog.Load().Models {
		changes := d.classes[m.Name+"Changes"]
		if changes == nil {
			continue
		}
		for field := range changes.fields {
			assert.NotEmpty(t, d.field(m.Name, field), m.Name)
		}
		for _, p := range m.Properties {
			assert.Equal(t, !p.ReadOnly || p.Name == "custom", changes.fields[p.Name] != "", "%s.%s", m.Name, p.Name)
		}
		if rows := d.alternatives(m.Name + "Row"); slices.Contains(rows, m.Name+"Row._id") {
			assert.Equal(t, m.Name+"Row._id", d.classes[m.Name].parent)
		}
	}
}

// TestFunctionsTakeRecordsForWriting: what each function takes, with a dot and with a colon.
func TestFunctionsTakeRecordsForWriting(t *testing.T) {
	files := Definitions(builtIn(), nil)
	text := files[slices.IndexFunc(files, func(f File) bool { return f.Path == "planhat/company.d.lua" })].Text
	for _, want := range []string{
		"---@param record CompanyNew # ", "---@param changes CompanyChanges # ", "---@param rows CompanyRow[]|(fun(): CompanyRow?) # The rows: a list, or an iterator.\n",
		"---@overload fun(self: planhat.company, record: CompanyNew): Company\n",
		"---@overload fun(self: planhat.company, id: string, changes: CompanyChanges): Company\n",
		"---@overload fun(self: planhat.company, rows: CompanyRow[]|(fun(): CompanyRow?), options?: planhat.company.sync.options): SyncResult\n",
		"---@return Company[] # ", "---@field where? fun(record: Company): any # ",
	} {
		require.Contains(t, text, want)
	}
}
