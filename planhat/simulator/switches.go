package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	Values  []string // AnyNumber among them means any whole number
	Default string
	Doc     string
}

// SwitchDocs returns every switch, for help texts and reference pages.
func SwitchDocs() []SwitchDoc { return slices.Clone(switchDocs) }

// ParseSwitches reads "name=value,name=value", as a command line gives it.
// An empty text sets none. Unknown names and values are errors that
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
		if !d.takes(s[name]) {
			return nil, fmt.Errorf("switch %s must be one of %s, not %q%s",
				name, strings.Join(d.Values, ", "), s[name], catalog.DidYouMean(s[name], d.Values))
		}
		full[name] = s[name]
	}
	return full, nil
}

func (s Switches) is(name, value string) bool { return s[name] == value }

// number returns the number that a switch is set to, or another one if it is off.
func (s *Server) number(name string, off int) int {
	if n, err := strconv.Atoi(s.switches[name]); err == nil {
		return n
	}
	return off
}

// AnyNumber among the values of a switch means all whole numbers from 1.
const AnyNumber = "N"

func (d SwitchDoc) takes(value string) bool {
	if n, err := strconv.Atoi(value); err == nil && n > 0 && slices.Contains(d.Values, AnyNumber) {
		return true
	}
	return value != AnyNumber && slices.Contains(d.Values, value)
}

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
	swCustomValues      = "custom-values"
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
	swLeanPages         = "lean-pages"
	swLeanSlug          = "lean-slug"
	swMetricSameDay     = "metric-same-day"
	swMinuteWindow      = "minute-window"
	swOverLimit         = "over-limit"
	swOwnerInLists      = "owner-in-lists"
	swPageCap           = "page-cap"
	swRateHeaders       = "rate-headers"
	swRateReset         = "rate-reset"
	swRetryAfter        = "retry-after"
	swSelectID          = "select-id"
	swTaskMainType      = "task-main-type"
	swTicketGet         = "ticket-get"
	swTicketS           = "ticket-s"
	swTicketsNoEmail    = "tickets-without-email"
	swTies              = "ties"
	swTypes             = "types"
	swUnknownProperties = "unknown-properties"
	swUnknownQuery      = "unknown-query"
	swUnknownTenant     = "unknown-tenant"
)

var switchDocs = []SwitchDoc{
	{swActivityAnswer, []string{"json", "text", "empty"}, "json",
		"What user activity calls return: a JSON object with processed and errors, the text OK, or nothing."},
	{swBodyLimit, []string{"all", "analytics", "off"}, "all",
		"Which hosts reject a body above 32 MB: both, only the analytics host, or neither."},
	{swBulkAllFailed, []string{"400", "206"}, "400",
		"The status of a bulk upsert in which every row was rejected. It is 403 if all of them lack permission."},
	{swBulkErrors, []string{"keys", "index", "item", "text"}, "keys",
		"The shape of an entry in createdErrors and the other error lists: the row's keys, its position, the whole row (each with a message), or plain text."},
	{swCommaLists, []string{"documented", "all"}, "documented",
		"Which models accept several ids separated by commas in companyId: those that document it, or all."},
	{swCreateStatus, []string{"200", "201"}, "200",
		"The status of a successful create."},
	{swCurrency, []string{"fill", "require"}, "fill",
		"What happens to a license or sale without _currency: it gets the base currency of the tenant (USD), or is rejected. The documentation says both."},
	{swCustom, []string{"merge", "replace"}, "merge",
		"What an update does to custom: it sets the keys that are sent, or replaces the whole object."},
	{swCustomUndefined, []string{"keep", "drop"}, "keep",
		"Whether a key of custom is stored if no custom field defines it."},
	{swCustomValues, []string{"store", "check"}, "store",
		"Whether custom fields take any value, or only those of their type and list: with check, writing to a formula and a new record without a mandatory field are rejected as well."},
	{swDefaultOrder, []string{"id", "newest", "shuffled"}, "id",
		"The order of a list without sort: by _id, newest first, or random for each call, which breaks clients that page without sort."},
	{swDeleteAnswer, []string{"documented", "count", "document", "empty", "204"}, "documented",
		"What a delete returns: counts (for conversations, the deleted record), always counts, always the record, an empty 200, or 204."},
	{swDeleteByKey, []string{"no", "yes"}, "no",
		"Whether delete accepts extid- and srcid- ids; only _id is documented."},
	{swDimensionNames, []string{"any", "strict"}, "any",
		"Whether a dimensionId may contain spaces or special characters. The documentation says no, but a published client sends them."},
	{swDuplicateAnswer, []string{"bulk", "array"}, "bulk",
		"What duplicating time entries returns: the bulk result, or the new records."},
	{swDuplicateRows, []string{"sequential", "error"}, "sequential",
		"What happens to the second of two rows with the same key in one bulk request: it updates what the first wrote, or is rejected."},
	{swEnums, []string{"check", "store"}, "check",
		"Whether a value that the documentation does not list is rejected or stored."},
	{swErrorBody, []string{"json", "text", "html"}, "json",
		"The body of an error response: JSON with a message, plain text, or an HTML page."},
	{swExternalScope, []string{"company", "model"}, "company",
		"Where the externalId of a bulk row with a company is looked up: among the records of that company, or among all."},
	{swFallThrough, []string{"yes", "no"}, "yes",
		"Whether a bulk row whose first key finds nothing is looked up by its next key before it is created."},
	{swFilterPrefixes, []string{"error", "resolve", "empty"}, "error",
		"What a companyId filter with extid- or srcid- does: it is rejected, resolved, or matches nothing. These ids are documented only for writing."},
	{swGzip, []string{"yes", "no"}, "yes",
		"Whether responses above 1 KB are compressed for clients that accept it."},
	{swIDInUpdate, []string{"ignore", "error"}, "ignore",
		"What an update with an _id in its body does: it ignores the _id, or fails with 400."},
	{swIgnoredEndusers, []string{"silent", "error"}, "silent",
		"What happens to a bulk enduser that belongs to no known company: it is dropped silently, or listed in createdErrors."},
	{swLeanPages, []string{"off", AnyNumber}, "off",
		"How many lean companies one response has at most: all of them, or N. With N, limit and offset page through them; otherwise they are ignored."},
	{swLeanSlug, []string{"no", "yes"}, "no",
		"Whether lean companies include slug, as older responses did."},
	{swMetricSameDay, []string{"append", "replace"}, "append",
		"What happens to a second value for the same dimension, record and day: it is added, or replaces the first."},
	{swMinuteWindow, []string{"sliding", "fixed"}, "sliding",
		"How the calls of a minute are counted: in any 60 seconds, or in fixed windows of 60 seconds that start with a call."},
	{swOverLimit, []string{"clamp", "error"}, "clamp",
		"What a limit above the model's maximum does: it is lowered to the maximum, or fails with 400."},
	{swOwnerInLists, []string{"id", "object"}, "id",
		"Whether lists show owner and coOwner of companies as ids, or as objects with id and nickName."},
	{swPageCap, []string{"off", AnyNumber}, "off",
		"How many records a list returns at most, whatever limit asks for: the model's maximum, or N."},
	{swRateHeaders, []string{"both", "legacy", "new", "none"}, "both",
		"The spelling of the rate headers: X-Rate-Limit-Remaining, x-ratelimit-remaining, both or neither."},
	{swRateReset, []string{"seconds", "epoch"}, "seconds",
		"What x-ratelimit-reset contains: the seconds until the reset, or a Unix time."},
	{swRetryAfter, []string{"seconds", "date", "none"}, "seconds",
		"Whether a 429 has a Retry-After header, and in which form."},
	{swSelectID, []string{"add", "omit"}, "add",
		"Whether select returns _id without being asked for it."},
	{swTaskMainType, []string{"require", "fill"}, "require",
		"What happens to a new task without mainType: it is rejected, or becomes a task. The documentation says both."},
	{swTicketGet, []string{"yes", "no"}, "yes",
		"Whether GET and PUT /tickets/{id} work. Clients use them, but the documentation does not list them."},
	{swTicketS, []string{"status", "search", "sort"}, "status",
		"What the short query name s means on tickets."},
	{swTicketsNoEmail, []string{"drop", "error"}, "drop",
		"What happens to a ticket without email: it is dropped silently, or listed in createdErrors."},
	{swTies, []string{"id", "random"}, "id",
		"The order of records that have the same value of the sort property: by _id, or random for each call."},
	{swTypes, []string{"check", "store"}, "check",
		"Whether a value of the wrong type is rejected or stored."},
	{swUnknownProperties, []string{"keep", "drop"}, "keep",
		"Whether a top-level property that Planhat does not know is stored."},
	{swUnknownQuery, []string{"ignore", "error"}, "ignore",
		"What an unknown query parameter does: nothing, or the call fails with 400."},
	{swUnknownTenant, []string{"401", "404", "200"}, "401",
		"The status of an analytics call with an unknown tenant token. 200 means that the call is accepted and dropped."},
}
