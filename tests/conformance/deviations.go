package conformance

import "regexp"

// hubSpotDeviations are where HubSpot differs from its files of 2026-09.
var hubSpotDeviations = []Deviation{
	allow("request", `^GET /crm/objects/`, `'(properties|associations)' is not exploded correctly|contains reserved characters`,
		"The guide separates properties and associations with commas."),
	allow("request", `^POST /oauth/`, `Form value 'redirect_uri' contains reserved characters`,
		"The characters are encoded, as forms require; the validator looks at the decoded address."),
	allow("answer", ` [45]\d\d$`, `'\$\.body\.status' is not declared`,
		"Published error bodies have status."),
	allow("answer", ` 429$`, `missing property 'category'$|'\$\.body\.(errorType|policyName|requestId)' is not declared`,
		"Published bodies of 429 have no category, but an error type and the policy."),
	allow("answer", ` 207$`, `^\$\.errors\[\]: missing propert(y|ies) |^\$\.errors\[\]\.subCategory: got string, want object$`,
		"Published errors in a 207 have no errors and links, and a string as subCategory."),
	allow("answer", `^POST /oauth/[^ ]+/token 200$`, `missing properties 'category', 'correlationId', 'message'`,
		"The file describes no successful answer."),
	allow("answer", `^POST /oauth/[^ ]+/token 400$`, `'\$\.body\.(error|error_description)' is not declared`,
		"RFC 6749 requires error; whether the vendor sends it is not confirmed."),
}

// hubSpotRepairs correct the files themselves: a request with a problem in its
// shape is not searched for unknown fields.
var hubSpotRepairs = []Repair{
	{"PublicObjectSearchRequest", func(schema map[string]any) { delete(schema, "required") },
		"The guide's examples leave out after, sorts, properties, limit and filterGroups."},
	{"PublicObjectSearchRequest", func(schema map[string]any) {
		schema["properties"].(map[string]any)["sorts"] = map[string]any{"type": "array", "items": map[string]any{"oneOf": []any{
			map[string]any{"type": "string"},
			map[string]any{"type": "object", "required": []string{"propertyName"}, "properties": map[string]any{
				"propertyName": map[string]any{"type": "string"},
				"direction":    map[string]any{"type": "string", "enum": []string{"ASCENDING", "DESCENDING"}},
			}},
		}}}
	}, "The guide sorts with objects; the file knows only strings."},
	{"SimplePublicObjectInputForCreate", func(schema map[string]any) { schema["required"] = []string{"properties"} },
		"The guide creates records without associations."},
	{"AssociationSpecWithLabel", func(schema map[string]any) {
		schema["properties"].(map[string]any)["label"].(map[string]any)["nullable"] = true
	}, "The guide shows null as the label of the type without one."},
}

// intercomDeviations are where Intercom differs from its file of 2.16.
var intercomDeviations = []Deviation{
	allow("request", `^POST /(contacts|conversations)/search`, `'\$\.body\.query\.(field|operator|value)' is not declared`,
		"The query is one of two schemas; the strict mode sees neither."),
	allow("request", `^POST /conversations/search`, `'\$\.body\.sort(\.[a-z]+)?' is not declared`,
		"The file has no sort here; published clients send one as for contacts. That Intercom sorts by it is not confirmed."),
	allow("answer", `^POST /contacts/search 200$`, `'\$\.body\.data\[\]\.(tags|notes|companies)\.type' is not declared`,
		"The file's examples have a type in these lists."),
	allow("answer", `^GET /companies/scroll (400|404)$`, `response code '(400|404)' does not exist`,
		"Published traffic has these answers when a scroll is open or lost."),
	allow("answer", ` (429|5\d\d)$`, `response code '(429|5\d\d)' does not exist`,
		"The file leaves out what the guide to rate limits and gateways answer with."),
}

// jiraDeviations are where Jira differs from its file.
var jiraDeviations = []Deviation{
	allow("answer", ` 200$`, `'\$\.body\.issues\[\]\.fields\.[^']+' is not declared`,
		"The fields of issues are an object that may have any; the strict mode takes them for undeclared."),
	allow("answer", ` (429|5\d\d)$`, `response code '(429|5\d\d)' does not exist`,
		"The file leaves out what the guide to rate limits and gateways answer with."),
}

func allow(part, path, text, why string) Deviation {
	return Deviation{part, regexp.MustCompile(path), regexp.MustCompile(text), why}
}
