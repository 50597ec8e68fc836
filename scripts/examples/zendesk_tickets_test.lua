-- Tests of zendesk_tickets.lua. Stubs answer in place of Zendesk.

local http = require "http"

local api = "https://acme.zendesk.com/api/v2/incremental/"

-- person makes a user of Zendesk.
local function person(id, email)
  return { id = id, name = "Person " .. id, email = email or json.null, role = "end-user", active = true, organization_id = json.null, phone = json.null, tags = json.array{} }
end

-- ticket makes a ticket of a person.
local function ticket(id, requester, status, priority)
  return { id = id, subject = "Ticket " .. id, description = "It does not work.", status = status, priority = priority or json.null, type = json.null,
    requester_id = requester, assignee_id = json.null, organization_id = json.null, tags = json.array{}, created_at = "2026-01-05T08:00:00Z" }
end

-- export answers with what Zendesk exports.
local function export(people, tickets)
  http.stub{ url = api .. "users/cursor.json", json = { users = people, after_cursor = "u", end_of_stream = true } }
  http.stub{ url = api .. "tickets/cursor.json", json = { tickets = tickets, users = people, after_cursor = "t", end_of_stream = true } }
end

local function synchronize() return run_script("zendesk_tickets.lua", { args = { "acme" }, env = { ZENDESK_TOKEN = "a-token-for-tests" } }) end

local function open_tickets() return (simulator.record("company", "extid-north").custom or {})["Open tickets"] end

before_each(function()
  simulator.seed("company", { { externalId = "north", name = "Northwind", domains = { "northwind.example" } } })
end)

it("brings tickets and counts the open ones", function()
  export({ person(1, "kim@northwind.example") }, { ticket(11, 1, "open", "urgent"), ticket(12, 1, "solved") })
  local run = synchronize()
  expect(run.error).to_be_nil()
  local tickets = planhat.ticket.get_list()
  expect(#tickets).to_be(2)
  for _, one in ipairs(tickets) do
    if one.title == "Ticket 11" then expect(one.severity).to_be("critical") end
  end
  expect(open_tickets()).to_be(1)
end)

it("rejects tickets of people without an e-mail address", function()
  local silent = person(2)
  export({ silent }, { ticket(13, 2, "open") })
  local run = synchronize()
  expect(#planhat.ticket.get_list()).to_be(0)
  expect(#run.rejected).to_be(1)
end)

it("says how to call it", function()
  expect(run_script("zendesk_tickets.lua").ok).to_be(false)
end)
