-- Tests of aha_ideas.lua. Stubs answer in place of Aha!.

local http = require "http"

local api = "https://acme.aha.io/api/v1/"

-- page makes the only page of a list.
local function page(name, list) return { [name] = json.array(list), pagination = { total_records = #list, total_pages = 1, current_page = 1 } } end

-- idea makes an idea of Aha!.
local function idea(id)
  return { id = id, reference_num = "P-I-" .. id, name = "Idea " .. id, url = "https://acme.aha.io/ideas/ideas/P-I-" .. id,
    workflow_status = { name = "New" }, description = { body = "<p>Please.</p>" }, created_by_idea_user = json.null }
end

-- answer sets the ideas, and who votes for each.
local function answer(voters)
  local ideas = {}
  for id, emails in pairs(voters) do
    local votes = {}
    for i, email in ipairs(emails) do votes[i] = { id = tostring(i), idea_id = id, endorsed_by_idea_user = { email = email } } end
    ideas[#ideas + 1] = idea(id)
    http.stub{ url = api .. "ideas/" .. id .. "/endorsements", json = page("idea_endorsements", votes) }
  end
  http.stub{ url = api .. "ideas", json = page("ideas", ideas) }
  http.stub{ url = api .. "deletions", json = page("deletions", {}) }
end

local function synchronize() return run_script("aha_ideas.lua", { args = { "acme" }, env = { AHA_TOKEN = "a-token-for-tests" } }) end

local function sum_of(id) return (simulator.record("issue", "srcid-aha-idea-" .. id).custom or {})["ARR of voters"] end

before_each(function()
  simulator.seed("company", {
    { externalId = "north", name = "Northwind", domains = { "northwind.example" } },
    { externalId = "acme", name = "Acme", domains = { "acme.example" } },
  })
  simulator.seed("license", {
    { companyId = "extid-north", externalId = "1", product = "Base", _currency = "EUR", mrr = 100, fromDate = "2020-01-01" },
    { companyId = "extid-acme", externalId = "2", product = "Base", _currency = "EUR", mrr = 10, fromDate = "2020-01-01" },
  })
end)

it("adds up what the voters of an idea pay", function()
  answer{ ["1"] = { "kim@northwind.example", "lo@acme.example", "bo@northwind.example" }, ["2"] = {} }
  local run = synchronize()
  expect(run.error).to_be_nil()
  expect(#planhat.issue.get_list()).to_be(2)
  expect(sum_of("1")).to_be(1320)
  expect(sum_of("2")).to_be_nil()
end)

it("says how to call it", function()
  expect(run_script("aha_ideas.lua").ok).to_be(false)
end)
