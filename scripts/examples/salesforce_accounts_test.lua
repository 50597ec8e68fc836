-- Tests of salesforce_accounts.lua. Stubs answer in place of Salesforce.

local http = require "http"

local data = "https://acme.my.salesforce.com/services/data/v68.0/"

-- fields_of answers with the fields of an object, of which Owner and Account are relationships.
local function fields_of(object, names)
  local fields = json.array{}
  for name in names:gmatch("%S+") do fields[#fields + 1] = { name = name, type = name == "Id" and "id" or "string" } end
  for _, name in ipairs{ "Owner", "Account" } do
    fields[#fields + 1] = { name = name .. "Id", type = "reference", relationshipName = name, referenceTo = { "One", "Other" } }
  end
  http.stub{ url = data .. "sobjects/" .. object .. "/describe", json = { fields = fields } }
end

-- records answers with the records of an object.
local function records(object, list)
  http.stub{ url = data .. "query?q=SELECT+Id*FROM+" .. object .. "+*", json = { totalSize = #list, done = true, records = json.array(list) } }
end

local function synchronize()
  return run_script("salesforce_accounts.lua", { args = { "acme.my.salesforce.com" }, env = { SALESFORCE_TOKEN = "a-token-for-tests" } })
end

local function deal(id, amount, closed)
  return { Id = id, AccountId = "001R00000033JNu", Name = "Deal", StageName = "Negotiation", IsClosed = closed, IsWon = false, Amount = amount }
end

before_each(function()
  fields_of("Account", "Id Name Website BillingCountry Description Industry")
  fields_of("Opportunity", "Id Name StageName IsClosed IsWon CloseDate Amount")
  http.stub{ url = data .. "query*", json = { totalSize = 0, done = true, records = json.array{} } }
  records("Account", { { Id = "001R00000033JNuIAM", Name = "Northwind", Website = "www.northwind.example", Industry = "Energy" } })
end)

it("brings customers and adds up their open deals", function()
  records("Opportunity", { deal("006R00000033JNuIAM", 1200, false), deal("006R00000033JNvIAM", 800, false), deal("006R00000033JNwIAM", 500, true) })
  local run = synchronize()
  expect(run.error).to_be_nil()
  local company = assert(simulator.record("company", "srcid-001R00000033JNuIAM"))
  expect(company.status).to_be("customer")
  expect(company.domains).to_equal{ "northwind.example" }
  expect(company.custom.Industry).to_be("Energy")
  expect(company.custom["Open deals"]).to_be(2000)
  expect(#planhat.opportunity.get_list()).to_be(3)
end)

it("names a field that the user may not read", function()
  fields_of("Account", "Id Name Website BillingCountry Description")
  records("Opportunity", {})
  local run = synchronize()
  expect(run.ok).to_be(false)
  expect(run.error.message:find('no record of accounts has "Industry", which custom.Industry is mapped to', 1, true) ~= nil).to_be(true)
end)

it("says how to call it", function()
  expect(run_script("salesforce_accounts.lua").ok).to_be(false)
end)
