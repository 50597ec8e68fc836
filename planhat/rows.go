package planhat

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/internal/rowkeys"
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
	// file, number, source and made say where the row comes from; see Row. read makes a
	// record of made.
	file   string
	number int
	source func() Record
	made   []byte
	read   func(made []byte) Record
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
	if l.file == "" && l.number == 0 && l.source == nil && l.read == nil {
		return nil
	}
	o := &Origin{File: l.file, Line: l.number}
	switch {
	case l.source != nil:
		o.Row = l.source()
	case l.read != nil:
		o.Row = l.read(l.made)
	}
	return o
}

// key is one property by which a row can be recognised.
type key = rowkeys.Key

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
func keysIn(names []string, members object) []key { return appendKeys(nil, names, members) }

// appendKeys is keysIn that appends the keys.
func appendKeys(out []key, names []string, members object) []key {
	for _, name := range names {
		if v := members.get(name); v != nil {
			if v := text(v); v != "" {
				out = append(out, key{Name: name, Value: v})
			}
		}
	}
	return out
}

// matching returns the key by which an upsert of the model matches the row.
func (l *line) matching(m *catalog.Model) (key, bool) {
	for _, name := range m.Keyables.Bulk {
		for _, k := range l.keys {
			if k.Name == name {
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
	return losesMembers(r.model, identityOf(r.model), members)
}

// losesMembers is loses for the members of a record; names are those of identityOf.
func losesMembers(m *catalog.Model, names []string, members object) error {
	has := func(name string) bool { return text(members.get(name)) != "" }
	for _, name := range names {
		if name == "email" {
			continue // an enduser may have another key
		}
		if v := members.get(name); v != nil && v.Kind() == '"' && blankText(v) {
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

// blankText reports whether a JSON string holds nothing but white space.
func blankText(v jsontext.Value) bool {
	if isPlain(v) {
		return len(bytes.TrimSpace(v[1:len(v)-1])) == 0
	}
	return strings.TrimSpace(text(v)) == ""
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
		if err != nil || slices.ContainsFunc(l.keys, func(k key) bool { return k.Name == "_id" }) {
			continue
		}
		message := lacks(m, members, b.unique)
		switch _, keyed := l.matching(m); {
		case message == "":
		case keyed:
			e := l.fail(KindValidation, message)
			e.Row = bytes.Clone(e.Row)
			ifNew = append(ifNew, e)
		default:
			total.Planned--
			e := l.fail(KindValidation, message)
			e.Row = bytes.Clone(e.Row)
			e.Origin = l.origin(ctx)
			total.Errors = append(total.Errors, e)
		}
	}
	return ifNew
}
