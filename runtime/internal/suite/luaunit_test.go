package suite

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// luaUnitFile is where Debian's package lua-unit puts the library.
const luaUnitFile = "/usr/share/lua/5.1/luaunit.lua"

const luaUnitTests = `
local lu = require "luaunit"
print("before")
TestSync = {}
function TestSync:setUp() self.rows = { 1, 2 } end
function TestSync:test_counts() print("counting") lu.assertEquals(#self.rows, 2) end
function TestSync:test_differs() lu.assertEquals({ a = 1 }, { a = 2 }) end
function TestSync:test_raises() error("boom") end
function TestSync:test_skips() lu.skip("not now") end
function test_planhat()
	planhat.company.create{ name = "Acme" }
	lu.assertEquals(#planhat.company.get_list(), 1)
end
`

func TestLuaUnit(t *testing.T) {
	library, err := os.ReadFile(luaUnitFile)
	if err != nil {
		t.Skip("LuaUnit is not installed; apt-get install lua-unit brings it")
	}
	for name, end := range map[string]string{
		"as its manual has it": "os.exit(lu.LuaUnit.run())",
		"without os.exit":      "lu.run()",
		"not started at all":   "",
		"with arguments":       "os.exit(lu.LuaUnit.run('-v'))",
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"sync_test.lua": luaUnitTests + end, "lib/luaunit.lua": string(library)})
			f := runIn(t, dir, Options{Coverage: true}).Files[0]
			require.NoError(t, f.Err)
			assert.Equal(t, []string{
				"TestSync › test_counts passed", "TestSync › test_differs failed", "TestSync › test_raises failed",
				"test 4 skipped", "test_planhat passed",
			}, outcomes(f))
			assert.Equal(t, "before", f.Output)
			assert.Equal(t, "counting", f.Tests[0].Output)
			assert.ErrorContains(t, f.Tests[1].Err, "expected: {a=2}\nactual: {a=1}")
			assert.ErrorContains(t, f.Tests[2].Err, "sync_test.lua:8: boom")
			assert.Equal(t, "not now", f.Tests[3].Reason)
			assert.Empty(t, f.Executed, "the library is not under test")
		})
	}
}

func TestFilesThatRunTheirTestsThemselves(t *testing.T) {
	f := runOne(t, `print("3 tests, all good") os.exit(0)`, Options{})
	assert.Equal(t, []string{"the file as a whole passed"}, outcomes(f))
	f = runOne(t, `print("1 of 3 failed") os.exit(1)`, Options{})
	assert.Equal(t, []string{"the file as a whole failed"}, outcomes(f))
	assert.Equal(t, "1 of 3 failed\n", f.Tests[0].Output)
	f = runOne(t, `print("1..2\nok 1\tone") os.exit(1)`, Options{})
	assert.ErrorContains(t, f.Err, "only 1 of 2 tests ran")
}

func TestTestsByTheirNames(t *testing.T) {
	f := runOne(t, `
		TestX = {}
		function TestX:setUp() self.v = 2 end
		function TestX:testA() assert(self.v == 2) self.v = 3 end
		function TestX:test_b() assert(self.v == 3) end
		function TestX:helper() error("is no test") end
		function testC() expect(simulator.call_count()).to_equal(0) end
		function testing() error("is no test either") end`, Options{})
	assert.Equal(t, []string{"TestX › testA passed", "TestX › test_b failed", "testC passed"}, outcomes(f))
}
