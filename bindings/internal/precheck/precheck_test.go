package precheck

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
)

func TestValues(t *testing.T) {
	for _, x := range []struct{ model, property, value, want string }{
		{"company", "status", `"customer"`, ""},
		{"company", "status", `"Customer"`, `unknown company status "Customer" (did you mean 'customer'?)`},
		{"company", "status", `null`, ""},
		{"company", "status", `""`, ""},
		{"company", "name", `["a"]`, "the company name takes a text, not a list"},
		{"company", "name", `5`, ""},
		{"line_item", "type", `"other"`, ""}, // it is not sure that these are all
		{"license", "value", `"abc"`, `the license value takes a number, not "abc"`},
		{"license", "value", `"12.5"`, ""},
		{"license", "value", `{}`, "the license value takes a number, not an object"},
		{"company", "mrr", `"abc"`, ""}, // Planhat sets it
	} {
		m := catalog.Load().Model(x.model)
		got := Value(m, m.Property(x.property), jsontext.Value(x.value))
		if x.want == "" {
			assert.Empty(t, got, x)
			continue
		}
		assert.Contains(t, got, x.want)
	}
	assert.Empty(t, Value(catalog.Load().Model("company"), nil, jsontext.Value(`[]`)), "tenants have properties that the catalog does not know")
}

func TestIncompleteRows(t *testing.T) {
	m := catalog.Load().Model("company")
	assert.Equal(t, "a new company needs name", IncompleteRow(m, planhat.Record(`{"name":"","phase":"x"}`)))
	assert.Empty(t, IncompleteRow(m, planhat.Record(`{"externalId":"a"}`)), "it may be there")
	assert.Empty(t, IncompleteRow(m, planhat.Record(`{"name":"A"}`)))
}

func TestReferences(t *testing.T) {
	server, err := simulator.Start(simulator.Options{CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	defer func() { assert.NoError(t, server.Close()) }()
	c, err := planhat.New(planhat.Config{APIToken: "sim-api-token", BaseURL: server.URL()})
	require.NoError(t, err)
	company, err := c.Company.Create(t.Context(), planhat.Record(`{"name":"A","externalId":"a 1","sourceId":"s"}`))
	require.NoError(t, err)
	r := &References{Model: catalog.Load().Model("license"), Resource: c.Resource}
	for row, want := range map[string]string{
		`{"companyId":"` + company.ID() + `"}`:     "",
		`{"companyId":"extid-a 1"}`:                "",
		`{"company\u0049d":"srcid-s","value":1}`:   "",
		`{"companyId":"extid-b"}`:                  `companyId: there is no company "extid-b"`,
		`{"companyId":"aaaaaaaaaaaaaaaaaaaaaaaa"}`: `companyId: there is no company "aaaaaaaaaaaaaaaaaaaaaaaa"`,
		`{"companyId":null}`:                       "",
		`{"custom":{"companyId":"x"}}`:             "",
	} {
		got, err := r.Missing(t.Context(), planhat.Record(row))
		require.NoError(t, err)
		assert.Equal(t, want, got, row)
	}
	assert.Equal(t, 1, server.CountsByOperation()["company.get_list"], "the companies are listed once")
	own := &References{Model: catalog.Load().Model("company"), Resource: c.Resource}
	got, err := own.Missing(t.Context(), planhat.Record(`{"parentCompanyId":"extid-new"}`))
	require.NoError(t, err)
	assert.Empty(t, got, "an earlier row may create it")
}
