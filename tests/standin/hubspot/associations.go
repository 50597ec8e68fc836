package hubspot

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Label is a type of association between two records. A pair can have several.
type Label struct {
	// TypeID is the vendor's number of the type. With 0, Associate uses the one of
	// the name: Primary, or the type without a label.
	TypeID   int
	Category string // HUBSPOT_DEFINED if empty
	Name     string // empty for the type without a label
}

// Primary is the label of a record's primary company.
var Primary = Label{Name: "Primary"}

// link is all associations from one record to records of one type.
type link struct {
	from *kind
	id   string
	to   *kind
}

// association is an association of a link.
type association struct {
	id     string
	labels []Label
}

// standards are the vendor's own type ids between two object types: the one
// without a label and the primary one.
var standards = map[[2]string][2]int{
	{"contacts", "companies"}: {279, 1}, {"companies", "contacts"}: {280, 2},
	{"deals", "companies"}: {341, 5}, {"companies", "deals"}: {342, 6},
	{"tickets", "companies"}: {339, 26}, {"companies", "tickets"}: {340, 25},
	{"deals", "contacts"}: {3, 0}, {"contacts", "deals"}: {4, 0},
	{"tickets", "contacts"}: {16, 0}, {"contacts", "tickets"}: {15, 0},
	{"deals", "tickets"}: {27, 0}, {"tickets", "deals"}: {28, 0},
}

// Associate associates two records in both directions. Without labels, the pair
// gets the type without a label; with labels, it gets that one too, as the vendor
// does. Associating again replaces the labels. A pair keeps its place in the order.
func (p *Portal) Associate(from, fromID, to, toID string, labels ...Label) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.associate(mustKind(from), fromID, mustKind(to), toID, labels...)
}

// Dissociate removes all associations between two records.
func (p *Portal) Dissociate(from, fromID, to, toID string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, b := mustKind(from), mustKind(to)
	p.unlink(a, fromID, b, toID)
	p.unlink(b, toID, a, fromID)
}

func (p *Portal) unlink(from *kind, id string, to *kind, toID string) {
	key := link{from, id, to}
	p.links[key] = slices.DeleteFunc(p.links[key], func(a association) bool { return a.id == toID })
}

func (p *Portal) associate(from *kind, fromID string, to *kind, toID string, labels ...Label) {
	p.oneWay(from, fromID, to, toID, labels)
	p.oneWay(to, toID, from, fromID, labels)
}

func (p *Portal) oneWay(from *kind, id string, to *kind, toID string, labels []Label) {
	types := standards[[2]string{from.plural, to.plural}]
	plain := Label{TypeID: types[0], Category: "HUBSPOT_DEFINED"}
	set := []Label{}
	for _, l := range labels {
		l.Category = cmp.Or(l.Category, "HUBSPOT_DEFINED")
		if l.Name == Primary.Name && l.Category == "HUBSPOT_DEFINED" {
			l.TypeID = types[1]
		}
		if l.Name != "" {
			set = append(set, l)
		}
	}
	set = append(set, plain)
	key := link{from, id, to}
	all := p.links[key]
	if i := slices.IndexFunc(all, func(a association) bool { return a.id == toID }); i >= 0 {
		all[i].labels = set
		return
	}
	p.links[key] = append(all, association{toID, set})
}

// relink moves the associations of a record that was merged.
func (p *Portal) relink(k *kind, gone, kept string) {
	for _, to := range kinds {
		for _, a := range slices.Clone(p.links[link{k, gone, to}]) {
			p.unlink(to, a.id, k, gone)
			p.unlink(k, gone, to, a.id)
			p.associate(k, kept, to, a.id, a.labels...)
		}
	}
}

// linked returns the associations to records that are not archived.
func (p *Portal) linked(from, to *kind, id string) []association {
	var all []association
	for _, a := range p.links[link{from, id, to}] {
		if p.find(to, a.id, false) != nil {
			all = append(all, a)
		}
	}
	return all
}

// summary is the associations in a record of a list: one entry per type, so a
// primary company is there twice.
func (p *Portal) summary(from, to *kind, id string) []any {
	var results []any
	name := from.singular + "_to_" + to.singular
	for _, a := range p.linked(from, to, id) {
		for _, l := range a.labels {
			kind := name + "_unlabeled"
			if l.Name == Primary.Name {
				kind = name
			} else if l.Name != "" {
				kind = strings.ToLower(strings.ReplaceAll(l.Name, " ", "_"))
			}
			results = append(results, map[string]any{"id": a.id, "type": kind})
		}
	}
	return results
}

// mostAssociations is how many inputs a batch read of associations may have.
const mostAssociations = 1000

func (s *Server) associations(w http.ResponseWriter, c *call) error {
	to := kindOf(c.PathValue("to"))
	if to == nil {
		return invalid("Unable to infer object type from: " + c.PathValue("to"))
	}
	var body struct {
		Inputs []struct{ ID, After string } `json:"inputs"`
	}
	if err := decode(c.Request, &body); err != nil {
		return err
	}
	if len(body.Inputs) > mostAssociations {
		return tooMany(len(body.Inputs), mostAssociations)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	results := []any{}
	var failed []*apiError
	var absent []string
	for _, in := range body.Inputs {
		if slices.Contains(c.settings.DropAssociations, in.ID) {
			continue
		}
		if c.find(c.kind, in.ID, false) == nil {
			absent = append(absent, in.ID)
			continue
		}
		all := c.linked(c.kind, to, in.ID)
		if len(all) == 0 {
			failed = append(failed, noAssociations(c.kind, to, in.ID))
			continue
		}
		start := 0
		if in.After != "" {
			n, err := strconv.Atoi(in.After)
			if err != nil || n < 0 {
				return invalid("Invalid input: after is not a paging cursor of this endpoint: " + in.After)
			}
			start = min(n, len(all))
		}
		end := min(start+c.settings.AssociationPage, len(all))
		result := map[string]any{"from": map[string]string{"id": in.ID}, "to": targets(all[start:end])}
		if end < len(all) {
			result["paging"] = map[string]any{"next": map[string]any{
				"after": strconv.Itoa(end), "link": "https://api.hubapi.com" + c.URL.Path + "?after=" + strconv.Itoa(end),
			}}
		}
		results = append(results, result)
	}
	if len(absent) > 0 {
		failed = append(failed, missing(c.kind, absent))
	}
	c.batch(w, http.StatusOK, results, failed)
	return nil
}

// targets is a page of associations. The type without a label has a null label.
func targets(page []association) []any {
	list := []any{}
	for _, a := range page {
		var types []any
		for _, l := range a.labels {
			entry := map[string]any{"category": l.Category, "typeId": l.TypeID, "label": nil}
			if l.Name != "" {
				entry["label"] = l.Name
			}
			types = append(types, entry)
		}
		list = append(list, map[string]any{"toObjectId": a.id, "associationTypes": types})
	}
	return list
}

func noAssociations(from, to *kind, id string) *apiError {
	return &apiError{
		category: "OBJECT_NOT_FOUND", sub: "crm.associations.NO_ASSOCIATIONS_FOUND",
		message: "No " + to.singular + " is associated with " + from.singular + " " + id + ".",
		context: map[string][]string{"fromObjectId": {id}, "fromObjectType": {from.singular}, "toObjectType": {to.singular}},
	}
}

// target finds the object type that a type id of the vendor leads to, and its
// label.
func target(from *kind, typeID int) (*kind, Label) {
	for pair, types := range standards {
		if pair[0] == from.plural && typeID != 0 && slices.Contains(types[:], typeID) {
			if typeID == types[1] {
				return kindOf(pair[1]), Primary
			}
			return kindOf(pair[1]), Label{}
		}
	}
	return nil, Label{}
}

// labels lists the types of associations between two object types: the vendor's own, and
// the labels that some association has.
func (s *Server) labels(w http.ResponseWriter, c *call) error {
	to := kindOf(c.PathValue("to"))
	if to == nil {
		return invalid("Unable to infer object type from: " + c.PathValue("to"))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	own := standards[[2]string{c.kind.plural, to.plural}]
	list := []any{map[string]any{"category": "HUBSPOT_DEFINED", "typeId": own[0], "label": nil}}
	known := map[string]bool{}
	add := func(l Label) {
		if l.Name != "" && !known[l.Name] {
			known[l.Name] = true
			list = append(list, map[string]any{"category": l.Category, "typeId": l.TypeID, "label": l.Name})
		}
	}
	if own[1] != 0 {
		add(Label{own[1], "HUBSPOT_DEFINED", Primary.Name})
	}
	for at, all := range c.links {
		for _, a := range all {
			for _, l := range a.labels {
				if at.from == c.kind && at.to == to {
					add(l)
				}
			}
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"results": list})
	return nil
}
