-- Tests of delighted_nps.lua.

local header = "Response ID,Person Email,Score,Comment,Created At,Permalink\n"

local function import(lines)
  return run_script("delighted_nps.lua", { args = { "delighted.csv" }, files = { ["delighted.csv"] = header .. lines } })
end

it("imports answers once", function()
  local lines = "1,kim@northwind.example,9,\"Fast,\nand kind\",2026-05-20T09:01:30Z,\n"
  import(lines)
  local run = import(lines .. "2,lou@northwind.example,6,,2026-05-21T09:01:30Z,\n")
  expect(run.error).to_be_nil()
  expect(#planhat.nps.get_list()).to_be(2)
  expect(run.stdout).to_match("1 answer new")
  expect(run.stdout).to_match("2026%-05  NPS    0 of 2 answers")
end)

it("rejects scores of another scale", function()
  local run = import("1,kim@northwind.example,4 out of 5,,2026-05-20T09:01:30Z,\n2,lou@northwind.example,6,,2026-05-21T09:01:30Z,\n")
  expect(#run.rejected).to_be(1)
end)
