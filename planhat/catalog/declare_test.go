package catalog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDeclare(t *testing.T) {
	m, err := Declare(Declaration{Name: "work_order", Path: "/workorders", Keys: []string{"number"}, Filters: []string{"status", "companyId"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"_id", "number"}, m.Keyables.Bulk)
	assert.Equal(t, "work orders", m.Plural)
	assert.Equal(t, "/workorders/{id}", m.Operation("delete").Path)
	assert.Equal(t, Main, m.Operation("create").Base)
	list := m.Operation("get_list")
	assert.Equal(t, 2_000, list.Parameter("limit").Max)
	var filters []string
	for _, q := range list.Filters() {
		filters = append(filters, q.Name)
	}
	assert.Equal(t, []string{"companyId", "status"}, filters)
	assert.Equal(t, "companyId", m.CompanyRef())

	known, err := Declare(Declaration{Name: "company", Keys: []string{"vat"}, Limit: 50})
	require.NoError(t, err)
	assert.Equal(t, []string{"_id", "vat"}, known.Keyables.Bulk)
	assert.Equal(t, 50, known.Operation("get_list").Parameter("limit").Max)
	assert.NotEqual(t, 50, Load().Model("company").Operation("get_list").Parameter("limit").Max, "the catalog is unchanged")

	for want, d := range map[string]Declaration{
		"name: ":             {Name: "Contract", Path: "/contracts"},
		"path: the path":     {Name: "contract"},
		"path: company is":   {Name: "company", Path: "/contracts"},
		`path: "contracts"`:  {Name: "contract", Path: "contracts"},
		`path: "/a/../b"`:    {Name: "contract", Path: "/a/../b"},
		`path: "/a?b=1"`:     {Name: "contract", Path: "/a?b=1"},
		"limit: ":            {Name: "contract", Path: "/contracts", Limit: -1},
		"keys: ":             {Name: "contract", Path: "/contracts", Keys: []string{" "}},
		`path: "https://x"`:  {Name: "contract", Path: "https://x"},
		`path: "/a/{id}"`:    {Name: "contract", Path: "/a/{id}"},
		`path: "/contracts/`: {Name: "contract", Path: "/contracts/"},
	} {
		_, err := Declare(d)
		assert.ErrorContains(t, err, want)
	}
}
