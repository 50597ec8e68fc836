-- Tests of {{script}}. Each test has a simulated Planhat, which starts empty.

it("counts the companies of each status", function()
  simulator.seed("company", {
    { name = "Acme", status = "customer" },
    { name = "Bolt", status = "customer" },
    { name = "Cobalt", status = "prospect" },
  })

  local run = run_script("{{script}}")

  expect(run.error).to_be_nil()
  local rows = csv.parse(run.files["out/{{base}}.csv"], { numbers = { "companies", "mrr" } })
  expect(rows).to_have_length(2)
  expect(rows[1]).to_include{ status = "customer", companies = 2 }
  expect(rows[2]).to_include{ status = "prospect", companies = 1 }
  expect(simulator.writes()).to_equal({})
end)

it("writes a file without rows if there are no companies", function()
  local run = run_script("{{script}}")

  expect(run.error).to_be_nil()
  expect(csv.parse(run.files["out/{{base}}.csv"])).to_equal({})
end)
