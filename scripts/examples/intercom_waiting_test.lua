-- Tests of intercom_waiting.lua. Stubs answer in place of Intercom.

local http = require "http"

local api = "https://api.intercom.io/"
local none = { total_pages = 0 }

-- talk makes a conversation that Kim began some days ago.
local function talk(id, days, state)
  return { id = id, title = "Question " .. id, state = state, admin_assignee_id = json.null, created_at = time.now() - days * 86400,
    contacts = { contacts = { { id = "kim" } } }, source = { body = "<p>Hello</p>", author = { type = "user", email = "kim@northwind.example", name = "Kim" } } }
end

local function synchronize(talks, ...)
  http.stub{ url = api .. "conversations/search", json = { conversations = json.array(talks), pages = none } }
  return run_script("intercom_waiting.lua", { args = { ... }, env = { INTERCOM_TOKEN = "a-token-for-tests" } })
end

before_each(function()
  simulator.seed("user", { { email = "ada@acme.example", firstName = "Ada", lastName = "Berg" } })
  simulator.seed("company", { { sourceId = "ic-north", name = "Northwind", owner = simulator.records("user")[1]._id } })
  http.stub{ url = api .. "admins", json = { admins = json.array{} } }
  http.stub{ url = api .. "companies/scroll", json = { data = { { id = "north", name = "Northwind" } }, scroll_param = "s" } }
  http.stub{ url = api .. "companies/scroll?scroll_param=s", json = { data = json.array{}, scroll_param = "s" } }
  http.stub{ url = api .. "contacts/search", json = { pages = none, data = {
    { id = "kim", email = "kim@northwind.example", name = "Kim", phone = json.null, companies = { data = { { id = "north" } } } },
  } } }
  http.stub{ url = api .. "conversations/deleted?*", json = { conversations = json.array{}, pages = none } }
end)

it("lists the conversations that are open for days", function()
  local run = synchronize{ talk("1", 4, "open"), talk("2", 9, "open"), talk("3", 1, "open"), talk("4", 9, "closed") }
  expect(run.error).to_be_nil()
  expect(#planhat.ticket.get_list()).to_be(4)
  expect(run.files["out/waiting.csv"]).to_be("days,owner,company,email,title\n" ..
    "9,Ada Berg,Northwind,kim@northwind.example,Question 2\n4,Ada Berg,Northwind,kim@northwind.example,Question 1\n")
end)

it("takes another number of days", function()
  local run = synchronize({ talk("1", 4, "open"), talk("2", 9, "open") }, "7")
  expect(run.files["out/waiting.csv"]).to_match("Question 2")
  expect(run.files["out/waiting.csv"]:find("Question 1", 1, true)).to_be_nil()
end)

it("says how to call it", function()
  expect(synchronize({}, "soon").ok).to_be(false)
end)
