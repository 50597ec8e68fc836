-- Tests of license_rollup.lua, as a whole: each fills a Planhat, runs the script
-- and looks at what is in Planhat afterwards.

before_each(function()
  clock.freeze("2026-01-12T06:00:00Z")
  simulator.seed("company", {
    { externalId = "acme", name = "Acme" },
    { externalId = "bolt", name = "Bolt" },
  })
end)

-- license makes a license of a company that runs through the year 2026.
local function license(company, value, more)
  local l = { companyId = "extid-" .. company, value = value, _currency = "USD", fromDate = "2026-01-01", toDate = "2026-12-31" }
  for name, v in pairs(more or {}) do l[name] = v end
  return l
end

local function custom(company) return simulator.record("company", "extid-" .. company).custom end

it("adds up the licenses of each company", function()
  simulator.seed("license", {
    license("acme", 1000),
    license("acme", 500, { toDate = "2026-06-30" }),
    license("bolt", 70),
  })
  local run = run_script("license_rollup.lua")
  expect(run.ok).to_be(true)
  expect(custom("acme")).to_equal({ ["License value"] = 1500, ["Licenses"] = 2, ["Next renewal"] = "2026-06-30" })
  expect(custom("bolt")["License value"]).to_equal(70)
end)

it("leaves out what does not run", function()
  simulator.seed("license", {
    license("acme", 1000, { fromDate = "2024-01-01", toDate = "2025-12-31" }),
    license("acme", 2000, { fromDate = "2026-02-01" }),
  })
  run_script("license_rollup.lua")
  expect(simulator.writes()).to_equal({})
end)

it("counts for the day that it is given", function()
  simulator.seed("license", license("acme", 1000, { fromDate = "2024-01-01", toDate = "2025-12-31" }))
  run_script("license_rollup.lua", { args = { "2025-06-01" } })
  expect(custom("acme")["License value"]).to_equal(1000)
end)

it("turns other currencies into dollars, and reports those that it does not know", function()
  simulator.seed("license", { license("acme", 100, { _currency = "EUR" }), license("bolt", 100, { _currency = "XYZ" }) })
  local run = run_script("license_rollup.lua")
  expect(custom("acme")["License value"]).to_be_close_to(108)
  expect(custom("bolt")).to_equal({})
  expect(run.stdout).to_contain("Bolt: a license in XYZ")
end)

it("sends nothing where nothing has changed", function()
  simulator.seed("license", license("acme", 1000))
  run_script("license_rollup.lua")
  expect(simulator.call_count{ operation = "bulk_upsert" }).to_equal(1)
  local again = run_script("license_rollup.lua")
  expect(simulator.call_count{ operation = "bulk_upsert" }).to_equal(1)
  expect(again.stdout).to_contain("2 right already, 0 changed")
end)

it("clears the renewal when the last license has ended", function()
  simulator.seed("license", license("acme", 1000, { toDate = "2026-01-31" }))
  run_script("license_rollup.lua")
  expect(custom("acme")["Next renewal"]).to_equal("2026-01-31")
  clock.advance{ months = 1 }
  run_script("license_rollup.lua")
  expect(custom("acme")).to_include{ ["License value"] = 0, ["Licenses"] = 0 }
  expect(simulator.writes()[2].body[1].custom["Next renewal"]).to_be(json.null)
end)
