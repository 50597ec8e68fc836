package apply

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
)

// TestEveryModel updates and deletes a record of each model that can be. Nothing has changed since
// the plan was made, so nothing is stale, whatever lists and single reads show.
func TestEveryModel(t *testing.T) {
	var script strings.Builder
	updates, deletes := 0, 0
	for _, m := range catalog.Load().Models {
		if m.Operation("get_list") == nil {
			continue
		}
		fmt.Fprintf(&script, "do local list = planhat.%s.get_list()\n", m.Snake)
		i := slices.IndexFunc(m.Properties, func(p *catalog.Property) bool {
			return p.Type == catalog.String && !p.ReadOnly && len(p.Enum) == 0 && !slices.Contains(m.Keyables.Bulk, p.Name) &&
				!slices.Contains([]string{"_id", "externalId", "sourceId", "email", "currency", "parent"}, p.Name)
		})
		if i >= 0 && m.Operation("update") != nil {
			updates++
			fmt.Fprintf(&script, "if list[1] then pcall(planhat.%s.update, list[1]._id, { %s = \"Changed\" }) end\n", m.Snake, m.Properties[i].Name)
		}
		if i >= 0 && m.Operation("bulk_upsert") != nil && slices.Contains(m.Keyables.Bulk, "_id") {
			fmt.Fprintf(&script, "if list[2] then planhat.%s.bulk_upsert{ { _id = list[2]._id, %s = \"Bulk\" } } end\n", m.Snake, m.Properties[i].Name)
		}
		if m.Operation("delete") != nil {
			deletes++
			fmt.Fprintf(&script, "if list[3] then pcall(planhat.%s.delete, list[#list]._id) end\n", m.Snake)
		}
		script.WriteString("end\n")
	}
	require.Greater(t, updates, 10)
	require.Greater(t, deletes, 10)
	d := newDesk(t, simulator.Options{Companies: 10}, map[string]string{"a.lua": script.String()})
	d.plan("--max-read-calls", "1000", "--calls-per-min", "100000", "a.lua")
	code, said := d.apply("--yes", "--verify", "--accept-inexact", "--calls-per-min", "100000")
	require.Equal(t, 0, code, said)
	assert.NotContains(t, said, "not as planned")
	assert.NotContains(t, said, "changed since")
}
