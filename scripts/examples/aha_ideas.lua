-- Aha! ideas: brings ideas to Planhat as issues, and adds up what the companies that
-- wait for each one pay, in a custom field.
--
--   phscript run aha_ideas.lua SUBDOMAIN
--
-- SUBDOMAIN is "acme" if your Aha! is acme.aha.io. The first run reads everything,
-- later ones what changed.
--
-- Try it with its tests, in which stubs answer for Aha!. A run with --simulate
-- reaches no other system.
--   phscript test scripts/examples/aha_ideas_test.lua
--
-- Set AHA_TOKEN to an API key of Aha!, or let "phscript connect aha" ask for it.
--
-- It needs an API token that may read companies and write issues. The companies are
-- there already, for example from your CRM; the domains of organizations and voters
-- say which ones vote for an idea.
--
-- @schedule "15 3 * * *"

local planhat = require "planhat"
local aha     = require "connectors.aha"
local report  = require "lib.report"

local subdomain = args[1]
if not subdomain then
  io.stderr:write("usage: phscript run aha_ideas.lua SUBDOMAIN\n")
  os.exit(2)
end

local did = aha.sync{ settings = { subdomain = subdomain }, streams = { "ideas" } }
print(("%s read, %d new, %d changed"):format(report.some(did.ideas.read, "idea"), did.ideas.created, did.ideas.updated))

local arr = {}
for company in planhat.company.each{ select = { "arr" } } do arr[company._id] = company.arr or 0 end

local rows = {}
for issue in planhat.issue.each{ select = { "sourceId", "companyIds", "custom" } } do
  if tostring(issue.sourceId):find("aha-idea-", 1, true) == 1 then
    local sum = 0
    for _, company in ipairs(issue.companyIds or {}) do sum = sum + (arr[company] or 0) end
    if sum ~= (issue.custom and issue.custom["ARR of voters"] or 0) then
      rows[#rows + 1] = { _id = issue._id, custom = { ["ARR of voters"] = sum } }
    end
  end
end
if #rows > 0 then report.bulk("Issues", planhat.issue.bulk_upsert(rows)) end
