-- Quickstart: import an account export into Planhat.
--
--   phscript run --simulate scripts/examples/quickstart.lua
--
-- The export, data/accounts.csv, is as messy as exports are: numbers and dates
-- in the style of six countries, duplicate lines, lines without a name or an id.
-- The script cleans what can be cleaned, sends the rest to Planhat, imports
-- next Monday's changes on top, reads the accounts back, and writes what happened
-- to every line to out/quickstart-report.csv. It rejects some lines itself, so it
-- ends with exit code 3.
--
-- With --simulate it talks to a Planhat inside this program: nothing leaves
-- your machine. Without it, it needs an API token (see docs/getting-started.md)
-- and writes to your real Planhat; try --dry-run first.

local planhat = require "planhat"
local csv     = require "csv"
local fs      = require "fs"
local clean   = require "lib.clean"
local report  = require "lib.report"

local data = fs.join(fs.dirname(args[0]), "data")

-- What the export calls a status, and what Planhat calls it.
local STATUS = { customer = "customer", prospect = "prospect", churned = "canceled" }

-- How the people who keep the export write numbers and dates: the decimal sign
-- of each country, and what 03/04/2021 means. Only they know.
local DECIMAL = { Sweden = ",", France = ",", Germany = ",", Poland = ",", ["United States"] = ".", Japan = "." }
local SLASHES = { ["United States"] = "%m/%d/%Y" }

-- One entry for each line of the files: what happened to it, and why.
local log_lines = {}

local function note(file, line, cells, outcome, reason)
  log_lines[#log_lines + 1] = {
    file = file, line = line, id = cells["Account ID"], name = cells["Account Name"],
    outcome = outcome, reason = reason,
  }
end

-- reject leaves a line out. It counts like those that Planhat rejects, and the file
-- of --rejects will have it.
local function reject(file, line, cells, reason)
  run.reject(cells, reason)
  note(file, line, cells, "rejected", reason)
end

-- read_accounts returns the accounts of a file, each with the lines it came
-- from. Lines with the same id become one account: a later cell wins, but an
-- empty one says nothing.
local function read_accounts(file)
  local accounts, by_id, lines = {}, {}, 0
  local options = { trim = true, required = { "Account ID", "Account Name" } }
  for cells, line in csv.rows(fs.join(data, file), options) do
    lines = lines + 1
    local id = cells["Account ID"]
    local known = id and by_id[id]
    if not id then
      reject(file, line, cells, "the account has no id")
    elseif known then
      for column, text in pairs(cells) do known.cells[column] = text end
      note(file, line, cells, "merged", "same account as line " .. known.line)
    else
      local account = { file = file, line = line, cells = cells }
      by_id[id] = account
      accounts[#accounts + 1] = account
    end
  end
  return accounts, lines
end

-- to_company turns the cells of an account into a Planhat company. What it
-- cannot read it leaves out, and says so in the list of remarks.
local function to_company(cells)
  local remarks = {}
  local function try(cleaner, column, notation)
    local value, why = cleaner(cells[column], notation)
    if why then remarks[#remarks + 1] = column .. ": " .. why end
    return value
  end
  local function status(text)
    local found = text and STATUS[text:lower()]
    if text and not found then return nil, "'" .. text .. "' is not a status we know" end
    return found
  end
  local function amount(text, decimal)
    if text and not decimal then return nil, "the decimal sign of " .. tostring(cells["Country"]) .. " is not known" end
    return clean.number(text, decimal)
  end
  local country, domain = cells["Country"], clean.domain(cells["Website"])
  local company = {
    externalId  = cells["Account ID"],
    name        = cells["Account Name"],
    status      = try(status, "Status"),
    domains     = domain and { domain },
    country     = country,
    city        = cells["City"],
    description = cells["Notes"],
    custom = {
      ["Segment"]        = cells["Segment"],
      ["Seats"]          = try(amount, "Seats", "."),
      ["ARR"]            = try(amount, "ARR", DECIMAL[country]),
      ["Customer Since"] = try(clean.date, "Customer Since", SLASHES[country]),
      ["Owner E-mail"]   = try(clean.email, "Owner E-mail"),
    },
  }
  return company, table.concat(remarks, "; ")
end

-- import sends the accounts of a file to Planhat and notes what happened to each.
local function import(file)
  local accounts, lines = read_accounts(file)

  local companies, sources = {}, {}
  for _, account in ipairs(accounts) do
    if account.cells["Account Name"] then
      local company, remarks = to_company(account.cells)
      account.remarks = remarks
      companies[#companies + 1] = run.from(account.cells, company)
      sources[#sources + 1] = account
    else
      reject(file, account.line, account.cells, "the account has no name")
    end
  end

  -- Which accounts does Planhat know already?
  local known = {}
  for _, company in ipairs(planhat.company.get_lean_list()) do
    if company.externalId then known[company.externalId] = true end
  end

  -- All rows go in one call. It is split into requests of the right size, and
  -- no row is lost: those that Planhat rejects are in result.errors.
  local result = planhat.company.bulk_upsert(companies)

  local rejected = {}
  for _, e in ipairs(result.errors) do
    if e.index then rejected[e.index] = e.message end
  end
  for i, account in ipairs(sources) do
    local id = account.cells["Account ID"]
    local outcome = result.planned > 0 and "planned" or "created"
    if rejected[i] then
      outcome = "rejected"
    elseif known[id] then
      outcome = result.ids[i] and "updated" or "unchanged"
    end
    note(file, account.line, account.cells, outcome, rejected[i] or account.remarks)
  end

  print(("%s: %s lines, %s accounts"):format(file, report.count(lines), report.count(#accounts)))
  report.bulk("  Planhat", result)
end

-- Import the export, and then the changes of the following Monday.
import "accounts.csv"
import "accounts_monday.csv"

-- Show what was rejected or could not be read, in the order of the lines.
table.sort(log_lines, function(a, b)
  if a.file ~= b.file then return a.file < b.file end
  return a.line < b.line
end)
local merged, rejected, remarks = 0, {}, {}
for _, entry in ipairs(log_lines) do
  if entry.outcome == "merged" then
    merged = merged + 1
  elseif entry.outcome == "rejected" then
    rejected[#rejected + 1] = entry
  elseif entry.reason ~= "" then
    remarks[#remarks + 1] = entry
  end
end
local function show(entry)
  return ("%s line %d, %s: %s"):format(entry.file, entry.line, entry.id or entry.name, entry.reason)
end
print(report.some(merged, "duplicate line") .. " merged")
print(report.some(#rejected, "line") .. " rejected by this script:")
report.first(rejected, 3, show)
print(report.some(#remarks, "account") .. " with an invalid cell, which was skipped:")
report.first(remarks, 3, show)

-- Read the customers back from Planhat, the largest first.
local customers = {}
for company in planhat.company.each{ select = { "name", "country", "status", "custom" }, sort = "name" } do
  local arr = company.custom and company.custom.ARR
  if company.status == "customer" and arr then
    customers[#customers + 1] = { name = company.name, country = company.country, arr = arr }
  end
end
table.sort(customers, function(a, b)
  if a.arr ~= b.arr then return a.arr > b.arr end
  return a.name < b.name
end)
print(("Planhat now has %s customers with an ARR; the largest are:"):format(report.count(#customers)))
for i = 1, math.min(3, #customers) do
  local c = customers[i]
  print(("  %s  %s (%s)"):format(report.count(c.arr), c.name, c.country))
end

report.save("quickstart-report.csv", log_lines, { "file", "line", "id", "name", "outcome", "reason" })
