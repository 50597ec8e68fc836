-- Tests of calendar_meetings.lua. Stubs answer in place of Google.

local http = require "http"

local events = "https://www.googleapis.com/calendar/v3/calendars/am%40acme.example/events"

-- meeting makes an event some days from now with guests.
local function meeting(id, days, ...)
  local at, guests = time.now() + days * 86400, {}
  for i, email in ipairs{ ... } do guests[i] = { email = email, responseStatus = "accepted" } end
  return { id = id, status = "confirmed", summary = "Meeting " .. id, organizer = { email = "am@acme.example", self = true },
    start = { dateTime = time.format(at) }, ["end"] = { dateTime = time.format(at + 3600) }, attendees = guests }
end

local function synchronize(items, ...)
  http.stub{ url = events, json = { kind = "calendar#events", accessRole = "owner", items = json.array(items), nextSyncToken = "s" } }
  return run_script("calendar_meetings.lua", { args = { "am@acme.example", ... }, env = {
    GOOGLE_CALENDAR_CLIENT_ID = "app", GOOGLE_CALENDAR_CLIENT_SECRET = "a-secret-for-tests", GOOGLE_CALENDAR_REFRESH_TOKEN = "a-token-for-tests",
  } })
end

before_each(function()
  http.stub{ url = "https://oauth2.googleapis.com/token", json = { access_token = "t", token_type = "Bearer", expires_in = 3599 } }
  simulator.seed("company", {
    { externalId = "north", name = "Northwind", status = "customer", domains = { "northwind.example" } },
    { externalId = "acme", name = "Umbrella", status = "customer", domains = { "umbrella.example" } },
    { externalId = "globex", name = "Globex", status = "customer", domains = { "globex.example" } },
    { externalId = "new", name = "Initech", status = "prospect", domains = { "initech.example" } },
  })
end)

it("lists customers that nobody has met for a while", function()
  local run = synchronize{
    meeting("1", -100, "kim@northwind.example", "am@acme.example"), meeting("2", -90, "lo@umbrella.example"), meeting("3", 10, "lo@umbrella.example"), meeting("4", -1, "me@elsewhere.example"),
  }
  expect(run.error).to_be_nil()
  expect(#planhat.task.get_list()).to_be(3)
  expect(run.files["out/unmet.csv"]).to_be("name,met\nGlobex,\nNorthwind," .. time.format(time.now() - 100 * 86400, "%Y-%m-%d") .. "\n")
end)

it("takes another number of days", function()
  local run = synchronize({ meeting("1", -100, "kim@northwind.example") }, "200")
  expect(run.files["out/unmet.csv"]:find("Northwind", 1, true)).to_be_nil()
end)

it("says how to call it", function()
  expect(run_script("calendar_meetings.lua").ok).to_be(false)
end)
