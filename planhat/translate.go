package planhat

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// prepareActivity checks one activity and gives its members the API's names.
func (r *Resource) prepareActivity(row Record) (Record, object, error) {
	members, err := r.translate(row, "the activity")
	if err != nil {
		return row, members, err
	}
	return members.record(), members, losesMembers(r.model, identityOf(r.model), members)
}

// prepareMetric checks one value of a metric and gives its members the API's
// names.
func (r *Resource) prepareMetric(row Record) (Record, object, error) {
	members, err := r.translate(row, "the metric")
	if err == nil && text(members.get(r.model.CompanyKey)) == "" {
		err = &Error{
			Kind: KindValidation, Message: "a metric needs the externalId of the record that it belongs to",
			Hint: "set externalId, or companyId as \"extid-…\"",
		}
	}
	if err != nil {
		return row, members, err
	}
	return members.record(), members, nil
}

// translate reads a row and gives its members the API's names.
func (r *Resource) translate(row Record, what string) (object, error) {
	members, err := readRow(row, what)
	if err == nil {
		members, err = rename(members, r.model.Aliases)
	}
	if err == nil {
		err = r.checkOwner(members)
	}
	if err != nil {
		return members, err
	}
	return r.companyReference(members)
}

// checkOwner refuses companyId on a row whose model property names another
// model: the row would be stored on the wrong record.
func (r *Resource) checkOwner(members object) error {
	p := r.model.Property("model")
	if p == nil || !present(members.get("companyId")) {
		return nil
	}
	if model := text(members.get(p.Name)); model != "" && model != text(p.Default) {
		return &Error{
			Kind: KindValidation, Message: "companyId can't be used when model is " + quote(model),
			Hint: "set the externalId of the " + model + " and remove companyId",
		}
	}
	return nil
}

func readRow(row Record, what string) (object, error) {
	sent, err := toRecord(row, what)
	if err != nil {
		return nil, err
	}
	members, err := readObject(sent)
	if err != nil {
		return nil, &Error{Kind: KindValidation, Message: what + " can't be read: " + err.Error()}
	}
	return members, nil
}

// rename gives members the API's names. Two names for the same thing must not
// contradict each other.
func rename(members object, names map[string]string) (object, error) {
	out := make(object, 0, len(members))
	for _, m := range members {
		name, ok := names[m.name]
		if !ok {
			out = append(out, m)
			continue
		}
		own := members.get(name)
		if !present(own) {
			out = append(out.without(name), member{name, m.value})
			continue
		}
		if present(m.value) && !same(own, m.value) {
			return members, &Error{
				Kind: KindValidation, Message: m.name + " and " + name + " mean the same, but differ",
				Hint: "set only " + name,
			}
		}
	}
	// A null under the API's own name gives way to the value that was renamed.
	for _, name := range names {
		out = lastOf(out, name)
	}
	return out, nil
}

// lastOf keeps one member of a name: the last that is present.
func lastOf(members object, name string) object {
	var value jsontext.Value
	n := 0
	for _, m := range members {
		if m.name == name {
			n++
			if value == nil || present(m.value) {
				value = m.value
			}
		}
	}
	if n < 2 {
		return members
	}
	return append(members.without(name), member{name, value})
}

// companyReference turns companyId "extid-X" into the property that takes a
// company's externalId.
func (r *Resource) companyReference(members object) (object, error) {
	target := r.model.CompanyKey
	id := members.get("companyId")
	if id == nil {
		return members, nil
	}
	if !present(id) {
		return members.without("companyId"), nil
	}
	prefix, external := splitID(text(id))
	if prefix != externalPrefix || external == "" {
		return members, &Error{
			Kind: KindValidation, Message: "the companyId " + quote(text(id)) + " can't be used here",
			Hint: "set " + target + ", or companyId as \"extid-…\": " + r.model.Plural + " refer to companies by externalId only",
		}
	}
	if own := members.get(target); present(own) && text(own) != external {
		return members, &Error{
			Kind: KindValidation, Message: "companyId and " + target + " mean the same, but differ",
			Hint: "set only " + target,
		}
	}
	return append(members.without("companyId", target), member{target, quoted(external)}), nil
}

// present tells a value from null and from nothing.
func present(v jsontext.Value) bool { return len(v) > 0 && v.Kind() != 'n' }

// same compares scalars as text, and anything else as it is written.
func same(a, b jsontext.Value) bool {
	if x, y := text(a), text(b); x != "" || y != "" {
		return x == y
	}
	return strings.TrimSpace(string(a)) == strings.TrimSpace(string(b))
}
