package catalog

import (
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCatalogIsWhole(t *testing.T) {
	c := Load()
	// The sizes are written down here only: a model or an operation that gets lost fails.
	const models, operations = 28, 154
	assert.Equal(t, models, len(c.Models), "if you added or removed a model, change the number in this test")
	found := 0
	for _, m := range c.Models {
		assert.NotEmpty(t, m.Doc, m.Name)
		assert.NotEmpty(t, m.Properties, m.Name)
		assert.Same(t, m, c.Model(m.Snake))
		assert.Same(t, m, c.ModelNamed(m.Name))
		found += len(m.Operations)
		for _, op := range m.Operations {
			assert.Contains(t, []Host{Main, Analytics}, op.Base, "%s.%s: \"base\" of the model or the operation", m.Snake, op.Name)
			assert.NotEmpty(t, op.Path, "%s.%s", m.Snake, op.Name)
		}
	}
	assert.Equal(t, operations, found, "if you added or removed an operation, change the number in this test")
}

// Facts that other packages lean on must agree with each other: a required or
// keyable name that is no property would make a check that never holds.
func TestNamesInTheCatalogAgree(t *testing.T) {
	c := Load()
	for _, m := range c.Models {
		named := slices.Concat(m.RequiredOnCreate, m.RequiredOneOf, m.SuggestedOnCreate, m.RequiredOnBulkCreate, m.Keyables.Bulk)
		for _, name := range named {
			assert.NotNil(t, m.Property(name), "%s names %q in a list of keys or required properties, but has no such property", m.Snake, name)
		}
		for _, p := range m.Properties {
			assert.Contains(t, c.Types, p.Type, "%s.%s", m.Snake, p.Name)
			if p.Ref != "" {
				assert.NotNil(t, c.ModelNamed(p.Ref), "%s.%s refers to %s", m.Snake, p.Name, p.Ref)
			}
		}
		if op := m.Operation("get_list"); op != nil {
			limit := op.Parameter("limit")
			require.NotNil(t, limit, "%s.get_list has no query parameter \"limit\"", m.Snake)
			assert.Positive(t, limit.Max, m.Snake)
			assert.LessOrEqual(t, limit.Default, limit.Max, m.Snake)
		}
		if op := m.Operation("bulk_upsert"); op != nil {
			assert.Equal(t, 5000, op.MaxItems, m.Snake)
		}
	}
}

func TestModelOddities(t *testing.T) {
	c := Load()
	assert.Equal(t, 5000, c.Model("company").Operation("get_list").Parameter("limit").Max)
	assert.Equal(t, "extId", c.Model("invoice").ExternalID())
	assert.Equal(t, "cId", c.Model("invoice").CompanyRef())
	assert.Empty(t, c.Model("task").ExternalID())
	assert.Empty(t, c.Model("ticket").ExternalID())
	assert.Equal(t, Analytics, c.Model("metrics").Operation("bulk_insert_metrics").Base)
	assert.Equal(t, Main, c.Model("metrics").Operation("get_dimension_data").Base)
	assert.Nil(t, c.Model("ticket").Operation("create"))
	assert.Nil(t, c.Model("compny"))
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_ = newCatalog()
	}
}

// What sets models apart refers to names that exist, so that a slip in the data
// is not a rule that never applies.
func TestOdditiesAgree(t *testing.T) {
	c := Load()
	seen := map[Trait]int{}
	for _, m := range c.Models {
		for _, trait := range m.Traits {
			seen[trait]++
		}
		names := slices.Clone(m.DroppedWithout)
		for _, name := range m.Aliases {
			names = append(names, name)
		}
		if m.Part != nil {
			require.NotNil(t, c.Model(m.Part.Of), m.Snake)
			assert.Nil(t, c.Model(m.Part.Of).Part, "%s: a part of a part", m.Snake)
			names = append(names, m.Part.By...)
		}
		if m.DroppedWithoutCompany {
			assert.NotEmpty(t, m.CompanyRef(), m.Snake)
		}
		for _, op := range m.Operations {
			for name := range op.Fixed {
				names = append(names, name)
			}
			for _, q := range op.Query {
				if q.Filter != nil {
					require.NotEmpty(t, q.Filter.By, "%s.%s", m.Snake, q.Name)
					names = append(names, q.Filter.By...)
				}
			}
			if op.Name == "get_list" {
				for _, q := range op.Filters() {
					assert.NotNil(t, q.Filter, "%s.get_list: the query parameter %q has no \"filter\" that says which records it selects", m.Snake, q.Name)
				}
			}
		}
		for _, p := range m.Properties {
			if p.Substitute != "" {
				names = append(names, p.Substitute)
			}
			if p.Default != nil && len(p.Enum) > 0 {
				var value string
				require.NoError(t, json.Unmarshal(p.Default, &value), "%s.%s", m.Snake, p.Name)
				assert.Contains(t, p.Enum, value, "%s.%s", m.Snake, p.Name)
			}
		}
		for _, name := range names {
			assert.NotNil(t, m.Property(name), "%s.%s", m.Snake, name)
		}
	}
	for _, unique := range []Trait{Account, Person, TeamMember, FieldDefinition, Itemized, Item, Price, RecurringRevenue, OneOffRevenue, WorkedHours} {
		assert.Equal(t, 1, seen[unique], "%s names one model: others are found through it", unique)
	}
	assert.Equal(t, "company", c.With(Account).Snake)
	assert.Nil(t, c.With("no such trait"))
}

func TestAliases(t *testing.T) {
	m := Load().Model("user_activity")
	assert.Equal(t, []string{"companyId", "event", "timestamp", "userId"}, m.AliasNames())
	assert.True(t, m.Alias("event"))
	assert.True(t, m.Alias("companyId"))
	assert.False(t, m.Alias("action"))
	assert.False(t, Load().Model("task").Alias("companyId"))
}

func TestNouns(t *testing.T) {
	c := Load()
	assert.Equal(t, "time entry", c.Model("time_entry").Noun)
	assert.Equal(t, "time entries", c.Model("time_entry").Plural)
	assert.Equal(t, "NPS answers", c.Model("nps").Plural)
}

func TestViewsLeaveNothingOut(t *testing.T) {
	c := Load()
	for model, want := range map[string][]map[string]string{
		"company": {{}},
		"enduser": {{"archived": "true"}},
		"task":    {{}, {"isArchived": "true"}},
		"nps":     {{"npsExpiryDay": longAgo}},
	} {
		assert.Equal(t, want, c.Model(model).Operation("get_list").Views(), model)
	}
}
