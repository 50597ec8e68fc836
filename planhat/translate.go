package planhat

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Metrics and activities may be written with the names of the specification's
// examples as well as with the API's own. The functions here turn the former
// into the latter, value by value, and leave everything else alone.

// activityNames maps the examples' names of an activity to the API's.
var activityNames = map[string]string{"event": "action", "userId": "externalId", "timestamp": "date"}

// metricNames does the same for metrics.
var metricNames = map[string]string{"time": "date"}

// prepareActivity checks and translates one activity.
func (r *Resource) prepareActivity(row Record) (Record, object, error) {
	members, err := readRow(row, "the activity")
	if err == nil {
		members, err = rename(members, activityNames)
	}
	if err == nil {
		members, err = companyReference(members, "companyExternalId",
			"give companyExternalId, or companyId as \"extid-…\": activities know companies by their externalId only")
	}
	if err != nil {
		return row, members, err
	}
	return members.record(), members, losesMembers(r.model, members)
}

// prepareMetric checks and translates one value of a metric.
func (r *Resource) prepareMetric(row Record) (Record, object, error) {
	members, err := readRow(row, "the metric")
	if err == nil {
		members, err = rename(members, metricNames)
	}
	if err != nil {
		return row, members, err
	}
	if id := members.get("companyId"); present(id) {
		if model := text(members.get("model")); model != "" && model != "Company" {
			return row, members, &Error{
				Kind: KindValidation, Message: "companyId says whose metric it is only where model is Company, and it is " + quote(model),
				Hint: "give the externalId of the " + model + " and leave companyId out",
			}
		}
	}
	members, err = companyReference(members, "externalId",
		"give externalId, or companyId as \"extid-…\": metrics know companies by their externalId only")
	if err != nil {
		return row, members, err
	}
	if text(members.get("externalId")) == "" {
		return row, members, &Error{
			Kind: KindValidation, Message: "a metric needs the externalId of what it belongs to",
			Hint: "give externalId, or companyId as \"extid-…\"",
		}
	}
	return members.record(), members, nil
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
				Kind: KindValidation, Message: m.name + " and " + name + " mean the same and differ",
				Hint: "give " + name + " only",
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

// companyReference turns companyId "extid-X" into the property that takes an
// externalId.
func companyReference(members object, target, hint string) (object, error) {
	id := members.get("companyId")
	if id == nil {
		return members, nil
	}
	if !present(id) {
		return members.without("companyId"), nil
	}
	prefix, external := splitID(text(id))
	if prefix != externalPrefix || external == "" {
		return members, &Error{Kind: KindValidation, Message: "the companyId " + quote(text(id)) + " can't be used here", Hint: hint}
	}
	if own := members.get(target); present(own) && text(own) != external {
		return members, &Error{
			Kind: KindValidation, Message: "companyId and " + target + " mean the same and differ",
			Hint: "give " + target + " only",
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
