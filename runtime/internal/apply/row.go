package apply

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// idDigits is the length of ids and of placeholders.
const idDigits = 24

// ids replace the placeholders of a plan.
type ids struct {
	mark string
	// of has the _id of each record that is known. Those of base, if it is set, come first.
	of   map[string]string
	base *ids
}

func (i *ids) find(placeholder string) string {
	if i.base != nil {
		if id := i.base.of[placeholder]; id != "" {
			return id
		}
	}
	return i.of[placeholder]
}

// in replaces the placeholders in a text. missing is the first one that has no id yet.
func (i *ids) in(text []byte) (out []byte, missing string) {
	at := bytes.Index(text, []byte(i.mark))
	if at < 0 {
		return text, ""
	}
	for ; at >= 0; at = bytes.Index(text, []byte(i.mark)) {
		if len(text) < at+idDigits {
			break
		}
		placeholder := string(text[at : at+idDigits])
		id := i.find(placeholder)
		if id == "" {
			return nil, placeholder
		}
		out = append(append(out, text[:at]...), id...)
		text = text[at+idDigits:]
	}
	return append(out, text...), ""
}

func (i *ids) is(id string) bool { return i.mark != "" && strings.HasPrefix(id, i.mark) }

// number is how people see a placeholder, such as #3.
func number(placeholder string) string {
	const digits = 8
	if len(placeholder) == idDigits {
		if n, err := strconv.ParseInt(placeholder[idDigits-digits:], 16, 64); err == nil {
			return fmt.Sprintf("#%d", n)
		}
	}
	return placeholder
}

// place is a row of a plan.
type place struct{ step, row int }

// step is a step of a plan.
type step struct {
	*plan.Step
	// model is nil for a request that is not an operation of a model.
	model *catalog.Model
	// deletes is the model of the record that such a request deletes, id what its path names the
	// record by. deletes is nil if the path is not that of a record.
	deletes *catalog.Model
	id      string
	// defined are the placeholders for which Planhat's answer tells the ids.
	defined map[string]bool
}

func newStep(s *plan.Step) (*step, error) {
	out := &step{Step: s, defined: make(map[string]bool, len(s.Defines))}
	for _, id := range s.Defines {
		out.defined[id] = true
	}
	if s.Method != "" {
		out.deletes, out.id = plan.Deletes(s.Method, s.Path)
		return out, nil
	}
	out.model = catalog.Load().Model(s.Model)
	if out.model == nil || out.model.Operation(s.Operation) == nil {
		return nil, fmt.Errorf("this phscript does not know %s.%s", s.Model, s.Operation)
	}
	return out, nil
}

// Known reports whether this phscript can send a step, as an error if it can't.
func Known(s *plan.Step) error {
	_, err := newStep(s)
	return err
}

// at returns the place of a row.
func (s *step) at(r *plan.StepRow) place { return place{s.Number, r.Row} }

// bulk reports whether the rows of the step are a list.
func (s *step) bulk() bool { return s.model != nil && strings.HasPrefix(s.Operation, "bulk_") }

// row is a row of a step that is sent.
type row struct {
	*plan.StepRow
	// id is what a request names the record by, body what is sent: without placeholders.
	id   string
	body []byte
	// missing is a placeholder that has no id, so the row can't be sent.
	missing string
}

// sends reports whether a row is sent at all.
func sends(r *plan.StepRow) bool { return r.Action != plan.Unchanged && r.Action != plan.Reject }

// rows returns the rows of a step that are sent and that take wants, with their placeholders
// replaced.
func (s *step) rows(known *ids, take func(*plan.StepRow) bool) []row {
	var out []row
	for i := range s.Rows {
		r := &s.Rows[i]
		if !sends(r) || !take(r) {
			continue
		}
		one := row{StepRow: r}
		one.body, one.missing = known.in(r.Body)
		if one.missing == "" {
			id, missing := known.in([]byte(s.address(r)))
			one.id, one.missing = string(id), missing
		}
		out = append(out, one)
	}
	return out
}

// address returns what a request names the record of a row by, "" for a new one.
func (s *step) address(r *plan.StepRow) string {
	if !s.defined[r.ID] && r.ID != "" {
		return r.ID
	}
	if r.Key == nil || s.model == nil || r.Action == plan.Create && s.Operation != "duplicate" {
		return ""
	}
	if s.bulk() {
		return ""
	}
	return r.Key.Address(s.model)
}

// label names a row for people.
func (s *step) label(r *plan.StepRow) string {
	text := s.Model
	if s.Method != "" {
		text = s.Method + " " + s.Path
	}
	switch {
	case r.Key != nil && r.Key.Name != "_id":
		text += " " + r.Key.Name + " " + r.Key.Value
	case r.Name != "":
		text += " " + strconv.Quote(r.Name)
	}
	switch {
	case s.Method != "": // whose path names the record
	case s.defined[r.ID]:
		text += " (" + number(r.ID) + ")"
	case r.ID != "" && (r.Key == nil || r.Key.Name == "_id"):
		text += " " + r.ID
	}
	return text
}
