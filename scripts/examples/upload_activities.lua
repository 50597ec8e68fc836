-- Upload activities: sends what users did in your product to Planhat.
--
--   phscript run upload_activities.lua [FILE]
--
-- FILE holds one JSON object on each line, as most products write their events:
--   {"id":"e-1","at":"2026-01-12T08:15:03Z","user":"ada@akerlund.example","account":"C-01","event":"login"}
--
-- Try it:
--   phscript run --simulate=scripts/examples/fixtures/tenant scripts/examples/upload_activities.lua
--
-- It needs the tenant token. Users whom Planhat does not know are created, if
-- their company is known.

local planhat = require "planhat"
local fs      = require "fs"
local json    = require "json"
local log     = require "log"
local clean   = require "lib.clean"
local report  = require "lib.report"

local file = args[1] or fs.join(fs.dirname(args[0]), "data", "events.jsonl")

-- What our product calls an event, and what it is called in Planhat. Others are
-- too noisy to be of interest.
local EVENTS = {
  login           = { action = "Logged in" },
  report_exported = { action = "Exported a report", weight = 3 },
  user_invited    = { action = "Invited a colleague", weight = 5 },
}

local activities, seen = {}, {}
local repeated, boring, nameless = 0, 0, 0
for event in json.rows(file) do
  local kind = EVENTS[event.event]
  local email = clean.email(event.user)
  if seen[event.id] then
    repeated = repeated + 1
  elseif not kind then
    boring = boring + 1
  elseif not email then
    run.reject(event, "the event names no user")
    nameless = nameless + 1
  else
    seen[event.id] = true
    activities[#activities + 1] = run.from(event, {
      email             = email,
      companyExternalId = event.account,
      action            = kind.action,
      weight            = kind.weight,
      date              = event.at,
      info              = event.details,
    })
  end
end

print(("%s: %s; left out: %d repeated, %d of no interest, %d without a user"):format(
  fs.basename(file), report.some(#activities, "activity", "activities"), repeated, boring, nameless))

-- Rows are sent in requests of up to 32 MB. The function is called after each.
local result = planhat.user_activity.bulk_create_activity(activities, {
  progress = function(done, total) log.debug("sent", { done = done, total = total }) end,
})
report.bulk("Activities", result)
