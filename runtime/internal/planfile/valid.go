package planfile

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/runtime/internal/plan"
)

// actions are what the operations of models can do with a row, besides rejecting it.
var actions = map[string][]string{
	"create": {plan.Create}, "update": {plan.Update, plan.Unchanged}, "delete": {plan.Delete},
	"bulk_upsert": {plan.Create, plan.Update, plan.Upsert, plan.Unchanged}, "duplicate": {plan.Create},
	"bulk_insert_metrics": {plan.Send}, "create_activity": {plan.Send}, "bulk_create_activity": {plan.Send}, "segment": {plan.Send},
}

// methods are those of requests that are not operations of a model.
var methods = []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// markLength is the length of the beginning of placeholders, idLength that of ids.
const (
	markLength = 16
	idLength   = 24
)

// validity says whether the parts of a plan fit each other. phscript writes no plan for which
// it has an error.
type validity struct {
	mark    string
	clients map[int]bool
	last    int
}

// of checks a header.
func (v *validity) of(h *Header) error {
	v.mark, v.clients = h.Mark, map[int]bool{}
	if digits, err := hex.DecodeString(h.Mark); err != nil || len(h.Mark) != markLength || !strings.HasPrefix(h.Mark, strings.Repeat("0", markLength/2)) || len(digits) != markLength/2 {
		return fmt.Errorf("line 1: %q is not how placeholders begin", h.Mark)
	}
	for _, t := range h.Tenants {
		if t.Client < 1 || v.clients[t.Client] {
			return fmt.Errorf("line 1: the account number %d is invalid", t.Client)
		}
		v.clients[t.Client] = true
	}
	return nil
}

// step checks a step.
func (v *validity) step(s *plan.Step) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("step %d: %s", s.Number, fmt.Sprintf(format, args...))
	}
	if s.Number <= v.last {
		return wrong("its number is not higher than that of the step before it")
	}
	v.last = s.Number
	if !v.clients[s.Client] {
		return wrong("account %d is not one of the plan's", s.Client)
	}
	fits := actions[s.Operation]
	if s.Method != "" {
		if why := request(s); why != "" {
			return wrong("%s", why)
		}
		fits = []string{plan.Send}
		if s.Method == http.MethodDelete {
			fits = []string{plan.Delete}
		}
	} else if len(fits) == 0 || s.Path != "" {
		return wrong("a plan cannot have the operation %q", s.Operation)
	}
	if len(s.Rows) == 0 || len(s.Rows) > 1 && !several(s.Operation) {
		return wrong("%s.%s cannot have %d rows", s.Model, s.Operation, len(s.Rows))
	}
	defined, seen := map[string]bool{}, map[int]bool{}
	for _, id := range s.Defines {
		if !v.placeholder(id) {
			return wrong("%q is not a placeholder", id)
		}
		defined[id] = true
	}
	for i := range s.Rows {
		r := &s.Rows[i]
		if r.Row < 1 || seen[r.Row] {
			return wrong("the row number %d is invalid", r.Row)
		}
		seen[r.Row] = true
		if r.Action == plan.Reject {
			continue
		}
		if !slices.Contains(fits, r.Action) {
			return wrong("row %d is to %s, which %s.%s does not do", r.Row, r.Action, s.Model, s.Operation)
		}
		if !v.names(r.ID) {
			return wrong("row %d has the invalid _id %q", r.Row, r.ID)
		}
		if s.Method == "" && (r.Action == plan.Delete || s.Operation == "update" && r.Action == plan.Update) && r.ID == "" {
			return wrong("row %d names no record", r.Row)
		}
		if r.Action == plan.Create && !defined[r.ID] {
			return wrong("row %d creates a record, and the placeholder of its _id is not listed", r.Row)
		}
		if body := r.Body.Kind(); body != '{' && records(s, r) {
			return wrong("row %d has no properties", r.Row)
		}
	}
	return nil
}

// request says what is wrong with a request that is not an operation of a model.
func request(s *plan.Step) string {
	path, _, _ := strings.Cut(s.Path, "?")
	switch {
	case !slices.Contains(methods, s.Method):
		return fmt.Sprintf("a plan cannot have the method %q", s.Method)
	case s.Model != "planhat" || s.Operation != "request" || s.Base != catalog.Main && s.Base != "":
		return fmt.Sprintf("%s.%s is not a request of planhat.request", s.Model, s.Operation)
	case (planhat.Request{Method: s.Method, Path: path}).Check() != nil:
		return fmt.Sprintf("the path %q cannot be used", s.Path)
	}
	return ""
}

// several reports whether an operation can have several rows.
func several(operation string) bool {
	return strings.HasPrefix(operation, "bulk_") || operation == "duplicate"
}

// records reports whether a row is sent as an object.
func records(s *plan.Step, r *plan.StepRow) bool {
	return s.Method == "" && s.Operation != "delete" && s.Operation != "duplicate" && r.Action != plan.Unchanged
}

func (v *validity) placeholder(id string) bool {
	rest, ok := strings.CutPrefix(id, v.mark)
	_, err := hex.DecodeString(rest)
	return ok && err == nil && len(id) == idLength
}

// names reports whether a text can name a record: an _id, or a key with its prefix.
func (v *validity) names(id string) bool {
	switch {
	case id == "", strings.HasPrefix(id, "extid-"), strings.HasPrefix(id, "srcid-"):
		return true
	case strings.HasPrefix(id, v.mark):
		return v.placeholder(id)
	}
	return !strings.ContainsAny(id, "/\\?#%\"'<>{}") && !strings.Contains(id, "..") && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r == 0x7f })
}
