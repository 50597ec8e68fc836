package simulator

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// listQuery is a list request after its parameters were understood.
type listQuery struct {
	limit, offset int
	sort          string
	selected      []string
	filters       []filter
}

// list answers GET /<model>.
func (s *Server) list(x *exchange) (*answer, *failure) {
	q, page, owners, refused := s.readPage(x)
	if refused != nil {
		return nil, refused
	}
	x.call.Rows = len(page)
	x.called(x.r.URL.Query().Get)
	raw := make([]jsontext.Value, len(page))
	for i, r := range page {
		raw[i] = s.project(x.route.model, r, q.selected, owners)
	}
	return ok(array(raw)), nil
}

// readPage finds the page under the store's lock; it is written without.
func (s *Server) readPage(x *exchange) (q *listQuery, page []*record, owners map[string]jsontext.Value, refused *failure) {
	m := x.route.model
	s.store.mu.RLock()
	defer s.store.mu.RUnlock()
	if q, refused = s.parseList(m, x.r.URL.Query()); refused != nil {
		return nil, nil, nil, refused
	}
	return q, slices.Clone(s.page(s.store.of(m), q)), s.ownerNames(m), nil
}

// page returns the records that a list request asks for. Without filters and
// in the order of _id it costs no more than the page itself.
func (s *Server) page(c *collection, q *listQuery) []*record {
	records, reverse := c.order, false
	switch {
	case len(q.filters) == 0 && (q.sort == "" && s.switches.is(swDefaultOrder, "id") || q.sort == "_id"):
	case len(q.filters) == 0 && (q.sort == "" && s.switches.is(swDefaultOrder, "newest") || q.sort == "-_id"):
		reverse = true
	case q.sort == "" && s.switches.is(swDefaultOrder, "shuffled"):
		records = matching(c.order, q.filters)
		s.chance.shuffle(records)
	default:
		records = s.view(c, q)
	}
	from := min(q.offset, len(records))
	to := min(from+q.limit, len(records))
	if !reverse {
		return records[from:to]
	}
	page := slices.Clone(records[len(records)-to : len(records)-from])
	slices.Reverse(page)
	return page
}

// view returns all records of a list request, from the cache if nothing
// was written since the last page.
func (s *Server) view(c *collection, q *listQuery) []*record {
	sortBy := q.sort
	if sortBy == "" && s.switches.is(swDefaultOrder, "newest") {
		sortBy = "-_id"
	}
	if s.switches.is(swTies, "random") && hasTies(sortBy) {
		records := matching(c.candidates(q.filters), q.filters)
		s.chance.shuffle(records)
		sortRecords(records, sortBy)
		return records
	}
	key := sortBy
	for _, f := range q.filters {
		key += "\x00" + f.name + "=" + f.value
	}
	if records, found := c.views.get(key, c.version); found {
		return records
	}
	records := matching(c.candidates(q.filters), q.filters)
	sortRecords(records, sortBy)
	c.views.put(key, c.version, records)
	return records
}

func matching(records []*record, filters []filter) []*record {
	out := make([]*record, 0, len(records))
	for _, r := range records {
		if passes(r, filters) {
			out = append(out, r)
		}
	}
	return out
}

func passes(r *record, filters []filter) bool {
	for _, f := range filters {
		if !f.test(r) {
			return false
		}
	}
	return true
}

// candidates narrows a filtered list down by an index if one fits.
func (c *collection) candidates(filters []filter) []*record {
	for _, f := range filters {
		if f.companies == nil {
			continue
		}
		var out []*record
		for _, id := range f.companies {
			for _, of := range c.company[id] {
				out = append(out, c.byID[of])
			}
		}
		sortRecords(out, "_id")
		return slices.Compact(out)
	}
	return c.order
}

// short lists the short query names that the old documentation uses.
var short = map[string]string{"l": "limit", "o": "offset", "cid": "companyId", "cId": "companyId", "c": "companyId"}

func (s *Server) parseList(m *catalog.Model, values url.Values) (*listQuery, *failure) {
	op := m.Operation("get_list")
	if op == nil {
		op = m.Operation("get_dimension_data")
	}
	query, refused := s.names(m, op, values)
	if refused != nil {
		return nil, refused
	}
	q := &listQuery{sort: query["sort"]}
	if q.limit, refused = s.limit(op, query["limit"]); refused != nil {
		return nil, refused
	}
	if q.offset, refused = natural("offset", query["offset"], 0); refused != nil {
		return nil, refused
	}
	for name := range strings.SplitSeq(query["select"], ",") {
		if name = strings.TrimSpace(name); name != "" {
			q.selected = append(q.selected, name)
		}
	}
	if len(q.selected) > 0 && s.switches.is(swSelectID, "add") && !slices.Contains(q.selected, "_id") {
		q.selected = append([]string{"_id"}, q.selected...)
	}
	q.filters, refused = s.filters(m, op, query)
	return q, refused
}

// names maps the parameters of a request to the catalog's names.
func (s *Server) names(m *catalog.Model, op *catalog.Operation, values url.Values) (map[string]string, *failure) {
	query := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := values.Get(name)
		full := name
		if op.Parameter(name) == nil {
			full = short[name]
			if slices.Contains(op.Abbreviations, name) {
				full = s.switches[swTicketS]
			}
		}
		if full == "" || op.Parameter(full) == nil {
			if s.switches.is(swUnknownQuery, "error") {
				return nil, invalid(fmt.Sprintf("Unknown query parameter %q.", name))
			}
			continue
		}
		query[full] = value
	}
	return query, nil
}

// The limits of reading dimension data are not documented; these follow what
// clients ask for.
const (
	dimensionDefault = 100
	dimensionMax     = 10_000
)

func (s *Server) limit(op *catalog.Operation, text string) (int, *failure) {
	standard, most := dimensionDefault, dimensionMax
	if p := op.Parameter("limit"); p.Max > 0 {
		standard, most = p.Default, p.Max
	}
	limit, refused := natural("limit", text, standard)
	if refused != nil {
		return 0, refused
	}
	if limit == 0 {
		limit = standard // as MongoDB, for which 0 is no limit, behind a default
	}
	if limit > most && s.switches.is(swOverLimit, "error") {
		return 0, invalid(fmt.Sprintf("limit must not exceed %d.", most))
	}
	return min(limit, most, s.number(swPageCap, limit)), nil
}

func natural(name, text string, standard int) (int, *failure) {
	if text == "" {
		return standard, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, invalid(fmt.Sprintf("%s must be a whole number, at least 0, not %q.", name, text))
	}
	return n, nil
}

// project returns what a list shows of a record.
func (s *Server) project(m *catalog.Model, r *record, selected []string, owners map[string]jsontext.Value) jsontext.Value {
	if len(selected) == 0 && owners == nil {
		return r.raw
	}
	shown := r.fields
	if len(selected) > 0 {
		shown = r.pick(selected)
	}
	if owners == nil {
		return shown.encode()
	}
	shown = slices.Clone(shown)
	for _, p := range m.Properties {
		if owner, found := owners[shown.text(p.Name)]; found && p.ObjectInLists {
			shown.set(p.Name, owner)
		}
	}
	return shown.encode()
}

// pick returns the named properties; a name may reach into custom.
func (f fields) pick(names []string) fields {
	out := make(fields, 0, len(names))
	for _, name := range names {
		if v := f.get(name); v != nil {
			out.set(name, v)
			continue
		}
		outer, inner, nested := strings.Cut(name, ".")
		if !nested {
			continue
		}
		if v := members(f.get(outer)).get(inner); v != nil {
			part := members(out.get(outer))
			part.set(inner, v)
			out.set(outer, part.encode())
		}
	}
	return out
}

// ownerNames returns what the ids of owners become in lists, or nil if they stay
// plain ids.
func (s *Server) ownerNames(m *catalog.Model) map[string]jsontext.Value {
	expands := slices.ContainsFunc(m.Properties, func(p *catalog.Property) bool { return p.ObjectInLists })
	if !expands || !s.switches.is(swOwnerInLists, "object") {
		return nil
	}
	out := map[string]jsontext.Value{}
	for _, u := range s.store.with(catalog.TeamMember).order {
		out[u.id] = object("id", quote(u.id), "nickName", quote(u.text("nickName")))
	}
	return out
}

// leanList answers GET /leancompanies.
func (s *Server) leanList(x *exchange) (*answer, *failure) {
	values := x.r.URL.Query()
	external, source := values.Get("externalId"), values.Get("sourceId")
	var status []string
	if text := values.Get("status"); text != "" {
		status = strings.Split(text, ",")
	}
	s.store.mu.RLock()
	records := slices.Clone(s.store.with(catalog.Account).order)
	s.store.mu.RUnlock()
	var lean []jsontext.Value
	for _, r := range records {
		if external != "" && r.external != external || source != "" && r.source != source ||
			status != nil && !slices.Contains(status, r.text("status")) {
			continue
		}
		lean = append(lean, s.lean(r))
	}
	if s.number(swLeanPages, 0) > 0 {
		limit, refused := natural("limit", values.Get("limit"), len(lean))
		if refused != nil {
			return nil, refused
		}
		offset, refused := natural("offset", values.Get("offset"), 0)
		if refused != nil {
			return nil, refused
		}
		lean = lean[min(offset, len(lean)):]
		lean = lean[:min(limit, s.number(swLeanPages, limit), len(lean))]
	}
	x.call.Rows = len(lean)
	return ok(array(lean)), nil
}

func (s *Server) lean(r *record) jsontext.Value {
	shown := fields{{"_id", r.get("_id")}, {"name", r.get("name")}, {"externalId", quote(r.external)}}
	if r.source != "" {
		shown.setText("sourceId", r.source)
	}
	if s.switches.is(swLeanSlug, "yes") && present(r.get("slug")) {
		shown.set("slug", r.get("slug"))
	}
	return shown.encode()
}
