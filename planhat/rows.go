package planhat

import (
	"context"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"github.com/phscript/phscript/planhat/catalog"
)

// line is one input row of a bulk call on its way.
type line struct {
	index int
	given Record
	// sent is what goes over the wire, after translation.
	sent Record
	// keys are the keys that the row carries, in the order in which Planhat
	// looks at them.
	keys    []key
	company string
	// file, number and source say where the row comes from; see Row.
	file   string
	number int
	source func() Record
	// id is that of the journal. again is set if an earlier attempt may have stored the
	// row, at says where a row without a key comes from, for the journal.
	id    uint64
	again bool
	at    *Origin
}

// origin returns where the row comes from, nil if that is not known. It runs on the
// goroutine of the call.
func (l *line) origin(ctx context.Context) *Origin {
	if of, ok := ctx.Value(originsKey{}).(func(int) *Origin); ok {
		return of(l.index)
	}
	if l.file == "" && l.number == 0 && l.source == nil {
		return nil
	}
	o := &Origin{File: l.file, Line: l.number}
	if l.source != nil {
		o.Row = l.source()
	}
	return o
}

// key is one property by which a row can be recognised.
type key struct{ name, value string }

func (k key) String() string { return k.name + " " + k.value }

// identity lists the properties that may tell a row apart, in order of use.
var identity = []string{"_id", "sourceId", "externalId", "extId", "email"}

// identityOf adds the keys that were declared for a model.
func identityOf(m *catalog.Model) []string {
	names := identity
	for _, name := range m.Keyables.Bulk {
		if !slices.Contains(names, name) {
			names = append(slices.Clone(names), name)
		}
	}
	return names
}

// label names the row for a reader, or is "".
func (l *line) label() string {
	if len(l.keys) > 0 {
		return l.keys[0].String()
	}
	return ""
}

// fail returns the row's error.
func (l *line) fail(kind Kind, message string) RowError {
	return RowError{Index: l.index, Row: l.given, Key: l.label(), Message: message, Kind: kind}
}

// keysIn returns the keys of the given names that an object carries.
func keysIn(names []string, members object) []key {
	var out []key
	for _, name := range names {
		if v := text(members.get(name)); v != "" {
			out = append(out, key{name, v})
		}
	}
	return out
}

// matching returns the key by which an upsert of the model matches the row.
func (l *line) matching(m *catalog.Model) (key, bool) {
	for _, name := range m.Keyables.Bulk {
		for _, k := range l.keys {
			if k.name == name {
				return k, true
			}
		}
	}
	return key{}, false
}

// keyOf names a record for a reader, or returns "".
func keyOf(m *catalog.Model, row Record) string {
	members, err := readObject(row)
	if err != nil {
		return ""
	}
	l := line{keys: keysIn(identityOf(m), members)}
	if k, ok := l.matching(m); ok {
		return k.String()
	}
	if label := l.label(); label != "" {
		return label
	}
	if name := text(members.get("name")); name != "" {
		return "name " + name
	}
	return ""
}

// loses reports why Planhat would drop or misplace the row silently.
func (r *Resource) loses(row Record) error {
	members, err := readObject(row)
	if err != nil {
		return &Error{Kind: KindValidation, Message: "the record can't be read: " + err.Error()}
	}
	return losesMembers(r.model, members)
}

func losesMembers(m *catalog.Model, members object) error {
	has := func(name string) bool { return text(members.get(name)) != "" }
	for _, name := range identityOf(m) {
		if name == "email" {
			continue // an enduser may have another key
		}
		if v := members.get(name); v != nil && v.Kind() == '"' && strings.TrimSpace(text(v)) == "" {
			return &Error{
				Kind: KindValidation, Message: name + " is empty",
				Hint: "set it, or remove it to store a record without it",
			}
		}
	}
	if names := m.DroppedWithout; len(names) > 0 && !slices.ContainsFunc(names, has) {
		return &Error{
			Kind: KindValidation, Message: "Planhat silently drops " + m.Plural + " without " + english.WordSeries(names, "or"), Hint: "set " + english.WordSeries(names, "or"),
		}
	}
	if names := m.RequiredOneOf; len(names) > 0 && !has("_id") && !slices.ContainsFunc(names, has) {
		return &Error{Kind: KindValidation, Message: "one of " + english.WordSeries(names, "or") + " is required"}
	}
	return nil
}

// lacks says what a new record would need and the row does not have, or returns "".
func lacks(m *catalog.Model, members object, bulk bool) string {
	has := func(name string) bool {
		v := members.get(name)
		return present(v) && string(v) != `""` && string(v) != "[]"
	}
	names := m.Lacks(has, bulk)
	if len(names) == 0 {
		return ""
	}
	return "a new " + m.Noun + " needs " + english.WordSeries(names, "and")
}

// refusedCreate is the error that a create that was withheld would end with, or nil.
func (r *Resource) refusedCreate(q *call) *Error {
	members, _ := readObject(q.body) // it was read before
	message := lacks(r.model, members, false)
	if message == "" {
		return nil
	}
	return r.client.describe(q, &Error{Kind: KindValidation, Message: message}, 0)
}

// foresee moves rows that were withheld, and that Planhat would reject, to the errors.
// It returns those that Planhat would reject if it does not have their record.
func (b *bulk) foresee(ctx context.Context, lines []*line, total *BulkResult) (ifNew []RowError) {
	m := b.resource.model
	for _, l := range lines {
		members, err := readObject(l.sent)
		if err != nil || slices.ContainsFunc(l.keys, func(k key) bool { return k.name == "_id" }) {
			continue
		}
		message := lacks(m, members, b.unique)
		switch _, keyed := l.matching(m); {
		case message == "":
		case keyed:
			ifNew = append(ifNew, l.fail(KindValidation, message))
		default:
			total.Planned--
			e := l.fail(KindValidation, message)
			e.Origin = l.origin(ctx)
			total.Errors = append(total.Errors, e)
		}
	}
	return ifNew
}
