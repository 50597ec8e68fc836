package planhat

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
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
	if a.status/100 == 2 && !hasBulkFields(members) {
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
			return nil, fmt.Errorf("%s is %s, not a count", part.counts, m.redact.line(string(n)))
		}
		*part.into = count(n)
	}
	m.succeed(members.get("insertsKeys"), members.get("updatesKeys"), members.get("modified"))
	m.rejectAll(members)
	if m.loose == 0 {
		result.Unmatched = m.unmatched()
	} else {
		result.Unmatched = m.news
	}
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

// refusal says why a row has no answer in a request that was refused.
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
		list, _ := splitArray[jsontext.Value](v)
		return len(list)
	default:
		return 0
	}
}

// listed returns the items of a list. A value that is neither a list nor null
// counts as one item.
func listed(v jsontext.Value) []jsontext.Value {
	switch v.Kind() {
	case '[':
		list, _ := splitArray[jsontext.Value](v)
		return list
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

// placeIn returns the position that an entry names, from 0, or -1.
func placeIn(members object) int {
	for _, name := range []string{"index", "idx", "position"} {
		if v := members.get(name); v.Kind() == '0' {
			if n, err := strconv.Atoi(string(v)); err == nil && n >= 0 {
				return n
			}
		}
	}
	return -1
}

// candidates are the rows that an entry may mean: all that contradict it in no
// property, and those of them that agree with it in one beside its key.
type candidates struct{ all, agreeing []int }

// agreeing returns the candidates among rows that share a key. Many entries may say the
// same of their row, so it looks at the rows once for all of them.
func (m *matcher) agreeing(shared []int, members object) *candidates {
	var said strings.Builder
	for _, member := range members {
		if member.name != "message" {
			said.WriteString(strconv.Quote(member.name) + string(member.value))
		}
	}
	out := m.shared[said.String()]
	if out != nil {
		return out
	}
	out = &candidates{}
	for _, i := range shared {
		if n, ok := m.agrees(i, members); ok {
			out.all = append(out.all, i)
			if n > 1 {
				out.agreeing = append(out.agreeing, i)
			}
		}
	}
	m.shared[said.String()] = out
	return out
}

// sharing returns the rows whose key is a word.
func (m *matcher) sharing(word string, places []int) *candidates {
	out := m.shared[word]
	if out == nil {
		out = &candidates{all: places}
		m.shared[word] = out
	}
	return out
}

// only returns the single open row among places, or -1.
func (m *matcher) only(places []int) int {
	only := -1
	for _, i := range places {
		if m.state[i] != rowOpen {
			continue
		}
		if only >= 0 {
			return -1
		}
		only = i
	}
	return only
}

// agrees reports whether a row contradicts members in no property, and how many they
// have in common.
func (m *matcher) agrees(i int, members object) (shared int, ok bool) {
	row := m.row(i)
	for _, want := range members {
		have := row.get(want.name)
		if have == nil {
			continue
		}
		if text(have) != text(want.value) {
			return 0, false
		}
		shared++
	}
	return shared, true
}

// placeLoose gives the error entries that name no row to the rows that are
// left, where these are as many and it doesn't matter which gets which. Of the
// rows left, those without a key must have failed when every creation is
// accounted for, since such a row is never an update.
func (m *matcher) placeLoose(missing, created int) {
	open := m.open()
	if m.loose == 0 || missing > 0 {
		return
	}
	if len(open) != m.loose && created == m.created {
		open = slices.DeleteFunc(open, func(i int) bool { return len(m.lines[i].keys) > 0 })
	}
	if len(open) != m.loose {
		return
	}
	var loose []int
	for at, e := range m.errors {
		if e.Index >= 0 {
			continue
		}
		if len(loose) > 0 && e.Message != m.errors[loose[0]].Message {
			return
		}
		loose = append(loose, at)
	}
	m.place(loose, open)
}

// placeShared gives error entries to the rows that share what the entries say of their
// row, where they are as many: then all of these rows failed. If the entries say
// different things, each row gets them all, since it is not known which is whose. It is
// right only if the answer accounts for each row once.
func (m *matcher) placeShared() {
	entries, order := map[*candidates][]int{}, []*candidates{}
	for at := range m.errors {
		if among := m.among[at]; among != nil && m.errors[at].Index < 0 {
			if entries[among] == nil {
				order = append(order, among)
			}
			entries[among] = append(entries[among], at)
		}
	}
	for placed := true; placed; { // each leaves fewer rows to the others
		placed = false
		for _, among := range order {
			loose, open := entries[among], m.openOf(among)
			if len(loose) == 0 || len(open) != len(loose) {
				continue
			}
			m.mingle(loose)
			m.place(loose, open)
			entries[among], placed = nil, true
		}
	}
}

// openOf returns the candidates of which nothing is known yet.
func (m *matcher) openOf(among *candidates) []int {
	return slices.DeleteFunc(slices.Clone(among.all), func(i int) bool { return m.state[i] != rowOpen })
}

// mingle joins the messages of error entries, given by their places in errors.
func (m *matcher) mingle(loose []int) {
	var messages []string
	for _, at := range loose {
		if message := m.errors[at].Message; !slices.Contains(messages, message) && len(messages) < mostNamed {
			messages = append(messages, message)
		}
	}
	if len(messages) == 1 {
		return
	}
	for _, at := range loose {
		m.errors[at].Message = "one of these: " + strings.Join(messages, "; ")
	}
}

// place gives error entries, by their places in errors, to as many rows.
func (m *matcher) place(loose, rows []int) {
	for n, at := range loose {
		e := m.lines[rows[n]].fail(m.errors[at].Kind, m.errors[at].Message)
		e.Raw = m.errors[at].Raw
		m.errors[at] = e
		m.state[rows[n]] = rowRejected
		m.entry[rows[n]] = at
	}
	m.loose -= len(loose)
}

// nameCandidates says of the error entries that are left which rows they may mean.
func (m *matcher) nameCandidates() {
	names := map[*candidates]string{}
	for at, among := range m.among {
		if m.errors[at].Index >= 0 {
			continue
		}
		if _, ok := names[among]; !ok {
			var rows []*line
			for _, i := range m.openOf(among) {
				rows = append(rows, m.lines[i])
			}
			names[among] = oneOf(rows)
		}
		if names[among] != "" {
			m.errors[at].Message = strings.TrimSuffix(m.errors[at].Message, ".") + names[among]
		}
	}
}

// mostNamed bounds the rows that a message names.
const mostNamed = 10

// oneOf names the rows that a message may be about, or returns "" if there are none.
func oneOf(rows []*line) string {
	if len(rows) == 0 {
		return ""
	}
	var names []string
	for _, l := range rows[:min(mostNamed, len(rows))] {
		names = append(names, strconv.Itoa(l.index+1))
	}
	if len(rows) > mostNamed {
		names = append(names, "…")
	}
	return "; it is one of rows " + strings.Join(names, ", ")
}

// unmatched ties the only new record that is left to the only row that is left, and returns the ids
// of several.
func (m *matcher) unmatched() []string {
	open := m.open()
	if len(m.news) != 1 || len(open) != 1 || len(m.lines[open[0]].keys) > 0 {
		return m.news
	}
	m.state[open[0]] = rowCreated
	m.keys = append(m.keys, RowKey{Index: m.lines[open[0]].index, ID: m.news[0], Created: true})
	return nil
}
