package planhat

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// readUpsert reads the answer to a bulk upsert and maps it to the rows.
func readUpsert(r *Resource, lines []*line, a *answer) (*BulkResult, error) {
	members, err := readObject(a.body)
	if err != nil {
		return nil, err
	}
	if a.status/100 == 2 && !isBulkAnswer(a.body) {
		return nil, errors.New("it is not the response to a bulk upsert")
	}
	m := newMatcher(lines, r.client.redact)
	result := &BulkResult{}
	for _, part := range []struct {
		into         *int
		counts, keys string
	}{{&result.Created, "created", "insertsKeys"}, {&result.Updated, "updated", "updatesKeys"}, {&result.Unchanged, "nonupdates", ""}} {
		n := members.get(part.counts)
		if n == nil {
			n = members.get(part.keys)
		} else if !countable(n) {
			return nil, fmt.Errorf("%s is %s, not a count", part.counts, oneLine(string(n)))
		}
		*part.into = count(n)
	}
	for _, k := range listed(members.get("insertsKeys")) {
		m.succeed(k, true)
	}
	for _, k := range listed(members.get("updatesKeys")) {
		m.succeed(k, false)
	}
	for _, id := range listed(members.get("modified")) {
		m.succeed(jsontext.Value(object{{"_id", quoted(text(id))}}.record()), false)
	}
	m.rejectAll(members)
	result.Keys = m.keys
	if err := m.settle(result); err != nil {
		return nil, err
	}
	missing := len(lines) - result.Created - result.Updated - result.Unchanged - m.rejectedRows()
	m.placeLoose(missing, result.Created)
	if missing == 0 {
		m.placeShared()
	}
	kind, message := KindValidation, "Planhat's response does not mention this row"
	var suspect func(*line) bool
	switch {
	case a.status/100 != 2:
		kind, message = refusal(a.status)
	case r.model.DroppedWithoutCompany:
		message += ": it silently drops " + r.model.Plural + " that belong to no known company, so set " + r.model.CompanyRef()
		suspect = func(l *line) bool { return l.company == "" }
	case r.model.CompanyRef() != "":
		message += ": check that its company exists"
	}
	m.unanswered(missing, kind, message, suspect)
	m.nameCandidates()
	result.Errors = m.errors
	return result, nil
}

// settle takes rows that are among the keys and among the errors out of the
// counts, where these count them twice. An answer that counts more rows than
// were sent is about something else.
func (m *matcher) settle(result *BulkResult) error {
	counted := func() int { return result.Created + result.Updated + result.Unchanged + m.rejectedRows() }
	for _, part := range []struct {
		count *int
		torn  int
	}{{&result.Created, m.torn[rowCreated]}, {&result.Updated, m.torn[rowUpdated]}} {
		*part.count -= min(max(0, counted()-len(m.lines)), part.torn, *part.count)
	}
	if n := counted(); n > len(m.lines) {
		return fmt.Errorf("it counts %d rows, and %d were sent", n, len(m.lines))
	}
	return nil
}

// refusal says why a row has no answer of its own in a request that was
// refused.
func refusal(status int) (Kind, string) {
	message := "Planhat rejected the request with this row (" + statusText(status) + ")"
	if status == http.StatusForbidden {
		return KindPermission, message
	}
	return KindValidation, message
}

// countable reports whether a value is a count, as count reads it.
func countable(v jsontext.Value) bool {
	switch v.Kind() {
	case '0', '"':
		n, err := strconv.ParseFloat(text(v), 64)
		return err == nil && n >= 0 && n <= 1e9 && n == math.Trunc(n)
	default:
		return v.Kind() == '['
	}
}

// count reads a count, given as a number, as text or as a list.
func count(v jsontext.Value) int {
	switch v.Kind() {
	case '0', '"':
		n, err := strconv.ParseFloat(text(v), 64)
		if err != nil || n < 0 || n > 1e9 {
			return 0
		}
		return int(n)
	case '[':
		items, _ := splitArray[jsontext.Value](v)
		return len(items)
	default:
		return 0
	}
}

// listed returns the items of a list. A value that is neither a list nor null
// counts as one item.
func listed(v jsontext.Value) []jsontext.Value {
	switch v.Kind() {
	case '[':
		items, _ := splitArray[jsontext.Value](v)
		return items
	case '{', '"':
		if string(v) == "{}" || string(v) == `""` {
			return nil
		}
		return []jsontext.Value{v}
	default:
		return nil
	}
}

// unanswered reports the rows that the counts say are missing. Where it can't
// be told which rows they are, the entries have no index and name the
// candidates. A suspect, where given, is a row that Planhat may well drop.
func (m *matcher) unanswered(missing int, kind Kind, message string, suspect func(*line) bool) {
	if missing <= 0 {
		return
	}
	var open, suspects []*line
	for _, i := range m.open() {
		open = append(open, m.lines[i])
		if suspect != nil && suspect(m.lines[i]) {
			suspects = append(suspects, m.lines[i])
		}
	}
	if len(suspects) == missing {
		open = suspects
	}
	if len(open) == missing {
		for _, l := range open {
			m.errors = append(m.errors, l.fail(kind, message))
		}
		return
	}
	message = strings.Replace(message, "this row", "a row", 1) + oneOf(open)
	for range missing {
		m.errors = append(m.errors, RowError{Index: -1, Message: message, Kind: kind})
	}
}
