package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat/catalog"
)

// maxRows is how many rows a bulk upsert may carry if the catalog names no
// other number.
const maxRows = 5000

// bulkResult is the answer of a bulk upsert in the making.
type bulkResult struct {
	created, updated, nonupdates int
	ignored                      int // rows that Planhat drops silently

	createdErrors, updatedErrors, permissionErrors, validationErrors []jsontext.Value
	insertsKeys, updatesKeys, modified, upsertedIDs                  []jsontext.Value
}

// bulk answers PUT /<model> with an array.
func (s *Server) bulk(x *exchange) (*answer, *failure) {
	m := x.route.model
	rows, isArray, refused := payload(x.body)
	if refused != nil {
		return nil, refused
	}
	op := m.Operation("bulk_upsert")
	if !isArray && op.Body == "array" {
		return nil, invalid("A bulk upsert takes a JSON array.")
	}
	x.call.Rows = len(rows)
	most := maxRows
	if op.MaxItems > 0 {
		most = op.MaxItems
	}
	if len(rows) > most {
		return nil, invalid(fmt.Sprintf("A bulk upsert takes at most %d rows, not %d.", most, len(rows)))
	}
	if len(rows) > 0 {
		x.called(func(property string) string { return inAll(rows, property) })
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	result := s.upsert(m, rows)
	s.settle()
	return s.bulkAnswer(result), nil
}

// inAll returns the text that all rows have in a property, or "".
func inAll(rows []fields, property string) string {
	first := rows[0].text(property)
	if slices.ContainsFunc(rows, func(row fields) bool { return row.text(property) != first }) {
		return ""
	}
	return first
}

// upsert works through the rows in their order.
func (s *Server) upsert(m *catalog.Model, rows []fields) *bulkResult {
	b := &bulkResult{}
	written := map[string]bool{}
	for i, row := range rows {
		if row == nil {
			b.createdErrors = append(b.createdErrors, s.rowError(i, row, "Every row must be an object."))
			continue
		}
		old := s.match(m, row)
		switch {
		case old != nil && written[old.id] && s.switches.is(swDuplicateRows, "error"):
			b.updatedErrors = append(b.updatedErrors, s.rowError(i, row, "The key is duplicated in the request."))
		default:
			if r := s.upsertRow(b, m, i, row, old); r != nil || old != nil {
				written[cmp.Or(r, old).id] = true
			}
		}
	}
	return b
}

// upsertRow changes the old record, or creates one without it, and returns it. It is
// nil for a row that Planhat rejects or drops.
func (s *Server) upsertRow(b *bulkResult, m *catalog.Model, i int, row fields, old *record) (r *record) {
	right, errs, changed := mayCreate, &b.createdErrors, false
	if old != nil {
		right, errs = mayUpdate, &b.updatedErrors
	}
	refused := s.denials.check(m, right)
	switch {
	case refused != nil:
		errs = &b.permissionErrors
	case old == nil:
		r, refused = s.createRecord(m, row, true)
	default:
		r = old
		changed, refused = s.updateRecord(m, old, row)
	}
	switch {
	case refused != nil:
		if refused.value {
			errs = &b.validationErrors
		}
		*errs = append(*errs, s.rowError(i, row, refused.message))
	case r == nil:
		b.ignored++
	case old == nil:
		b.created++
		b.insertsKeys = append(b.insertsKeys, s.keysOf(m, r.id))
		b.upsertedIDs = append(b.upsertedIDs, quote(r.id))
	case changed:
		b.updated++
		b.updatesKeys = append(b.updatesKeys, s.keysOf(m, r.id))
		b.modified = append(b.modified, quote(r.id))
	default:
		b.nonupdates++
	}
	return r
}

func (s *Server) keysOf(m *catalog.Model, id string) jsontext.Value {
	c := s.store.of(m)
	r := c.byID[id]
	shown := fields{{"_id", quote(id)}}
	if r.source != "" {
		shown.setText("sourceId", r.source)
	}
	if r.external != "" {
		shown.setText(c.externalName, r.external)
	}
	for _, key := range m.Keyables.Bulk {
		if v := r.get(key); shown.get(key) == nil && key != "email" && present(v) {
			shown.set(key, v)
		}
	}
	return shown.encode()
}

// rowError writes one entry of an error list in the shape that the switch
// bulk-errors names, since Planhat's own shape is not documented.
func (s *Server) rowError(i int, row fields, message string) jsontext.Value {
	switch s.switches[swBulkErrors] {
	case "index":
		return object("index", jsontext.Value(itoa(i)), "error", quote(message))
	case "item":
		item := null
		if row != nil {
			item = row.encode()
		}
		return object("item", item, "error", quote(message))
	case "text":
		var known []string
		for _, f := range keysGiven(row) {
			known = append(known, f.name+" "+textOf(f.value))
		}
		if len(known) == 0 {
			return quote(fmt.Sprintf("row %d: %s", i, message))
		}
		return quote(strings.Join(known, ", ") + ": " + message)
	}
	entry := keysGiven(row)
	entry.setText("message", message)
	return entry.encode()
}

func keysGiven(row fields) fields {
	var out fields
	for _, name := range []string{"_id", "sourceId", "externalId", "extId", "email", "name"} {
		if textOf(row.get(name)) != "" {
			out.set(name, row.get(name))
		}
	}
	return out
}

// bulkAnswer writes the result with the status that fits: 200 if all went
// well, 206 if some did, 400 or 403 if nothing did.
func (s *Server) bulkAnswer(b *bulkResult) *answer {
	count := func(n int) jsontext.Value { return jsontext.Value(itoa(n)) }
	body := object(
		"created", count(b.created),
		"createdErrors", array(b.createdErrors),
		"insertsKeys", array(b.insertsKeys),
		"updated", count(b.updated),
		"updatedErrors", array(b.updatedErrors),
		"updatesKeys", array(b.updatesKeys),
		"nonupdates", count(b.nonupdates),
		"modified", array(b.modified),
		"upsertedIds", array(b.upsertedIDs),
		"permissionErrors", array(b.permissionErrors),
		"validationErrors", array(b.validationErrors),
	)
	return &answer{status: s.bulkStatus(b), body: body}
}

func (s *Server) bulkStatus(b *bulkResult) int {
	rejected := len(b.createdErrors) + len(b.updatedErrors) + len(b.validationErrors)
	done := b.created + b.updated + b.nonupdates + b.ignored
	switch {
	case rejected == 0 && len(b.permissionErrors) == 0:
		return http.StatusOK
	case done > 0:
		return http.StatusPartialContent
	case rejected == 0:
		return http.StatusForbidden
	case s.switches.is(swBulkAllFailed, "206"):
		return http.StatusPartialContent
	}
	return http.StatusBadRequest
}
