package simulator

import (
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMetrics(t *testing.T) {
	p, id := acme(t, Options{})
	person := p.make("/endusers", `{"externalId":"u","companyId":"extid-a"}`)
	path := "/dimensiondata/" + p.TenantToken()
	r := p.do("POST", path, `[
		{"dimensionId":"logins","value":150,"externalId":"a","date":"2024-01-15"},
		{"dimensionId":"logins","value":7,"externalId":"a","date":"2024-01-20T23:59:00Z"},
		{"dimensionId":"clicks","value":1,"externalId":"u","model":"EndUser"},
		{"dimensionId":"logins","value":1,"externalId":"nobody"},
		{"dimensionId":"logins","value":"many","externalId":"a"},
		{"value":1,"externalId":"a"},
		{"dimensionId":"logins","value":1,"externalId":"a","model":"License"},
		{"dimensionId":"logins","value":1,"externalId":"a","date":"soon"}]`, "Authorization", "")
	assert.Equal(t, 200, r.status, r.body)
	assert.EqualValues(t, 3, r.object["processed"])
	assert.Len(t, r.object["errors"], 5)
	assert.EqualValues(t, 1, p.do("POST", path, `{"dimensionId":"with space","value":1,"companyExternalId":"a"}`).object["processed"], "one object")

	for query, want := range map[string]int{
		"": 4, "?dimid=logins": 2, "?cId=" + id: 4, "?cid=" + id + "&dimid=clicks": 1,
		"?dimid=logins&from=19737&to=19737": 1, "?from=19737&to=19742": 2, "?from=19738&to=19741": 0, "?limit=1&offset=3": 1,
		"?limit=10000": 4, "?cId=000000000000000000000000": 0,
	} {
		assert.Len(t, p.do("GET", "/dimensiondata"+query, "").array, want, query)
	}
	row := p.do("GET", "/dimensiondata?dimid=clicks", "").array[0].(map[string]any)
	delete(row, "_id")
	assert.Equal(t, map[string]any{"dimensionId": "clicks", "time": "2026-03-10T12:00:00.000Z", "value": 1.0, "model": "EndUser",
		"parentId": person, "companyId": id, "companyName": "Acme"}, row)
	assert.Equal(t, 400, p.do("GET", "/dimensiondata?from=yesterday", "").status)
}

func TestMetricSwitches(t *testing.T) {
	p, _ := acme(t, Options{Switches: Switches{swMetricSameDay: "replace", swDimensionNames: "strict"}})
	path := "/dimensiondata/" + p.TenantToken()
	for i := range 3 {
		p.do("POST", path, fmt.Sprintf(`{"dimensionId":"d","value":%d,"externalId":"a","date":"2024-01-15T0%d:00:00Z"}`, i, i))
	}
	assert.Equal(t, []any{2.0}, p.do("GET", "/dimensiondata", "").names("value"))
	assert.Len(t, p.do("POST", path, `{"dimensionId":"a b","value":1,"externalId":"a"}`).object["errors"], 1)
}

func TestActivities(t *testing.T) {
	p, id := acme(t, Options{})
	path := "/analytics/" + p.TenantToken()
	known := p.make("/endusers", `{"externalId":"u","companyId":"extid-a","email":"known@acme.example"}`)

	assert.Equal(t, 200, p.do("POST", path, `{"externalId":"u","action":"login","date":"2024-01-15T10:30:00Z","info":{"page":1}}`, "Authorization", "").status)
	assert.Equal(t, "2024-01-15T10:30:00.000Z", p.Record("enduser", known)["lastActive"])
	assert.Equal(t, "2024-01-15T10:30:00.000Z", p.Record("company", id)["lastActive"])
	assert.Subset(t, p.Records("user_activity")[0], map[string]any{"action": "login", "euId": known, "weight": 1.0})

	r := p.do("POST", "/analytics/bulk/"+p.TenantToken(), `[
		{"externalId":"new","companyExternalId":"a","name":"New","action":"login"},
		{"id":"old-names","cId":"a","action":"login","count":3},
		{"email":"domain@acme.example","action":"login"},
		{"email":"stranger@nowhere.example","action":"login"},
		{"action":"login"}]`)
	assert.EqualValues(t, 3, r.object["processed"], r.body)
	assert.Len(t, r.object["errors"], 2)
	assert.Len(t, p.Records("enduser"), 4)
	assert.EqualValues(t, 3, p.Record("enduser", "extid-old-names")["beatsTotal"])
	assert.Equal(t, 400, p.do("POST", "/analytics/bulk/"+p.TenantToken(), `{}`).status)
}

func TestSegment(t *testing.T) {
	p, _ := acme(t, Options{})
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.TenantToken()+":"))
	for _, body := range []string{
		`{"type":"identify","user_id":"1","traits":{"name":"Ann","email":"ann@acme.example","companyId":"a"}}`,
		`{"type":"identify","userId":"2","traits":{"name":"Bob","companyId":"a"}}`,
		`{"type":"track","user_id":"1","event":"Opened","properties":{"page":"x"}}`,
		`{"type":"page","userId":"3"}`,
		`{"type":"track","event":"Nobody"}`,
	} {
		assert.Equal(t, 200, p.do("POST", "/dock/segment", body, "Authorization", basic).status, body)
	}
	assert.Len(t, p.Records("enduser"), 2)
	require.Len(t, p.Records("user_activity"), 1)
	assert.Subset(t, p.Records("user_activity")[0], map[string]any{"action": "Opened", "info": map[string]any{"page": "x"}, "externalId": "1"})
}

func TestActivityAnswers(t *testing.T) {
	for value, want := range map[string]string{"json": `{"processed":0,"errors":[{"email":"a@b.example","message":"Unknown enduser and no company; the activity is dropped."}]}`, "text": "OK", "empty": ""} {
		p := start(t, Options{Switches: Switches{swActivityAnswer: value}})
		assert.Equal(t, want, p.do("POST", "/analytics/"+p.TenantToken(), `{"email":"a@b.example"}`).body)
	}
}
