package dryrun

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
	"github.com/phscript/phscript/runtime"
)

// TestRowsOfFewCompaniesAreLookedUpInTheirLists counts calls: a list of all endusers would take
// three, and reading each would take 30.
func TestRowsOfFewCompaniesAreLookedUpInTheirLists(t *testing.T) {
	s, err := simulator.Start(simulator.Options{Companies: 1800, Seed: 7, CallsPerMinute: -1, PerSecond: -1, Clock: func() time.Time { return noon }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.Greater(t, len(s.Records("enduser")), 4000, "three pages")
	do := func(source string, dry bool) (printed string, calls []simulator.Call) {
		before := len(s.Calls())
		var out bytes.Buffer
		rt, err := runtime.New(runtime.Options{
			Planhat: planhat.Config{APIToken: s.APIToken(), BaseURL: s.URL()}, Quota: planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1},
			DryRun: dry, WorkDir: t.TempDir(), Stdout: &out, Stderr: &out, Now: func() time.Time { return noon },
		})
		require.NoError(t, err)
		program, err := rt.Compile(t.Context(), runtime.Script{Name: "main.lua", Source: []byte(source)})
		require.NoError(t, err)
		_, err = program.Run(t.Context(), runtime.RunOptions{})
		require.NoError(t, err, out.String())
		return out.String(), s.Calls()[before:]
	}
	const script = `
local rows = {}
for i = 1, 30 do
  rows[i] = { externalId = "e-" .. i, companyId = planhat.extid("company-" .. 1 + i % 2), position = "CEO" }
end
`
	do(script+`planhat.enduser.bulk_upsert{ rows[1], rows[2] }`, false)
	// The same externalId in another company is another record.
	do(`planhat.enduser.bulk_upsert{ { externalId = "e-3", companyId = planhat.extid("company-9"), position = "CFO" } }`, false)

	printed, calls := do(script+`rows[1].position = "CTO"
local r = planhat.enduser.bulk_upsert(rows)
print(r.created, r.updated, r.unchanged)
r = planhat.enduser.bulk_upsert(rows)
print(r.created, r.updated, r.unchanged)`, true)
	assert.Equal(t, "28\t1\t1\n0\t0\t30\n", printed)
	noWrites(t, calls)
	var lists []string
	for _, c := range calls {
		require.Equal(t, http.MethodGet, c.Method)
		if c.Path == "/endusers" {
			lists = append(lists, c.Query)
		}
		assert.False(t, strings.HasPrefix(c.Path, "/endusers/"), "each is not read by itself")
	}
	require.Len(t, lists, 2, "the first page of all, and the endusers of two companies")
	assert.NotContains(t, lists[0], "companyId=")
	assert.Regexp(t, `companyId=[0-9a-f]{24}%2C[0-9a-f]{24}(&|$)`, lists[1])

	// A script that works through its companies reads them in a list for each only a few times.
	_, calls = do(`
for i = 1, 40 do
  planhat.enduser.bulk_upsert{
    { externalId = "x-" .. i, companyId = planhat.extid("company-" .. i) }, { externalId = "y-" .. i, companyId = planhat.extid("company-" .. i) },
    { externalId = "z-" .. i, companyId = planhat.extid("company-" .. i) }, { externalId = "u-" .. i, companyId = planhat.extid("company-" .. i) },
    { externalId = "v-" .. i, companyId = planhat.extid("company-" .. i) }, { externalId = "w-" .. i, companyId = planhat.extid("company-" .. i) },
  }
end`, true)
	lists = nil
	for _, c := range calls {
		assert.False(t, strings.HasPrefix(c.Path, "/endusers/"))
		if c.Path == "/endusers" {
			lists = append(lists, c.Query)
		}
	}
	assert.LessOrEqual(t, len(lists), 1+20+len(s.Records("enduser"))/2000+2, "then all")
}
