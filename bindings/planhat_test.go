package bindings

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/catalog"
	"github.com/phscript/phscript/planhat/simulator"
)

// planhatState returns a state with the module planhat, talking to a simulated
// Planhat that holds the company acme.
func planhatState(t *testing.T) (*lua.LState, *testHost, *simulator.Server) {
	t.Helper()
	return planhatStateWith(t, simulator.Options{})
}

func planhatStateWith(t *testing.T, o simulator.Options) (*lua.LState, *testHost, *simulator.Server) {
	t.Helper()
	o.CallsPerMinute = -1
	server, err := simulator.Start(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, server.Put("company",
		map[string]any{"_id": "67d08140557181002fd170dd", "name": "Acme", "externalId": "123", "domains": []any{"acme.example"}}))
	client := newClientFor(t, server)
	h := newTestHost(t)
	h.client = client
	L := lua.NewState()
	t.Cleanup(L.Close)
	L.SetGlobal("planhat", Open(L, &h.Host, Planhat()))
	L.SetGlobal("json", Open(L, &h.Host, JSON()))
	return L, h, server
}

func newClientFor(t *testing.T, server *simulator.Server) *planhat.Client {
	t.Helper()
	client, err := planhat.New(planhat.Config{
		APIToken: server.APIToken(), TenantToken: server.TenantToken(),
		BaseURL: server.URL(), AnalyticsURL: server.AnalyticsURL(),
		Limiter: planhat.NewLimiter(planhat.LimiterConfig{CallsPerMinute: -1}),
	})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// results runs a script and returns what it returned, as text.
func results(t *testing.T, L *lua.LState, script string) []string {
	t.Helper()
	require.NoError(t, L.DoString(script), script)
	var out []string
	for i := 1; i <= L.GetTop(); i++ {
		out = append(out, L.ToStringMeta(L.Get(i)).String())
	}
	L.SetTop(0)
	return out
}

func TestSpecificationExamples(t *testing.T) {
	L, _, server := planhatState(t)
	require.NoError(t, server.Put("company", map[string]any{"name": "Byte", "externalId": "21432948"}))
	for script, want := range map[string][]string{
		`return planhat.company.get_by_id("extid-21432948").name`: {"Byte"},
		`return planhat.company:get_by_id("extid-21432948").name`: {"Byte"},
		`local r = planhat.license.bulk_upsert{ { name = "Seats", companyId = "extid-123", value = 1200 } }
		 return r.created, r.updated, #r.errors`: {"1", "0", "0"},
		`local ok = planhat.user_activity.create_activity{ event = "login", userId = "user123", companyId = "extid-123", timestamp = "2024-01-15T10:30:00Z" }
		 local user = planhat.enduser.get_by_id("extid-user123")
		 return user.companyId`: {"67d08140557181002fd170dd"},
		`local r = planhat.metrics.bulk_insert_metrics{ { dimensionId = "daily_logins", companyId = "extid-123", value = 150, time = "2024-01-15T00:00:00Z" } }
		 local rows = planhat.metrics.get_dimension_data{ dimension_id = "daily_logins", from = "2024-01-15", to = "2024-01-15" }
		 return r.created, #rows, rows[1].value, rows[1].companyId`: {"1", "1", "150", "67d08140557181002fd170dd"},
		`local a = { { event = "login", userId = "user124", companyId = "extid-123" } }
		 return planhat.user_activity.create_activity(a, { bulk = true }).created, planhat.user_activity.bulk_create_activity(a).created`: {"1", "1"},
		`return planhat.metrics.epoc_days_format("2024-01-15")`: {"19737"},
	} {
		assert.Equal(t, want, results(t, L, script), script)
	}
}

func TestBulkHandsBackTheScriptsOwnRows(t *testing.T) {
	L, _, _ := planhatState(t)
	got := results(t, L, `
		local rows = { { name = "One", externalId = "1" }, { externalId = "2" }, { name = "Three", externalId = "1" } }
		local r = planhat.company.bulk_upsert(rows)
		local out = {}
		for _, e in ipairs(r.errors) do
			out[#out + 1] = e.index .. " " .. tostring(e.row == rows[e.index]) .. " " .. e.kind
		end
		return r.rows, r.created, r.rejected, out[1], out[2], r.ids[1] ~= nil`)
	assert.Equal(t, []string{"3", "1", "2", "2 true validation", "3 true validation", "true"}, got)
}

func TestRowsMayComeFromAnIterator(t *testing.T) {
	L, _, _ := planhatState(t)
	got := results(t, L, `
		local n = 0
		local function rows()
			n = n + 1
			if n <= 3 then return { name = "Company " .. n, externalId = "c" .. n } end
		end
		local seen = {}
		local r = planhat.company.bulk_upsert(rows, { chunk_size = 1, progress = function(done, total) seen[#seen + 1] = done .. "/" .. tostring(total) end })
		return r.created, r.chunks, table.concat(seen, " ")`)
	assert.Equal(t, []string{"3", "3", "1/nil 2/3 3/3"}, got)
}

func TestFunctionsOfTheScriptMayFail(t *testing.T) {
	L, h, _ := planhatState(t)
	got := results(t, L, `
		local r = planhat.company.bulk_upsert({ { name = "A", externalId = "1" } }, { progress = function() error("broken") end })
		local ok, err = pcall(planhat.company.bulk_upsert, function() error("no more rows") end)
		return r.created, ok, err`)
	assert.Equal(t, []string{"1", "false", "<string>:3: no more rows"}, got)
	assert.Len(t, h.warnings, 1)
	assert.Contains(t, h.warnings[0], "the progress function failed")
	assert.NotContains(t, h.warnings[0], "\n")
}

func TestStrictRaisesRejectedRows(t *testing.T) {
	L, h, _ := planhatState(t)
	script := `
		local ok, err = pcall(planhat.company.bulk_upsert, { { externalId = "nameless" } })
		if ok then return "no error" end
		return err.kind, #err.items, err.items[1].index, err.result.rejected, planhat.is_error(err)`
	assert.Equal(t, []string{"no error"}, results(t, L, script))
	h.Strict = true
	assert.Equal(t, []string{"partial", "1", "1", "1", "true"}, results(t, L, script))
	assert.Equal(t, []string{"1"}, results(t, L, `return planhat.company.bulk_upsert{ { name = "Acme", externalId = "a-1" } }.created`))
	assert.Equal(t, []string{"1"}, results(t, L, `return planhat.company.bulk_upsert({ { externalId = "nameless" } }, { strict = false }).rejected`))
}

func TestListsPageByThemselves(t *testing.T) {
	L, _, server := planhatState(t)
	got := results(t, L, `
		local rows = {}
		for i = 1, 25 do rows[i] = { name = string.format("C%02d", i), externalId = "c" .. i, custom = { n = i } } end
		planhat.company.bulk_upsert(rows)
		local n = 0
		for c in planhat.company.each{ select = { "name" }, sort = "-name", page_size = 20 } do
			n = n + 1
			if n == 21 then break end
		end
		local some = planhat.company.get_list{ limit = 7, sort = "name", page_size = 3 }
		return n, #planhat.company.get_list(), #some, some[1].name, #planhat.company.get_lean_list()`)
	assert.Equal(t, []string{"21", "26", "7", "Acme", "26"}, got)
	assert.Equal(t, 2+1+3, server.Count(simulator.Filter{Operation: "get_list"}), "leaving the loop must stop the paging")
}

// A script that computes an offset starts at 0: that is the first record.
func TestTheFirstPageHasOffsetZero(t *testing.T) {
	L, _, _ := planhatState(t)
	got := results(t, L, `return #planhat.company.get_list{ offset = 0 }, #planhat.company.get_list{ offset = 1 },
		pcall(planhat.company.get_list, { offset = -1 })`)
	assert.Equal(t, []string{"1", "0", "false"}, got[:3])
	assert.Contains(t, got[3], "option 'offset'")
	for _, option := range []string{"limit", "page_size"} {
		got := results(t, L, `return pcall(planhat.company.get_list, { `+option+` = 0 })`)
		assert.Equal(t, "false", got[0], option)
	}
}

func TestLoopsReadAheadOnceTheyGoOn(t *testing.T) {
	L, _, server := planhatState(t)
	for i := range 30 {
		require.NoError(t, server.Put("company", map[string]any{"name": fmt.Sprintf("C%d", i)}))
	}
	count := func(records int) int {
		server.Reset()
		L.SetGlobal("wanted", lua.LNumber(records))
		results(t, L, `local n = 0
			for _ in planhat.company.each{ page_size = 20 } do
				n = n + 1
				if n == wanted then break end
			end`)
		return server.Count(simulator.Filter{Operation: "get_list"})
	}
	assert.Equal(t, 1, count(1), "a loop left early must cost no call that nobody wanted")
	count(3)
	assert.Eventually(t, func() bool { return server.Count(simulator.Filter{Operation: "get_list"}) == 2 }, 10*time.Second, time.Millisecond,
		"the second page is read ahead, once")
	assert.Equal(t, 3, count(1000), "every page is read once, and a short one of a size that the script chose is confirmed")
}

func TestErrorsAreObjects(t *testing.T) {
	L, _, _ := planhatState(t)
	got := results(t, L, `
		local ok, err = pcall(planhat.company.get_by_id, "extid-nobody")
		return ok, err.kind, err.status, err.model, err.operation, err.method, err.retryable, planhat.is_error(err), type(err.traceback)`)
	assert.Equal(t, []string{"false", "not_found", "404", "company", "get_by_id", "GET", "false", "true", "string"}, got)
	got = results(t, L, `
		local company, err = planhat.try(planhat.company.get_by_id, "extid-nobody")
		return company, tostring(err), (planhat.try(planhat.company.get_by_id, "extid-123")).name`)
	assert.Equal(t, "nil", got[0])
	assert.Contains(t, got[1], "company.get_by_id")
	assert.NotContains(t, got[1], "\n")
	assert.Equal(t, "Acme", got[2])
	got = results(t, L, `for k in pairs(select(2, pcall(planhat.company.get_by_id, "extid-nobody"))) do if k == "cause" then return "shown" end end return "hidden"`)
	assert.Equal(t, []string{"hidden"}, got)
}

func TestMistakesInTheScriptAreNamed(t *testing.T) {
	L, _, server := planhatState(t)
	before := len(server.Calls())
	for script, want := range map[string]string{
		`planhat.company.get_list{ slect = "name" }`:                        `unknown option 'slect' (did you mean 'select'?)`,
		`planhat.company.get_list("name")`:                                  `argument 1, 'options', must be a table, not the string "name"`,
		`planhat.company.get_by_id()`:                                       `argument 1, 'id', is missing: a string expected`,
		`planhat.company.bulk_upsert()`:                                     `argument 1, 'rows', is missing: a list (table) or a function expected`,
		`planhat.company.bulk_upsert(nil)`:                                  `argument 1, 'rows', is missing: a list (table) or a function expected`,
		`planhat.metrics.bulk_insert_metrics(nil)`:                          `argument 1, 'rows', is missing`,
		`planhat.user_activity.bulk_create_activity(nil)`:                   `argument 1, 'activities', is missing`,
		`planhat.company.get_list{ limit = "ten" }`:                         `option 'limit' must be a whole number, not the string "ten"`,
		`planhat.company.get_list{ limit = 0 }`:                             `option 'limit' must be a positive number`,
		`planhat.company.create("Acme")`:                                    `argument 1, 'record', must be a table`,
		`planhat.company.create{ { name = "x" } }`:                          `not a list`,
		`planhat.company.bulk_upsert{ name = "x" }`:                         `must be a list of records`,
		`planhat.company.bulk_upsert{ { name = "a" }, 7 }`:                  `row 2 must be a table, not the number 7; nothing was sent`,
		`planhat.company.bulk_upsert{ { name = print } }`:                   `row 1: at name: a function has no JSON form; nothing was sent`,
		`planhat.company.get_by_id("a", "b")`:                               `takes at most 1 argument, not 2; call it as get_by_id(id)`,
		`planhat.user_activity.segment{ user_id = "x" }`:                    `option 'type' is missing`,
		`planhat.user_activity.create_activity{ { email = "a@b.c" } }`:      `{ bulk = true }`,
		`planhat.metrics.get_dimension_data{ from = "soon" }`:               `option 'from': "soon" is not a day`,
		`planhat.invoice.create{ cId = "extid-123", invoiceDate = "soon" }`: `at invoiceDate: "soon" is not a day`,
	} {
		err := L.DoString(script)
		var raised *lua.ApiError
		require.ErrorAs(t, err, &raised, script)
		message := raised.Object.String()
		assert.Contains(t, message, want, script)
		assert.True(t, strings.HasPrefix(message, "<string>:1:"), "no position in %s", message)
		L.SetTop(0)
	}
	assert.Len(t, server.Calls(), before, "a mistake must be found before anything is sent")
}

func TestUnknownPropertiesOfAListWarn(t *testing.T) {
	L, h, _ := planhatState(t)
	results(t, L, `return #planhat.company.get_list{ select = { "name", "custom.Tier", "ownership" }, sort = "-namely" }`)
	results(t, L, `return #planhat.company.get_list{ select = "_id,name", sort = "-updatedAt" }`)
	require.Len(t, h.warnings, 2)
	assert.Contains(t, h.warnings[0], "unknown company property 'ownership'")
	assert.Contains(t, h.warnings[0], "the option 'select' requests it anyway")
	assert.Contains(t, h.warnings[1], "did you mean 'name'")
	for _, misspelt := range []string{`select = { "onwer" }`, `select = "name, externalID"`, `sort = "-updatdAt"`} {
		var raised *lua.ApiError
		require.ErrorAs(t, L.DoString("planhat.company.get_list{ "+misspelt+" }"), &raised, misspelt)
		assert.Contains(t, raised.Object.(*lua.LTable).RawGetString("hint").String(), "did you mean", misspelt)
		L.SetTop(0)
	}
}

func TestUnknownPropertiesWarn(t *testing.T) {
	L, h, _ := planhatState(t)
	results(t, L, `planhat.company.create{ name = "X", extrnalId = "9" }`)
	require.Len(t, h.warnings, 1)
	assert.Contains(t, h.warnings[0], "extrnalId")
	assert.Contains(t, h.warnings[0], "did you mean 'externalId'")
}

// The names that a metric's row may have instead of Planhat's are translated.
func TestOlderNamesOfMetricsDoNotWarn(t *testing.T) {
	L, h, _ := planhatState(t)
	results(t, L, `planhat.metrics.bulk_insert_metrics{ { dimensionId = "d", companyId = "extid-1", value = 1, time = "2024-01-15T00:00:00Z" } }`)
	assert.Empty(t, h.warnings)
}

// TestDatesInOtherFormsWarn: a dry run has no other way to tell.
func TestDatesInOtherFormsWarn(t *testing.T) {
	L, h, _ := planhatState(t)
	results(t, L, `pcall(planhat.license.create, { companyId = "extid-a", value = 1, _currency = "EUR", fromDate = "9.5.2026", toDate = "2026-12-31" })`)
	assert.Len(t, h.warnings, 1)
	assert.Contains(t, h.warnings[0], `fromDate takes a date as YYYY-MM-DD, not "9.5.2026"`)
	L, h, _ = planhatState(t)
	results(t, L, `pcall(planhat.license.create, { companyId = "extid-a", fromDate = "2026-05-09T10:00:00.000+0100", toDate = "", renewalDate = "1767225600000" })`)
	for _, warning := range h.warnings {
		assert.NotContains(t, warning, "takes a date")
	}
}

func TestRowsWithoutAKeyWarn(t *testing.T) {
	for script, want := range map[string]string{
		`planhat.company.bulk_upsert{ { name = "A" }, { name = "B", externalId = "" } }`:                        "none of the rows has sourceId or externalId, so every run creates new records",
		`planhat.company.bulk_upsert{ { name = "A", externalId = "a" }, { name = "B", sourceId = json.null } }`: "1 of 2 rows has no sourceId or externalId, so every run creates a new company; it is row 2",
		`planhat.task.bulk_upsert{ { mainType = "task", companyId = planhat.company.get_list()[1]._id } }`:      "the row has no sourceId, so every run creates a new task",
		`planhat.task.bulk_upsert{ { action = "A" } }`:                                                          "", // it is rejected
		`planhat.enduser.bulk_upsert{ { firstName = "A" } }`:                                                    "", // it is rejected
		`planhat.company.bulk_upsert{ { name = "A", externalId = "a" } }`:                                       "",
		`planhat.enduser.bulk_upsert{ { email = "a@b.example" } }`:                                              "",
		`planhat.note.bulk_upsert{ { companyId = planhat.company.get_list()[1]._id } }`:                         "", // it has no key of its own
	} {
		L, h, _ := planhatState(t)
		results(t, L, script)
		if want == "" {
			assert.Empty(t, h.warnings, script)
		} else if assert.Len(t, h.warnings, 1, script) {
			assert.Equal(t, want, strings.SplitN(h.warnings[0], ": ", 2)[1])
		}
	}
}

// TestIDsKeepTheirDigits: an id that has lost digits could be that of another record.
func TestIDsKeepTheirDigits(t *testing.T) {
	L, h, _ := planhatState(t)
	got := results(t, L, `
		local ids = json.decode('[1234567890123451, 1234567890123452]')
		return planhat.extid(ids[1]), "crm-" .. ids[2], planhat.extid(1234567890123451)`)
	assert.Equal(t, []string{"extid-1234567890123451", "crm-1234567890123452", "extid-1234567890123451"}, got)
	for script, want := range map[string]string{
		`planhat.company.bulk_upsert{ { externalId = 12345678901234567, name = "A" } }`:            "row 1: at externalId: the id 12345678901234568 is a number, and numbers from 2^53 on lose digits; read or write such ids as text; nothing was sent",
		`planhat.company.create{ sourceId = 2^53, name = "A" }`:                                    "at sourceId: the id 9007199254740992 is a number",
		`planhat.extid(12345678901234567)`:                                                         "must be a string, not the number 12345678901234568: numbers from 2^53 on lose digits; read or write such ids as text",
		`planhat.company.get_by_id(12345678901234567)`:                                             "numbers from 2^53 on lose digits",
		`planhat.task.create{ mainType = "task", action = "x", companyId = 12345678901234567890 }`: "at companyId: the id",
	} {
		require.ErrorContains(t, L.DoString(script), want, script)
	}
	require.Empty(t, h.warnings)
	results(t, L, `planhat.company.bulk_upsert{ { externalId = "1.23457E+12", name = "A" }, { sourceId = "1,2E+11", name = "B" } }`)
	results(t, L, `planhat.note.bulk_upsert{ { externalId = "crm-1.2345678901235e+15", companyId = "1.2", name = "A" }, { externalId = "1E5", sourceId = "a+b", name = "1.2E+3" } }`)
	all := strings.Join(h.warnings, "\n")
	assert.Contains(t, all, `the company externalId "1.23457E+12" looks like a shortened number, so different records may have the same one; keep such ids as text, in spreadsheets as well`)
	assert.Contains(t, all, `the company sourceId "1,2E+11" looks`)
	assert.Contains(t, all, `the note externalId "crm-1.2345678901235e+15" looks`)
	assert.Equal(t, 3, strings.Count(all, "looks like a shortened number"))
}

func TestRowsThatPlanhatWouldReject(t *testing.T) {
	L, h, server := planhatState(t)
	const call = `local r = planhat.company.bulk_upsert({
		{ externalId = "a", name = "A", status = "costumer" }, { externalId = "b", name = "B", status = "lost" }, { phase = "x" },
		{ externalId = "c", name = "C", owner = "aaaaaaaaaaaaaaaaaaaaaaaa" },
	}, { check_references = true })
	local out = { r.created, r.rejected }
	for _, e in ipairs(r.errors) do out[#out + 1] = e.index .. ": " .. e.message end
	return unpack(out)`
	got := results(t, L, call)
	require.Len(t, got, 5, "%v", got)
	assert.Equal(t, []string{"1", "3"}, got[:2])
	assert.Equal(t, []string{"3: a new company needs name", `4: owner: there is no user "aaaaaaaaaaaaaaaaaaaaaaaa"`}, got[3:])
	assert.Equal(t, 1, server.CountsByOperation()["company.bulk_upsert"])
	assert.Empty(t, h.warnings)
	assert.Contains(t, got[2], `1: unknown company status "costumer" (did you mean 'customer'?); known values: prospect, coming, customer, canceled, lost`)
}

func TestReadOnlyPropertiesWarn(t *testing.T) {
	L, h, _ := planhatState(t)
	results(t, L, `
		local c = planhat.company.get_list()[1]
		planhat.company.update(c._id, { phase = "x", mrr = 500, custom = { a = 1 } })
		planhat.company.bulk_upsert{ { _id = c._id, arr = 9 } }
		planhat.enduser.bulk_upsert{ { email = "a@b.example", companyId = c._id, lastActive = "2026-01-01", experience = 3 } }`)
	require.NotEmpty(t, h.warnings)
	assert.Equal(t, "company read-only: Planhat sets 'mrr' of a company itself, so writing it has no effect", h.warnings[0])
	results(t, L, `planhat.company.bulk_upsert{ { externalId = "a", name = "A", mrr = 1, arr = 2, mr = 3, mrTotal = 4, nrr30 = 5 } }`)
	assert.Contains(t, h.warnings[len(h.warnings)-1], "Planhat sets 'arr', 'mr', 'mrTotal', 'mrr', 'nrr30' of a company itself, so writing them has no effect")
	results(t, L, `planhat.company.bulk_upsert{ { externalId = "a", name = "A", mrr = 1, arr = 2, mr = 3, mrTotal = 4, nrr30 = 5, mrrTotal = 6, slug = "a" } }`)
	assert.Contains(t, h.warnings[len(h.warnings)-1], "Planhat sets 'arr', 'mr', 'mrTotal', 'mrr', 'mrrTotal' and 2 more of a company itself")
	// A record that was read is written back as a whole.
	results(t, L, `local c = planhat.company.get_list()[1]  planhat.company.update(c._id, c)`)
	assert.Contains(t, h.warnings[len(h.warnings)-1], "more of a company itself")
}

func TestEveryOperationIsAFunction(t *testing.T) {
	L, _, _ := planhatState(t)
	root := L.GetGlobal("planhat").(*lua.LTable)
	for _, m := range catalog.Load().Models {
		part, ok := root.RawGetString(m.Snake).(*lua.LTable)
		require.True(t, ok, m.Snake)
		for _, op := range m.Operations {
			assert.Equal(t, lua.LTFunction, part.RawGetString(op.Name).Type(), "%s.%s", m.Snake, op.Name)
		}
	}
}

func TestAnotherClient(t *testing.T) {
	L, h, server := planhatState(t)
	other := newClientFor(t, server)
	h.newClient = func(o ClientOptions) (*planhat.Client, error) {
		assert.Equal(t, ClientOptions{APIToken: "second-token", CallsPerMinute: 50}, o)
		return other, nil
	}
	h.client = nil
	got := results(t, L, `local second = planhat.new{ api_token = "second-token", calls_per_min = 50 }
		return second.company.get_by_id("extid-123").name`)
	assert.Equal(t, []string{"Acme"}, got)
}
