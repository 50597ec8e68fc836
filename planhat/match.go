package planhat

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/internal/rowkeys"
)

// rowState is what an answer has said about a row so far.
type rowState byte

const (
	rowOpen rowState = iota
	rowCreated
	rowUpdated
	rowRejected
)

// matcher ties the entries of an answer to the rows of the request. Planhat
// doesn't document the shape of its error entries, so every usual way to name
// a row is tried.
type matcher struct {
	lines  []*line
	redact *Redactor
	// names are the properties that may be keys.
	names []string
	index *rowkeys.Index
	// byText has the rows of each value of a key, once it was needed.
	byText map[string][]int
	state  []rowState
	rows   []object // read when two rows share a key

	keys []RowKey
	// news are the ids of new records that no row is known to have become.
	news   []string
	errors []RowError
	// entry is the place in errors of each rejected row.
	entry map[int]int
	// created counts the rows that are known to be new records.
	created int
	// loose counts error entries that belong to no known row. among has the rows that
	// such an entry, by its place in errors, may mean; shared has them by what the
	// entries say of a row.
	loose  int
	among  map[int]*candidates
	shared map[string]*candidates
	// torn counts the rows that were both taken and rejected, by how they were
	// taken.
	torn map[rowState]int
}

func newMatcher(lines []*line, redact *Redactor) *matcher {
	m := &matcher{
		lines: lines, redact: redact, names: identity,
		state: make([]rowState, len(lines)), entry: make(map[int]int), torn: make(map[rowState]int),
		among: make(map[int]*candidates), shared: make(map[string]*candidates),
	}
	keys := 0
	for _, l := range lines {
		keys += len(l.keys)
	}
	m.index = rowkeys.NewIndex(keys)
	for i, l := range lines {
		for _, k := range l.keys {
			if !slices.Contains(m.names, k.Name) {
				m.names = append(slices.Clone(m.names), k.Name)
			}
			m.index.Add(k, i)
		}
	}
	return m
}

// rejectedRows counts the rows that error entries stand for.
func (m *matcher) rejectedRows() int { return len(m.entry) + m.loose }

// taken is a key entry of an answer: the keys of a record that was stored.
type taken struct {
	value   jsontext.Value
	id      string
	keys    []key
	created bool
	// first is the place of the first entry with the id; several reports whether others have
	// it, and known, in the first one, whether a row is known to have become the record.
	first          int
	several, known bool
}

// succeed marks the rows that key entries mean as taken. The entries have the keys of the
// record. If several name the same record, these changed from one to the next, and a key
// may be that of another row. The ids in modified are of records that were updated.
func (m *matcher) succeed(inserts, updates, modified jsontext.Value) {
	entries := make([]taken, 0, len(m.lines))
	var members object
	room := make([]key, 0, len(m.lines))
	read := func(list jsontext.Value, created bool) {
		for entry := range items(list) {
			if entry.Kind() != '{' {
				continue
			}
			members = appendMembers(members[:0], Record(entry))
			from := len(room)
			room = appendKeys(room, m.names, members)
			entries = append(entries, taken{value: entry, id: text(members.get("_id")), keys: room[from:len(room):len(room)], created: created})
		}
	}
	read(inserts, true)
	read(updates, false)
	named := len(entries)
	for item := range items(modified) {
		id := text(item)
		of := key{Name: "_id", Value: id}
		entries = append(entries, taken{value: jsontext.Value(object{{of.Name, quoted(id)}}.record()), id: id, keys: []key{of}})
	}
	ids := rowkeys.NewIndex(len(entries))
	of := func(i int) key { return key{Name: "_id", Value: entries[i].id} }
	for i := range named {
		ids.Add(of(i), i)
	}
	for i := range named {
		entries[i].first, entries[i].several = ids.Find(of(i))
	}
	for i := named; i < len(entries); i++ {
		ids.Add(of(i), i)
		entries[i].first, _ = ids.Find(of(i))
	}
	// Entries that have all keys of a row come first: another record may have one.
	var others []int
	for i := range entries {
		if i >= named || !m.take(entries, i, true) {
			others = append(others, i)
		}
	}
	for _, i := range others {
		m.take(entries, i, false)
	}
	for i := range named {
		if e := &entries[i]; e.created && e.id != "" && e.first == i && !e.known {
			m.news = append(m.news, e.id)
		}
	}
}

// take marks the row that a key entry means as taken; with whole, only if the entry has
// all keys of the row. It reports whether it did.
func (m *matcher) take(entries []taken, at int, whole bool) bool {
	e := &entries[at]
	first := &entries[e.first]
	i, _ := m.rowWith(e.keys, e.value, nil, -1)
	if i < 0 || m.state[i] != rowOpen || e.id != "" && first.known {
		return false
	}
	own := m.lines[i].keys
	if whole && slices.ContainsFunc(own, func(k key) bool { return k.Name != "email" && !slices.Contains(e.keys, k) }) {
		return false
	}
	if e.id != "" && first.several && !slices.Contains(own, key{Name: "_id", Value: e.id}) {
		return false
	}
	m.state[i] = rowUpdated
	if e.created {
		m.state[i] = rowCreated
		m.created++
	}
	if e.id != "" {
		first.known = true
		m.keys = append(m.keys, RowKey{Index: m.lines[i].index, ID: e.id, Created: e.created})
	}
	return true
}

// rejectAll reports the rows in all error lists of an answer.
func (m *matcher) rejectAll(answer object) {
	for _, list := range answer {
		if !strings.HasSuffix(list.name, "Errors") && list.name != "errors" {
			continue
		}
		kind := KindValidation
		if list.name == "permissionErrors" {
			kind = KindPermission
		}
		for _, entry := range listed(list.value) {
			m.reject(entry, kind)
		}
	}
}

// rejectEach reports the rows of an answer that has an entry for each.
func (m *matcher) rejectEach(entries []jsontext.Value) {
	for i, entry := range entries {
		members, err := readObject(entry)
		if err != nil {
			continue
		}
		if failed := carriedError(members, m.redact); failed != nil || len(listed(members.get("errors"))) > 0 {
			m.rejectAt(i, entry, KindValidation)
		}
	}
}

// reject reports the row that an error entry means.
func (m *matcher) reject(entry jsontext.Value, kind Kind) {
	i, among := m.find(entry)
	if i < 0 && len(m.lines) == 1 {
		i = 0 // it can be about nothing else
	}
	m.rejectAt(i, entry, kind)
	if i < 0 && among != nil {
		m.among[len(m.errors)-1] = among
	}
}

// rejectAt reports a row, or an unknown one if i is negative.
func (m *matcher) rejectAt(i int, entry jsontext.Value, kind Kind) {
	message := messageIn(entry, 0)
	if message == "" {
		message = string(entry)
	}
	message = m.redact.line(message)
	raw := Record(m.redact.Bytes(entry))
	if i < 0 {
		m.loose++
		m.errors = append(m.errors, RowError{Index: -1, Message: message, Kind: kind, Raw: raw})
		return
	}
	if at, twice := m.entry[i]; twice {
		if e := &m.errors[at]; !strings.Contains(e.Message, message) {
			e.Message += "; " + message
		}
		return
	}
	e := m.lines[i].fail(kind, message)
	e.Raw = raw
	if taken := m.state[i]; taken != rowOpen {
		// Listed among the keys as well: it may have been stored in part.
		e.Uncertain = true
		m.torn[taken]++
		m.keys = slices.DeleteFunc(m.keys, func(k RowKey) bool { return k.Index == m.lines[i].index })
	}
	m.state[i] = rowRejected
	m.entry[i] = len(m.errors)
	m.errors = append(m.errors, e)
}

// open returns the places of the rows that nothing was said about.
func (m *matcher) open() []int {
	var out []int
	for i, state := range m.state {
		if state == rowOpen {
			out = append(out, i)
		}
	}
	return out
}

// nested are the names under which an entry may repeat the row.
var nested = []string{"item", "doc", "record", "object", "row", "data", "op", "input", "keys"}

// find returns the place of the row that an entry means, or -1 and the rows that it
// may mean, if that is known.
func (m *matcher) find(entry jsontext.Value) (int, *candidates) {
	switch entry.Kind() {
	case '"':
		return m.byWords(text(entry))
	case '{':
	default:
		return -1, nil
	}
	members, err := readObject(entry)
	if err != nil {
		return -1, nil
	}
	place := placeIn(members)
	i, among := m.byKeys(members, place)
	if i >= 0 {
		return i, nil
	}
	for _, name := range nested {
		inner := members.get(name)
		if inner.Kind() != '{' {
			continue
		}
		if row, err := readObject(inner); err == nil {
			i, others := m.byKeys(row, place)
			if i >= 0 {
				return i, nil
			}
			among = cmp.Or(others, among)
		}
	}
	if place >= 0 && place < len(m.lines) {
		return place, nil
	}
	var words strings.Builder
	collectText(entry, &words, 0)
	i, others := m.byWords(words.String())
	return i, cmp.Or(among, others)
}

// byKeys returns the row that carries one of the keys in members, or -1. Of
// several rows with the same key it takes the one at the place that the entry
// names, or else the only one that agrees with members in everything: values of
// one metric share their keys, and none must answer for another.
func (m *matcher) byKeys(members object, place int) (int, *candidates) {
	return m.rowWith(keysIn(m.names, members), nil, members, place)
}

// rowWith is byKeys for an object whose keys are known. Its members are read from its text
// if they are not given.
func (m *matcher) rowWith(keys []key, value jsontext.Value, members object, place int) (int, *candidates) {
	var shared []int
	for _, k := range keys {
		found, several := m.index.Find(k)
		switch {
		case found >= 0 && !several:
			if m.differs(found, keys) {
				continue // another row's record has this key
			}
			return found, nil
		case several && shared == nil:
			shared = m.index.All(k)
		}
	}
	if _, found := slices.BinarySearch(shared, place); found {
		return place, nil
	}
	if len(shared) > 0 && members == nil {
		members = membersOf(Record(value))
	}
	if len(shared) == 0 || len(members) == len(keys) {
		return -1, nil // nothing beside the keys could tell the rows apart
	}
	among := m.agreeing(shared, members)
	return m.only(among.agreeing), among
}

// differs reports whether a row has another value for one of the keys: two rows
// may name the same record by different keys, or one record's key may be in the
// row of another.
func (m *matcher) differs(i int, keys []key) bool {
	return slices.ContainsFunc(m.lines[i].keys, func(own key) bool {
		return slices.ContainsFunc(keys, func(k key) bool { return k.Name == own.Name && k.Value != own.Value && k.Folded() != own.Folded() })
	})
}

// row returns the properties of a row.
func (m *matcher) row(i int) object {
	if m.rows == nil {
		m.rows = make([]object, len(m.lines))
	}
	if m.rows[i] == nil {
		m.rows[i], _ = readObject(m.lines[i].sent)
	}
	return m.rows[i]
}

// byWords returns the only row whose key occurs in a text, or -1 and the rows that
// share the key. Numbers count as keys only after the name of a key, since a text may
// hold others.
func (m *matcher) byWords(s string) (int, *candidates) {
	found := -1
	var among *candidates
	previous := ""
	for _, word := range words(s) {
		if m.byText == nil {
			m.byText = m.index.ByValue()
		}
		places := m.byText[word]
		if len(places) == 0 {
			places = m.byText[strings.ToLower(word)]
		}
		named := slices.Contains(m.names, previous)
		previous = word
		if len(places) == 0 || !named && strings.IndexFunc(word, unicode.IsLetter) < 0 {
			continue
		}
		switch {
		case len(places) > 1:
			among = cmp.Or(among, m.sharing(word, places))
		case found >= 0 && found != places[0]:
			return -1, nil
		default:
			found = places[0]
		}
	}
	if found >= 0 {
		return found, nil
	}
	return -1, among
}
