package apply

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// TestEachKindOfRequestIsTested: that single updates keep other custom properties says nothing
// about bulk calls.
func TestEachKindOfRequestIsTested(t *testing.T) {
	d := newDesk(t, simulator.Options{Companies: 12}, map[string]string{"a.lua": `
local c = planhat.company.get_list{ sort = "_id" }
for i = 1, 4 do planhat.company.update(c[i]._id, { custom = { Tier = "Diamond" } }) end
local rows = {}
for i = 5, 10 do rows[#rows + 1] = { _id = c[i]._id, custom = { Tier = "Diamond" } } end
planhat.company.bulk_upsert(rows)
`})
	d.plan("a.lua")
	before := len(d.planhat.Calls())
	code, said := d.apply("--yes")
	require.Equal(t, 0, code, said)
	var calls []string
	for _, c := range d.planhat.Calls()[before:] {
		if c.Method != http.MethodGet || strings.HasPrefix(c.Path, "/companies/") {
			calls = append(calls, c.Method+" "+c.Path[:len("/companies")])
		}
	}
	const get, put = "GET /companies", "PUT /companies"
	assert.Equal(t, []string{get, put, get, put, put, put, get, put, get, put}, calls, "a record is read before and after the first single update, and the first row of the bulk call")
}
