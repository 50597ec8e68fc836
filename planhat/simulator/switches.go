package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
)

// Switches sets points of behaviour that Planhat's documentation leaves open
// or contradicts itself about: name to value, as listed by SwitchDocs. A name
// that is absent has its default.
type Switches map[string]string

// SwitchDoc describes one switch.
type SwitchDoc struct {
	Name    string
	Values  []string
	Default string
	Doc     string
}

// SwitchDocs returns every switch, for help texts and reference pages.
func SwitchDocs() []SwitchDoc { return slices.Clone(switchDocs) }

// ParseSwitches reads "name=value,name=value", as a command line gives it.
// An empty text is no switches. Unknown names and values are errors that
// suggest the nearest known one.
func ParseSwitches(text string) (Switches, error) {
	s := Switches{}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, value, found := strings.Cut(part, "=")
		if !found {
			return nil, fmt.Errorf("switch %q needs a value, as in over-limit=error", part)
		}
		s[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	if _, err := s.resolve(); err != nil {
		return nil, err
	}
	return s, nil
}

// resolve returns all switches with defaults filled in.
func (s Switches) resolve() (Switches, error) {
	full := make(Switches, len(switchDocs))
	for _, d := range switchDocs {
		full[d.Name] = d.Default
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		i := slices.IndexFunc(switchDocs, func(d SwitchDoc) bool { return d.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown switch %q%s", name, catalog.DidYouMean(name, switchNames()))
		}
		d := switchDocs[i]
		if !slices.Contains(d.Values, s[name]) {
			return nil, fmt.Errorf("switch %s must be one of %s, not %q%s",
				name, strings.Join(d.Values, ", "), s[name], catalog.DidYouMean(s[name], d.Values))
		}
		full[name] = s[name]
	}
	return full, nil
}

func (s Switches) is(name, value string) bool { return s[name] == value }

func switchNames() []string {
	names := make([]string, len(switchDocs))
	for i, d := range switchDocs {
		names[i] = d.Name
	}
	return names
}

// The names of the switches, as the code asks for them.
const (
	swActivityAnswer    = "activity-answer"
	swBodyLimit         = "body-limit"
	swBulkAllFailed     = "bulk-all-failed"
	swBulkErrors        = "bulk-errors"
	swCommaLists        = "comma-lists"
	swCreateStatus      = "create-status"
	swCurrency          = "currency"
	swCustom            = "custom"
	swCustomUndefined   = "custom-undefined"
	swDefaultOrder      = "default-order"
	swDeleteAnswer      = "delete-answer"
	swDeleteByKey       = "delete-by-key"
	swDimensionNames    = "dimension-names"
	swDuplicateAnswer   = "duplicate-answer"
	swDuplicateRows     = "duplicate-rows"
	swEnums             = "enums"
	swErrorBody         = "error-body"
	swExternalScope     = "external-id-scope"
	swFallThrough       = "fall-through"
	swFilterPrefixes    = "filter-prefixes"
	swGzip              = "gzip"
	swIDInUpdate        = "id-in-update"
	swIgnoredEndusers   = "ignored-endusers"
	swLeanSlug          = "lean-slug"
	swMetricSameDay     = "metric-same-day"
	swMinuteWindow      = "minute-window"
	swOverLimit         = "over-limit"
	swOwnerInLists      = "owner-in-lists"
	swRateHeaders       = "rate-headers"
	swRateReset         = "rate-reset"
	swRetryAfter        = "retry-after"
	swSelectID          = "select-id"
	swTaskMainType      = "task-main-type"
	swTicketGet         = "ticket-get"
	swTicketS           = "ticket-s"
	swTicketsNoEmail    = "tickets-without-email"
	swTypes             = "types"
	swUnknownProperties = "unknown-properties"
	swUnknownQuery      = "unknown-query"
	swUnknownTenant     = "unknown-tenant"
)

var switchDocs = []SwitchDoc{
	{swActivityAnswer, []string{"json", "text", "empty"}, "json",
		"What user activity answers with: a JSON object with processed and errors, the text OK, or nothing."},
	{swBodyLimit, []string{"all", "analytics", "off"}, "all",
		"Where a body above 32 MB is refused: on both hosts, on the analytics host only, or nowhere."},
	{swBulkAllFailed, []string{"400", "206"}, "400",
		"The status of a bulk upsert of which every row was rejected. Rows rejected for lack of permission only give 403."},
	{swBulkErrors, []string{"keys", "index", "item", "text"}, "keys",
		"The shape of one entry of createdErrors and its sisters: the row's keys, its position, the whole row (each with a message), or plain text."},
	{swCommaLists, []string{"documented", "all"}, "documented",
		"Where companyId takes several ids separated by commas: on the models that document it, or on all."},
	{swCreateStatus, []string{"200", "201"}, "200",
		"The status of a successful create."},
	{swCurrency, []string{"fill", "require"}, "fill",
		"A license or sale without _currency: gets the workspace's base currency (USD), or is rejected. The documentation says both."},
	{swCustom, []string{"merge", "replace"}, "merge",
		"What an update does to custom: set the keys that are sent, or replace the whole object."},
	{swCustomUndefined, []string{"keep", "drop"}, "keep",
		"Whether a custom key that no custom field defines is stored."},
	{swDefaultOrder, []string{"id", "newest", "shuffled"}, "id",
		"The order of a list without sort: by _id, newest first, or another one at every call, which breaks clients that page without sort."},
	{swDeleteAnswer, []string{"documented", "count", "document", "empty", "204"}, "documented",
		"What a delete answers with: counts (on conversations the deleted document), always counts, always the document, an empty 200, or 204."},
	{swDeleteByKey, []string{"no", "yes"}, "no",
		"Whether delete accepts extid- and srcid- ids; only _id is documented."},
	{swDimensionNames, []string{"any", "strict"}, "any",
		"Whether a dimensionId with spaces or special characters is accepted; the documentation says no, a client in the wild sends them."},
	{swDuplicateAnswer, []string{"bulk", "array"}, "bulk",
		"What duplicating time entries answers with: the bulk object, or the new records."},
	{swDuplicateRows, []string{"sequential", "error"}, "sequential",
		"Two rows of one bulk request with the same key: the second updates what the first wrote, or is rejected."},
	{swEnums, []string{"check", "store"}, "check",
		"Whether a value outside a property's documented values is rejected or stored."},
	{swErrorBody, []string{"json", "text", "html"}, "json",
		"The body of an error answer: JSON with a message, plain text, or an HTML page."},
	{swExternalScope, []string{"company", "model"}, "company",
		"Where a bulk row with a company looks for its externalId: among that company's records, or among all."},
	{swFallThrough, []string{"yes", "no"}, "yes",
		"Whether a bulk row whose first key finds nothing is looked up by its next key before it is created."},
	{swFilterPrefixes, []string{"error", "resolve", "empty"}, "error",
		"A companyId filter with extid- or srcid-: refused, understood, or matching nothing. Only writing them is documented."},
	{swGzip, []string{"yes", "no"}, "yes",
		"Whether answers above 1 KB are compressed for clients that accept it."},
	{swIDInUpdate, []string{"ignore", "error"}, "ignore",
		"An update whose body carries _id: the _id is ignored, or the call is refused with 400."},
	{swIgnoredEndusers, []string{"silent", "error"}, "silent",
		"A bulk enduser that cannot be tied to a company: left out without a word, or listed in createdErrors."},
	{swLeanSlug, []string{"no", "yes"}, "no",
		"Whether lean companies carry slug, as older answers did."},
	{swMetricSameDay, []string{"append", "replace"}, "append",
		"A second value for the same dimension, record and day: stored beside the first, or in its place."},
	{swMinuteWindow, []string{"sliding", "fixed"}, "sliding",
		"How the calls of a minute are counted: in any 60 seconds, or afresh 60 seconds after the first call."},
	{swOverLimit, []string{"clamp", "error"}, "clamp",
		"A list limit above the model's maximum: lowered to the maximum, or refused with 400."},
	{swOwnerInLists, []string{"id", "object"}, "id",
		"Whether owner and coOwner of companies are ids in lists, or objects with id and nickName."},
	{swRateHeaders, []string{"both", "legacy", "new", "none"}, "both",
		"The spelling of the rate headers: X-Rate-Limit-Remaining, x-ratelimit-remaining, both or neither."},
	{swRateReset, []string{"seconds", "epoch"}, "seconds",
		"What x-ratelimit-reset counts: seconds to go, or seconds since 1970."},
	{swRetryAfter, []string{"seconds", "date", "none"}, "seconds",
		"Whether a 429 carries Retry-After, and in which of its two forms."},
	{swSelectID, []string{"add", "omit"}, "add",
		"Whether select adds _id when it is not asked for."},
	{swTaskMainType, []string{"require", "fill"}, "require",
		"A new task without mainType: rejected, or a task. The documentation says both."},
	{swTicketGet, []string{"yes", "no"}, "yes",
		"Whether GET and PUT /tickets/{id} work; clients use them, the documentation does not list them."},
	{swTicketS, []string{"status", "search", "sort"}, "status",
		"What the short query name s means on tickets."},
	{swTicketsNoEmail, []string{"drop", "error"}, "drop",
		"A ticket without email: dropped without a word, or listed in createdErrors."},
	{swTypes, []string{"check", "store"}, "check",
		"Whether a value of the wrong type is rejected or stored."},
	{swUnknownProperties, []string{"keep", "drop"}, "keep",
		"Whether a top-level property that Planhat does not know is stored."},
	{swUnknownQuery, []string{"ignore", "error"}, "ignore",
		"What an unknown query parameter does: nothing, or a 400."},
	{swUnknownTenant, []string{"401", "404", "200"}, "401",
		"The status of an analytics call with an unknown tenant token; 200 means accepted and dropped."},
}
