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
func (h *host) plan(w planhat.Write) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := slices.IndexFunc(h.planned, func(p PlannedWrite) bool {
		return p.Model == w.Model && p.Operation == w.Operation && p.Method == w.Method
	})
	if i < 0 {
		i = len(h.planned)
		h.planned = append(h.planned, PlannedWrite{Model: w.Model, Operation: w.Operation, Method: w.Method})
	}
	p := &h.planned[i]
	p.Requests++
	p.Rows += w.Rows
	if wanted := mostPlannedRows - len(p.First); wanted > 0 {
		p.First = append(p.First, firstRows(w, wanted)...)
	}
}

// takePlanned returns the writes that were noted, and forgets them.
func (h *host) takePlanned() []PlannedWrite {
	h.mu.Lock()
	defer h.mu.Unlock()
	planned := h.planned
	h.planned = nil
	return planned
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
