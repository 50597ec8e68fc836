-- Tests of {{script}}. Each test has a simulated Planhat, which starts empty.

local file = "id,name,status\nA-1,Acme,customer\nA-2,Bolt,prospect\n"

local function sync(text)
  return run_script("{{script}}", { params = { path = "accounts.csv" }, files = { ["accounts.csv"] = text } })
end

it("sends what is new, and the second time nothing", function()
  local run = sync(file)

  expect(run.error).to_be_nil()
  expect(run.summary.created).to_equal(2)
  expect(simulator.record("company", "extid-A-2")).to_include{ name = "Bolt", status = "prospect" }

  local before = #simulator.writes()
  run = sync(file)

  expect(run.stdout).to_contain("0 created, 0 updated, 2 unchanged")
  expect(simulator.writes()).to_have_length(before)
end)

it("lists companies that the file does not have", function()
  simulator.seed("company", { { externalId = "B-9", name = "Cobalt" } })

  local run = sync(file)

  expect(run.stdout).to_contain("B-9 is in Planhat, but not in the file")
  expect(simulator.record("company", "extid-B-9").name).to_equal("Cobalt")
end)

it("rejects a row without an id", function()
  local run = sync("id,name,status\n,Acme,customer\n")

  expect(run.exit_code).to_equal(3)
  expect(simulator.records("company")).to_equal({})
end)
