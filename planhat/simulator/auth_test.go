package simulator

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTokens(t *testing.T) {
	p := start(t, Options{APIToken: "secret", TenantToken: "tenant"})
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, c := range []struct {
		name, method, path, body, authorization string
		status                                  int
	}{
		{"bearer", "GET", "/companies", "", "Bearer secret", 200},
		{"wrong bearer", "GET", "/companies", "", "Bearer other", 401},
		{"no header", "GET", "/companies", "", "", 401},
		{"basic", "GET", "/companies", "", basic("secret:"), 200},
		{"basic without colon", "GET", "/companies", "", basic("secret"), 401},
		{"basic with password", "GET", "/companies", "", basic("secret:x"), 401},
		{"tenant in the path", "POST", "/dimensiondata/tenant", "[]", "", 200},
		{"tenant with bearer too", "POST", "/dimensiondata/tenant", "[]", "Bearer whatever", 200},
		{"wrong tenant", "POST", "/dimensiondata/other", "[]", "", 401},
		{"segment", "POST", "/dock/segment", `{"type":"page"}`, basic("tenant:"), 200},
		{"segment with the API token", "POST", "/dock/segment", `{"type":"page"}`, basic("secret:"), 401},
		{"reading metrics needs the API token", "GET", "/dimensiondata", "", "", 401},
		{"unknown path", "GET", "/notes", "", "Bearer secret", 404},
		{"unknown method", "PATCH", "/companies", "{}", "Bearer secret", 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := p.do(c.method, c.path, c.body, "Authorization", c.authorization)
			assert.Equal(t, c.status, r.status, r.body)
			assert.NotContains(t, r.body, "secret")
		})
	}
}

func TestUnknownTenantSwitch(t *testing.T) {
	for value, status := range map[string]int{"401": 401, "404": 404, "200": 200} {
		p := start(t, Options{Switches: Switches{swUnknownTenant: value}})
		assert.Equal(t, status, p.do("POST", "/analytics/nobody", `{"email":"a@b.example"}`).status, value)
	}
}

func TestPermissions(t *testing.T) {
	p := start(t, Options{Deny: []string{"license", "company.create", "*.delete"}})
	assert.Equal(t, 403, p.do("GET", "/licenses", "").status)
	assert.Equal(t, 200, p.do("GET", "/companies", "").status)
	assert.Equal(t, 403, p.do("POST", "/companies", `{"name":"A"}`).status)

	r := p.do("PUT", "/companies", `[{"name":"A","externalId":"1"}]`)
	assert.Equal(t, 403, r.status)
	assert.Len(t, r.object["permissionErrors"], 1)

	require.NoError(t, p.Allow("company.create"))
	id := p.make("/companies", `{"name":"A","externalId":"1"}`)
	assert.Equal(t, 403, p.do("DELETE", "/companies/"+id, "").status)

	require.NoError(t, p.Deny("company.create"))
	r = p.do("PUT", "/companies", `[{"externalId":"1","phase":"x"},{"name":"B","externalId":"2"}]`)
	assert.Equal(t, 206, r.status, "some rows done, some denied")
	assert.EqualValues(t, 1, r.object["updated"])
	assert.Len(t, r.object["permissionErrors"], 1)
}

func TestPermissionsAreChecked(t *testing.T) {
	for p, want := range map[string]string{
		"compani":             `unknown permission "compani" (did you mean 'company'?)`,
		"company.craete":      `unknown permission "company.craete" (did you mean 'company.create'`,
		"company.bulk_upsert": `unknown permission "company.bulk_upsert"; use a model, or a model or * with .read, .create, .update or .delete`,
		"*":                   `unknown permission "*"`,
		"":                    `unknown permission ""`,
	} {
		_, err := New(Options{Deny: []string{p}})
		assert.ErrorContains(t, err, want)
	}
	p := start(t, Options{})
	assert.ErrorContains(t, p.Deny("license", "licence.read"), `unknown permission "licence.read"`)
	assert.Equal(t, 200, p.do("GET", "/licenses", "").status, "all or none")
	assert.Error(t, p.Allow("licence"))
	assert.Subset(t, Permissions(), []string{"company", "company.create", "*.delete"})
}
