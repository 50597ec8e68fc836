-- Tests of {{script}}. Each test has a simulated Planhat, which starts empty.

local function handle(event)
  return run_script("{{script}}", { event = event })
end

before_each(function()
  simulator.seed("company", { { externalId = "A-1", name = "Acme", status = "customer" } })
end)

it("renames a company, also if the event comes twice", function()
  for _ = 1, 2 do
    local run = handle{ id = "evt-1", type = "account.renamed", account = { id = "A-1", name = "Acme Inc." } }
    expect(run.error).to_be_nil()
  end
  expect(simulator.records("company")).to_have_length(1)
  expect(simulator.record("company", "extid-A-1").name).to_equal("Acme Inc.")
end)

it("marks a company as lost", function()
  local run = handle{ id = "evt-2", type = "account.closed", account = { id = "A-1" } }

  expect(run.error).to_be_nil()
  expect(simulator.record("company", "extid-A-1").status).to_equal("lost")
end)

it("ignores other types of events", function()
  local run = handle{ id = "evt-3", type = "account.viewed" }

  expect(run.exit_code).to_equal(0)
  expect(simulator.writes()).to_equal({})
end)

it("fails if the event cannot be used, and writes nothing", function()
  for _, event in ipairs{ "not JSON", "[1]", '"text"', '{"id":"evt-4","type":"account.closed"}' } do
    expect(handle(event).exit_code).to_equal(1)
  end
  expect(simulator.writes()).to_equal({})
end)
