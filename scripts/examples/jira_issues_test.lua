-- Tests of jira_issues.lua. Stubs answer in place of Jira.

local http = require "http"

local api = "https://api.atlassian.com/ex/jira/c-1/rest/api/3/"

-- issue makes an issue of Jira.
local function issue(id, category, labels)
  return { id = tostring(id), key = "APP-" .. id, fields = {
    summary = "Issue " .. id, description = json.null, priority = { name = "High" }, created = "2026-01-05T08:00:00.000+0000", labels = json.array(labels),
    status = { name = category, statusCategory = { key = category } },
  } }
end

-- search answers with issues.
local function search(issues)
  local fields = {}
  for i, id in ipairs{ "summary", "description", "priority", "created", "labels", "status" } do fields[i] = { id = id } end
  http.stub{ url = "https://acme.atlassian.net/_edge/tenant_info", json = { cloudId = "c-1" } }
  http.stub{ url = api .. "myself", json = { accountId = "a-1" } }
  http.stub{ url = api .. "field", json = fields }
  http.stub{ method = "POST", url = api .. "search/jql", json = { issues = issues, isLast = true } }
end

local function synchronize()
  return run_script("jira_issues.lua", { args = { "acme" }, env = { JIRA_EMAIL = "sync@acme.example", JIRA_TOKEN = "a-token-for-tests" } })
end

local function open_issues() return (simulator.record("company", "extid-north").custom or {})["Open issues"] end

before_each(function()
  simulator.seed("company", { { externalId = "north", name = "Northwind" } })
end)

it("links issues and counts the open ones", function()
  search{ issue(11, "new", { "customer-north", "ui" }), issue(12, "done", { "customer-north" }), issue(13, "new", {}) }
  local run = synchronize()
  expect(run.error).to_be_nil()
  expect(#planhat.issue.get_list()).to_be(3)
  expect(planhat.issue.get_by_id("srcid-jira-12").archived).to_be(true)
  expect(open_issues()).to_be(1)
end)

it("changes nothing when it runs again", function()
  search{ issue(11, "new", { "customer-north" }) }
  synchronize()
  local run = synchronize()
  expect(run.error).to_be_nil()
  expect(open_issues()).to_be(1)
end)

it("says how to call it", function()
  expect(run_script("jira_issues.lua").ok).to_be(false)
end)
