--- Connects {{title}}.
---
--- To adapt it, replace the address, the paths and the fields with those that
--- {{title}} documents. See 'phscript doc connectors#write-a-connector'.

local C, F = require "connector", require "connector.fields"

local {{ident}} = C.new{
  name = "{{name}}", title = "{{title}}", base = "https://api.{{host}}.example/v1", version = "v1",
  auth = C.bearer("{{VARIABLE}}"),
  rate = { "60/1m" },
}

{{ident}}:stream("accounts", {
  into = "company", permissions = { "accounts:read" },
  cursor = C.since{ format = "iso", overlap = 300 },
  scan = function()
    return { get = "/accounts", items = "accounts", next = "next_page", send = "page" }
  end,
  delta = function(_, since)
    return { get = "/accounts", query = { updated_since = since }, items = "accounts", next = "next_page", send = "page" }
  end,
  map = {
    sourceId = "id",
    name = F.required("name", "the account has no name"),
    domains = F.domains("website"),
  },
})

require("connector.setup").add{
  name = "{{name}}", title = "{{title}}", connection = {{ident}},
  steps = { "In {{title}}, create an API key that can read accounts." },
  credentials = { { name = "{{VARIABLE}}", what = "the API key" } },
  brings = "Brings the accounts of {{title}} to Planhat.", schedule = "15 3 * * *",
}

return {{ident}}
