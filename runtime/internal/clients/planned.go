package clients

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/phscript/phscript/planhat"
)

// mostPlannedRows is how many rows of each kind of write are kept.
const mostPlannedRows = 3

// Plan records a write that a dry run withheld.
func (c *Clients) Plan(w planhat.Write) { c.plan(0, w) }

// plan records a write to one of the accounts, 0 for another system.
func (c *Clients) plan(client int, w planhat.Write) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.planned, func(p planhat.PlannedWrite) bool {
		return p.Model == w.Model && p.Operation == w.Operation && p.Method == w.Method && p.Client == client
	})
	if i < 0 {
		i = len(c.planned)
		c.planned = append(c.planned, planhat.PlannedWrite{Model: w.Model, Operation: w.Operation, Method: w.Method, Client: client})
	}
	p := &c.planned[i]
	p.Requests++
	p.Rows += w.Rows
	if wanted := mostPlannedRows - len(p.First); wanted > 0 {
		p.First = append(p.First, firstRows(w, wanted)...)
	}
}

// TakePlanned returns the recorded writes, and forgets them.
func (c *Clients) TakePlanned() []planhat.PlannedWrite {
	c.mu.Lock()
	defer c.mu.Unlock()
	planned := c.planned
	c.planned = nil
	return planned
}

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
