package bindings

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat/simulator"
)

// syncReport is a script that returns what sync did as one text.
const syncReport = `
	local function report(r)
		local changes = {}
		for _, c in ipairs(r.changes or {}) do changes[#changes + 1] = c.index .. " " .. c.key .. ":" .. table.concat(c.fields, ",") end
		local missing = {}
		for _, m in ipairs(r.missing or {}) do missing[#missing + 1] = m.key end
		table.sort(missing)
		return ("%d created, %d updated, %d unchanged, %d rejected, %d archived; %s; %s"):format(
			r.created, r.updated, r.unchanged, r.rejected, r.archived, table.concat(changes, " "), table.concat(missing, " "))
	end
	local function iterator(rows) local n = 0 return function() n = n + 1 return rows[n] end end
`

func TestSyncSendsOnlyWhatDiffers(t *testing.T) {
	L, _, server := planhatState(t)
	rows := `local rows = {
		{ externalId = "123", name = "Acme", domains = { "acme.example" }, mrr = 5, description = json.null },
		{ externalId = "b", name = "Bolt", customerFrom = "2027-03-01", custom = { Tier = "Gold", Seats = 10, Since = "2024-01-15", Note = "" } },
		{ externalId = "c", name = "Cord", custom = {} },
	}
	`
	sync := syncReport + rows + `return report(planhat.company.sync(rows, { missing = "report" }))`
	assert.Equal(t, []string{"2 created, 0 updated, 1 unchanged, 0 rejected, 0 archived; ; "}, results(t, L, sync), "mrr is read-only")
	calls := upserts(server, "company")
	assert.Equal(t, 1, calls)
	for range 2 {
		assert.Equal(t, []string{"0 created, 0 updated, 3 unchanged, 0 rejected, 0 archived; ; "}, results(t, L, sync))
	}
	assert.Equal(t, calls, upserts(server, "company"), "a second run sends nothing")

	changed := syncReport + rows + `
		rows[1].name = "Acme Inc"
		rows[2].custom.Seats, rows[2].custom.Note, rows[2].customerFrom = 11, "new", "2027-03-02"
		rows[3] = { externalId = "d", name = "Dune" }
		local options = { missing = "report", keys = true }
		`
	assert.Equal(t, []string{"1 created, 1 updated, 1 unchanged, 0 rejected, 0 archived; 2 b:custom.Seats,custom.Note; c"},
		results(t, L, changed+`rows[1].name = "Acme" return report(planhat.company.sync(iterator(rows), options))`))
	assert.Equal(t, []string{"1", "Acme Inc", "11"}, results(t, L, changed+`
		local r = planhat.company.sync(rows, { fields = { "name", "custom.Note" } })
		return r.updated, planhat.company.get_by_id("extid-123").name, planhat.company.get_by_id("extid-b").custom.Seats`))
	assert.Equal(t, []string{"4", "nil", "1"}, results(t, L, changed+`
		rows[4] = { externalId = "c", name = "Cord" }
		local all = planhat.company.sync(rows, { only_changed = false })
		rows[4].name = "Cords"
		local again = planhat.company.sync(rows)
		return all.unchanged, all.missing, again.changed.name`))
	assert.Equal(t, []string{"nil"}, results(t, L, rows+`return planhat.company.sync(function() end).changes`))
}

// Nobody's place in the call is lost because rows before it are not sent.
func TestRowsOfSyncKeepTheirPlace(t *testing.T) {
	L, _, server := planhatState(t)
	got := results(t, L, `
		local rows = {
			{ externalId = "123", name = "Acme" },
			{ externalId = "b", name = "Bolt" },
			{ externalId = "b", name = "Bolt again" },
			{ name = "Nobody" },
			{ externalId = "123", name = "Acme again" },
		}
		local out = {}
		for _, e in ipairs(planhat.company.sync(rows).errors) do
			out[#out + 1] = e.index .. " " .. e.row.name .. ": " .. e.message:match("^[^:]*")
		end
		return table.concat(out, "\n")`)
	assert.Equal(t, []string{"3 Bolt again: row 2 has the same key, and one would overwrite the other\n" +
		"4 Nobody: the row has no externalId, which says which record it is\n" +
		"5 Acme again: row 1 has the same key, and one would overwrite the other"}, got)
	assert.Equal(t, 1, upserts(server, "company"))
}

// References, scoped keys and days: what Planhat stores in another form is the same.
func TestSyncComparesWhatValuesMean(t *testing.T) {
	L, _, server := planhatState(t)
	script := syncReport + `
		planhat.company.bulk_upsert{ { externalId = "other", name = "Other" } }
		local licenses = {
			{ externalId = "main", companyId = "extid-123", value = 100, fromDate = "2024-01-15", toDate = "2025-01-15" },
			{ externalId = "main", companyId = "extid-other", value = 200.0, fromDate = "2024-02-15" },
		}
		local users = { { email = "ADA@acme.example", companyId = "extid-123", firstName = "Ada", lastName = json.null } }
		local values = { planhat.license.sync(licenses), planhat.enduser.sync(users, { key = "email" }) }
		licenses[2].value = 250
		values[3] = planhat.license.sync(licenses)
		return report(values[1]), report(values[2]), report(values[3])`
	assert.Equal(t, []string{
		"2 created, 0 updated, 0 unchanged, 0 rejected, 0 archived; ; ",
		"1 created, 0 updated, 0 unchanged, 0 rejected, 0 archived; ; ",
		"0 created, 1 updated, 1 unchanged, 0 rejected, 0 archived; 2 main:value; ",
	}, results(t, L, script))
	before := upserts(server, "license") + upserts(server, "enduser")
	assert.Equal(t, []string{
		"0 created, 1 updated, 1 unchanged, 0 rejected, 0 archived; 2 main:value; ",
		"0 created, 0 updated, 1 unchanged, 0 rejected, 0 archived; ; ",
	}, results(t, L, script)[:2])
	assert.Equal(t, before+2, upserts(server, "license")+upserts(server, "enduser"))
}

func TestSyncArchivesWhatIsMissing(t *testing.T) {
	L, h, _ := planhatState(t)
	prepare := syncReport + `
		local users = {}
		for i = 1, 4 do users[i] = { email = "u" .. i .. "@acme.example", companyId = "extid-123" } end
		local options = { key = "email", missing = "archive", max_missing = 0.5 }
		`
	assert.Equal(t, []string{"4 created, 0 updated, 0 unchanged, 0 rejected, 0 archived; ; "}, results(t, L, prepare+`return report(planhat.enduser.sync(users, options))`))

	// A row without a key may be that of a missing record, and no rows are a mistake.
	keyless := prepare + `users[4] = { externalId = "x", companyId = "extid-123" } return report(planhat.enduser.sync(users, options))`
	assert.Equal(t, []string{"0 created, 0 updated, 3 unchanged, 1 rejected, 0 archived; ; u4@acme.example"}, results(t, L, keyless))
	assert.Equal(t, []string{"0"}, results(t, L, prepare+`return planhat.enduser.sync({}, options).archived`))
	require.Len(t, h.warnings, 2)
	assert.Contains(t, h.warnings[0], "nothing was archived, because 1 row has no email")
	assert.Contains(t, h.warnings[1], "nothing was archived, because there were no rows")

	// Rows of a few are a mistake, unless the script says that they are all.
	limited := prepare + `options.max_missing = nil users[4], users[3] = nil, nil local r = planhat.enduser.sync(users, options) return r.archived .. " of " .. #r.missing`
	assert.Equal(t, []string{"0 of 2"}, results(t, L, limited))
	assert.Contains(t, h.warnings[2], "nothing was archived, because 2 of 4 endusers with email have no row, more than the option max_missing = 0.05 allows")
	assert.Equal(t, []string{"0 of 2"}, results(t, L, strings.Replace(limited, "max_missing = nil", "max_missing = 0.49", 1)))

	two := prepare + `users[4], users[3] = nil, nil return report(planhat.enduser.sync(users, options))`
	assert.Equal(t, []string{"0 created, 0 updated, 2 unchanged, 0 rejected, 2 archived; ; u3@acme.example u4@acme.example"}, results(t, L, two))
	assert.Equal(t, []string{"0 created, 0 updated, 2 unchanged, 0 rejected, 0 archived; ; "}, results(t, L, two), "they are archived")
	assert.Equal(t, []string{"0 created, 0 updated, 4 unchanged, 0 rejected, 0 archived; ; "}, results(t, L, prepare+`return report(planhat.enduser.sync(users, options))`),
		"archived records are compared as well")

	for script, want := range map[string]string{
		`planhat.company.sync({}, { missing = "archive" })`: `companies cannot be archived; use "report"`,
		`planhat.company.sync({}, { missing = "delete" })`:  `option 'missing' must be "ignore", "report" or "archive", not the string "delete"`,
		`planhat.enduser.sync({}, { max_missing = 5 })`:     "option 'max_missing' is a share from 0 to 1, such as 0.2, not 5",
		`planhat.company.sync({}, { key = "name" })`:        `option 'key' must be _id, sourceId or externalId, not the string "name"`,
		`planhat.company.sync{ { externalId = print } }`:    `row 1: at externalId: a function has no JSON form; nothing was sent`,
	} {
		message, _ := raised(t, L, script)
		assert.Contains(t, message, want)
	}
}

// A call that fails archives nothing.
func TestSyncThatFailsArchivesNothing(t *testing.T) {
	L, _, server := planhatStateWith(t, simulator.Options{})
	require.NoError(t, server.Put("enduser", map[string]any{"email": "old@acme.example", "companyId": "67d08140557181002fd170dd"}))
	require.NoError(t, server.Deny("enduser.create"))
	got := results(t, L, `
		local ok, err = pcall(planhat.enduser.sync, { { email = "new@acme.example", companyId = "extid-123" } }, { key = "email", missing = "archive" })
		return ok, err.kind, planhat.enduser.get_list()[1].email`)
	assert.Equal(t, []string{"false", "permission", "old@acme.example"}, got)
}

// Rows that arrive in parts are compared with the records, read once, and with earlier
// parts.
func TestSyncTarget(t *testing.T) {
	L, _, server := planhatState(t)
	out := results(t, L, syncReport+`
		local target = planhat.company.sync_target{ fields = { "name", "custom.Tier" } }
		local out = { target:known() }
		local function send(rows) out[#out + 1] = report(target:send(rows)) end
		send{ { externalId = "n1", name = "One", custom = { Tier = "A" } }, { externalId = "n2", name = "Two" } }
		send{ { externalId = "n1", name = "One", custom = { Tier = "A" } }, { externalId = "n2", name = "Two!" } }
		send{ { externalId = "n2", name = "Two!" }, { externalId = "n2", name = "Three" } }
		send{ { externalId = "n3", name = json.null }, { externalId = "n2", name = "Two!" } }
		send{ { externalId = "n3", name = "Three" } }
		local missing = {}
		for _, m in ipairs(target:missing{ prefix = "12" }) do missing[#missing + 1] = m.key end
		out[#out + 1] = table.concat(missing, " ")
		return unpack(out)`)
	assert.Equal(t, "2 created, 0 updated, 0 unchanged, 0 rejected, 0 archived; ; ", out[1])
	assert.Equal(t, "0 created, 1 updated, 1 unchanged, 0 rejected, 0 archived; ; ", out[2])
	assert.Contains(t, out[3], "1 unchanged, 1 rejected", "a repeated key in one call")
	assert.Contains(t, out[4], "1 rejected")
	assert.Equal(t, "1 created, 0 updated, 0 unchanged, 0 rejected, 0 archived; ; ", out[5], "a rejected row was not remembered")
	assert.Equal(t, "123", out[6])
	assert.Equal(t, 1, server.Count(simulator.Filter{Model: "company", Operation: "get_list"}))
}
