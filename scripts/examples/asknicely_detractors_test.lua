-- Tests of asknicely_detractors.lua. Stubs answer in place of AskNicely.

local http = require "http"

-- answer makes an answer that was given some days ago.
local function answer(id, score, days)
  local at = ("%d"):format(time.now() - days * 86400)
  return { response_id = id, email = "kim" .. id .. "@northwind.example", answer = score, comment = json.null, question_type = "nps", sent = at, responded = at }
end

local function synchronize(answers)
  http.stub{ url = "https://acme.asknice.ly/api/v1/responses/desc/500/1/0/json/answered/responded", json = { success = true, total = tostring(#answers), totalpages = "1", pagenumber = "1", data = answers } }
  return run_script("asknicely_detractors.lua", { args = { "acme" }, env = { ASKNICELY_KEY = "a-key-for-tests" } })
end

it("lists detractors of the last days", function()
  local run = synchronize{ answer("1", "3", 2), answer("2", "9", 2), answer("3", "0", 40) }
  expect(run.error).to_be_nil()
  expect(#planhat.nps.get_list()).to_be(3)
  expect(run.files["out/detractors.csv"]).to_match("kim1@northwind.example")
  expect(run.files["out/detractors.csv"]:find("kim2", 1, true)).to_be_nil()
end)

it("rejects answers without a score", function()
  local run = synchronize{ answer("1", json.null, 2) }
  expect(#run.rejected).to_be(1)
end)

it("says how to call it", function()
  expect(run_script("asknicely_detractors.lua").ok).to_be(false)
end)
