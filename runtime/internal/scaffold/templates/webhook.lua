-- Handles one event that another system sends to a webhook of phscript serve. To try it,
-- change the body of the event in the file and run:
--
--   phscript run --simulate --event {{base}}_event.json {{script}}
--
-- An event that comes twice changes nothing the second time.
--
-- @writes company

local webhook = require "webhook"

local event = webhook.event().body
if type(event) ~= "table" or type(event.type) ~= "string" then
  error("the event is not a JSON object with a type", 0)
end

-- handlers has a function for each type of event.
local handlers = {}

handlers["account.renamed"] = function(account)
  planhat.company.bulk_upsert{ { externalId = account.id, name = account.name } }
end

handlers["account.closed"] = function(account)
  planhat.company.update("extid-" .. account.id, { status = "lost" })
end

local handle = handlers[event.type]
if not handle then
  -- Other systems add types of events, so an unknown one is not an error.
  log.info("event ignored", { id = event.id, type = event.type })
  return
end

local account = event.account
if type(account) ~= "table" or type(account.id) ~= "string" or account.id == "" then
  error(("event %s has no account.id"):format(tostring(event.id)), 0)
end
handle(account)
log.info("event handled", { id = event.id, type = event.type })
