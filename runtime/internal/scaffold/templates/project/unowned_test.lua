-- Tests of unowned.lua. Each test has a simulated Planhat, which starts empty.

it("lists customers without an owner", function()
  simulator.seed("user", { externalId = "ada", email = "ada@example.com", nickName = "Ada" })
  simulator.seed("company", {
    { externalId = "A-1", name = "Acme", status = "customer", owner = simulator.record("user", "extid-ada")._id },
    { externalId = "A-2", name = "Bolt", status = "customer" },
    { externalId = "A-3", name = "Cobalt", status = "lost" },
  })

  local run = run_script("unowned.lua")

  expect(run.error).to_be_nil()
  expect(csv.parse(run.files["out/unowned.csv"])).to_equal{ { name = "Bolt", externalId = "A-2" } }
  expect(run.stdout).to_contain("1 customer has no owner")
  expect(simulator.writes()).to_equal({})
end)
