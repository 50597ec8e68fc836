package snapshot

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// strict are the traits of models whose records must exist for others to refer to them.
var strict = []catalog.Trait{catalog.Account, catalog.Itemized, catalog.Price, catalog.WorkedHours}

func (s *saving) referred(m *catalog.Model) bool { return slices.ContainsFunc(strict, m.Has) }

// refersTo returns the model of which the records that a property names must exist, or nil.
func refersTo(known []*catalog.Model, p *catalog.Property) *catalog.Model {
	if p.ReadOnly || p.Ref == "" {
		return nil
	}
	for _, m := range known {
		if (m.Name == p.Ref || m.Snake == p.Ref) && slices.ContainsFunc(strict, m.Has) {
			return m
		}
	}
	return nil
}

// Complete returns the chosen models with those that their records cannot do without.
func Complete(known, chosen []*catalog.Model) []*catalog.Model {
	all := slices.Clone(chosen)
	for i := 0; i < len(all); i++ {
		for _, p := range all[i].Properties {
			if to := refersTo(known, p); to != nil && !slices.Contains(all, to) {
				all = append(all, to)
			}
		}
	}
	return all
}

// ordered returns models in an order in which each follows those that its properties refer
// to, companies first.
func ordered(known, models []*catalog.Model) (order []*catalog.Model) {
	var visit func(m *catalog.Model)
	seen := map[*catalog.Model]bool{}
	visit = func(m *catalog.Model) {
		if seen[m] {
			return
		}
		seen[m] = true
		for _, p := range m.Properties {
			if to := refersTo(known, p); to != nil {
				visit(to)
			}
		}
		if slices.Contains(models, m) {
			order = append(order, m)
		}
	}
	for _, m := range models {
		visit(m)
	}
	return order
}

// leftOut returns why a record is left out, or "". It removes from lists what is not there.
func (s *saving) leftOut(m *catalog.Model, members map[string]jsontext.Value) (why string) {
	ofCompany, tied := false, false
	for _, p := range m.Properties {
		to := refersTo(s.o.Known, p)
		if to == nil && p.NamesCompany() && !m.Has(catalog.Account) && p.Name == m.CompanyRef() {
			to = s.account()
		}
		if to == nil || m.Has(catalog.Account) {
			continue
		}
		value := members[p.Name]
		company := to.Has(catalog.Account)
		if to.Has(catalog.Itemized) && idIn(value) == "" {
			return noParent
		}
		ofCompany = ofCompany || company
		switch value.Kind() {
		case '[':
			kept := s.present(to, value)
			if len(kept) == 0 && company && string(value) != "[]" {
				return noCompany
			}
			members[p.Name], _ = json.Marshal(kept)
			tied = tied || company && len(kept) > 0
		case '"', '{':
			switch there := s.ids[to.Snake].has(idIn(value)); {
			case there:
				tied = tied || company
			case idIn(value) == "":
			case company:
				return noCompany
			case slices.Contains(m.RequiredOnCreate, p.Name) || to.Has(catalog.Itemized):
				return noParent
			default:
				delete(members, p.Name)
			}
		}
	}
	if ofCompany && !tied && (s.chosen != nil || m.DroppedWithoutCompany) {
		return loose
	}
	return ""
}

func (s *saving) account() *catalog.Model {
	for _, m := range s.o.Known {
		if m.Has(catalog.Account) {
			return m
		}
	}
	return nil
}

// present returns the entries of a list whose records are there.
func (s *saving) present(to *catalog.Model, list jsontext.Value) []jsontext.Value {
	var entries []jsontext.Value
	_ = json.Unmarshal(list, &entries)
	kept := []jsontext.Value{}
	for _, e := range entries {
		if s.ids[to.Snake].has(idIn(e)) {
			kept = append(kept, e)
		}
	}
	return kept
}

// idIn returns an id, or that which an object has.
func idIn(value jsontext.Value) string {
	switch value.Kind() {
	case '"':
		var id string
		_ = json.Unmarshal(value, &id)
		return id
	case '{':
		var object struct {
			ID  jsontext.Value `json:"_id"`
			Own jsontext.Value `json:"id"`
		}
		_ = json.Unmarshal(value, &object)
		if id := idIn(object.ID); id != "" {
			return id
		}
		return idIn(object.Own)
	}
	return ""
}

// idSet holds ids in little memory.
type idSet map[[12]byte]struct{}

func packed(id string) (out [12]byte) {
	if n, err := hex.Decode(out[:], []byte(id[:min(len(id), 24)])); err == nil && n == len(out) && len(id) == 24 {
		return out
	}
	sum := sha256.Sum256([]byte(id))
	return [12]byte(sum[:])
}

func (s idSet) add(id string) { s[packed(id)] = struct{}{} }

func (s idSet) has(id string) bool {
	_, ok := s[packed(id)]
	return ok
}

// sorted returns the ids of records.
func (s idSet) sorted() []string {
	out := make([]string, 0, len(s))
	for id := range s {
		out = append(out, hex.EncodeToString(id[:]))
	}
	slices.Sort(out)
	return out
}
