-- Tests of typeform_nps.lua. Stubs answer in place of Typeform.

local http = require "http"

local function response(token, score, month)
  local at = ("2026-%02d-10T09:00:00Z"):format(month)
  return { token = token, response_type = "completed", landed_at = at, submitted_at = at, hidden = { email = token .. "@northwind.example" },
    answers = score and { { type = "number", number = score, field = { id = "q1", ref = "nps", type = "nps" } } } or {} }
end

local function synchronize(responses, host, region)
  http.stub{ url = "https://" .. host .. "/forms/lT4Z3j/responses?page_size=1000&response_type=completed", json = { total_items = #responses, page_count = 1, items = responses } }
  http.stub{ url = "https://" .. host .. "/forms/lT4Z3j", json = { title = "Survey", hidden = { "email" }, fields = { { id = "q1", ref = "nps", type = "nps", title = "Score" } } } }
  return run_script("typeform_nps.lua", { args = { "lT4Z3j", region }, env = { TYPEFORM_TOKEN = "a-token-for-tests" } })
end

it("computes the score of each month", function()
  local run = synchronize({ response("d", 10, 11), response("c", 6, 11), response("b", 9, 11), response("a", 8, 10) }, "api.typeform.com")
  expect(run.error).to_be_nil()
  expect(#planhat.nps.get_list()).to_be(4)
  expect(run.files["out/nps.csv"]).to_match("2026%-10,1,0,0,0")
  expect(run.files["out/nps.csv"]).to_match("2026%-11,3,2,1,33")
end)

it("reads from the EU data center", function()
  local run = synchronize({ response("a", 8, 10) }, "api.eu.typeform.com", "eu")
  expect(run.error).to_be_nil()
  expect(#planhat.nps.get_list()).to_be(1)
end)

it("rejects responses without a score", function()
  local run = synchronize({ response("b", nil, 11), response("a", 8, 10) }, "api.typeform.com")
  expect(#run.rejected).to_be(1)
  expect(#planhat.nps.get_list()).to_be(1)
end)

it("says how to call it", function()
  expect(run_script("typeform_nps.lua").ok).to_be(false)
end)
