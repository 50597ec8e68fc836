package dryrun

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/runtime"
)

// TestRowsInDoubt: where it is not documented which record a row means, the plan says so.
func TestRowsInDoubt(t *testing.T) {
	const twins = `
local c = planhat.company.get_list{ limit = 2, sort = "_id" }
for i = 1, 2 do planhat.enduser.create{ companyId = c[i]._id, externalId = "twin", email = "twin@a.example" } end
`
	for name, tt := range map[string]struct {
		script string
		want   []string
		action string
	}{
		"the first key misses and the next one hits": {
			`local rows = {} for i = 1, 3 do rows[i] = { sourceId = "nobody-" .. i, externalId = "company-" .. i, name = "A" } end
planhat.company.bulk_upsert(rows)`,
			[]string{"main.lua:2: 3 rows of company.bulk_upsert have a sourceId that no company has, and an externalId that one has: it is not documented whether Planhat updates that one"},
			"update",
		},
		"the externalId of several companies' records": {
			twins + `planhat.enduser.bulk_upsert{ { externalId = "twin", firstName = "Kim" } }`,
			[]string{"main.lua:4: 1 row of enduser.bulk_upsert has an externalId that several endusers have, and no company to tell them apart"},
			"update",
		},
		"the same in an update": {
			twins + `planhat.enduser.update("extid-twin", { firstName = "Kim" })`,
			[]string{"main.lua:4: 1 row of enduser.update has an externalId that several endusers have, and no company to tell them apart"},
			"update",
		},
		"an email that two have": {
			twins + `planhat.enduser.bulk_upsert{ { email = "twin@a.example", companyId = c[1]._id } }`,
			[]string{"main.lua:4: 1 row of enduser.bulk_upsert has an email that several endusers have: Planhat may create a new enduser"},
			"create",
		},
		"a number and a text": {
			`planhat.company.create{ externalId = "4711", name = "A" }
planhat.company.bulk_upsert{ { externalId = 4711, name = "B" } }`,
			[]string{"main.lua:2: 1 row of company.bulk_upsert has an externalId that is a number, and that of the company is a text: it is not documented whether they are the same"},
			"update",
		},
		"a company that tells which": {twins + `planhat.enduser.bulk_upsert{ { externalId = "twin", companyId = c[2]._id, firstName = "Kim" } }`, nil, "update"},
		"the first key hits":         {`local c = planhat.company.get_by_id("extid-company-1") planhat.company.bulk_upsert{ { sourceId = c.sourceId, externalId = "other", name = "A" } }`, nil, "update"},
		"no key hits":                {`planhat.company.bulk_upsert{ { sourceId = "nobody", externalId = "nobody", name = "A" } }`, nil, "create"},
	} {
		t.Run(name, func(t *testing.T) {
			var last runtime.PlannedStep
			got := run(t, tt.script, func(o *runtime.Options) {
				o.DryRun, o.Step = true, func(s *runtime.PlannedStep) { last = *s }
			})
			require.NoError(t, got.err)
			noWrites(t, got.calls)
			var unknown []string
			for _, u := range got.result.Unknown {
				if strings.Contains(u.Text, " of enduser.") || strings.Contains(u.Text, " of company.") {
					unknown = append(unknown, fmt.Sprintf("%s:%d: %s", u.Script, u.Line, u.Text))
				}
			}
			assert.Equal(t, tt.want, unknown)
			assert.Equal(t, tt.action, last.Rows[0].Action)
		})
	}
}
