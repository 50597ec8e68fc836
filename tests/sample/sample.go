// Package sample makes up records of the models of the catalog, as the API accepts them. What a
// record needs comes from the catalog: there is no second list of models.
package sample

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
)

// Maker makes up records, each different from those before.
type Maker struct {
	// Ref returns what names a record of a model.
	Ref func(*catalog.Model) any
	// Company returns the externalId of a company. Domain is one of its domains.
	Company func() any
	Domain  string
	// Prefix begins the texts that it makes up.
	Prefix string

	made int
}

// Record makes up a record that the model takes.
func (k *Maker) Record(m *catalog.Model) map[string]any {
	k.made++
	names := append([]string{"externalId", "extId", "sourceId"}, m.RequiredOnCreate...)
	names = append(names, m.RequiredOnBulkCreate...)
	names = append(names, m.RequiredOneOf...)
	for _, p := range m.Properties {
		if p.Required {
			names = append(names, p.Name)
		}
	}
	record := map[string]any{}
	for _, name := range names {
		if p := m.Property(name); p != nil && !p.ReadOnly {
			record[name] = k.value(p)
		}
	}
	switch m.Snake {
	case "conversation":
		record["type"] = "call" // what is neither a note nor a ticket
	case "metrics":
		record["externalId"] = k.Company()
	case "user_activity":
		record["companyExternalId"] = k.Company()
	}
	return record
}

// Segment makes up a call in Segment's form.
func (k *Maker) Segment(m *catalog.Model) map[string]any {
	k.made++
	call := map[string]any{}
	for _, p := range m.SegmentProperties {
		call[p.Name] = k.value(p)
	}
	call["traits"] = map[string]any{"companyId": k.Company()}
	return call
}

// value makes up a value of a property.
func (k *Maker) value(p *catalog.Property) any {
	ref := catalog.Load().ModelNamed(p.Ref)
	switch {
	case ref != nil && p.Type == catalog.Array:
		return []any{k.Ref(ref)}
	case ref != nil:
		return k.Ref(ref)
	case len(p.Enum) > 0:
		return p.Enum[0]
	case p.Name == "email":
		return fmt.Sprintf("person.%d@%s", k.made, k.Domain)
	case p.Name == "domains":
		return []any{k.Domain}
	case p.Name == "parent":
		return "company"
	case strings.Contains(strings.ToLower(p.Name), "currency"):
		return "USD"
	}
	switch p.Type {
	case catalog.Number, catalog.Integer:
		return 8
	case catalog.Days:
		return 20_000
	case catalog.Date:
		return "2026-01-15T00:00:00.000Z"
	case catalog.Boolean:
		return true
	case catalog.Array:
		return []any{}
	case catalog.Object:
		return map[string]any{}
	}
	return fmt.Sprintf("%s%s %d", k.Prefix, p.Name, k.made)
}

// Records are how many records of a model Fill leaves at least.
const Records = 6

// Fill adds records to a simulated Planhat, so that lists show at least some of each model that
// has a list.
func Fill(planhat *simulator.Server) error {
	k := &filler{Server: planhat, shown: map[string][]string{}}
	k.Maker = Maker{Ref: k.ref, Company: func() any { return planhat.Records(account().Snake)[0]["externalId"] }, Domain: "sample.example"}
	for _, m := range catalog.Load().Models {
		if err := k.fill(m); err != nil {
			return err
		}
	}
	return nil
}

func account() *catalog.Model { return catalog.Load().With(catalog.Account) }

type filler struct {
	Maker
	*simulator.Server
	// shown are the ids of the records that lists show, by model.
	shown map[string][]string
	refs  int
}

// ref names one record after the other.
func (k *filler) ref(m *catalog.Model) any {
	k.refs++
	list := k.shown[m.Snake]
	return list[k.refs%len(list)]
}

func (k *filler) fill(m *catalog.Model) error {
	if k.shown[m.Snake] != nil || m.Property("_id") == nil || m.Operation("get_list") == nil {
		return nil
	}
	k.shown[m.Snake] = []string{}
	for _, p := range m.Properties { // what its records refer to comes first
		if ref := catalog.Load().ModelNamed(p.Ref); ref != nil && p.Required && ref != m {
			if err := k.fill(ref); err != nil {
				return err
			}
		}
	}
	n := Records - k.count(m)
	if slices.ContainsFunc(m.Operation("get_list").Query, func(q *catalog.Query) bool { return q.Filter != nil && q.Filter.Match == catalog.MatchMaxAge }) {
		n = Records // those that are there may be old
	}
	for ; n > 0; n-- {
		if err := k.Put(m.Snake, k.Maker.Record(m)); err != nil {
			return fmt.Errorf("%s: %w", m.Snake, err)
		}
	}
	k.count(m)
	return nil
}

// count notes which records lists show.
func (k *filler) count(m *catalog.Model) int {
	k.shown[m.Snake] = nil
	for _, r := range k.Records(m.Snake) {
		if r["archived"] != true && r["isArchived"] != true && r["onlyDowngrade"] != true {
			k.shown[m.Snake] = append(k.shown[m.Snake], r["_id"].(string))
		}
	}
	return len(k.shown[m.Snake])
}
