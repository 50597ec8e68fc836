--- Imports the answers of NPS surveys from files that survey tools export: `local nps_csv = require "connectors.nps_csv"`.
---
--- It knows the columns of Delighted, SurveyMonkey, Typeform, Qualtrics and Google Forms, in CSV files and Excel workbooks. For other
--- tools, you name the columns.
local nps_csv = {}

local crypto, customers, presets, tables, xlsx = require "crypto", require "connector.customers", require "connectors.nps_csv.presets", require "tables", require "xlsx"

local plain = presets.plain

-- What a column can hold, in the order in which errors name it.
local purposes = { "id", "email", "score", "comment", "answered", "sent", "company", "domain", "kind" }

local known = {
  path = "string", preset = "string", columns = "table", zone = "string", date_format = "string", source = "string", prefix = "string", scale = "string",
  separator = "string", encoding = "string", sheet = "string", skip = "number", strict = "boolean",
}

-- How many scores from 1 to 5, and no other, say that a file has another scale.
local telling = 10

local advice = "Planhat's NPS takes whole numbers from 0 to 10; import scores of another scale, such as CSAT, into custom fields or metrics"

local function fail(text, ...) error("NPS import: " .. text:format(...), 0) end

local function check_options(options)
  if type(options) ~= "table" then error("NPS import: pass a table, such as { path = \"delighted.csv\", preset = \"delighted\" }", 3) end
  for name, value in pairs(options) do
    local kind = known[name]
    if not kind then
      local names = tables.keys(known)
      table.sort(names)
      fail("unknown option %q; there are %s", tostring(name), table.concat(names, ", "))
    end
    if type(value) ~= kind then fail("option '%s' must be a %s, not %s", name, kind, type(value)) end
  end
  if not options.path then fail("option 'path' is missing: the file to import") end
  if options.scale and options.scale ~= "0-10" then fail("option 'scale' can only be \"0-10\", which says that the scores are NPS although none is above 5") end
end

-- A file: its columns, and an iterator over its rows with their lines and the rows that are not valid.
local function open(options)
  local reader, how = csv, { repeated = "rename", trim = true, on_error = "collect", skip = options.skip }
  if options.path:lower():match("%.xlsx$") then
    reader, how.sheet = xlsx, options.sheet
  else
    how.separator, how.encoding = options.separator, options.encoding
  end
  local naming = { repeated = "rename", skip = options.skip, sheet = how.sheet, separator = how.separator, encoding = how.encoding }
  return reader.columns(options.path, naming), function() return reader.rows(options.path, how) end
end

-- Returns the columns that a preset's field can be, best first.
local function candidates(wanted, columns)
  if type(wanted) == "function" then return wanted(columns), true end
  for _, name in ipairs(wanted or {}) do
    local found = {}
    for _, column in ipairs(columns) do
      local base = column:match("^(.+)_%d+$")
      if plain(column) == name or base and tables.find(columns, function(other) return other == base end) and plain(base) == name then found[#found + 1] = column end
    end
    if #found > 0 then return found end
  end
  return {}
end

local function shown(names)
  local list = {}
  for i, name in ipairs(names) do list[i] = ("%q"):format(name) end
  return table.concat(list, ", ")
end

-- Says how to name a column.
local function naming(purpose) return ("name it with columns = { %s = \"the column's name\" }"):format(purpose) end

-- Returns the column of each purpose: those that the options name, and otherwise those of the preset.
local function find_columns(options, preset, columns)
  local found, own, has = {}, {}, {}
  for _, column in ipairs(columns) do has[column] = true end
  local allowed = {}
  for _, purpose in ipairs(purposes) do allowed[purpose] = true end
  for purpose, column in pairs(options.columns or {}) do
    local custom = tostring(purpose):match("^custom%..+")
    if not allowed[purpose] and not custom then fail("option 'columns' has %q; it takes %s, and custom fields such as [\"custom.Plan\"]", tostring(purpose), table.concat(purposes, ", ")) end
    if column and not has[column] then fail("%s has no column %q; it has %s", options.path, tostring(column), shown(columns)) end
    if custom then own[purpose] = column else found[purpose] = column end
  end
  for _, purpose in ipairs(purposes) do
    if found[purpose] == nil then
      local there = candidates(preset.fields[purpose], columns)
      if #there > 1 then fail("%s has several columns that can be the %s: %s; %s", options.path, purpose, shown(there), naming(purpose)) end
      found[purpose] = there[1]
    end
  end
  for _, purpose in ipairs{ "email", "score" } do
    if not found[purpose] then
      fail("no column of %s is the %s of an answer of %s; %s. The columns are %s", options.path, purpose, preset.title, naming(purpose), shown(columns))
    end
  end
  if not found.id and not found.answered then fail("%s needs a column with the id of each answer, or with its time; %s. The columns are %s", options.path, naming("answered"), shown(columns)) end
  return found, own
end

-- Returns the preset: the one that the options name, or the one whose columns the file has.
local function find_preset(options, columns)
  if options.preset then return presets.named(options.preset) end
  local preset = presets.of(columns)
  if preset then return preset end
  local named = options.columns or {}
  if named.email and named.score then return presets.own end
  local lines = {}
  for _, one in ipairs(presets.list) do lines[#lines + 1] = one.name end
  fail("%s is not an export of a tool that this module knows (%s). Its columns are %s. Say which preset it is, or name the columns: columns = { email = \"...\", score = \"...\", answered = \"...\" }",
    options.path, table.concat(lines, ", "), shown(columns))
end

-- The longest id of an answer in Planhat, in bytes.
local longest_id = 300

-- Returns a text without control characters, those of ASCII and of Unicode, except the characters in kept, and how many it had.
local function cleaned(text, kept)
  local count = 0
  local function drop(c)
    if kept and kept:find(c, 1, true) then return c end
    count = count + 1
    return ""
  end
  text = text:gsub("%c", drop):gsub("\194[\128-\159]", drop)
  return text, count
end

local function has_controls(text) return select(2, cleaned(text)) > 0 end

-- Returns a text in quotes, with control characters as numbers.
local function quoted(text)
  return '"' .. text:gsub("%c", function(c) return ("\\%03d"):format(c:byte()) end):gsub("\194([\128-\159])", function(c) return ("\\u%04X"):format(c:byte()) end) .. '"'
end

-- Returns a text to store, without control characters other than tabs and line breaks, or nil if nothing else is in it.
local function stored(cell)
  if type(cell) ~= "string" then return cell end
  local text = cleaned(cell, "\t\r\n")
  return text:find("%S") and text or nil
end

-- Signs that make a number negative but are not those of ASCII.
local minus = { "\226\136\146", "\239\188\141", "\239\185\163" }

-- Words in a label that give the number another meaning.
local signs = { minus = true, negative = true }
local units = { star = true, stars = true, point = true, points = true, percent = true }

-- Reports whether one of these words is in a text.
local function has_word(text, words)
  for word in text:lower():gmatch("%a+") do
    if words[word] then return true end
  end
  return false
end

-- Returns a score and its label, if the text is one or both: `9`, `9.0`, `10 - Extremely likely`, `10: Extremely likely`, `Extremely likely (10)`.
local function split(text)
  local digits = text:match("^%d+$") or text:match("^(%d+)[.,]00?$")
  if digits then return digits end
  local label
  for _, pattern in ipairs{ "^(%d+)%s+%-%s+(.+)$", "^(%d+)%s*[:=]%s*(.+)$", "^(%d+)%s+%((.+)%)$" } do
    digits, label = text:match(pattern)
    if digits then return digits, label end
  end
  for _, pattern in ipairs{ "^(.+)%s+%-%s+(%d+)$", "^(.+)%s*[:=]%s*(%d+)$", "^(.+)%s+%((%d+)%)$" } do
    label, digits = text:match(pattern)
    if digits then return digits, label end
  end
end

-- Reports whether a label leaves no doubt about the number beside it.
local function clear(label)
  return label:find("^[%a\128-\255]") and not label:find("[%d%%/]") and not has_controls(label) and not has_word(label, signs)
end

-- Returns the score of a cell, or nil and why there is none.
local function score_of(cell)
  local text = tostring(cell)
  local low = text:lower()
  local digits, label = split((text:gsub("\194\160", " "):gsub("\226\128[\147\148]", "-"))) -- spaces that do not break, and dashes
  local other = text:find("★", 1, true) or text:find("⭐", 1, true) or low:find("%d%s*/%s*%d") or low:find("%d%s+out%s+of%s+%d")
  if other or low:find("^%d+[%s-]*%a") and has_word(low, units) or label and has_word(label, units) then return nil, ("the score %s is of another scale; %s"):format(quoted(text), advice) end
  for _, sign in ipairs(minus) do
    if text:find(sign, 1, true) then digits = nil end
  end
  if not digits or label and not clear(label) then
    return nil, ("the score %s is not a whole number from 0 to 10, alone or with its label, such as \"10 - Extremely likely\""):format(quoted(text))
  end
  local score = tonumber(digits)
  if score > 10 then return nil, ("the score %s is above 10; %s"):format(quoted(text), advice) end
  return score
end

-- Returns a date of Google Forms as ISO 8601: `2026/09/27 3:00:00 PM GMT+5:30`.
local function of_google(text)
  local y, m, d, hour, rest, half, zone = text:match("^(%d%d%d%d)/(%d+)/(%d+) (%d+)(:%d+:%d+) ([AP]M)%s*(.*)$")
  if not y then return text end
  hour = tonumber(hour) % 12 + (half == "PM" and 12 or 0)
  local sign, hours, minutes = zone:match("^GMT([+-])(%d+):?(%d*)$")
  local offset = sign and ("%s%02d:%02d"):format(sign, tonumber(hours), tonumber(minutes) or 0) or zone == "GMT" and "Z" or ""
  return ("%s-%02d-%02dT%02d%s%s"):format(y, tonumber(m), tonumber(d), hour, rest, offset)
end

-- Returns a date as Planhat takes it, or nil and why it cannot be read. Stops if the date is a time without a zone, and none is set.
local function date_of(job, cell)
  local text = of_google(tostring(cell))
  if #text == 13 and text:find("^%d+$") then text = text:sub(1, 10) end -- milliseconds
  local zone = job.options.zone or job.preset.zone
  local epoch = #text == 10 and text:find("^%d+$")
  local function read(where) return time.try_parse(text, { zone = where, format = not epoch and job.options.date_format or nil }) end
  local at, why = read(zone or "UTC")
  if not at then return nil, why end
  local day = text:find("^%d%d%d%d%-%d%d%-%d%d$") or text:find("^%d%d%d%d%d%d%d%d$")
  if not zone and not day and read("Asia/Tokyo") ~= at then
    fail("the times of %s, such as %s, do not say in which zone they are; set zone to that of your account, such as \"Europe/Berlin\" or \"UTC\"", job.options.path, quoted(text))
  end
  return time.format(at)
end

-- Returns why a row is not an answer to import, or nil: a line below the header, the header again, or an answer without a score.
local function left_out(job, row)
  local again = true
  for _, purpose in ipairs{ "id", "email", "score", "answered" } do
    local column = job.columns[purpose]
    if column then again = again and row[column] == column end
  end
  return again and "the header again" or job.preset.skip and job.preset.skip(row) or row[job.columns.score] == nil and "an answer without a score"
end

-- Returns the record of a row, or nil and why there is none.
local function record_of(job, row)
  local columns, options = job.columns, job.options
  local kind = columns.kind and row[columns.kind]
  if kind and plain(kind) ~= "nps" then return nil, ("the answer is to a survey of the kind %s, not NPS; %s"):format(quoted(tostring(kind)), advice) end
  local score, why = score_of(row[columns.score])
  if not score then return nil, why end
  local email = row[columns.email] and tostring(row[columns.email])
  if not email then return nil, "the answer has no e-mail address, and Planhat needs one" end
  if not email:find("^[^%s@,;]+@[^%s@,;]+%.[^%s@,;]+$") or has_controls(email) then return nil, ("%s is not an e-mail address"):format(quoted(email)) end
  local record = { source = job.source, email = email, score = score, comment = columns.comment and stored(row[columns.comment]) or nil }
  for purpose, property in pairs{ answered = "dateAnswered", sent = "dateSent" } do
    local cell = columns[purpose] and row[columns[purpose]]
    if cell then
      record[property], why = date_of(job, cell)
      if not record[property] then return nil, ("%s: %s"):format(columns[purpose], why) end
    end
  end
  local id = columns.id and row[columns.id]
  if not id then
    if not record.dateAnswered then return nil, "the answer has no id and no time, so it cannot be told from others" end
    id = crypto.hash("sha256", email:lower() .. " " .. record.dateAnswered):sub(1, 24)
  end
  record.sourceId = (options.prefix or job.source .. "-") .. id
  if has_controls(record.sourceId) then return nil, ("the id %s has control characters"):format(quoted(tostring(id))) end
  if #record.sourceId > longest_id then return nil, ("the id in Planhat would be longer than %d bytes"):format(longest_id) end
  if job.company then
    local key, domain = columns.company and row[columns.company], columns.domain and row[columns.domain]
    record.cId = (key or domain) and job.company{ key = key, domain = domain } or nil
  end
  for property, column in pairs(job.own) do
    record.custom = record.custom or {}
    record.custom[property:match("^custom%.(.+)$")] = stored(row[column])
  end
  return record
end

-- Reads the file before anything is sent: stops if it has no scores, or those of another scale, times without a zone, or no date that can be read.
local function look(job)
  local rows, scored, low, highest, dates, bad = 0, 0, 0, -1, 0, nil
  for row in job.rows() do
    if row and not left_out(job, row) then
      local score = score_of(row[job.columns.score])
      if score then
        scored, highest = scored + 1, math.max(highest, score)
        if score >= 1 and score <= 5 then low = low + 1 end
      end
      local answered, sent = job.columns.answered and row[job.columns.answered], job.columns.sent and row[job.columns.sent]
      if answered then
        local at, why = date_of(job, answered)
        if at then dates = dates + 1 else bad = bad or why end
      end
      if sent then date_of(job, sent) end
    end
    rows = rows + 1
  end
  if bad and dates == 0 then fail("no date in %q can be read: %s; set date_format, such as \"%%m/%%d/%%Y %%H:%%M:%%S\"", job.columns.answered, bad) end
  if rows > 0 and scored == 0 then fail("no row of %s has a score from 0 to 10 in %q; %s", job.options.path, job.columns.score, naming("score")) end
  if scored >= telling and low == scored and job.options.scale ~= "0-10" then
    fail("all %d scores in %q are from 1 to 5, as those of CSAT are; %s. If they are NPS, set scale = \"0-10\"", scored, job.columns.score, advice)
  end
end

--- Imports a file of NPS answers, and returns what was done. Only answers that are new or differ are sent. A row that cannot become an answer is
--- rejected with its line; `phscript run --rejects rejects.csv` writes these rows to a file.
---@param options { path: string, preset: string?, columns: table<string, string>?, zone: string?, date_format: string?, source: string?, prefix: string?, scale: string?, separator: string?, encoding: string?, sheet: string?, skip: number?, strict: boolean? } `path`: the file, CSV or `.xlsx`; `preset`: `delighted`, `surveymonkey`, `typeform`, `qualtrics` or `google_forms`, by default the one whose columns the file has; `columns`: the names of columns, by what they hold: `id`, `email`, `score`, `comment`, `answered`, `sent`, `company`, `domain`, `kind` and custom fields such as `custom.Plan`; `zone`: the zone of times that do not name one; `date_format`: the format of dates that can be misread; `source`: the name of the tool in Planhat, by default that of the preset; `prefix`: what begins the ids in Planhat, by default the source and `-`; `scale`: `0-10`, if a file has only scores from 1 to 5 and is NPS all the same; `separator`, `encoding`, `sheet` and `skip`: as `csv.rows` and `xlsx.rows` take them; `strict`: raise an error if a row is rejected.
---@return { preset: string, read: integer, created: integer, updated: integer, unchanged: integer, rejected: integer, planned: integer, left_out: table<string, integer> }
function nps_csv.import(options)
  check_options(options)
  local columns, rows = open(options)
  local preset = find_preset(options, columns)
  local job = { options = options, preset = preset, rows = rows, source = options.source or preset.name }
  job.columns, job.own = find_columns(options, preset, columns)
  look(job)
  job.company = (job.columns.company or job.columns.domain) and customers.finder()
  local did = { preset = preset.name, read = 0, rejected = 0, left_out = {} }
  local function reject(row, reason)
    did.rejected = did.rejected + 1
    run.reject(row, reason)
  end
  local following, problems = rows()
  local told = 0
  local function records()
    while true do
      local row = following()
      while problems[told + 1] do -- rows that are not valid, such as those with too many cells
        told = told + 1
        did.read = did.read + 1
        reject(problems[told].row, problems[told].message)
      end
      if not row then return nil end
      local reason = left_out(job, row)
      if reason then
        did.left_out[reason] = (did.left_out[reason] or 0) + 1
      else
        did.read = did.read + 1
        local record, why = record_of(job, row)
        if record then return run.from(row, record) end
        reject(row, why)
      end
    end
  end
  local fields = { "cId", "comment", "dateAnswered", "dateSent", "email", "score", "source" }
  for property in tables.sorted(job.own) do fields[#fields + 1] = property end
  local result = planhat.nps.sync(records, { key = "sourceId", fields = fields, strict = options.strict })
  did.created, did.updated, did.unchanged, did.planned = result.created, result.updated, result.unchanged, result.planned
  did.rejected = did.rejected + result.rejected
  for reason, count in tables.sorted(did.left_out) do log.info(("NPS import: %s: rows left out because each is %s: %d"):format(options.path, reason, count)) end
  if not job.columns.comment then log.info(("NPS import: no comments were imported; %s"):format(naming("comment"))) end
  log.info(("NPS import: answers of %s read: %d"):format(preset.title, did.read), {
    created = did.created, updated = did.updated, unchanged = did.unchanged, rejected = did.rejected, planned = did.planned > 0 and did.planned or nil })
  return did
end

return nps_csv
