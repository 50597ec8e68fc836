package catalog

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCatalogIsWhole(t *testing.T) {
	c := Load()
	require.Len(t, c.Models, 28)
	operations := 0
	for _, m := range c.Models {
		assert.NotEmpty(t, m.Doc, m.Name)
		assert.NotEmpty(t, m.Properties, m.Name)
		assert.Same(t, m, c.Model(m.Snake))
		assert.Same(t, m, c.ModelNamed(m.Name))
		operations += len(m.Operations)
		for _, op := range m.Operations {
			assert.Contains(t, []Host{Main, Analytics}, op.Base, "%s.%s", m.Snake, op.Name)
			assert.NotEmpty(t, op.Path, "%s.%s", m.Snake, op.Name)
		}
	}
	assert.Equal(t, 154, operations)
}

// Facts that other packages lean on must agree with each other: a required or
// keyable name that is no property would make a check that never holds.
func TestNamesInTheCatalogAgree(t *testing.T) {
	c := Load()
	for _, m := range c.Models {
		named := slices.Concat(m.RequiredOnCreate, m.RequiredOneOf, m.SuggestedOnCreate, m.RequiredOnBulkCreate, m.Keyables.Bulk)
		for _, name := range named {
			assert.NotNil(t, m.Property(name), "%s.%s", m.Snake, name)
		}
		for _, p := range m.Properties {
			assert.Contains(t, c.Types, p.Type, "%s.%s", m.Snake, p.Name)
			if p.Ref != "" {
				assert.NotNil(t, c.ModelNamed(p.Ref), "%s.%s refers to %s", m.Snake, p.Name, p.Ref)
			}
		}
		if op := m.Operation("get_list"); op != nil {
			limit := op.Parameter("limit")
			require.NotNil(t, limit, m.Snake)
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
