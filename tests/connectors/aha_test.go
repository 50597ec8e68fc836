package connectors

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/tests/standin"
	"github.com/phscript/phscript/tests/standin/aha"
)

// portal is a rig with Aha!, and a Planhat with two companies.
type portal struct {
	*rig
	vendor          *aha.Server
	northwind, acme string // ids in Planhat
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	r := rigOf(t, ahaVendor())
	p := &portal{rig: r, vendor: r.handler.(*aha.Server)}
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "Northwind", "externalId": "crm-7"}))
	require.NoError(t, r.planhat.Put("company", map[string]any{"name": "Acme", "domains": []any{"acme.example"}}))
	for _, record := range r.planhat.Records("company") {
		if id, _ := record["_id"].(string); record["name"] == "Acme" {
			p.acme = id
		} else {
			p.northwind = id
		}
	}
	return p
}

func (p *portal) both(t *testing.T, options string) map[string]any {
	t.Helper()
	return p.must(t, `streams = { "ideas", "features" }, `+options)
}

func TestAha(t *testing.T) {
	p := newPortal(t)
	idea := p.vendor.Add(aha.Ideas, aha.Body{
		"name": "Faster export", "description": aha.Body{"id": "2", "body": "<p>Stream <b>CSV</b></p>"}, "workflow_status": aha.Body{"name": "Planned"},
		"created_by_idea_user": aha.Body{"email": "Kim@ACME.example"},
	})
	feature := p.vendor.Add(aha.Features, aha.Body{"name": "Streaming", "custom_fields": []any{aha.Body{"key": "effort", "value": 5}}})
	other := p.vendor.Add(aha.Ideas, aha.Body{"name": "Other"})
	p.clock.Advance(time.Hour)
	const mapped = `map = { features = { ["custom.Effort"] = "join.custom.effort" } }`
	p.both(t, mapped)
	issues := p.records("issue")
	require.Len(t, issues, 3, p.log.String())
	for id, want := range map[string]map[string]any{
		"aha-idea-" + idea: {
			"title": "Faster export", "description": "Stream CSV", "status": "Planned", "source": "aha", "companyIds": []any{p.acme},
			"sourceUrl": "https://northwind.aha.io/ideas/ideas/PRJ1-I-1",
		},
		"aha-feature-" + feature: {"title": "Streaming", "status": "New", "source": "aha", "sourceUrl": "https://northwind.aha.io/features/PRJ1-1", "custom": map[string]any{"Effort": 5.0}},
	} {
		for property, value := range want {
			assert.Equal(t, value, issues[id][property], "%s of %s", property, id)
		}
	}

	// A second run sends nothing, nor does one that reads everything.
	sent := p.upserts("issue")
	p.clock.Advance(time.Hour)
	p.both(t, mapped)
	p.both(t, mapped+`, full = true`)
	assert.Equal(t, sent, p.upserts("issue"), p.log.String())

	// The recycle bin names deleted ideas; the list of features lacks deleted ones.
	p.vendor.Update(idea, aha.Body{"workflow_status": aha.Body{"name": "Shipped"}, "description": aha.Body{"id": "2", "body": ""}})
	p.vendor.Delete(other)
	p.vendor.Delete(feature)
	keep := p.vendor.Add(aha.Features, aha.Body{"name": "Another"})
	p.clock.Advance(time.Hour)
	did := p.both(t, ``)
	assert.Equal(t, 1, count(did, "ideas", "missing"))
	assert.Equal(t, 1, count(did, "features", "missing"))
	assert.Equal(t, "Shipped", p.records("issue")["aha-idea-"+idea]["status"])
	assert.Nil(t, p.records("issue")["aha-idea-"+idea]["description"])
	assert.Contains(t, p.log.String(), "aha-idea-"+other+" no longer exists there")
	back := p.vendor.Add(aha.Ideas, aha.Body{"name": "Restored"})
	p.clock.Advance(time.Hour)
	p.both(t, ``)
	p.vendor.Delete(back)
	p.vendor.Restoring(back)
	p.both(t, `missing = "delete", max_missing = 1`)
	require.Contains(t, p.records("issue"), "aha-idea-"+back)
	p.vendor.Restore(back)
	issues = p.records("issue")
	assert.Len(t, issues, 3)
	assert.Contains(t, issues, "aha-feature-"+keep)
	assert.Equal(t, 0, p.vendor.Log.Count(func(r *standin.Request) bool { return r.Status >= 400 }))

	// What was deleted more than 7 days ago is no longer in the recycle bin.
	p.log.Reset()
	p.vendor.Delete(idea)
	p.vendor.Add(aha.Ideas, aha.Body{"name": "New"})
	p.clock.Advance(8 * 24 * time.Hour)
	assert.Zero(t, count(p.both(t, ``), "ideas", "missing"))
	assert.Contains(t, p.log.String(), "the recycle bin forgets what was deleted before; run once with --param full=true")
	assert.Equal(t, 1, count(p.both(t, `full = true`), "ideas", "missing"))
}

// Pages have numbers: when a record is deleted, others move to a page that was read.
func TestAhaMovingPages(t *testing.T) {
	for _, kind := range []string{aha.Ideas, aha.Features} {
		t.Run(kind, func(t *testing.T) {
			p := newPortal(t)
			var ids []string
			for range 450 {
				ids = append(ids, p.vendor.Add(kind, aha.Body{"name": "Record"}))
			}
			p.clock.Advance(time.Hour)
			options := `streams = { "` + kind + `" }, full = true, missing = "delete", `
			p.must(t, options)
			require.Len(t, p.records("issue"), 450)
			deleted := false
			p.vendor.Before(func(r *standin.Request) {
				if r.Query.Get("page") == "2" && !deleted {
					deleted = true
					p.vendor.Delete(ids[449])
					p.vendor.Delete(ids[448])
				}
			})
			p.must(t, options)
			there := p.records("issue")
			prefix := map[string]string{aha.Ideas: "aha-idea-", aha.Features: "aha-feature-"}[kind]
			for _, id := range ids[:448] {
				require.Contains(t, there, prefix+id, "nothing else is removed")
			}
		})
	}
}

// Votes lead to companies of Planhat by the key or the domains of organizations, or by the address of a person.
func TestAhaVotes(t *testing.T) {
	for name, more := range map[string]int{"few": 0, "many": 30} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t)
			p.settings += `, company_field = "planhat"`
			organization := func(domains, key string) aha.Body {
				id := p.vendor.Add(aha.Organizations, aha.Body{"name": "Organization", "email_domains": domains, "custom_fields": []any{aha.Body{"key": "planhat", "value": key}}})
				return aha.Body{"id": id, "name": "Organization"}
			}
			keyed, domained := organization("", "crm-7"), organization("first.example, WWW.acme.example", "")
			vote := func(fields aha.Body) string {
				id := p.vendor.Add(aha.Ideas, aha.Body{"name": "Idea"})
				fields["idea_id"] = id
				p.vendor.Add(aha.Votes, fields)
				return "aha-idea-" + id
			}
			byKey, byDomain := vote(aha.Body{"idea_organization": keyed}), vote(aha.Body{"idea_organization": domained})
			several := vote(aha.Body{"associated_idea_organizations": []any{keyed, domained}, "endorsed_by_idea_user": aha.Body{"email": "me@ours.example"}})
			person := vote(aha.Body{"endorsed_by_idea_user": aha.Body{"email": "lo@acme.example"}})
			stranger := vote(aha.Body{"endorsed_by_idea_user": aha.Body{"email": "bo@nowhere.example"}})
			for range more {
				p.vendor.Add(aha.Ideas, aha.Body{"name": "Idea"})
			}
			p.clock.Advance(time.Hour)
			p.both(t, ``)
			issues := p.records("issue")
			for id, want := range map[string][]any{byKey: {p.northwind}, byDomain: {p.acme}, person: {p.acme}} {
				assert.Equal(t, want, issues[id]["companyIds"])
			}
			assert.ElementsMatch(t, []any{p.northwind, p.acme}, issues[several]["companyIds"])
			assert.Empty(t, issues[stranger]["companyIds"])
			assert.Contains(t, p.log.String(), "match no company of Planhat")
			assert.Equal(t, 0, p.vendor.Log.Count(func(r *standin.Request) bool { return r.Status >= 400 }))
			assert.Equal(t, more > 0, p.vendor.Log.Count(standin.Is("GET", "/ideas/endorsements")) > 0, "of all ideas at once if they are many")
		})
	}
}
