package simulator

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCreateAnswersWithTheStoredRecord(t *testing.T) {
	p := start(t, Options{})
	r := p.do("POST", "/companies", `{"name":"Blåbär & Co","mrr":999,"externalId":7,"_id":"ignored"}`)
	assert.Equal(t, 200, r.status)
	assert.Len(t, r.object["_id"], 24)
	assert.Equal(t, "7", r.object["externalId"], "keys are text")
	assert.EqualValues(t, 0, r.object["mrr"], "read-only")
	assert.EqualValues(t, 0, r.object["__v"])
	assert.Equal(t, "prospect", r.object["status"])
	assert.Equal(t, "blåbär-co", r.object["slug"])
	assert.Equal(t, "2026-03-10T12:00:00.000Z", r.object["createDate"])
	assert.Equal(t, []any{}, r.object["tags"])
	assert.Equal(t, "application/json; charset=utf-8", r.header.Get("Content-Type"))

	p = start(t, Options{Switches: Switches{swCreateStatus: "201"}})
	assert.Equal(t, 201, p.do("POST", "/companies", `{"name":"A"}`).status)
}

func TestRefusedWrites(t *testing.T) {
	p := start(t, Options{})
	acme := p.make("/companies", `{"name":"Acme","externalId":"a-1","sourceId":"s-1"}`)
	for _, c := range []struct{ name, method, path, body, message string }{
		{"no body", "POST", "/companies", "", "empty"},
		{"broken JSON", "POST", "/companies", `{"name":`, "not valid JSON"},
		{"two values", "POST", "/companies", `{"name":"A"} {}`, "not valid JSON"},
		{"a number", "POST", "/companies", `5`, "object or array"},
		{"an array", "POST", "/companies", `[{"name":"A"}]`, "one JSON object"},
		{"an object in bulk", "PUT", "/companies", `{"name":"A"}`, "takes a JSON array"},
		{"required", "POST", "/companies", `{"phase":"x"}`, "Missing required field: name"},
		{"required as empty text", "POST", "/companies", `{"name":""}`, "Missing required field: name"},
		{"all that is missing", "POST", "/assets", `{}`, "name, companyId"},
		{"one of", "POST", "/endusers", `{"companyId":"extid-a-1"}`, "one of email, externalId, sourceId"},
		{"unknown company", "POST", "/assets", `{"name":"A","companyId":"extid-nope"}`, `no company has the id \"extid-nope\"`},
		{"external id twice", "POST", "/companies", `{"name":"B","externalId":"a-1"}`, "externalId duplicated"},
		{"source id twice", "POST", "/companies", `{"name":"B","sourceId":"s-1"}`, "sourceId duplicated"},
		{"a wrong type", "POST", "/licenses", `{"companyId":"extid-a-1","value":"much","fromDate":"2026-01-01"}`, "value must be a number"},
		{"a wrong date", "POST", "/licenses", `{"companyId":"extid-a-1","value":1,"fromDate":"soon"}`, "fromDate must be a date"},
		{"a wrong choice", "POST", "/companies", `{"name":"B","status":"maybe"}`, "status must be one of"},
		{"a wrong id", "PUT", "/companies/" + acme, `{"owner":"bob"}`, "owner must be an id"},
		{"a required one emptied", "PUT", "/companies/" + acme, `{"name":null}`, "cannot be emptied"},
		{"hours", "POST", "/timeentries", `{"date":"2026-01-01","hours":25}`, "between 0.1 and 24"},
		{"score", "POST", "/nps", `{"email":"a@b.example","score":11}`, "0 to 10"},
		{"a line item without a deal", "POST", "/lineitems", `{"mrr":5}`, "dealId"},
		{"an enduser of no company", "POST", "/endusers", `{"email":"a@nowhere.example"}`, "cannot be tied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := p.do(c.method, c.path, c.body)
			assert.Equal(t, 400, r.status)
			assert.Contains(t, r.body, c.message)
		})
	}
	assert.Len(t, p.Records("company"), 1)
}

func TestErrorBodySwitch(t *testing.T) {
	for value, want := range map[string]string{"json": "application/json", "text": "text/plain", "html": "text/html"} {
		p := start(t, Options{Switches: Switches{swErrorBody: value}})
		r := p.do("GET", "/companies/000000000000000000000000", "")
		assert.Equal(t, 404, r.status)
		assert.Contains(t, r.header.Get("Content-Type"), want)
	}
}

func TestRecordsAreFoundByTheModelsOwnKeys(t *testing.T) {
	p := start(t, Options{})
	company := p.make("/companies", `{"name":"Acme","externalId":"e","sourceId":"s"}`)
	task := p.make("/tasks", `{"mainType":"task","companyId":"srcid-s","sourceId":"t"}`)
	opportunity := p.make("/opportunities", `{"companyId":"extid-e","externalId":"o","sourceId":"os"}`)
	invoice := p.make("/invoices", `{"cId":"extid-e","extId":"i"}`)
	churn := p.make("/churn", `{"companyId":"extid-e","sourceId":"c","value":1}`)
	for _, c := range []struct {
		method, path string
		id           string // "" means not found
	}{
		{"GET", "/companies/extid-e", company},
		{"GET", "/companies/srcid-s", company},
		{"GET", "/companies/e", ""},
		{"GET", "/tasks/srcid-t", task},
		{"GET", "/tasks/extid-t", ""},
		{"GET", "/opportunities/srcid-os", opportunity},
		{"PUT", "/opportunities/srcid-os", ""},
		{"PUT", "/opportunities/extid-o", opportunity},
		{"GET", "/invoices/extid-i", invoice},
		{"GET", "/churn/srcid-c", ""},
		{"PUT", "/churn/srcid-c", churn},
		{"DELETE", "/companies/extid-e", ""},
	} {
		r := p.do(c.method, c.path, `{}`)
		if c.id == "" {
			assert.Equal(t, 404, r.status, "%s %s", c.method, c.path)
			continue
		}
		assert.Equal(t, c.id, r.object["_id"], "%s %s: %s", c.method, c.path, r.body)
	}
	assert.Equal(t, company, p.Record("task", task)["companyId"])
	assert.Equal(t, "Acme", p.Record("task", task)["companyName"])
	assert.Equal(t, "Acme", p.Record("invoice", invoice)["cName"])
}

func TestUpdateIsPartial(t *testing.T) {
	p := start(t, Options{})
	id := p.make("/companies", `{"name":"Acme","phase":"Old","custom":{"A":1,"B":2}}`)
	r := p.do("PUT", "/companies/"+id, `{"phase":"New","custom":{"B":3,"C":4},"mrr":5,"_id":"`+id+`"}`)
	assert.Equal(t, 200, r.status, r.body)
	assert.Equal(t, "Acme", r.object["name"])
	assert.Equal(t, "New", r.object["phase"])
	assert.EqualValues(t, 0, r.object["mrr"])
	assert.Equal(t, map[string]any{"A": 1.0, "B": 3.0, "C": 4.0}, r.object["custom"])

	r = p.do("PUT", "/companies/"+id, `{"phase":null}`)
	assert.Nil(t, r.object["phase"])

	p = start(t, Options{Switches: Switches{swCustom: "replace", swIDInUpdate: "error"}})
	id = p.make("/companies", `{"name":"Acme","custom":{"A":1}}`)
	r = p.do("PUT", "/companies/"+id, `{"custom":{"B":3}}`)
	assert.Equal(t, map[string]any{"B": 3.0}, r.object["custom"])
	assert.Equal(t, 400, p.do("PUT", "/companies/"+id, `{"_id":"`+id+`"}`).status)
}

func TestValuesAreBroughtToTheirType(t *testing.T) {
	p := start(t, Options{})
	acme := p.make("/companies", `{"name":5,"csmScore":"4","tags":"one"}`)
	assert.Subset(t, p.Record("company", acme), map[string]any{"name": "5", "csmScore": 4.0, "tags": []any{"one"}})
	churn := p.make("/churn", `{"churnDate":"2026-01-02","onlyDowngrade":"true","companyId":"`+acme+`"}`)
	assert.Subset(t, p.Record("churn", churn), map[string]any{"churnDate": "2026-01-02T00:00:00.000Z", "onlyDowngrade": true})

	p = start(t, Options{Switches: Switches{swTypes: "store", swEnums: "store"}})
	acme = p.make("/companies", `{"name":"A","csmScore":"high","status":"maybe"}`)
	assert.Subset(t, p.Record("company", acme), map[string]any{"csmScore": "high", "status": "maybe"})
}

func TestUnknownPropertiesAndCustomKeys(t *testing.T) {
	p := start(t, Options{})
	id := p.make("/companies", `{"name":"A","shoeSize":44,"custom":{"New":1}}`)
	assert.EqualValues(t, 44, p.Record("company", id)["shoeSize"])
	assert.Equal(t, map[string]any{"New": 1.0}, p.Record("company", id)["custom"])

	p = start(t, Options{Switches: Switches{swUnknownProperties: "drop", swCustomUndefined: "drop"}})
	p.make("/customfields", `{"name":"Tier","parent":"company","type":"text"}`)
	id = p.make("/companies", `{"name":"A","shoeSize":44,"custom":{"New":1,"Tier":"Gold"}}`)
	assert.NotContains(t, p.Record("company", id), "shoeSize")
	assert.Equal(t, map[string]any{"Tier": "Gold"}, p.Record("company", id)["custom"])
}

func TestValuesOfCustomFields(t *testing.T) {
	for _, checks := range []bool{false, true} {
		p := start(t, Options{Switches: Switches{swCustomValues: map[bool]string{false: "store", true: "check"}[checks]}})
		p.make("/customfields", `{"name":"Tier","parent":"company","type":"list","listValues":["Gold"],"isMandatory":true}`)
		p.make("/customfields", `{"name":"Score","parent":"company","type":"number","isFormula":true}`)
		p.make("/customfields", `{"name":"Mood","parent":"conversation","type":"checkbox"}`)
		id := p.make("/companies", `{"name":"A","custom":{"Tier":"Gold","Other":1}}`)
		for _, c := range []struct {
			method, path, body, refusal string
		}{
			{"PUT", "/companies/" + id, `{"custom":{"Tier":"Gold"}}`, ""},
			{"PUT", "/companies/" + id, `{"custom":{"Tier":null}}`, ""},
			{"PUT", "/companies/" + id, `{"phase":"x"}`, ""},
			{"PUT", "/companies/" + id, `{"custom":{"Tier":"Silver"}}`, "custom.Tier (list) does not take"},
			{"PUT", "/companies/" + id, `{"custom":{"Score":1}}`, "custom.Score is a formula"},
			{"POST", "/companies", `{"name":"B"}`, "Missing required field: custom.Tier"},
			{"POST", "/conversations", `{"companyId":"` + id + `","type":"note","custom":{"Mood":"good"}}`, "custom.Mood (checkbox) does not take"},
		} {
			r := p.do(c.method, c.path, c.body)
			if checks && c.refusal != "" {
				assert.Equal(t, 400, r.status, c.body)
				assert.Contains(t, r.body, c.refusal)
			} else {
				assert.Equal(t, 200, r.status, "%s: %s", c.body, r.body)
			}
		}
	}
}

func TestDelete(t *testing.T) {
	for _, c := range []struct {
		value, path, body string
		status            int
	}{
		{"documented", "/companies", `{"n":1,"ok":1,"deletedCount":1}`, 200},
		{"count", "/conversations", `{"n":1,"ok":1,"deletedCount":1}`, 200},
		{"empty", "/companies", "", 200},
		{"204", "/companies", "", 204},
	} {
		p := start(t, Options{Switches: Switches{swDeleteAnswer: c.value}})
		company := p.make("/companies", `{"name":"A"}`)
		id := company
		if c.path == "/conversations" {
			id = p.make(c.path, `{"companyId":"`+company+`"}`)
		}
		r := p.do("DELETE", c.path+"/"+id, "")
		assert.Equal(t, c.status, r.status, c.value)
		assert.Equal(t, c.body, r.body, c.value)
		assert.Equal(t, 404, p.do("DELETE", c.path+"/"+id, "").status, c.value)
	}
	p := start(t, Options{})
	company := p.make("/companies", `{"name":"A"}`)
	note := p.make("/conversations", `{"companyId":"`+company+`","type":"note"}`)
	assert.Equal(t, note, p.do("DELETE", "/conversations/"+note, "").object["_id"], "the documented example answers with the document")

	p = start(t, Options{Switches: Switches{swDeleteByKey: "yes"}})
	p.make("/companies", `{"name":"A","externalId":"e"}`)
	require.Equal(t, 200, p.do("DELETE", "/companies/extid-e", "").status)
	assert.Empty(t, p.Records("company"))
	p.make("/companies", `{"name":"A","externalId":"e"}`)
}
