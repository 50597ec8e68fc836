-- Tests of {{script}}. Each test has a simulated Planhat, which starts empty.

local function import(text)
  return run_script("{{script}}", { params = { path = "accounts.csv" }, files = { ["accounts.csv"] = text } })
end

it("creates the companies of the file, and updates them the next time", function()
  local run = import("id,name,status\nA-1,Acme,customer\nA-2,Bolt,prospect\n")

  expect(run.error).to_be_nil()
  expect(run.summary).to_include{ created = 2, rejected = 0 }
  expect(simulator.record("company", "extid-A-1")).to_include{ name = "Acme", status = "customer" }

  run = import("id,name,status\nA-1,Acme Inc.,customer\n")

  expect(run.summary).to_include{ created = 0, updated = 1 }
  expect(simulator.record("company", "extid-A-1").name).to_equal("Acme Inc.")
end)

it("rejects a row without an id", function()
  local run = import("id,name,status\n,Acme,customer\n")

  expect(run.exit_code).to_equal(3)
  expect(run.summary.rejected).to_equal(1)
  expect(simulator.records("company")).to_equal({})
end)
