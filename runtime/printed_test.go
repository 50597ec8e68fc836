package runtime

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/phscript/phscript/planhat"
	"github.com/phscript/phscript/planhat/simulator"
)

// TestRecordsAndResultsPrint: print shows what is in them, and in everything
// else they are plain tables.
func TestRecordsAndResultsPrint(t *testing.T) {
	server, err := simulator.Start(simulator.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	require.NoError(t, server.Put("company", map[string]any{"_id": "67d08140557181002fd170dd", "name": "Acme", "externalId": "a-1"}))
	b := newBench(t)
	b.opts.Planhat = planhat.Config{APIToken: server.APIToken(), BaseURL: server.URL()}
	_, err = b.run(t, `
		local get = function() return planhat.company.get_by_id("extid-a-1") end
		local acme = get()
		assert(tostring(acme) == inspect(acme))
		for _, record in ipairs{ acme, planhat.company.get_list()[1], (planhat.company.each()()) } do
			local shown = tostring(record)
			assert(shown:find('name = "Acme"', 1, true), shown)
			assert(getmetatable(record) == nil and debug.getmetatable(record) == nil)
			local names = {}
			for name in pairs(record) do names[#names + 1] = name end
			assert(#names > 2 and record.missing == nil and record ~= get())
			assert(json.decode(json.encode(record)).name == "Acme")
		end
		local own = setmetatable(get(), { __index = { more = 1 }, __tostring = function() return "own" end })
		assert(own.more == 1 and tostring(own) == "own" and getmetatable(own).__index.more == 1)
		json.object(get())
		acme.name = "Changed"
		assert(tostring(acme):find("Changed"))

		local result = planhat.company.bulk_upsert{ { externalId = "a-1", name = "A" }, { externalId = "b-1", name = "B" }, { name = "C", status = 5 } }
		print(result)
		assert(getmetatable(result) == nil)
		print(planhat.company.bulk_upsert{})
		for _, plain in ipairs{ {}, { name = "Acme" }, json.decode('{"_id":"1"}'), result.errors } do
			assert(tostring(plain):find("^table: 0x"), tostring(plain))
		end
		log.info(get())`)
	require.NoError(t, err)
	assert.Equal(t, "3 rows: 1 created, 1 updated, 1 rejected\n0 rows\n", b.stdout.String())
}
