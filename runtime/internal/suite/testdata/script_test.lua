describe("run_script", function()
  it("returns everything that a script leaves behind", function()
    clock.freeze("2026-01-15T09:00:00Z")
    local run = run_script("lib/import.lua", {
      args = { "accounts.csv", 2 }, env = { REGION = "eu" }, stdin = "yes\n",
      files = { ["accounts.csv"] = "id,name\nA-1,Acme\nA-2,Bolt\n", ["data/kept.txt"] = "kept" },
    })
    expect(run.error).to_be_nil()
    expect(run).to_include{ ok = true, exit_code = 0, outcome = "done", stderr = "" }
    expect(run.stdout).to_equal("accounts.csv\t2\teu\tyes\n")
    expect(run.log).to_equal({ { level = "info", message = "imported", fields = { created = 2 } } })
    expect(run.summary).to_include{ calls = 1, created = 2, rejected = 0, simulated = true, started = "2026-01-15T09:00:00Z" }
    expect(run.files).to_equal({ ["out/report.txt"] = "2 on 2026-01-15" })
    expect(run.values).to_equal({ 2, { done = true } })
    expect(simulator.records("company")).to_have_length(2)
  end)
  it("tells rejected rows by the exit code", function()
    local run = run_script("lib/import.lua", { args = { "a.csv" }, files = { ["a.csv"] = "id,name\nA-1,Acme\nA-1,Again\n" } })
    expect(run).to_include{ ok = false, exit_code = 3, outcome = "rejected" }
    expect(run.rejected).to_have_length(1)
    expect(run.rejected[1]).to_include{ row = 2, kind = "validation", data = { name = "Again" } }
  end)
  it("tells the rows that the script rejects", function()
    local result = run_script("lib/reject.lua", { args = { "a.csv" }, files = { ["a.csv"] = "id,name\nA-1,\n" }, dry_run = true })
    expect(result).to_include{ ok = false, exit_code = 3, outcome = "rejected" }
    expect(result.summary.models.run.rejected).to_equal(1)
    expect(result.rejected).to_equal({ {
      model = "run", operation = "reject", row = 0, key = "id A-1", file = "a.csv", line = 2,
      kind = "validation", state = "rejected", message = "no name", data = { id = "A-1", name = "" },
    } })
  end)
  it("tells what a dry run would send", function()
    local run = run_script("lib/import.lua", { dry_run = true, args = { "a.csv" }, files = { ["a.csv"] = "id,name\nA-1,Acme\n" } })
    expect(run.planned).to_equal({ { model = "company", operation = "bulk_upsert", requests = 1, rows = 1, first = { { externalId = "A-1", name = "Acme" } } } })
    expect(simulator.writes()).to_equal({})
    expect(run.summary.dry_run).to_be(true)
  end)
  it("has an error in the place of raising it", function()
    local run = run_script("lib/import.lua", { args = { "missing.csv" } })
    expect(run).to_include{ ok = false, exit_code = 1, outcome = "failed" }
    expect(run.error).to_include{ script = "lib/import.lua", line = 3 }
    expect(run.error.message).to_contain("missing.csv")
    simulator.deny("company")
    run = run_script("lib/import.lua", { args = { "a.csv" }, files = { ["a.csv"] = "id,name\nA-1,Acme\n" }, strict = true })
    expect(run.exit_code).to_equal(4)
    expect(run.error.kind).to_equal("permission")
  end)
  it("knows how a script ends itself", function()
    expect(run_script("lib/exit.lua", { args = { 7 } })).to_include{ ok = false, exit_code = 7, outcome = "exited" }
    expect(run_script("lib/exit.lua", { args = { 0 } })).to_include{ ok = true, exit_code = 0, outcome = "done" }
  end)
  it("keeps a script in its folder", function()
    local run = run_script("lib/write.lua", { args = { "elsewhere/x.txt" } })
    expect(run.error.message).to_contain('pass allow_write = { "elsewhere" } to run_script')
    run = run_script("lib/write.lua", { args = { "elsewhere/x.txt" }, allow_write = "elsewhere" })
    expect(run.files).to_equal({ ["elsewhere/x.txt"] = "written" })
    expect(run_script("lib/write.lua", { args = { "out/x.txt" }, files = { ["out/x.txt"] = "old" } }).files).to_equal({ ["out/x.txt"] = "written" })
  end)
  it("shares only the environment", function()
    leaked = 1
    local run = run_script("lib/globals.lua")
    expect(run.values[1]).to_equal("nil nil")
  end)
  it("says what is wrong with the call", function()
    expect(function() run_script("lib/imprt.lua") end).to_raise("did you mean 'lib/import.lua'")
    expect(function() run_script("lib/import.lua", { fils = {} }) end).to_raise("did you mean 'files'")
    expect(function() run_script("lib/import.lua", { files = { ["../x"] = "" } }) end).to_raise("outside")
    expect(function() run_script("lib/import.lua", { files = { 1 } }) end).to_raise("takes text by name")
  end)
end)

it("requires modules beside it", function()
  local module = require "lib.module"
  expect(module.twice(2)).to_equal(4)
  expect(require "test").to_be(test)
end)
