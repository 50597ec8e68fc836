-- Tests of sync_owners.lua: what it changes, what it refuses, and that it gets
-- through a bad day.

before_each(function()
  simulator.seed("user", {
    { externalId = "u-ada", email = "ada@vendor.example", firstName = "Ada", nickName = "Ada", inactive = false },
    { externalId = "u-bob", email = "bob@vendor.example", firstName = "Bob", nickName = "Bob", inactive = false },
    { externalId = "u-old", email = "old@vendor.example", firstName = "Olga", nickName = "Olga", inactive = true },
  })
  simulator.seed("company", { { externalId = "C-1", name = "Acme" }, { externalId = "C-2", name = "Bolt" } })
end)

local function sync(lines)
  return run_script("sync_owners.lua", {
    args = { "owners.csv" },
    files = { ["owners.csv"] = "account_id,owner_email\n" .. table.concat(lines, "\n") .. "\n" },
  })
end

local function owner(company)
  local id = simulator.record("company", "extid-" .. company).owner
  return id and simulator.record("user", id).nickName
end

it("gives companies their owners", function()
  local run = sync{ "C-1,Ada@Vendor.example", "C-2,bob@vendor.example" }
  expect(run.exit_code).to_equal(0)
  expect(run.summary.updated).to_equal(2)
  expect(owner("C-1")).to_equal("Ada")
  expect(owner("C-2")).to_equal("Bob")
end)

it.each("rejects {line}", {
  { line = "C-9,ada@vendor.example", says = "there is no company C-9" },
  { line = "C-1,eve@vendor.example", says = "there is no user eve@vendor.example" },
  { line = "C-1,old@vendor.example", says = "old@vendor.example is inactive" },
}, function(case)
  local run = sync{ case.line }
  expect(run.stdout).to_contain("line 2: " .. case.says)
  expect(run.exit_code).to_equal(3)
  expect(run.rejected[1]).to_include{ file = "owners.csv", line = 2, message = case.says }
  expect(simulator.writes()).to_equal({})
end)

it("continues when Planhat fails for a while", function()
  simulator.faults("503:first=2; 429:nth=4,retry-after=20")
  local run = sync{ "C-1,ada@vendor.example" }
  expect(run.exit_code).to_equal(0)
  expect(owner("C-1")).to_equal("Ada")
  expect(run.summary.retries).to_equal(3)
end)

it("says that the token may not write companies", function()
  simulator.deny("company.update")
  local run = sync{ "C-1,ada@vendor.example" }
  expect(run.ok).to_be(false)
  expect(owner("C-1")).to_be_nil()
end)

it("tells in a dry run what it would change", function()
  local run = run_script("sync_owners.lua", {
    args = { "owners.csv" }, dry_run = true, files = { ["owners.csv"] = "account_id,owner_email\nC-1,ada@vendor.example\n" },
  })
  expect(run.planned[1]).to_include{ model = "company", operation = "bulk_upsert", rows = 1 }
  expect(owner("C-1")).to_be_nil()
end)
