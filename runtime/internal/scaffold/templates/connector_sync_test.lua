-- Tests of {{script}}. Stubs answer in place of {{title}}.

local http = require "http"

local function answer(accounts)
  http.stub{ url = "https://api.{{host}}.example/v1/accounts*", json = { accounts = accounts } }
end

local function sync() return run_script("{{script}}", { env = { {{VARIABLE}} = "a-key-for-tests" } }) end

it("turns accounts into companies", function()
  answer{ { id = "a-1", name = "Northwind", website = "https://www.Northwind.example/" } }

  local run = sync()

  expect(run.error).to_be_nil()
  local company = planhat.company.get_by_id("srcid-a-1")
  expect(company.name).to_equal("Northwind")
  expect(company.domains).to_equal{ "northwind.example" }
end)

it("rejects an account without a name", function()
  answer{ { id = "a-2", name = "", website = "" }, { id = "a-3", name = "Bolt", website = "" } }

  local run = sync()

  expect(run.exit_code).to_equal(3)
  expect(run.rejected).to_have_length(1)
  expect(simulator.records("company")).to_have_length(1)
end)
