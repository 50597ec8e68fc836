---@package
--- The exports that `connectors.nps_csv` knows: `local presets = require "connectors.nps_csv.presets"`.
local presets = {}

--- Returns a column's name in the form in which names are compared: lower case, with single spaces in place of `_` and `-`.
---@param name string The name.
---@return string
function presets.plain(name)
  return (tostring(name):lower():gsub("[_%-%s]+", " "):gsub("^ ", ""):gsub(" $", ""))
end

local plain = presets.plain

local emails = { "email", "email address", "e mail", "e mail address", "recipient email", "respondent email", "person email", "contact email" }
local companies = { "company id", "company external id", "account id" }
local domains = { "company domain", "domain" }

-- Returns the columns that ask how likely one is to recommend something, or are called NPS.
local function recommending(columns)
  local found = {}
  for _, column in ipairs(columns) do
    local name = plain(column)
    if name == "nps" or name == "nps score" or name:find("how likely") and name:find("recommend") then found[#found + 1] = column end
  end
  return found
end

-- Returns the columns beside which Qualtrics has written the group of promoters, passives and detractors.
local function grouped(columns)
  local has, found = {}, {}
  for _, column in ipairs(columns) do has[column] = true end
  for _, column in ipairs(columns) do
    local question = column:match("^(.+)_NPS_GROUP$")
    if question and has[question] then found[#found + 1] = question end
  end
  return #found > 0 and found or recommending(columns)
end

-- A preset: `is` reports whether an export is one of this tool, by the plain names of its columns; `fields` lists the names that a
-- column can have, in order, or has a function that finds it; `zone` is that of its times, if all exports have the same; `skip` returns why
-- a row is not an answer.
presets.list = {
  {
    name = "delighted", title = "Delighted",
    is = function(has, columns)
      if not has.score then return false end
      for _, column in ipairs(columns) do -- Delighted's properties of people begin like this
        if plain(column):find("^delighted %a") then return true end
      end
      return has.permalink
    end,
    fields = {
      id = { "survey response id", "response id", "id" }, email = emails, score = { "score", "nps score", "survey response score" },
      comment = { "comment", "survey response comment" }, answered = { "created at", "responded at", "response at", "survey response timestamp", "survey response created at" },
      sent = { "sent at", "last sent at" }, kind = { "survey type" }, company = companies, domain = domains,
    },
  },
  {
    name = "surveymonkey", title = "SurveyMonkey",
    is = function(has) return has["respondent id"] and has["collector id"] and has["end date"] end,
    fields = {
      id = { "respondent id" }, email = emails, score = recommending, answered = { "end date" }, company = companies, domain = domains,
    },
    -- The second line of the file has the answers that each question offers.
    skip = function(row) return not row["Respondent ID"] and "a line below the header" end,
  },
  {
    name = "typeform", title = "Typeform", zone = "UTC",
    is = function(has) return has["#"] and has["submit date (utc)"] end,
    fields = { id = { "#" }, email = emails, score = recommending, answered = { "submit date (utc)" }, company = companies, domain = domains },
    skip = function(row)
      local kind = row["Response Type"]
      return kind and kind ~= "completed" and "a response that was not completed"
    end,
  },
  {
    name = "qualtrics", title = "Qualtrics",
    is = function(has) return has.responseid and has.recordeddate end,
    fields = {
      id = { "responseid" }, email = { "recipientemail", unpack(emails) }, score = grouped, answered = { "recordeddate" },
      company = companies, domain = domains,
    },
    -- Below the header are the texts of the questions, and their ids as JSON. Previews and tests do not come from customers.
    skip = function(row)
      local id, status = row.ResponseId or "", row.Status or ""
      if id == "Response ID" or id:find("ImportId", 1, true) then return "a line below the header" end
      if status:find("Preview", 1, true) or status:find("Test", 1, true) then return "a preview or a test" end
    end,
  },
  {
    name = "google_forms", title = "Google Forms",
    is = function(_, columns) return plain(columns[1] or "") == "timestamp" end,
    fields = { email = { "email address", "username", unpack(emails) }, score = recommending, answered = { "timestamp" }, company = companies, domain = domains },
  },
}

--- The preset of files whose columns the caller names.
---@type table
presets.own = { name = "survey", title = "the survey tool", fields = {} }

--- Returns the preset with a name.
---@param name string The name.
---@return table
function presets.named(name)
  local names = {}
  for _, preset in ipairs(presets.list) do
    if preset.name == name then return preset end
    names[#names + 1] = preset.name
  end
  error(("NPS import: unknown preset %q; there are %s. For other tools, name the columns with option 'columns'"):format(tostring(name), table.concat(names, ", ")), 0)
end

--- Returns the preset of an export with these columns, or nil.
---@param columns string[] The names of the columns.
---@return table?
function presets.of(columns)
  local has = {}
  for _, column in ipairs(columns) do has[plain(column)] = true end
  for _, preset in ipairs(presets.list) do
    if preset.is(has, columns) then return preset end
  end
end

return presets
