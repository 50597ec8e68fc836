-- Jira issues: brings issues to Planhat, links them to the companies that their labels
-- name, and counts the open issues of each company in a custom field.
--
--   phscript run jira_issues.lua SITE
--
-- SITE is "acme" if your Jira is acme.atlassian.net. The label customer-north links an
-- issue to the company with the external id "north". The first run reads everything,
-- later ones what changed.
--
-- Try it with its tests, in which stubs answer for Jira. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/jira_issues_test.lua
--
-- Set JIRA_EMAIL and JIRA_TOKEN to those of an Atlassian account, or let
-- "phscript connect jira" ask for them.
--
-- It needs an API token that may write issues and companies.
--
-- @schedule "30 2 * * *"

local planhat = require "planhat"
local jira    = require "connectors.jira"
local F       = require "connector.fields"
local report  = require "lib.report"

local site = args[1]
if not site then
  io.stderr:write("usage: phscript run jira_issues.lua SITE\n")
  os.exit(2)
end

local did = jira.sync{
  settings  = { site = site },
  companies = { labels = "customer-" },
  map = {
    issues = {
      archived = F.compute({ "fields.status.statusCategory.key" }, function(category) return category == "done" end),
    },
  },
}
print(("%s read, %d new, %d changed"):format(report.some(did.issues.read, "issue"), did.issues.created, did.issues.updated))

local open = {}
for issue in planhat.issue.each{ select = { "source", "archived", "companyIds" } } do
  if issue.source == "jira" and not issue.archived then
    for _, company in ipairs(issue.companyIds or {}) do open[company] = (open[company] or 0) + 1 end
  end
end

local rows = {}
for company in planhat.company.each{ select = { "custom" } } do
  local count = open[company._id] or 0
  if count ~= (company.custom and company.custom["Open issues"] or 0) then
    rows[#rows + 1] = { _id = company._id, custom = { ["Open issues"] = count } }
  end
end
if #rows > 0 then report.bulk("Companies", planhat.company.bulk_upsert(rows)) end
