package simulator

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counts returns created, updated and nonupdates of a bulk answer.
func (r reply) counts() [3]int {
	number := func(name string) int { return int(r.object[name].(float64)) }
	return [3]int{number("created"), number("updated"), number("nonupdates")}
}

func (r reply) list(name string) []any { return r.object[name].([]any) }

func TestBulkMixed(t *testing.T) {
	p := start(t, Options{})
	old := p.make("/companies", `{"name":"Old","externalId":"1","phase":"x"}`)
	same := p.make("/companies", `{"name":"Same","externalId":"2"}`)
	r := p.do("PUT", "/companies", `[
		{"name":"New","externalId":"3","sourceId":"s3"},
		{"externalId":1,"phase":"y"},
		{"externalId":"2","name":"Same"},
		{"externalId":"4"},
		{"externalId":"1","owner":"bob"},
		{"_id":"`+same+`","externalId":"1"},
		"no object"]`)
	assert.Equal(t, 206, r.status)
	assert.Equal(t, [3]int{1, 1, 1}, r.counts())
	created := p.Record("company", "extid-3")["_id"]
	assert.Equal(t, []any{map[string]any{"_id": created, "externalId": "3", "sourceId": "s3"}}, r.list("insertsKeys"))
	assert.Equal(t, []any{map[string]any{"_id": old, "externalId": "1"}}, r.list("updatesKeys"))
	assert.Equal(t, []any{old}, r.list("modified"))
	assert.Equal(t, []any{created}, r.list("upsertedIds"))
	assert.Equal(t, map[string]any{"externalId": "4", "message": "Missing required field: name."}, r.list("createdErrors")[0])
	assert.Contains(t, r.list("createdErrors")[1].(map[string]any)["message"], "must be an object")
	assert.Equal(t, map[string]any{"_id": same, "externalId": "1", "message": "externalId duplicated: 1"}, r.list("updatedErrors")[0])
	assert.Equal(t, "1", r.list("validationErrors")[0].(map[string]any)["externalId"])
	assert.Empty(t, r.list("permissionErrors"))
}

func TestBulkStatus(t *testing.T) {
	p := start(t, Options{})
	assert.Equal(t, 200, p.do("PUT", "/companies", `[]`).status)
	r := p.do("PUT", "/companies", `[{"externalId":"1"}]`)
	assert.Equal(t, 400, r.status)
	assert.Len(t, r.list("createdErrors"), 1, "the body is the same object")
	p = start(t, Options{Switches: Switches{swBulkAllFailed: "206"}})
	assert.Equal(t, 206, p.do("PUT", "/companies", `[{"externalId":"1"}]`).status)
}

func TestBulkErrorShapes(t *testing.T) {
	for value, want := range map[string]string{
		"keys":  `{"externalId":"7","message":"Missing required field: name."}`,
		"index": `{"index":0,"error":"Missing required field: name."}`,
		"item":  `{"item":{"externalId":"7","phase":"x"},"error":"Missing required field: name."}`,
		"text":  `"externalId 7: Missing required field: name."`,
	} {
		p := start(t, Options{Switches: Switches{swBulkErrors: value}})
		r := p.do("PUT", "/companies", `[{"externalId":"7","phase":"x"}]`)
		assert.Contains(t, r.body, want, value)
	}
}

func TestBulkMatching(t *testing.T) {
	seed := func(p *peer) {
		require.NoError(t, p.Put("company", map[string]any{"_id": "aaaaaaaaaaaaaaaaaaaaaaaa", "name": "A", "externalId": "a", "sourceId": "sa", "domains": []any{"a.example"}},
			map[string]any{"name": "B", "externalId": "b"}))
		require.NoError(t, p.Put("enduser",
			map[string]any{"companyId": "extid-a", "externalId": "u", "name": "Ann", "email": "ann@a.example"},
			map[string]any{"companyId": "extid-b", "externalId": "u", "name": "Bob", "email": "twin@b.example"},
			map[string]any{"companyId": "extid-b", "externalId": "v", "name": "Cid", "email": "twin@b.example"}))
	}
	for _, c := range []struct {
		name, path, row string
		switches        Switches
		want            [3]int
	}{
		{"by _id", "/companies", `{"_id":"aaaaaaaaaaaaaaaaaaaaaaaa","phase":"x"}`, nil, [3]int{0, 1, 0}},
		{"by sourceId", "/companies", `{"sourceId":"sa","phase":"x"}`, nil, [3]int{0, 1, 0}},
		{"sourceId misses, externalId hits", "/companies", `{"sourceId":"new","externalId":"a","name":"A"}`, nil, [3]int{0, 1, 0}},
		{"no fall-through creates", "/companies", `{"sourceId":"new","externalId":"z","name":"Z"}`, Switches{swFallThrough: "no"}, [3]int{1, 0, 0}},
		{"no keyable creates", "/companies", `{"name":"A"}`, nil, [3]int{1, 0, 0}},
		{"external id within the company", "/endusers", `{"companyId":"extid-b","externalId":"u","name":"Bob"}`, nil, [3]int{0, 0, 1}},
		{"new in another company", "/endusers", `{"companyId":"extid-a","externalId":"v"}`, nil, [3]int{1, 0, 0}},
		{"external id among all", "/endusers", `{"companyId":"extid-a","externalId":"v"}`, Switches{swExternalScope: "model"}, [3]int{0, 1, 0}},
		{"by unique email, whatever its case", "/endusers", `{"email":"ANN@a.example","position":"CEO"}`, nil, [3]int{0, 1, 0}},
		{"an email that is not unique is no key", "/endusers", `{"companyId":"extid-b","email":"twin@b.example"}`, nil, [3]int{1, 0, 0}},
		{"company by email domain", "/endusers", `{"email":"new@a.example"}`, nil, [3]int{1, 0, 0}},
		{"an enduser of no company is ignored", "/endusers", `{"email":"new@nowhere.example"}`, nil, [3]int{0, 0, 0}},
		{"a ticket without email is dropped", "/tickets", `{"sourceId":"1","companyExternalId":"a"}`, nil, [3]int{0, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := start(t, Options{Switches: c.switches})
			seed(p)
			r := p.do("PUT", c.path, "["+c.row+"]")
			assert.Equal(t, 200, r.status, r.body)
			assert.Equal(t, c.want, r.counts(), r.body)
			assert.Empty(t, r.list("createdErrors"))
		})
	}
	for _, c := range []struct {
		path, row string
		switches  Switches
		message   string
	}{
		{"/companies", `{"sourceId":"new","externalId":"a","name":"A"}`, Switches{swFallThrough: "no"}, "externalId duplicated: a"},
		{"/endusers", `{"email":"new@nowhere.example"}`, Switches{swIgnoredEndusers: "error"}, "cannot be tied"},
		{"/tickets", `{"sourceId":"1","companyExternalId":"a"}`, Switches{swTicketsNoEmail: "error"}, "email"},
		{"/endusers", `{"sourceId":"q","companyId":"extid-a","externalId":"u","email":"ann@a.example"}`, Switches{swFallThrough: "no"}, "externalId,email duplicated"},
	} {
		p := start(t, Options{Switches: c.switches})
		seed(p)
		r := p.do("PUT", c.path, "["+c.row+"]")
		assert.Equal(t, 400, r.status)
		assert.Contains(t, r.list("createdErrors")[0].(map[string]any)["message"], c.message)
	}
}

func TestDuplicateRows(t *testing.T) {
	const rows = `[{"name":"A","externalId":"1"},{"name":"B","externalId":"1"}]`
	p := start(t, Options{})
	assert.Equal(t, [3]int{1, 1, 0}, p.do("PUT", "/companies", rows).counts())
	p = start(t, Options{Switches: Switches{swDuplicateRows: "error"}})
	r := p.do("PUT", "/companies", rows)
	assert.Equal(t, 206, r.status)
	assert.Len(t, r.list("updatedErrors"), 1)
}

func TestBulkLimits(t *testing.T) {
	p := start(t, Options{})
	row := func(i int) string { return fmt.Sprintf(`{"name":"C","externalId":"%d"}`, i) }
	var rows []string
	for i := range 5001 {
		rows = append(rows, row(i))
	}
	r := p.do("PUT", "/companies", "["+strings.Join(rows, ",")+"]")
	assert.Equal(t, 400, r.status)
	assert.Contains(t, r.body, "5000")
	r = p.do("PUT", "/companies", "["+strings.Join(rows[:5000], ",")+"]")
	assert.Equal(t, [3]int{5000, 0, 0}, r.counts())
	assert.Equal(t, 5000, p.Calls()[1].Rows)
	assert.Len(t, p.do("GET", "/companies?limit=10000", "").array, 5000)
}

func TestBodyLimit(t *testing.T) {
	assert.EqualValues(t, 33554432, maxBody)
	big := `[{"name":"` + strings.Repeat("x", 2000) + `"}]`
	for value, status := range map[string][2]int{"all": {413, 413}, "analytics": {200, 413}, "off": {200, 200}} {
		p := start(t, Options{Switches: Switches{swBodyLimit: value}})
		p.maxBody = 1000
		assert.Equal(t, status[0], p.do("PUT", "/companies", big).status, value)
		assert.Equal(t, status[1], p.do("POST", "/dimensiondata/"+p.TenantToken(), big).status, value)
	}
}

// The specification's own example: unknown properties are kept, the currency
// is filled in.
func TestLicenseExample(t *testing.T) {
	p := start(t, Options{})
	p.make("/companies", `{"name":"A","externalId":"123"}`)
	const rows = `[{"name":"Premium","companyId":"extid-123","value":1200}]`
	r := p.do("PUT", "/licenses", rows)
	assert.Equal(t, 200, r.status, r.body)
	assert.Subset(t, p.Records("license")[0], map[string]any{"name": "Premium", "_currency": "USD", "mrr": 100.0})
	assert.EqualValues(t, 100, p.Record("company", "extid-123")["mrr"])

	p = start(t, Options{Switches: Switches{swCurrency: "require"}})
	p.make("/companies", `{"name":"A","externalId":"123"}`)
	assert.Contains(t, p.do("PUT", "/licenses", rows).body, "Missing required field: _currency.")
}
