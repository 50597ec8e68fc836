-- Tests of productboard_requests.lua. Stubs answer in place of Productboard.

local http = require "http"

local api = "https://api.productboard.com/v2/"

-- feature makes a feature of Productboard.
local function feature(id, status)
  return { id = id, type = "feature", links = { html = "https://acme.productboard.com/" .. id },
    fields = { name = "Feature " .. id, description = "<p>Soon</p>", status = { name = status }, archived = false } }
end

-- note makes a note of a company about features.
local function note(id, company, ...)
  local related = json.array{ { type = "customer", target = { id = company, type = "company" } } }
  for _, about in ipairs{ ... } do related[#related + 1] = { type = "link", target = { id = about, type = "feature" } } end
  return { id = id, type = "textNote", links = { html = "https://acme.productboard.com/" .. id }, relationships = { data = related },
    fields = { name = "Note " .. id, content = "Please.", processed = false, archived = false } }
end

-- answer sets what Productboard has.
local function answer(features, notes)
  http.stub{ url = api .. "entities", json = { data = features, links = { next = json.null } } }
  http.stub{ url = api .. "notes", json = { data = notes, links = { next = json.null } } }
  http.stub{ url = api .. "entities/c1", json = { data = { id = "c1", type = "company", fields = { name = "Northwind", domain = "northwind.example" } } } }
end

local function synchronize() return run_script("productboard_requests.lua", { env = { PRODUCTBOARD_TOKEN = "a-token-for-tests" } }) end

local function requests() return (simulator.record("company", "extid-north").custom or {})["Open requests"] end

before_each(function()
  simulator.seed("company", { { externalId = "north", name = "Northwind", domains = { "northwind.example" } } })
end)

it("counts the open features that a company asks for", function()
  answer({ feature("f1", "Planned"), feature("f2", "Released"), feature("f3", "Planned") }, { note("n1", "c1", "f1", "f2") })
  local run = synchronize()
  expect(run.error).to_be_nil()
  expect(#planhat.issue.get_list()).to_be(4)
  expect(requests()).to_be(1)
end)

it("changes the count when a feature is released", function()
  answer({ feature("f1", "Planned") }, { note("n1", "c1", "f1") })
  synchronize()
  answer({ feature("f1", "Released") }, { note("n1", "c1", "f1") })
  expect(synchronize().error).to_be_nil()
  expect(requests()).to_be(0)
end)
