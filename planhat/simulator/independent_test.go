package simulator

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
)

// Requests as other people's clients send them must work.
func TestStrangersAreUnderstood(t *testing.T) {
	p := start(t, Options{})
	acme := p.make("/companies", `{"name":"Acme","externalId":"a-1"}`)

	t.Run("basic authentication", func(t *testing.T) {
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.APIToken()+":"))
		assert.Equal(t, 200, p.do("GET", "/users?limit=1", "", "Authorization", basic).status)
	})
	t.Run("trailing slashes", func(t *testing.T) {
		assert.Len(t, p.do("GET", "/companies/?limit=1", "").array, 1)
		assert.Equal(t, "Acme", p.do("GET", "/companies/"+acme+"/", "").object["name"])
	})
	t.Run("PATCH on a record", func(t *testing.T) {
		r := p.do("PATCH", "/companies/"+acme, `{"phase":"Growth"}`, "content-type", "application/json; charset=utf-8")
		assert.Equal(t, 200, r.status, r.body)
		assert.Equal(t, "Growth", p.Record("company", acme)["phase"])
	})
	t.Run("lower-case header names and scheme", func(t *testing.T) {
		request, err := http.NewRequest(http.MethodGet, p.URL()+"/companies", nil)
		require.NoError(t, err)
		request.Header["authorization"] = []string{"bearer " + p.APIToken()}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		assert.Equal(t, 200, response.StatusCode)
	})
	t.Run("an array of one", func(t *testing.T) {
		r := p.do("PUT", "/companies", `[{"externalId":"a-1","phase":"Renewal"}]`)
		assert.Equal(t, 200, r.status)
		assert.EqualValues(t, 1, r.object["updated"])
	})
	t.Run("limit above the maximum", func(t *testing.T) {
		assert.Equal(t, 200, p.do("GET", "/endusers?limit=10000", "").status)
	})
	t.Run("a gzipped body", func(t *testing.T) {
		var body bytes.Buffer
		z := gzip.NewWriter(&body)
		_, err := z.Write([]byte(`[{"externalId":"a-2","name":"Zipped"}]`))
		require.NoError(t, err)
		require.NoError(t, z.Close())
		r := p.do("PUT", "/companies", body.String(), "Content-Encoding", "gzip")
		assert.EqualValues(t, 1, r.object["created"], r.body)
	})
	t.Run("a gzipped answer", func(t *testing.T) {
		require.NoError(t, p.Put("company", map[string]any{"name": "Long", "description": strings.Repeat("x", 4000)}))
		r := p.do("GET", "/companies", "", "Accept-Encoding", "gzip")
		assert.Equal(t, "gzip", r.header.Get("Content-Encoding"))
		z, err := gzip.NewReader(strings.NewReader(r.body))
		require.NoError(t, err)
		var plain bytes.Buffer
		_, err = plain.ReadFrom(z)
		require.NoError(t, err)
		assert.Contains(t, plain.String(), `"Long"`)
	})
	t.Run("escaped ids", func(t *testing.T) {
		p.make("/companies", `{"name":"Odd","externalId":"x/[1] é"}`)
		assert.Equal(t, "Odd", p.do("GET", "/companies/extid-x%2F%5B1%5D%20%C3%A9", "").object["name"])
	})
	t.Run("numbers keep their digits", func(t *testing.T) {
		id := p.make("/companies", `{"name":"Big","custom":{"n":9007199254740993.10},"externalId":12345678901234567890}`)
		r := p.do("GET", "/companies/"+id, "")
		assert.Contains(t, r.body, `"n":9007199254740993.10`)
		assert.Equal(t, "12345678901234567890", r.object["externalId"])
	})
	t.Run("a repeated name counts last", func(t *testing.T) {
		id := p.make("/companies", `{"name":"First","name":"Last"}`)
		assert.Equal(t, "Last", p.Record("company", id)["name"])
	})
}

// Every operation of the catalog is served, on the host that the catalog names.
func TestEveryOperationIsServed(t *testing.T) {
	p := start(t, Options{Companies: 40})
	for _, m := range catalog.Load().Models {
		for _, op := range m.Operations {
			path := strings.NewReplacer("{id}", "000000000000000000000000", "{tenantUUID}", p.TenantToken()).Replace(op.Path)
			body := map[string]string{"array": "[]", "object": "{}", "object or array": "[]"}[op.Body]
			header := []string{}
			if op.Name == "segment" {
				header = append(header, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(p.TenantToken()+":")))
			}
			before := len(p.Calls())
			r := p.do(op.Method, path, body, header...)
			call := p.Calls()[before]
			name := fmt.Sprintf("%s.%s", m.Snake, op.Name)
			assert.Equal(t, op.Name, call.Operation, name)
			assert.Equal(t, string(op.Base), call.Host, name)
			assert.Equal(t, m.Path, catalog.Load().Model(call.Model).Path, name)
			assert.True(t, call.Applied, name)
			assert.NotContains(t, call.Path, p.TenantToken(), name)
			assert.NotEqual(t, 401, r.status, name)
			assert.Less(t, r.status, 500, name)
			if strings.HasPrefix(op.Name, "get_list") {
				assert.Equal(t, 200, r.status, name)
			}
		}
	}
}
