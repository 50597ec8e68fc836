// Package coverage proves that every operation of the catalog can be called
// from Go and from Lua, and that the simulator carries it out. Operations and
// arguments come from the catalog: there is no second list of them.
package coverage

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/tests/sample"
)

// domain is the e-mail domain of the company that everything belongs to.
const domain = "coverage.example"

// fixture is a simulator in which each model has one record, and makes records
// that the API accepts.
type fixture struct {
	*simulator.Server
	maker sample.Maker
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	server, err := simulator.Start(simulator.Options{CallsPerMinute: -1, PerSecond: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	w := &fixture{Server: server}
	w.maker = sample.Maker{Ref: func(m *catalog.Model) any { return standing(m) }, Company: w.companyExternalID, Domain: domain}
	for _, m := range catalog.Load().Models {
		w.put(t, m)
	}
	return w
}

// standing returns the _id of the model's record. Each has its own, so that a
// mix-up of models shows.
func standing(m *catalog.Model) string {
	name := m.Name
	if m.Snake == "note" || m.Snake == "ticket" {
		name = "Conversation." + m.Name
	}
	id := fmt.Sprintf("%x", name)
	return (id + strings.Repeat("0", 24))[:24]
}

// put stores the model's record, and before it those that it refers to.
func (w *fixture) put(t *testing.T, m *catalog.Model) {
	t.Helper()
	if m.Property("_id") == nil || m.Path == "" || m.Operation("get_list") == nil {
		return
	}
	record := w.maker.Record(m)
	for name := range record {
		ref := catalog.Load().ModelNamed(m.Property(name).Ref)
		if ref != nil && ref != m && w.Record(ref.Snake, standing(ref)) == nil {
			w.put(t, ref)
		}
	}
	record["_id"] = standing(m)
	if m.Snake == "company" {
		record["domains"] = []string{domain}
	}
	require.NoError(t, w.Put(m.Snake, record), m.Snake)
}

// companyExternalID returns the externalId of the company that everything
// belongs to.
func (w *fixture) companyExternalID() any {
	return w.Record("company", standing(catalog.Load().Model("company")))["externalId"]
}

// body makes up the body of an operation: nil, an object, or a list.
func (w *fixture) body(m *catalog.Model, op *catalog.Operation) any {
	switch {
	case op.Body == "":
		return nil
	case op.BodyShape != nil:
		return []string{standing(m)} // ids
	case op.Name == "segment":
		return w.maker.Segment(m)
	case strings.HasSuffix(op.Body, "array"):
		return []any{w.maker.Record(m), w.maker.Record(m)}
	case op.Method == http.MethodPut:
		changes := w.maker.Record(m)
		delete(changes, "parent") // custom fields stay where they are
		return changes
	}
	return w.maker.Record(m)
}

func text(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return b
}

// operations calls do for every operation of the catalog, on a simulator in
// which the operation's record exists, and checks that the simulator saw
// exactly that operation, and carried it out.
func operations(t *testing.T, do func(*testing.T, *fixture, *catalog.Model, *catalog.Operation)) {
	w := newFixture(t)
	for _, m := range catalog.Load().Models {
		for _, op := range m.Operations {
			name := m.Snake + "." + op.Name
			t.Run(name, func(t *testing.T) {
				w.put(t, m)
				w.Reset()
				do(t, w, m, op)
				calls := w.Calls()
				require.Len(t, calls, 1)
				assert.Equal(t, name, calls[0].Model+"."+calls[0].Operation)
				assert.Equal(t, map[string]int{name: 1}, w.CountsByOperation())
				assert.Equal(t, http.StatusOK, calls[0].Status)
				assert.True(t, calls[0].Applied)
			})
		}
	}
}
