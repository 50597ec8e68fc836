package hubspot

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// inputs reads the body of a batch.
func (c *call) inputs() ([]input, error) {
	var body struct {
		Inputs []input `json:"inputs"`
	}
	if err := decode(c.Request, &body); err != nil {
		return nil, err
	}
	if len(body.Inputs) > most {
		return nil, tooMany(len(body.Inputs), most)
	}
	return body.Inputs, nil
}

// batchCreate creates all records or, if one is refused, none.
func (s *Server) batchCreate(w http.ResponseWriter, c *call) error {
	inputs, err := c.inputs()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range inputs {
		if _, _, err := c.values(&inputs[i], nil); err != nil {
			return err
		}
	}
	results := []any{}
	for i := range inputs {
		r, err := c.makeRecord(&inputs[i])
		if err != nil {
			return err
		}
		results = append(results, c.written(r, &inputs[i]))
	}
	c.batch(w, http.StatusCreated, results, nil)
	return nil
}

// batchUpdate changes the records that exist, unless a value of one is refused:
// then it changes none.
func (s *Server) batchUpdate(w http.ResponseWriter, c *call) error {
	inputs, err := c.inputs()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	type planned struct {
		*record
		*input
		sent, stored map[string]string
	}
	var plan []planned
	var absent, twice []string
	seen := map[*record]bool{}
	for i := range inputs {
		in := &inputs[i]
		r := c.by(c.kind, in.IDProperty, in.ID)
		if r == nil {
			absent = append(absent, in.ID)
			continue
		}
		if seen[r] {
			twice = append(twice, in.ID)
		}
		seen[r] = true
		sent, stored, err := c.values(in, r)
		if err != nil {
			return err
		}
		plan = append(plan, planned{r, in, sent, stored})
	}
	if len(twice) > 0 {
		return invalid("Duplicate IDs found in batch input: [" + strings.Join(twice, ", ") + "]. IDs must be unique")
	}
	results := []any{}
	for _, p := range plan {
		c.change(c.kind, p.record, c.clock.Now(), p.stored)
		c.writes = append(c.writes, Write{c.clock.Now(), c.kind.plural, "update", p.name(), p.sent})
		results = append(results, c.written(p.record, p.input))
	}
	var failed []*apiError
	if len(absent) > 0 {
		failed = append(failed, missing(c.kind, absent))
	}
	c.batch(w, http.StatusOK, results, failed)
	return nil
}

func (s *Server) batchArchive(w http.ResponseWriter, c *call) error {
	inputs, err := c.inputs()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, in := range inputs {
		if r := c.find(c.kind, in.ID, false); r != nil {
			c.bin(r)
			c.record("archive", r.name(), nil)
		}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
