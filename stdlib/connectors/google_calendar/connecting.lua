---@package
--- How Google Calendar is connected, for its connector.
local connecting = {}

local setup = require "connector.setup"

--- Declares it for `phscript connect`.
---@param connection table What `connector.new` returned.
function connecting.add(connection)
setup.add{
  name = "google_calendar", title = "Google Calendar", connection = connection,
  ways = {
    {
      name = "browser", title = "a person authorizes an app in the browser, for the calendars that this person can read",
      steps = {
        "In Google Cloud (console.cloud.google.com), choose a project, and enable the Google Calendar API under APIs & Services, Library.",
        "Under Google Auth Platform, Branding, name the app. Under Audience, choose the user type Internal. If you cannot, choose External and publish the app: Google ends authorizations of apps in the status Testing after seven days.",
        "Under Clients, create a client of the type Desktop app, and copy its client ID and its client secret.",
        "When this command shows an address, open it in a browser on this machine, and allow the app to see the events.",
      },
      credentials = {
        { name = "GOOGLE_CALENDAR_CLIENT_ID", what = "the client ID of the app", shown = true },
        { name = "GOOGLE_CALENDAR_CLIENT_SECRET", what = "the client secret of the app" },
      },
    },
    {
      name = "key", title = "a service account reads in the name of any person of your Google Workspace, which an administrator allows",
      steps = {
        "In Google Cloud (console.cloud.google.com), choose a project, and enable the Google Calendar API under APIs & Services, Library.",
        "Under IAM & Admin, Service Accounts, create a service account, and a key of the type JSON for it, which is downloaded as a file. The page of the account shows its numeric client ID.",
        "In the Google Admin console, under Security, Access and data control, API controls, Domain-wide delegation, add that client ID with the scope https://www.googleapis.com/auth/calendar.events.readonly.",
      },
      credentials = { { name = "GOOGLE_CALENDAR_KEY", what = "the JSON file of the service account's key", file = true } },
    },
  },
  settings = { { name = "user", what = "the e-mail address of the person whose calendar is read" } },
  script = [[
-- Brings meetings with customers from Google Calendar to Planhat.
-- @schedule "30 * * * *"
local calendar = require "connectors.google_calendar"

calendar.sync{
  missing = "report", -- what was cancelled: report, archive or delete
}
]],
  test = [[
local http = require "http"

it("brings meetings to Planhat", function()
  local company = planhat.company.create{ name = "Northwind", domains = { "northwind.example" } }
  http.stub{ url = "https://oauth2.googleapis.com/token", json = { access_token = "t", token_type = "Bearer", expires_in = 3599 } }
  http.stub{ url = "https://www.googleapis.com/calendar/v3/calendars/*/events", json = {
    kind = "calendar#events", accessRole = "owner", nextSyncToken = "a",
    items = { {
      id = "review", status = "confirmed", summary = "Business review", start = { dateTime = "2026-11-24T10:00:00+01:00" }, ["end"] = { dateTime = "2026-11-24T11:00:00+01:00" },
      attendees = { { email = "kim@northwind.example", responseStatus = "accepted" } },
    } },
  } }

  local run = run_script("google_calendar.lua", { env = { GOOGLE_CALENDAR_CLIENT_ID = "planhat", GOOGLE_CALENDAR_CLIENT_SECRET = "a-secret-for-tests" } })

  expect(run.error).to_be_nil()
  local task = planhat.task.get_list()[1]
  expect(task.action).to_be("Business review")
  expect(task.companyId).to_be(company._id)
end)
]],
}
end

return connecting
