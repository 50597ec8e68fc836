package bindings

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"

	"github.com/phscript/phscript/planhat/simulator"
)

// upserts counts the bulk requests of a model.
func upserts(server *simulator.Server, model string) int {
	return server.Count(simulator.Filter{Model: model, Operation: "bulk_upsert"})
}

// Rows are sent while the iterator makes them: the one after next waits for the answer.
func TestRowsOfAnIteratorAreSentWhileTheyAreMade(t *testing.T) {
	L, _, server := planhatState(t)
	L.SetGlobal("calls", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LNumber(upserts(server, "company")))
		return 1
	}))
	got := results(t, L, `
		local n, seen = 0, {}
		local r = planhat.company.bulk_upsert(function()
			n = n + 1
			if n % 2 == 0 then seen[#seen + 1] = calls() end
			if n <= 8 then return { name = "Company " .. n, externalId = "c" .. n } end
		end, { chunk_size = 2 })
		return r.created, r.chunks, seen[1], seen[3] > 0, seen[4] > 1, r.ids, r.outcomes`)
	assert.Equal(t, []string{"8", "4", "0", "true", "true", "nil", "nil"}, got)
}

func TestKeysOfRows(t *testing.T) {
	L, _, _ := planhatState(t)
	script := func(rows, options string) string {
		return `local r = planhat.company.bulk_upsert(` + rows + `, ` + options + `)
			if not r.ids then return "none" end
			return #r.ids, r.outcomes[1], r.outcomes[2]`
	}
	list := `{ { name = "A", externalId = "123" }, { name = "B", externalId = "b" } }`
	next := `(function(rows, n) return function() n = n + 1 return rows[n] end end)(` + list + `, 0)`
	assert.Equal(t, []string{"2", "updated", "created"}, results(t, L, script(list, "nil")))
	assert.Equal(t, []string{"none"}, results(t, L, script(list, "{ keys = false }")))
	assert.Equal(t, []string{"none"}, results(t, L, script(next, "nil")))
	assert.Equal(t, []string{"0", "unchanged", "unchanged"}, results(t, L, script(next, "{ keys = true }")))
}

// Whatever stops the reading of rows, the error says what was sent before.
func TestRowsThatCannotBeReadToTheEnd(t *testing.T) {
	for _, tt := range []struct {
		name, failure, want string
		sent                int
	}{
		{"a text", `error("no more")`, `<string>:4: no more (asked for row 6; of the 5 rows before it, 4 were sent)`, 4},
		{"an error of a call", `planhat.company.get_by_id("67d08140557181002fd170de")`,
			`company.get_by_id: there is no company with the id "67d08140557181002fd170de" (asked for row 6; of the 5 rows before it, 4 were sent) (not_found, status 404)`, 4},
		{"a table", `error(setmetatable({}, { __tostring = function() return "own" end }))`, "own", 4},
		{"no table", `do return 7 end`, `planhat.company.bulk_upsert: row 6 must be a table, not the number 7; of the 5 rows before it, 4 were sent`, 4},
		{"a row without a JSON form", `do return { name = print } end`, `planhat.company.bulk_upsert: row 6: at name: a function has no JSON form; of the 5 rows before it, 4 were sent`, 4},
		{"the first request", `if n == 2 then error("early") end`, "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			L, h, server := planhatState(t)
			at, limit := 6, ""
			if tt.sent == 0 {
				at = 2
			}
			got := results(t, L, fmt.Sprintf(`
				local n = 0
				local function rows() n = n + 1
					if n == %d then %s end %s
					return { name = "Company " .. n, externalId = "c" .. n }
				end
				local ok, err = pcall(planhat.company.bulk_upsert, rows, { chunk_size = 2 })
				return ok, tostring(err)`, at, tt.failure, limit))
			assert.Equal(t, "false", got[0])
			if tt.sent == 0 {
				assert.Equal(t, "<string>:4: early", got[1])
			} else {
				assert.Contains(t, got[1], tt.want)
			}
			assert.Equal(t, tt.sent/2, upserts(server, "company"))
			if tt.name == "a table" {
				require.Len(t, h.warnings, 1)
				assert.Contains(t, h.warnings[0], "the iterator failed (asked for row 6; of the 5 rows before it, 4 were sent)")
			}
			// The state works as before.
			assert.Equal(t, []string{"1"}, results(t, L, `return planhat.company.bulk_upsert{ { name = "A", externalId = "after" } }.created`))
		})
	}
}

// Rows of readers and of other models: their places are known, and what was not taken
// is what was sent.
func TestRowsOfReaders(t *testing.T) {
	server, err := simulator.Start(simulator.Options{CallsPerMinute: -1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	h := newTestHost(t)
	h.client = newClientFor(t, server)
	h.file("a.csv", "externalId,name,Tier\nA-1,Acme,Gold\nA-2,Bolt,\nA-1,Acme again,\n,Nobody,\n")
	L := newState(t, h, Run(), CSV(), JSON(), Planhat())
	out, err := run(t, L, `
		local next = csv.rows("a.csv")
		local r = planhat.company.bulk_upsert(function()
			local row = next()
			return row and run.from(row, { externalId = row.externalId or "", name = row.name })
		end, { chunk_size = 1 })
		local out = { r.created }
		for _, e in ipairs(r.errors) do
			out[#out + 1] = e.index .. " " .. e.file .. ":" .. e.line .. " " .. e.row.name .. " " .. e.message:match("^[^:]*")
		end
		local copied = planhat.company.bulk_upsert(planhat.company.each{ select = { "name", "externalId" } })
		out[#out + 1] = copied.unchanged
		out[#out + 1] = planhat.company.bulk_upsert(planhat.company.get_list()).unchanged
		return table.concat(out, "\n")`)
	require.NoError(t, err)
	assert.Equal(t, []string{"2\n" +
		"3 a.csv:4 Acme again a.csv, line 2 has the same key, and one would overwrite the other\n" +
		"4 a.csv:5 Nobody externalId is empty\n2\n2"}, out)
}

// A row that is made into text while other rows are sent does not change them.
func TestRowsKeepTheirText(t *testing.T) {
	L, _, _ := planhatState(t)
	got := results(t, L, `
		local n = 0
		local r = planhat.company.bulk_upsert(function()
			n = n + 1
			json.encode{ name = ("x"):rep(n) }
			if n <= 20 then return { name = "Company " .. n, externalId = "c" .. n % 19 } end
		end, { chunk_size = 3, progress = function() json.encode{ other = ("y"):rep(100) } end })
		return r.created, #r.errors, r.errors[1].row.name`)
	assert.Equal(t, []string{"19", "1", "Company 20"}, got)
	for i := 1; i <= 19; i++ {
		assert.Equal(t, []string{fmt.Sprint("Company ", i)}, results(t, L, fmt.Sprintf(`return planhat.company.get_by_id("extid-c%d").name`, i%19)))
	}
}
