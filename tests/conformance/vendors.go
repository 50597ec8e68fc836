package conformance

import "regexp"

// vendors are the vendors with a specification. The files of HubSpot are from its
// public collection; its owners and labels are checked if their files are there too. Jira's has the
// paths that the connector reads, but not those that change an issue and its links. Google's is its
// discovery document; it does not describe the endpoint of tokens. Intercom's is in
// github.com/intercom/Intercom-OpenAPI, as descriptions/2.16/api.intercom.io.yaml.
var vendors = map[string]vendor{
	"hubspot": {
		base: "https://api.hubapi.com",
		files: []pathFile{
			{"/crm/objects/2026-09/companies", "hs-companies-2026-09.json"},
			{"/crm/objects/2026-09/contacts", "hs-contacts-2026-09.json"},
			{"/crm/objects/2026-09/deals", "hs-deals-2026-09.json"},
			{"/crm/objects/2026-09/tickets", "hs-tickets-2026-09.json"},
			{"/crm/objects/2026-09/", "hs-objects-2026-09.json"},
			{"/crm/associations/2026-09/contacts/companies/labels", "hs-assoc-schema-2026-09.json"},
			{"/crm/associations/2026-09/deals/companies/labels", "hs-assoc-schema-2026-09.json"},
			{"/crm/associations/2026-09/tickets/companies/labels", "hs-assoc-schema-2026-09.json"},
			{"/crm/associations/2026-09/", "hs-assoc-2026-09.json"},
			{"/crm/owners/2026-09", "hs-owners-2026-09.json"},
			{"/crm/properties/2026-09/", "hs-properties-2026-09.json"},
			{"/crm/pipelines/2026-09/", "hs-pipelines-2026-09.json"},
			{"/oauth/2026-09/", "hs-oauth-2026-09.json"},
		},
		deviations: hubSpotDeviations,
		repairs:    hubSpotRepairs,
	},
	"gcal": {
		base:  "https://www.googleapis.com",
		files: []pathFile{{"/calendar/v3/", "gcal-discovery.json"}},
	},
	"intercom": {
		base:       "https://api.intercom.io",
		files:      []pathFile{{"/", "intercom-2.16.yaml"}},
		deviations: intercomDeviations,
	},
	"jira": {
		base: "https://your-domain.atlassian.net",
		files: []pathFile{
			{"/rest/api/3/search/jql", "jira-slice.json"},
			{"/rest/api/3/issue/bulkfetch", "jira-slice.json"},
			{"/rest/api/3/field", "jira-slice.json"},
			{"/rest/api/3/myself", "jira-slice.json"},
		},
		gateway:    regexp.MustCompile(`^/ex/jira/[^/]+`),
		deviations: jiraDeviations,
	},
}
