package simulator

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func companies(t *testing.T, p *peer, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, p.Put("company", map[string]any{
			"name": fmt.Sprintf("C%02d", i), "externalId": fmt.Sprintf("e%d", i), "csmScore": i % 3,
			"status": []string{"customer", "prospect"}[i%2], "custom": map[string]any{"Tier": n - i},
		}))
	}
}

func TestPaging(t *testing.T) {
	p := start(t, Options{})
	companies(t, p, 130)
	for _, c := range []struct {
		query string
		first any
		count int
	}{
		{"", "C00", 100},
		{"limit=2", "C00", 2},
		{"l=2", "C00", 2},
		{"limit=0", "C00", 100},
		{"limit=50&offset=120", "C120", 10},
		{"offset=500", nil, 0},
		{"sort=_id&limit=1", "C00", 1},
		{"sort=-_id&limit=3&offset=1", "C128", 3},
		{"sort=-name&limit=1", "C99", 1},
		{"sort=custom.Tier&limit=1", "C129", 1},
		{"sort=csmScore&limit=1&offset=43", "C129", 1},
		{"sort=-csmScore&limit=1", "C02", 1},
		{"sort=NAME&limit=1", "C00", 1},
		{"limit=99999", "C00", 130},
		{"nonsense=1&limit=1", "C00", 1},
	} {
		r := p.do("GET", "/companies?"+c.query, "")
		require.Equal(t, 200, r.status, c.query)
		require.Len(t, r.array, c.count, c.query)
		if c.count > 0 {
			assert.Equal(t, c.first, r.names("name")[0], c.query)
		}
	}
	assert.Equal(t, "[]", p.do("GET", "/companies?offset=500", "").body)
	assert.Equal(t, 400, p.do("GET", "/companies?limit=many", "").status)
	assert.Equal(t, 400, p.do("GET", "/companies?offset=-1", "").status)
}

func TestSelect(t *testing.T) {
	p := start(t, Options{})
	companies(t, p, 1)
	r := p.do("GET", "/companies?select=name,custom.Tier,nothing", "")
	assert.JSONEq(t, fmt.Sprintf(`[{"_id":%q,"name":"C00","custom":{"Tier":1}}]`, p.Records("company")[0]["_id"]), r.body)
	p = start(t, Options{Switches: Switches{swSelectID: "omit"}})
	companies(t, p, 1)
	assert.JSONEq(t, `[{"name":"C00"}]`, p.do("GET", "/companies?select=name", "").body)
}

func TestListsSeeWritesBetweenPages(t *testing.T) {
	p := start(t, Options{})
	companies(t, p, 3)
	assert.Equal(t, []any{"C02", "C01", "C00"}, p.do("GET", "/companies?sort=-name", "").names("name"))
	p.make("/companies", `{"name":"Z"}`)
	assert.Equal(t, []any{"Z", "C02", "C01", "C00"}, p.do("GET", "/companies?sort=-name", "").names("name"))
}

func TestListSwitches(t *testing.T) {
	p := start(t, Options{Switches: Switches{swOverLimit: "error", swUnknownQuery: "error", swDefaultOrder: "newest", swOwnerInLists: "object"}})
	companies(t, p, 3)
	assert.Equal(t, 400, p.do("GET", "/companies?limit=5001", "").status)
	assert.Equal(t, 200, p.do("GET", "/companies?limit=5000", "").status)
	assert.Equal(t, 400, p.do("GET", "/companies?nonsense=1", "").status)
	assert.Equal(t, []any{"C02", "C01", "C00"}, p.do("GET", "/companies", "").names("name"))
	user := p.make("/users", `{"nickName":"Ada","email":"a@x.example","firstName":"A","lastName":"L"}`)
	id := p.make("/companies", `{"name":"Owned","owner":"`+user+`"}`)
	owner := p.do("GET", "/companies?companyId="+id, "").names("owner")[0]
	assert.Equal(t, map[string]any{"id": user, "nickName": "Ada"}, owner)
	assert.Equal(t, user, p.do("GET", "/companies/"+id, "").object["owner"])

	p = start(t, Options{Switches: Switches{swDefaultOrder: "shuffled"}})
	companies(t, p, 40)
	first := p.do("GET", "/companies", "").names("name")
	second := p.do("GET", "/companies", "").names("name")
	assert.NotEqual(t, first, second)
	assert.ElementsMatch(t, first, second)
}

func TestFilters(t *testing.T) {
	p := start(t, Options{})
	a := p.make("/companies", `{"name":"A","externalId":"a","domains":["a.example"]}`)
	b := p.make("/companies", `{"name":"B","externalId":"b"}`)
	put := func(model string, records ...map[string]any) {
		t.Helper()
		require.NoError(t, p.Put(model, records...))
	}
	put("enduser",
		map[string]any{"name": "One", "companyId": a, "email": "One@a.example"},
		map[string]any{"name": "Two", "companyId": b, "email": "two@b.example"},
		map[string]any{"name": "Gone", "companyId": a, "email": "gone@a.example", "archived": true})
	one := p.Records("enduser")[0]["_id"].(string)
	put("task",
		map[string]any{"action": "t1", "mainType": "task", "companyId": a, "endusers": []any{map[string]any{"id": one}}},
		map[string]any{"action": "t2", "mainType": "task", "companyId": b, "isArchived": true})
	put("license", map[string]any{"product": "l1", "companyId": a, "_currency": "USD", "value": 1},
		map[string]any{"product": "l2", "companyId": b, "_currency": "USD", "value": 1})
	put("churn", map[string]any{"comment": "c1", "companyId": a, "churnDate": "2026-01-10"},
		map[string]any{"comment": "c2", "companyId": a, "churnDate": "2026-02-10", "onlyDowngrade": true})
	put("nps", map[string]any{"comment": "new", "email": "one@a.example", "score": 9, "dateAnswered": "2026-03-01"},
		map[string]any{"comment": "old", "email": "one@a.example", "score": 1, "dateAnswered": "2024-03-01"})
	put("ticket", map[string]any{"sourceId": "1", "title": "Broken export", "email": "one@a.example", "status": "open", "domains": []any{"a.example"}},
		map[string]any{"sourceId": "2", "title": "Question", "email": "two@b.example", "companyExternalId": "b", "status": "solved"})
	put("note", map[string]any{"subject": "n1", "companyId": a})
	put("issue", map[string]any{"title": "i1", "companyIds": []any{"extid-a", b}}, map[string]any{"title": "i2", "companyIds": []any{b}})
	put("custom_field", map[string]any{"name": "f1", "parent": "company", "type": "text"}, map[string]any{"name": "f2", "parent": "enduser", "type": "text"})

	for _, c := range []struct {
		path, property string
		want           []any
	}{
		{"/companies?companyId=" + a + "," + b, "name", []any{"A", "B"}},
		{"/endusers", "name", []any{"One", "Two"}},
		{"/endusers?archived=true", "name", []any{"One", "Two", "Gone"}},
		{"/endusers?companyId=" + a, "name", []any{"One"}},
		{"/endusers?c=" + a, "name", []any{"One"}},
		{"/endusers?companyId=" + url.QueryEscape(a+", "+b), "name", []any{"One", "Two"}},
		{"/endusers?email=one%40a.example", "name", []any{"One"}},
		{"/endusers?euId=" + one, "name", []any{"One"}},
		{"/tasks", "action", []any{"t1"}},
		{"/tasks?isArchived=true", "action", []any{"t2"}},
		{"/tasks?enduserIds=" + one, "action", []any{"t1"}},
		{"/licenses?companyId=" + a, "product", []any{"l1"}},
		{"/licenses?companyId=" + a + "," + b, "product", []any{}},
		{"/churn?downgrades=only", "comment", []any{"c2"}},
		{"/churn?downgrades=excluded", "comment", []any{"c1"}},
		{"/churn?from=2026-01-10&to=2026-01-31", "comment", []any{"c1"}},
		{"/nps", "comment", []any{"new"}},
		{"/nps?npsExpiryDay=3000", "comment", []any{"new", "old"}},
		{"/tickets", "subject", []any{"Broken export", "Question"}},
		{"/tickets?status=open", "subject", []any{"Broken export"}},
		{"/tickets?s=solved&l=1", "subject", []any{"Question"}},
		{"/tickets?cid=" + b, "subject", []any{"Question"}},
		{"/tickets?search=EXPORT", "subject", []any{"Broken export"}},
		{"/tickets?email=two%40b.example", "subject", []any{"Question"}},
		{"/conversations?type=note", "subject", []any{"n1"}},
		{"/conversations", "subject", []any{"Broken export", "Question", "n1"}},
		{"/issues?companyId=" + a, "title", []any{"i1"}},
		{"/customfields?parent=enduser", "name", []any{"f2"}},
		{"/users?email=nobody%40x.example", "email", []any{}},
	} {
		r := p.do("GET", c.path, "")
		require.Equal(t, 200, r.status, "%s: %s", c.path, r.body)
		assert.Equal(t, c.want, r.names(c.property), c.path)
	}
	assert.Equal(t, 400, p.do("GET", "/endusers?companyId=extid-a", "").status)
	assert.Equal(t, 400, p.do("GET", "/churn?downgrades=maybe", "").status)
	assert.Equal(t, 1, p.Count(Filter{Model: "note", Operation: "get_list"}))
	assert.Equal(t, 2, p.Count(Filter{Model: "conversation", Operation: "get_list"}))
}

func TestFilterSwitches(t *testing.T) {
	for value, want := range map[string]int{"resolve": 1, "empty": 0} {
		p := start(t, Options{Switches: Switches{swFilterPrefixes: value, swCommaLists: "all"}})
		require.NoError(t, p.Put("company", map[string]any{"name": "A", "externalId": "a"}))
		require.NoError(t, p.Put("license", map[string]any{"companyId": "extid-a", "_currency": "USD", "value": 1}))
		assert.Len(t, p.do("GET", "/licenses?companyId=extid-a,extid-b", "").array, want, value)
	}
}

func TestLeanCompanies(t *testing.T) {
	p := start(t, Options{})
	a := p.make("/companies", `{"name":"A","externalId":"a","sourceId":"s","status":"customer"}`)
	b := p.make("/companies", `{"name":"B","status":"lost"}`)
	lean := func(query string) string { return p.do("GET", "/leancompanies"+query, "").body }
	assert.JSONEq(t, `[{"_id":"`+a+`","name":"A","externalId":"a","sourceId":"s"},{"_id":"`+b+`","name":"B","externalId":""}]`, lean(""))
	assert.JSONEq(t, `[{"_id":"`+a+`","name":"A","externalId":"a","sourceId":"s"}]`, lean("?externalId=a&status=customer,lost"))
	assert.Equal(t, "[]", lean("?sourceId=none"))
}
