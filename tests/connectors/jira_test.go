package connectors

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/jira"
)

func newJira(t *testing.T) (*rig, *jira.Server) {
	t.Helper()
	r := rigOf(t, jiraVendor())
	return r, r.handler.(*jira.Server)
}

func node(kind string, content ...any) jira.Fields {
	return jira.Fields{"type": kind, "content": content}
}

func words(text string) jira.Fields { return jira.Fields{"type": "text", "text": text} }

func TestJira(t *testing.T) {
	t.Parallel()
	r, j := newJira(t)
	j.Configure(func(s *jira.Settings) { s.SayLast = false }) // the last page has no token
	id := j.Add(jira.Fields{
		"summary": "CSV export times out", "priority": jira.Fields{"name": "High"}, "status": jira.Fields{"name": "In Progress"},
		"description": node("doc", node("paragraph", words("Times out after "), words("30 s")), node("bulletList", node("listItem", node("paragraph", words("large files"))),
			node("listItem", node("paragraph", words("slow disks"))))),
	})
	r.clock.Advance(time.Hour)
	did := r.did(t, ``)
	assert.EqualValues(t, 1, did["created"])
	issue := r.main()[id]
	for property, want := range map[string]any{
		"title": "CSV export times out", "description": "Times out after 30 s\n\n- large files\n- slow disks", "status": "In Progress", "priority": "High",
		"source": "jira", "sourceUrl": "https://northwind.atlassian.net/browse/APP-1",
	} {
		assert.Equal(t, want, issue[property], property)
	}
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	assert.Equal(t, 1, r.upserts("issue"), "the second run sends nothing")
	j.Update(id, jira.Fields{"description": nil, "priority": nil})
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	assert.Empty(t, r.main()[id]["description"])
	assert.Empty(t, r.main()[id]["priority"])
	_, err := r.sync(t, `jql = "project = APP order by key"`)
	require.ErrorContains(t, err, "without ORDER BY")
	// The same id at another site is another issue.
	r.did(t, `account = "umbrella", prefix = "umbrella-"`)
	assert.Len(t, r.planhat.Records("issue"), 2)
	assert.NotNil(t, r.records("issue")["umbrella-"+id])
	_, err = r.sync(t, `prefix = ""`)
	require.ErrorContains(t, err, "prefix must be a text")
	did = r.did(t, `full = true, jql = "project in (OTHER)"`)
	assert.EqualValues(t, 0, did["read"])
}

// What a map translates must be a value that the site has.
func TestJiraValuesThatAreGone(t *testing.T) {
	r, j := newJira(t)
	j.Add(jira.Fields{"summary": "A"})
	r.clock.Advance(time.Hour)
	for mapped, want := range map[string]string{
		`priority = F.enum("fields.priority.name", { Urgent = "1", High = "2" })`: `Jira issues: the map of priority translates "Urgent", which fields.priority.name cannot be; it can be High, Highest, Low, Lowest, Medium`,
		`status = F.enum("fields.status.name", { Closed = "done" })`:              `"Closed", which fields.status.name cannot be; it can be Done, In Progress, To Do`,
		`custom = F.enum("fields.issuetype.id", { ["9"] = "x" })`:                 `"9", which fields.issuetype.id cannot be; it can be 1, 2, 3`,
	} {
		_, err := r.sync(t, `map = { issues = { `+mapped+` } }`)
		require.ErrorContains(t, err, want)
	}
	assert.Empty(t, r.main())
	r.must(t, `map = { issues = { priority = F.enum("fields.priority.name", { High = "1" }) } }`)
	assert.Len(t, r.main(), 1)
}

// Companies are named by labels or a field; the names of those in Planhat are written back.
func TestJiraCompanies(t *testing.T) {
	r, j := newJira(t)
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "Northwind", "externalId": "crm-7", "domains": []any{"northwind.example"}}))
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "Acme", "externalId": "crm-8"}))
	ids := map[string]any{}
	for _, company := range r.planhat.Records("company") {
		ids[company["name"].(string)] = company["_id"]
	}
	field, back := j.AddField("Customers"), j.AddField("Planhat companies")
	labelled := j.Add(jira.Fields{"summary": "A", "labels": []any{"customer-crm-7", "ui", "customer-nobody"}})
	other := j.Add(jira.Fields{"summary": "B", field: []any{jira.Fields{"value": "crm-8"}, jira.Fields{"value": "northwind.example"}}})
	r.clock.Advance(time.Hour)
	r.did(t, `companies = { labels = "customer-" }`)
	assert.Equal(t, []any{ids["Northwind"]}, r.main()[labelled]["companyIds"])
	assert.Empty(t, r.main()[other]["companyIds"])
	r.did(t, `full = true, companies = { field = "`+field+`" }`)
	assert.ElementsMatch(t, []any{ids["Acme"], ids["Northwind"]}, r.main()[other]["companyIds"])
	for range 2 {
		r.did(t, `back = { issues = { `+back+` = "companyIds" } }`)
		r.clock.Advance(time.Hour)
	}
	assert.Equal(t, "Acme, Northwind", j.Field(other, back))
	assert.Equal(t, 2, j.Writes(), "each issue is written once")
	_, err := r.sync(t, `companies = "labels"`)
	require.ErrorContains(t, err, "companies must be")
}

// Texts of several lines are documents, and fields that do not exist are said before
// anything is read.
func TestJiraBackTexts(t *testing.T) {
	t.Parallel()
	r, j := newJira(t)
	notes := j.AddParagraph("Notes")
	id := j.Add(jira.Fields{"summary": "A"})
	r.clock.Advance(time.Hour)
	options := `back = { issues = { ` + notes + ` = "custom.Notes" } }`
	r.did(t, options)
	record := r.main()[id]
	record["custom"] = map[string]any{"Notes": "One\nand two\n\nThree"}
	require.NoError(t, r.planhat.Put("issue", record))
	for range 3 {
		r.did(t, options)
		r.did(t, options+`, full = true`)
		r.clock.Advance(time.Hour)
	}
	text := func(lines ...string) map[string]any {
		var nodes []any
		for i, line := range lines {
			if i > 0 {
				nodes = append(nodes, map[string]any{"type": "hardBreak"})
			}
			nodes = append(nodes, map[string]any{"type": "text", "text": line})
		}
		return map[string]any{"type": "paragraph", "content": nodes}
	}
	assert.Equal(t, map[string]any{"type": "doc", "version": 1.0, "content": []any{text("One", "and two"), text("Three")}}, j.Field(id, notes))
	assert.Equal(t, 1, j.Writes())
	requests := r.server.Log.Count(nil)
	_, err := r.sync(t, `back = { issues = { customfield_1 = "custom.Notes" } }`)
	require.ErrorContains(t, err, `there is no field "customfield_1"`)
	assert.LessOrEqual(t, r.server.Log.Count(nil), requests+3)
}

// A search with a token that has ended can return no issues in place of an error.
func TestJiraTokenEnded(t *testing.T) {
	t.Parallel()
	r, j := newJira(t)
	j.Add(jira.Fields{"summary": "A"})
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	j.Configure(func(s *jira.Settings) { s.TokenEnded, s.Public = true, true })
	_, err := r.sync(t, `full = true, missing = "delete", max_missing = 1`)
	require.ErrorContains(t, err, "401")
	assert.Len(t, r.main(), 1)
	delete(r.env, "JIRA_TOKEN")
	r.start(t)
	_, err = r.sync(t, ``)
	require.ErrorContains(t, err, "Jira: set JIRA_EMAIL")
}

// A run that continues after more than seven days has a token that Jira has forgotten.
func TestJiraOldPosition(t *testing.T) {
	t.Parallel()
	r, j := newJira(t)
	ids := r.add(300, r.clock.Now())
	r.clock.Advance(time.Hour)
	j.After(func(req *standin.Request) {
		if r.page(req) {
			r.clock.Advance(2 * time.Minute)
		}
	})
	r.did(t, `minutes = 1, batch = 100`)
	require.Len(t, r.main(), 100)
	j.ClearHooks()
	r.clock.Advance(8 * 24 * time.Hour)
	r.did(t, ``)
	all(t, r.main(), ids)
	assert.Equal(t, 1, strings.Count(r.log.String(), "has forgotten the position"))
}

// Descriptions are documents of nodes. Each kind becomes text, and unknown ones keep theirs.
func TestJiraDescriptions(t *testing.T) {
	t.Parallel()
	r, j := newJira(t)
	with := func(kind string, attrs jira.Fields, content ...any) jira.Fields {
		return jira.Fields{"type": kind, "attrs": attrs, "content": content}
	}
	cell := func(text string) jira.Fields { return node("tableCell", node("paragraph", words(text))) }
	for want, document := range map[string]any{
		"Hello @Kim, see https://a.example\nnext line": node("doc", node("paragraph", words("Hello "), with("mention", jira.Fields{"id": "1", "text": "@Kim"}), words(", see "),
			with("inlineCard", jira.Fields{"url": "https://a.example"}), node("hardBreak"), words("next line"))),
		"Steps\n\n3. One\n  - deeper\n4. Two": node("doc", with("heading", jira.Fields{"level": 2}, words("Steps")), with("orderedList", jira.Fields{"order": 3},
			node("listItem", node("paragraph", words("One")), node("bulletList", node("listItem", node("paragraph", words("deeper"))))), node("listItem", node("paragraph", words("Two"))))),
		"a | b\nc | d": node("doc", node("table", node("tableRow", cell("a"), cell("b")), node("tableRow", cell("c"), cell("d")))),
		"> quoted\n\nif x then\n  y()\n\n---\n\n[x] done\n[ ] open": node("doc", node("blockquote", node("paragraph", words("quoted"))), node("codeBlock", words("if x then\n  y()")), node("rule"),
			node("taskList", with("taskItem", jira.Fields{"state": "DONE"}, words("done")), with("taskItem", jira.Fields{"state": "TODO"}, words("open")))),
		"2026-11-20 [a chart]": node("doc", node("newKind", with("date", jira.Fields{"timestamp": "1795132800000"}), words(" "), with("media", jira.Fields{"alt": "a chart"}))),
		"":                     node("doc"),
	} {
		id := j.Add(jira.Fields{"summary": "A", "description": document})
		r.clock.Advance(time.Hour)
		r.did(t, ``)
		text, _ := r.main()[id]["description"].(string)
		assert.Equal(t, want, text)
	}
}

// An issue that no longer meets the query is treated as missing; one that the list left out is not.
func TestJiraLeftTheQuery(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"report", "delete"} {
		r, j := newJira(t)
		var ids []string
		for range 40 {
			ids = append(ids, j.Add(jira.Fields{"summary": "A", "labels": []any{"sync"}}))
			r.clock.Advance(time.Minute)
		}
		r.clock.Advance(time.Hour)
		r.did(t, `jql = "labels = sync"`)
		require.Len(t, r.main(), 40)
		j.Update(ids[7], jira.Fields{"labels": []any{}})
		j.Delete(ids[8])
		r.clock.Advance(time.Hour)
		did := r.did(t, `full = true, max_missing = 0.1, jql = "labels = sync", missing = "`+missing+`"`)
		assert.EqualValues(t, 2, did["missing"])
		assert.Contains(t, r.log.String(), "jira-"+ids[7]+" no longer meets jql")
		assert.Contains(t, r.log.String(), "jira-"+ids[8]+" no longer exists there")
		if missing == "delete" {
			all(t, r.main(), append(ids[:7:7], ids[9:]...))
		} else {
			assert.Len(t, r.main(), 40)
		}
	}
}

// If an issue is deleted while the pages of a usual run are read, no change of another one is missed.
func TestJiraDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	r, j := newJira(t)
	var ids []string
	for range 250 {
		ids = append(ids, j.Add(jira.Fields{"summary": "first"}))
		r.clock.Advance(time.Second)
	}
	r.clock.Advance(time.Hour)
	r.did(t, ``)
	require.Len(t, r.main(), 250)
	for _, id := range ids {
		j.Update(id, jira.Fields{"summary": "second"})
	}
	r.clock.Advance(time.Hour)
	pages := 0
	j.After(func(req *standin.Request) {
		if r.page(req) {
			j.Delete(ids[pages])
			pages++
		}
	})
	did := r.did(t, ``)
	j.ClearHooks()
	assert.EqualValues(t, 250, did["read"])
	for i, id := range ids {
		assert.Equal(t, "second", r.text(r.main()[id]), "issue %d of 250", i)
	}
	assert.Equal(t, 3, pages)
}

// Issues are linked to the companies that ask for them, and links of others stay.
func TestJiraLinks(t *testing.T) {
	t.Parallel()
	r, j := newJira(t)
	companies := map[string]string{}
	for _, name := range []string{"Northwind", "Acme"} {
		require.NoError(t, r.planhat.Put("company", map[string]any{"name": name, "externalId": name}))
	}
	for _, company := range r.planhat.Records("company") {
		companies[company["name"].(string)] = company["_id"].(string)
	}
	id, other := j.Add(jira.Fields{"summary": "A", "labels": []any{"c-Northwind", "c-Acme"}}), j.Add(jira.Fields{"summary": "B"})
	j.AddLink(id, jira.Link{GlobalID: "system=wiki&id=7", Object: jira.Fields{"url": "https://wiki.example/7", "title": "Notes"}})
	titles := func() (list []string) {
		for _, link := range j.Links(id) {
			list = append(list, link.Object["title"].(string))
		}
		return list
	}
	const options = `companies = { labels = "c-" }, back = { issues = { remotelinks = "companyIds" } }`
	for range 3 {
		r.clock.Advance(time.Hour)
		r.did(t, options)
	}
	assert.ElementsMatch(t, []string{"Notes", "Northwind", "Acme"}, titles())
	assert.Equal(t, 2, j.Writes(), "each link is written once")
	assert.Empty(t, j.Links(other))
	link := j.Links(id)[1]
	assert.Equal(t, "system=planhat&company="+companies[link.Object["title"].(string)], link.GlobalID)
	assert.Equal(t, "https://app.planhat.com/profile/"+companies[link.Object["title"].(string)], link.Object["url"])
	assert.Equal(t, "Planhat", link.Application["name"])

	// One company less, then none. What was written before its end was stored is written again, as the same link.
	j.Update(id, jira.Fields{"labels": []any{"c-Acme"}})
	r.clock.Advance(time.Hour)
	r.did(t, options)
	assert.ElementsMatch(t, []string{"Notes", "Acme"}, titles())
	r.did(t, options+`, account = "again"`)
	assert.ElementsMatch(t, []string{"Notes", "Acme"}, titles())
	assert.Equal(t, 3, j.Writes())
	_, err := r.sync(t, `back = { issues = { remotelinks = "title" } }`)
	require.ErrorContains(t, err, "back can only write companyIds to remotelinks")
	r.dry = true
	j.Update(id, jira.Fields{"labels": []any{"c-Northwind"}})
	r.clock.Advance(time.Hour)
	r.did(t, options)
	assert.Equal(t, 3, j.Writes(), "a dry run writes nothing")
}
