package plan

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
)

// Deletes returns the record that a request deletes, if its path is that of a record of a model:
// the model, and what the path names the record by.
func Deletes(method, path string) (m *catalog.Model, id string) {
	if method != http.MethodDelete {
		return nil, ""
	}
	path, _, _ = strings.Cut(path, "?")
	for _, m := range catalog.Load().Models {
		op := m.Operation("delete")
		if op == nil || m.Part != nil && catalog.Load().Model(m.Part.Of).Path == m.Path { // found by the whole
			continue
		}
		rest, fits := strings.CutPrefix(path, strings.TrimSuffix(op.Path, "{id}"))
		if !fits || rest == "" || strings.Contains(rest, "/") {
			continue
		}
		if id, err := url.PathUnescape(rest); err == nil {
			return m, id
		}
	}
	return nil, ""
}

// deleteByRequest plans a DELETE that is not an operation of a model: that of a record, which is
// looked up, or of something else, of which only the path is known.
func (s *session) deleteByRequest(call planhat.Call) (planhat.Reply, error) {
	m, id := Deletes(call.Operation.Method, call.Operation.Path)
	if m == nil {
		s.count(call.Model, Counts{Deleted: call.Rows})
		s.row(0)
		s.write(StepRow{Action: Delete})
		return planhat.Reply{}, nil
	}
	s.row(0)
	if _, err := s.delete(m, id); err != nil {
		return planhat.Reply{}, err
	}
	return planhat.Reply{}, nil
}
