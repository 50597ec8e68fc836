package runtime

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
)

// mostPlannedRows bounds the rows that are kept of each kind of write.
const mostPlannedRows = 3

// plan notes a write that a dry run withheld.
func (r *run) plan(w planhat.Write) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.planned, func(p PlannedWrite) bool {
		return p.Model == w.Model && p.Operation == w.Operation && p.Method == w.Method
	})
	if i < 0 {
		i = len(r.planned)
		r.planned = append(r.planned, PlannedWrite{Model: w.Model, Operation: w.Operation, Method: w.Method})
	}
	p := &r.planned[i]
	p.Requests++
	p.Rows += w.Rows
	if wanted := mostPlannedRows - len(p.First); wanted > 0 {
		p.First = append(p.First, firstRows(w, wanted)...)
	}
}

// firstRows returns the first rows of a request's body.
func firstRows(w planhat.Write, most int) []string {
	if len(w.Body) == 0 {
		return []string{w.Path}
	}
	dec := jsontext.NewDecoder(bytes.NewReader(w.Body), jsontext.AllowDuplicateNames(true))
	if dec.PeekKind() == jsontext.KindBeginArray {
		if _, err := dec.ReadToken(); err != nil {
			return nil
		}
	}
	var rows []string
	for len(rows) < most && dec.PeekKind() == jsontext.KindBeginObject {
		row, err := dec.ReadValue()
		if err != nil {
			break
		}
		rows = append(rows, string(row))
	}
	return rows
}
