package dryrun

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/runtime"
)

func TestLookUpsStayWithinTheirBudget(t *testing.T) {
	const script = `
		for i = 1, 8 do planhat.company.update("extid-company-" .. i, { phase = "Live" }) end
		local rows = {}
		for i = 1, 12 do rows[i] = { sourceId = "s" .. i, firstName = "A" } end
		local r = planhat.enduser.bulk_upsert(rows)
		print(r.planned, r.rejected)`
	for reads, want := range map[int]struct {
		calls   int
		printed string
	}{
		-1: {0, "12\t0\n"}, // a row that may be an update is not rejected
		5:  {5, "12\t0\n"},
		0:  {0, "0\t12\n"},
	} {
		t.Run(fmt.Sprint(reads), func(t *testing.T) {
			got := run(t, script, func(o *runtime.Options) { o.DryRun, o.MaxReadCalls = true, reads })
			require.NoError(t, got.err)
			noWrites(t, got.calls)
			assert.Equal(t, want.printed, got.printed)
			if reads != 0 {
				assert.Len(t, got.calls, want.calls)
				assert.Len(t, got.result.Summary.IfNew, 1)
			}
			warned := strings.Contains(strings.Join(got.result.Warnings, "\n"), "--max-read-calls")
			assert.Equal(t, reads != 0, warned, got.result.Warnings)
		})
	}
}

func TestBulkLookUpsReadListsAndNotRecords(t *testing.T) {
	got := run(t, `
		local rows = {}
		for i = 1, 300 do rows[i] = { externalId = "company-" .. i, name = "N" .. i } end
		local r = planhat.company.bulk_upsert(rows)
		print(r.created, r.updated)`, dry)
	require.NoError(t, got.err)
	assert.Equal(t, "260\t40\n", got.printed)
	noWrites(t, got.calls)
	assert.Len(t, got.calls, 1, "one page has all companies")
}

func TestRecordsThatWereListedAreNotReadAgain(t *testing.T) {
	got := run(t, `
		for company in planhat.company.each() do planhat.company.update(company._id, { phase = "Live" }) end
		print("done")`, dry)
	require.NoError(t, got.err)
	for _, c := range got.calls {
		assert.Equal(t, "/companies", c.Path)
	}
	assert.LessOrEqual(t, len(got.calls), 2)
}

func TestPlaceholdersAreNeverSent(t *testing.T) {
	got := run(t, `
		local company = planhat.company.create{ name = "New" }
		print(#company._id, company._id:sub(1, 8))
		print(#planhat.enduser.get_list{ companyId = company._id .. "," .. planhat.company.get_list{ limit = 1 }[1]._id } > 0)
		print(#planhat.metrics.get_dimension_data{ cId = company._id })
		print(pcall(planhat.request, { path = "/companies/" .. company._id }))`, dry)
	require.NoError(t, got.err)
	assert.Contains(t, got.printed, "24\t00000000\ntrue\n0\nfalse\t")
	assert.Contains(t, got.printed, "does not exist yet")
	for _, c := range got.calls {
		assert.Equal(t, http.MethodGet, c.Method)
		assert.NotContains(t, c.Path+c.Query, "00000000")
	}
}

func TestPropertiesOfNewRecordsAreUnknown(t *testing.T) {
	got := run(t, `local company = planhat.company.create{ name = "New" }
		print(company.name, company.owner)
		coroutine.wrap(function() print(company.owner) end)()`, dry)
	require.NoError(t, got.err)
	require.Len(t, got.result.Warnings, 2)
	assert.Contains(t, got.result.Warnings[0], "main.lua:2: the script reads owner of a new company")
	assert.Contains(t, got.result.Warnings[1], "main.lua:3: ")
}

func TestAnEndlessLoopEnds(t *testing.T) {
	got := run(t, `
		local company = planhat.company.get_list{ limit = 1 }[1]
		local n = 0
		while #planhat.task.get_list{ companyId = company._id } >= 0 do
			n = n + 1
			if n % 100 == 0 then print(n) end
			planhat.task.create{ companyId = company._id, mainType = "task", action = "Call " .. n }
		end`, dry)
	require.Error(t, got.err)
	assert.Equal(t, planhat.KindCancelled, planhat.KindOf(got.err))
	assert.Contains(t, got.err.Error(), "the same list of tasks more than 1000 times")
	assert.True(t, strings.HasSuffix(got.printed, "1000\n"), got.printed)
	noWrites(t, got.calls)
}

func TestASessionForgetsItsPlanWhenItWrites(t *testing.T) {
	s := tenant(t, "")
	rt, err := runtime.New(runtime.Options{
		Planhat: planhat.Config{APIToken: s.APIToken(), BaseURL: s.URL()}, DryRun: true,
		Quota: planhat.LimiterConfig{CallsPerMinute: -1, PerSecond: -1},
	})
	require.NoError(t, err)
	session := rt.NewSession()
	defer func() { require.NoError(t, session.Close()) }()
	eval := func(code string) string {
		result, err := session.Eval(t.Context(), runtime.Script{Name: "input", Source: []byte(code)})
		require.NoError(t, err)
		return fmt.Sprint(result.Values)
	}
	assert.Equal(t, "[41]", eval(`planhat.company.create{ name = "New" } return #planhat.company.get_list()`))
	session.SetDryRun(false)
	assert.Equal(t, "[40]", eval(`return #planhat.company.get_list()`))
	session.SetDryRun(true)
	assert.Equal(t, "[40]", eval(`return #planhat.company.get_list()`))
}

func TestTheResultCountsWhatARealRunWouldDo(t *testing.T) {
	got := run(t, `
		local company = planhat.company.get_by_id("extid-company-1")
		for i = 1, 3 do planhat.company.update("extid-company-" .. i, { phase = "Live", name = company.name }) end
		planhat.company.update(company._id, { name = company.name })
		planhat.company.create{ externalId = "new", name = "New" }
		planhat.company.delete(planhat.company.get_by_id("extid-company-9")._id)
		pcall(planhat.company.create, { externalId = "new", name = "Again" })
		planhat.metrics.bulk_insert_metrics{ { dimensionId = "d", externalId = "company-2", value = 1 } }
		fs.write("out/report.csv", "a")
		fs.write("out/old.csv", "a")
		fs.remove("out/old.csv")`, func(o *runtime.Options) { o.DryRun, o.WriteDirs = true, []string{"out"} })
	require.NoError(t, got.err)
	noWrites(t, got.calls)
	assert.Equal(t, map[string]runtime.PlannedCounts{
		"company": {Created: 1, Updated: 3, Unchanged: 1, Deleted: 1, Rejected: 1},
		"metrics": {Sent: 1},
	}, got.result.Plan)
	rows := got.result.PlannedRecords
	require.Len(t, rows, 5)
	assert.Equal(t, []string{"phase"}, rows[0].Changes, "the name stays")
	assert.Equal(t, []string{"phase", "name"}, rows[1].Changes)
	assert.Equal(t, []string{"create", "externalId new"}, []string{rows[3].Action, rows[3].Key})
	assert.Equal(t, "delete", rows[4].Action)
	assert.Equal(t, []string{"out/report.csv"}, got.result.Written)
	assert.Equal(t, []string{"out/old.csv"}, got.result.Removed)
	assert.Empty(t, got.log, "one summary, not a line for each write")
}

func TestListsThatPlannedChangesMakeInexact(t *testing.T) {
	const create = `planhat.company.create{ name = "Aaa", externalId = "aaa" } `
	for script, want := range map[string]string{
		// What is read before the change, or in the order of ids, is exact.
		`planhat.company.get_list{ sort = "name" } ` + create:                                                     "",
		create + `planhat.company.get_list{ limit = 3 }`:                                                          "",
		create + `planhat.enduser.get_list{ sort = "email" }`:                                                     "",
		`planhat.company.update("extid-company-1", { phase = "Live" }) planhat.company.get_list{ sort = "name" }`: "",
		// The place of a record in another order is not known.
		create + `planhat.company.get_list{ sort = "name", limit = 3 }`:                                                                       "main.lua:1: company.get_list is sorted by name, and planned changes may have another place in it",
		`planhat.company.update("extid-company-1", { name = "Zzz" })` + "\n" + `for c in planhat.company.each{ sort = "-name" } do break end`: "main.lua:2: company.get_list is sorted by name, and planned changes may have another place in it",
		// Planhat searches in texts that it makes itself.
		`planhat.ticket.bulk_upsert{ { sourceId = "t-1", email = "kim@acme.example", domains = { "acme.example" }, title = "Help" } }` + "\n" + `planhat.ticket.get_list{ search = "help" }`: "main.lua:2: ticket.get_list is filtered by search, which is unknown for records that do not exist yet",
		// Of records that a bulk call changed, not all is known.
		`local u, c = planhat.enduser.get_list{ limit = 1 }[1], planhat.company.get_list{ limit = 9 }
planhat.enduser.bulk_upsert{ { email = u.email, companyId = c[9]._id } }
planhat.enduser.get_list{ companyId = c[9]._id }`: "main.lua:3: enduser.get_list is filtered by companyId, and records that the script changed may belong to it now",
		// A record that was read as a whole is known.
		`local u, c = planhat.enduser.get_list{ limit = 1 }[1], planhat.company.get_list{ limit = 9 }
planhat.enduser.update(u._id, { companyId = c[9]._id })
planhat.enduser.get_list{ companyId = c[9]._id }`: "",
		// A condition on a property that the new record has is exact, one on the values of others is not.
		create + `local c = planhat.company.get_by_id("extid-aaa") planhat.enduser.create{ companyId = c._id, email = "a@b.example" } planhat.enduser.get_list{ companyId = c._id }`: "",
	} {
		got := run(t, script, func(o *runtime.Options) { o.DryRun, o.Step = true, func(*runtime.PlannedStep) {} })
		require.NoError(t, got.err, script)
		var lists []string
		for _, u := range got.result.Unknown {
			if strings.Contains(u.Text, "list is sorted") || strings.Contains(u.Text, "list is filtered") {
				lists = append(lists, fmt.Sprintf("%s:%d: %s", u.Script, u.Line, u.Text))
			}
		}
		assert.Equal(t, want, strings.Join(lists, "; "), script)
	}
}
