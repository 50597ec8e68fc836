// Package precheck finds rows that Planhat would reject before they are sent. It judges
// only what the catalog is sure about: a tenant may accept what it does not know.
package precheck

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// Sure reports whether enough is known of a property to reject a value for it.
func Sure(p *catalog.Property) bool {
	return p != nil && p.Confidence != catalog.Low && p.Confidence != catalog.Medium && p.Origin != "observed" && !p.ReadOnly
}

// Value returns why Planhat rejects a value of a property, or "".
func Value(m *catalog.Model, p *catalog.Property, v jsontext.Value) string {
	kind := v.Kind()
	if !Sure(p) || kind == 'n' {
		return ""
	}
	text := ""
	if kind == '"' {
		raw, err := jsontext.AppendUnquote(nil, v)
		if err != nil {
			return ""
		}
		text = string(raw)
	}
	nested := kind == '[' || kind == '{'
	switch p.Type {
	case catalog.String, catalog.ObjectID:
		if nested {
			return wrong(m, p, "a text", v)
		}
		if text != "" && len(p.Enum) > 0 && !slices.Contains(p.Enum, text) {
			return Unknown(m, p, text)
		}
	case catalog.Number, catalog.Integer, catalog.Days:
		_, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if nested || p.Type != catalog.Days && kind == '"' && text != "" && err != nil {
			return wrong(m, p, "a number", v)
		}
	case catalog.Boolean, catalog.Date:
		if nested {
			return wrong(m, p, map[bool]string{true: "true or false", false: "a date"}[p.Type == catalog.Boolean], v)
		}
	}
	return ""
}

// Unknown says that a property does not take a text.
func Unknown(m *catalog.Model, p *catalog.Property, text string) string {
	return fmt.Sprintf("unknown %s %s %q%s; known values: %s", m.Noun, p.Name, text, catalog.DidYouMean(text, p.Enum), strings.Join(p.Enum, ", "))
}

func wrong(m *catalog.Model, p *catalog.Property, want string, v jsontext.Value) string {
	got := map[jsontext.Kind]string{'[': "a list", '{': "an object", 't': "true", 'f': "false"}[v.Kind()]
	if got == "" {
		got = string(v[:min(len(v), 60)])
	}
	return fmt.Sprintf("the %s %s takes %s, not %s", m.Noun, p.Name, want, got)
}

// Incomplete says what a new record needs and does not have, or returns "".
func Incomplete(m *catalog.Model, has func(property string) bool) string {
	if m.Confidence == catalog.Low {
		return ""
	}
	if names := m.Lacks(has, true); len(names) > 0 {
		return "a new " + m.Noun + " needs " + english.WordSeries(names, "and")
	}
	return ""
}

// IncompleteRow is Incomplete for a row of valid JSON that has none of the keys by which
// Planhat finds records, and "" for other rows.
func IncompleteRow(m *catalog.Model, row planhat.Record) string {
	var room [64]planhat.Member
	given := make([]string, 0, 16)
	for _, member := range row.AppendMembers(room[:0]) {
		switch string(row[member.From:member.To]) {
		case `""`, "null", "[]":
		default:
			given = append(given, string(row[member.Name:member.NameEnd]))
		}
	}
	has := func(name string) bool { return slices.Contains(given, name) }
	if slices.ContainsFunc(m.Keyables.Bulk, has) {
		return ""
	}
	return Incomplete(m, has)
}

// References looks for the records that rows refer to. It lists the records of a model
// when a row first refers to one, and keeps hashes of their ids.
type References struct {
	// Model is that of the rows. References to it are not looked for, since a row before
	// may create the record.
	Model *catalog.Model
	// Resource returns what reads the records of a model.
	Resource func(*catalog.Model) *planhat.Resource

	known   map[*catalog.Model]map[[16]byte]bool
	members []planhat.Member
}

// Missing returns the first reference of a row to a record that does not exist, as a
// message, or "". The row is valid JSON.
func (r *References) Missing(ctx context.Context, row planhat.Record) (string, error) {
	r.members = row.AppendMembers(r.members[:0])
	for i := range r.members {
		m := &r.members[i]
		p := r.Model.Property(string(row[m.Name:m.NameEnd]))
		if p == nil || p.Ref == "" || p.Ref == r.Model.Name || p.ReadOnly {
			continue
		}
		to := catalog.Load().ModelNamed(p.Ref)
		if to == nil || to.Operation("get_list") == nil {
			continue
		}
		for _, id := range ids(jsontext.Value(row[m.From:m.To])) {
			known, err := r.has(ctx, to, id)
			if err != nil {
				return "", err
			}
			if !known {
				return fmt.Sprintf("%s: there is no %s %q", p.Name, to.Noun, id), nil
			}
		}
	}
	return "", nil
}

// ids returns the texts of a value, which may be a list.
func ids(v jsontext.Value) (out []string) {
	if v.Kind() == '"' {
		if text, err := jsontext.AppendUnquote(nil, v); err == nil && len(text) > 0 {
			out = append(out, string(text))
		}
	}
	if v.Kind() == '[' {
		var items []jsontext.Value
		if json.Unmarshal(v, &items) != nil {
			return nil
		}
		for _, item := range items {
			if item.Kind() == '"' {
				out = append(out, ids(item)...)
			}
		}
	}
	return out
}

// has reports whether there is a record with an id.
func (r *References) has(ctx context.Context, m *catalog.Model, id string) (bool, error) {
	if r.known[m] == nil {
		known, err := r.read(ctx, m)
		if err != nil {
			return false, err
		}
		if r.known == nil {
			r.known = make(map[*catalog.Model]map[[16]byte]bool)
		}
		r.known[m] = known
	}
	return r.known[m][hash(id)], nil
}

// forms are the properties that references name, with what is put before them.
var forms = map[string]string{"_id": "", "externalId": "extid-", "sourceId": "srcid-"}

func (r *References) read(ctx context.Context, m *catalog.Model) (map[[16]byte]bool, error) {
	var selected []string
	for name := range forms {
		if name == "_id" || m.Property(name) != nil {
			selected = append(selected, name)
		}
	}
	slices.Sort(selected)
	known := make(map[[16]byte]bool)
	var members []planhat.Member
	for _, filter := range m.Operation("get_list").Views() {
		for record, err := range r.Resource(m).Each(ctx, planhat.ListOptions{Select: selected, Filter: filter}) {
			if err != nil {
				return nil, err
			}
			members = record.AppendMembers(members[:0])
			for i := range members {
				of := &members[i]
				prefix, ok := forms[string(record[of.Name:of.NameEnd])]
				if !ok {
					continue
				}
				for _, id := range ids(jsontext.Value(record[of.From:of.To])) {
					known[hash(prefix+id)] = true
				}
			}
		}
	}
	return known, nil
}

func hash(id string) [16]byte {
	sum := sha256.Sum256([]byte(id))
	return [16]byte(sum[:16])
}

// IsID reports whether a text has the form of an id that Planhat makes.
func IsID(text string) bool {
	const length = 24
	return len(text) == length && strings.Trim(strings.ToLower(text), "0123456789abcdef") == ""
}
