--- Brings the meetings with customers from Google Calendar to Planhat: `local calendar = require "connectors.google_calendar"`.
---
--- Set GOOGLE_CALENDAR_KEY to the JSON key of a service account with domain-wide delegation, or GOOGLE_CALENDAR_CLIENT_ID and
--- GOOGLE_CALENDAR_CLIENT_SECRET to those of an OAuth client, which a person then authorizes in a browser. `phscript connect google_calendar` asks for them.
local _, _, host = ...
local C, A, D, F = require "connector", require "connector.auth", require "connector.deletions", require "connector.fields"
local customers = require "connector.customers"
local connecting = require "connectors.google_calendar.connecting"

host.reach("www.googleapis.com")
host.reach("oauth2.googleapis.com")

local prefix = "gcal-"
local scopes = { "https://www.googleapis.com/auth/calendar.events.readonly" }

local by_key = A.oauth2({ token_url = "{token_url}", key_variable = "GOOGLE_CALENDAR_KEY", subject = "{user}", scopes = scopes }, host.credential)

-- A client ID is not secret: the address that a person opens contains it.
local function credential(name)
  if name == "GOOGLE_CALENDAR_CLIENT_ID" then return host.variable(name) end
  return host.credential(name)
end

local again = "If that happens every seven days, the app has the publishing status Testing, for which Google ends authorizations after seven days: " ..
  "in Google Cloud, under Google Auth Platform, Audience, publish the app, or make its user type Internal"

-- Google does not take scopes with a refresh token: they are those of the authorization.
local by_person = A.oauth2({
  token_url = "{token_url}", client_id = "GOOGLE_CALENDAR_CLIENT_ID", client_secret = "GOOGLE_CALENDAR_CLIENT_SECRET", refresh_token = "GOOGLE_CALENDAR_REFRESH_TOKEN", again = again,
}, credential)

-- Without offline, Google gives no refresh token, and without consent only the first time. Each person is an authorization.
local in_browser = A.oauth2({
  token_url = "{token_url}", authorize_url = "{authorize_url}", client_id = "GOOGLE_CALENDAR_CLIENT_ID", client_secret = "GOOGLE_CALENDAR_CLIENT_SECRET", scopes = scopes,
  params = { access_type = "offline", prompt = "consent", login_hint = "{user}" }, again = again,
}, credential)

local ways = A.either(by_key, by_person, in_browser)

local gcal = C.new{
  name = "google_calendar", title = "Google Calendar", base = "https://www.googleapis.com/calendar/v3", version = "v3",
  token_url = "https://oauth2.googleapis.com/token", authorize_url = "https://accounts.google.com/o/oauth2/v2/auth", rate = { "300/1m" },
  auth = function(conn)
    local settings = conn.settings
    settings.user = settings.user or "" -- an account that reads for itself
    if settings.base then
      local root = settings.base:gsub("/calendar/v3$", "")
      settings.token_url, settings.authorize_url = settings.token_url or root .. "/token", settings.authorize_url or root .. "/o/oauth2/v2/auth"
    end
    local options = ways(conn)
    if options then return options end
    return nil, "GOOGLE_CALENDAR_KEY to the JSON key of a service account, or GOOGLE_CALENDAR_CLIENT_ID and GOOGLE_CALENDAR_CLIENT_SECRET to those of an OAuth client; " ..
      "phscript connect google_calendar asks for them and stores them"
  end,
}

local empty = F.is_empty

-- The reasons of a 403 that say that there were too many requests.
local busy = { rateLimitExceeded = true, userRateLimitExceeded = true }
local used_up = { quotaExceeded = true, dailyLimitExceeded = true }

local function reason_of(err)
  local ok, body = pcall(json.decode, err.body or "")
  local reason = ok and F.at(body, "error.errors.1.reason")
  return type(reason) == "string" and reason or ""
end

-- Google also refuses with 403 what comes too fast, without saying when to try again.
local usual = gcal.call
function gcal:call(request)
  local wait = 1
  while true do
    local ok, value, response = pcall(usual, self, request)
    if ok then return value, response end
    local reason = type(value) == "table" and value.status == 403 and reason_of(value) or ""
    if used_up[reason] then
      value.kind, value.message, value.hint = "rate_limited", "Google Calendar accepts no more requests for now: " .. value.message, "run it again tomorrow, or raise the quota of the project in Google Cloud"
    elseif busy[reason] and wait > 64 then
      value.kind = "rate_limited" -- of all calendars
    end
    if not busy[reason] or wait > 64 then error(value, 0) end
    time.sleep(wait * (1 + math.random()))
    wait = wait * 2
  end
end

local function escaped(text) return (text:gsub("[^%w%-%._~]", function(char) return ("%%%02X"):format(char:byte()) end)) end

local function lower(text) return empty(text) and "" or tostring(text):lower() end

local function domain_of(email) return email:match("@([^@%s]+)$") end

-- Returns a request for a page of a calendar. All but the tokens must be the same each time.
-- What follows is the last argument: it returns the position after a page, from its body.
local function page_of(calendar, query, following)
  query.singleEvents, query.eventTypes, query.maxResults = "true", "default", gcal.settings.page or 1000
  return { get = "/calendars/" .. escaped(calendar.id) .. "/events", query = query, items = "items", limit = "maxResults", done = "last",
    next = function(body)
      -- Without titles and guests, all meetings would seem to have lost their customers.
      if body.accessRole == "freeBusyReader" then
        error(("Google Calendar: %s only shows when its person is busy, not the meetings, so nothing was changed; share it with the permission \"See all event details\""):format(calendar.id), 0)
      end
      calendar.title = not empty(body.summary) and body.summary ~= calendar.id and body.summary or calendar.title
      body.last = empty(body.nextPageToken)
      return following(body)
    end }
end

-- Until when meetings are read. Google gives a recurring meeting without an end many hundred dates, and tells of those that
-- are cancelled with it for six months.
local function horizon()
  local at = time.now() + (gcal.settings.ahead or 90) * 86400
  return time.format(at - at % 86400)
end

-- Reports whether Google has forgotten a token.
local function forgotten(err, token) return type(err) == "table" and (err.status == 410 or err.status == 400 and token ~= nil) end

-- Reads what changed after a synchronization token, or since a time. If Google has forgotten the token, the calendar is read again and compared.
local function cursor(stream, conn)
  local scan = stream.scan -- its positions have the same horizon for all pages
  -- A page token that has expired must not end each run from here on.
  stream.scan = function(token, calendar)
    local ok, page = pcall(scan, token, calendar)
    if ok then return page end
    if not token or not forgotten(page, token) then error(page, 0) end
    log.info(("%s: Google has forgotten the page, so the calendar is read from its start"):format(stream.name))
    return scan(nil, calendar)
  end
  local function kept(position) return { sync = position.sync, since = position.since, before = position.before } end
  stream.begin = function(_, position) return kept(position) end
  stream.from = function(since) return { since = time.format(since), before = horizon(), asked = true } end
  -- Dates of recurring meetings that have come near are not among the changes, so they are read first.
  stream.resume = function(saved)
    if saved.walk then return saved.walk end
    local at, before = kept(saved), horizon()
    if before > at.before then at.near, at.before = at.before, before end
    return at
  end
  stream.finish = kept
  stream.hold = function(saved, position)
    local cursor = kept(saved)
    cursor.walk = position
    return cursor
  end
  stream.changes = function(at, calendar)
    if not at.sync and not at.since then return nil end
    local began, query = at.began or time.now(), { syncToken = at.sync, updatedMin = at.since }
    stream.calendar, stream.incremental, stream.before = calendar, not at.near, at.before
    if at.near then query = { timeMin = at.near, timeMax = at.before } end
    query.pageToken = at.page
    local ok, page = pcall(conn.page, conn, page_of(calendar, query, function(body)
      local to = kept(at)
      to.asked = at.asked
      if at.near then
        to.near, to.page = not body.last and at.near or nil, body.nextPageToken
        body.last = false -- the changes follow
      elseif not body.last then
        to.began, to.page = began, body.nextPageToken
      elseif empty(body.nextSyncToken) then
        -- What changed since a time ends without a token, so the next run asks for a time as well.
        to.since = time.format(began + conn.skew - 120)
      else
        to.sync, to.since = body.nextSyncToken, nil
      end
      return to
    end))
    if ok then return page end
    if not forgotten(page, at.page) then error(page, 0) end
    if at.page then
      local again = kept(at)
      again.near, again.asked = at.near, at.asked
      return stream.changes(again, calendar)
    end
    if at.asked then
      error(("Google Calendar: Google no longer knows what changed in the calendar %s since %s; use a later date, or --param full=true to read everything"):format(calendar.id, at.since), 0)
    end
    log.info(("%s: Google has forgotten the position in the calendar %s; it is read again and compared"):format(stream.name, calendar.id))
    return nil
  end
end

-- What is known of Planhat: its users and people by e-mail address, and its companies by domain.
local function people_of(stream)
  if stream.people then return stream.people end
  local known = { users = {}, endusers = {}, company = customers.finder() }
  for user in planhat.user.each{ select = { "email" } } do known.users[lower(user.email)] = user._id end
  for person in planhat.enduser.each{ select = { "email", "companyId" } } do
    if not empty(person.email) then known.endusers[lower(person.email)] = person end
  end
  stream.people = known
  return known
end

-- Reports whether a calendar is the one that brings an event: the organizer's, or that of the first guest who has not declined.
-- So a meeting of several colleagues becomes one task.
local function brings(calendar, event)
  local ours = gcal.ours
  local organizer = lower(event.organizer and event.organizer.email)
  if ours[organizer] then return organizer == calendar end
  local first
  for _, guest in ipairs(empty(event.attendees) and {} or event.attendees) do
    local email = lower(guest.email)
    if ours[email] and guest.responseStatus ~= "declined" and (not first or email < first) then first = email end
  end
  return (first or calendar) == calendar
end

-- Finds the company that most guests of an event belong to, and who of them Planhat knows.
local function join(stream, event)
  local known, votes, best = people_of(stream), {}, nil
  local joined = { endusers = json.array{}, users = json.array{} }
  for _, guest in ipairs(empty(event.attendees) and {} or event.attendees) do
    local email = lower(guest.email)
    local domain, user, person = domain_of(email), known.users[email], known.endusers[email]
    if user then
      joined.users[#joined.users + 1] = user
    elseif domain and not gcal.internal[domain] and guest.resource ~= true then
      local company = person and not empty(person.companyId) and person.companyId or known.company{ domain = domain }
      if company and person then joined.endusers[#joined.endusers + 1] = person._id end
      if company then
        votes[company] = (votes[company] or 0) + 1
        if not best or votes[company] > votes[best] then best = company end
      end
    end
  end
  joined.company = best
  return joined
end

local function is_private(event) return event.visibility == "private" or event.visibility == "confidential" end

local function deletions_of(stream)
  stream.deletions = stream.deletions or D.open("google_calendar deletions " .. gcal.account .. (stream.apart or ""), stream.name)
  return stream.deletions
end

-- Reports whether an event is after the horizon, and whether it was moved there. Dates that a series has by its rule were not.
local function is_far(event, before)
  local start = not empty(event.start) and (event.start.dateTime or event.start.date)
  if event.status == "cancelled" or not start then return false end
  local from = event.originalStartTime
  local first = not empty(from) and (from.dateTime or from.date)
  return time.parse(start) >= time.parse(before), empty(event.recurringEventId) or first ~= start
end

-- Leaves the events that have a row. The others count as deleted.
local function prepare(_, items, stream)
  local calendar = lower(stream.calendar.id)
  for i = #items, 1, -1 do
    local far, moved = is_far(items[i], stream.before)
    items[i].far = far
    if far and not moved then table.remove(items, i) end
  end
  for _, item in ipairs(items) do
    local here = item.status ~= "cancelled" and not empty(item.start) and not item.far and brings(calendar, item)
    if here and is_private(item) and not gcal.settings.private then
      here, gcal.left.private = false, gcal.left.private + 1
    end
    if here then
      item.join = join(stream, item)
      if not item.join.company then here, gcal.left.strangers = false, gcal.left.strangers + 1 end
    end
    item.join, item.away = item.join or {}, not here
    if not empty(item.id) then item.id = item.id .. "/" .. calendar end
  end
  local function removed(item) return stream.incremental and item.away and not empty(item.id) end
  if gcal.account and stream.incremental then deletions_of(stream):take(items, removed) end
  for i = #items, 1, -1 do
    if items[i].away then table.remove(items, i) end
  end
  -- In a complete pass, what is there was not deleted, and a comparison finds what is not.
  if gcal.account and not stream.incremental then deletions_of(stream):take(items, removed) end
end

local function gone(_, stream, handled, options)
  local ids, last = deletions_of(stream):since(handled)
  local missing = options and options.missing
  if missing ~= "archive" and missing ~= "delete" then last = handled end -- a later run may remove them
  for i, id in ipairs(ids) do ids[i] = prefix .. id end
  return ids, last
end

-- A day has no zone: it is the same day everywhere, and its end is the day after.
local function moment(path)
  return F.about("a whole day is midnight UTC", F.date(F.compute({ path .. ".dateTime", path .. ".date" }, function(at, day)
    if day then return day .. "T00:00:00Z" end
    return at
  end)))
end

gcal:stream("events", { into = "task", permissions = { "https://www.googleapis.com/auth/calendar.events.readonly" }, prefix = prefix, sparse = true, cursor = cursor, prepare = prepare, gone = gone,
  takes = function(conn) return { conn.settings.from or false, conn.settings.private or false, conn.settings.internal or false } end,
  parts = function()
    local list = {}
    for i, id in ipairs(gcal.calendars) do list[i] = { id = id } end
    return list
  end,
  scan = function(stream, _, token, calendar)
    local before = token and token.before or horizon()
    stream.calendar, stream.incremental, stream.before = calendar, false, before
    local request = page_of(calendar, { timeMin = gcal.settings.from, timeMax = before }, function(body)
      return { page = body.nextPageToken, sync = body.nextSyncToken, before = before }
    end)
    request.send = function(sent, position) sent.query.pageToken = position.page end
    return request
  end,
  map = {
    sourceId = "id",
    mainType = F.constant("event"),
    companyId = "join.company",
    action = F.default("summary", "(no title)"),
    description = "description",
    startTime = moment("start"),
    endTime = moment("end"),
    noSpecificTime = F.about("true for whole days", F.compute({ "start.date" }, function(day) return day ~= nil end)),
    ownerId = F.keep(F.user("organizer.email")),
    users = F.about("guests who are Planhat users", F.compute({ "join.users" }, function(users) return users end)),
    endusers = F.about("guests whom Planhat knows", F.compute({ "join.endusers" }, function(people) return people end)),
  } })

connecting.add(gcal)

-- Reads the options of a run.
local function prepared(given)
  local options, settings = {}, {}
  for name, value in pairs(given or {}) do options[name] = value end
  for name, value in pairs(options.settings or {}) do settings[name] = value end
  local list = settings.calendars or { settings.user }
  if type(list) ~= "table" or #list == 0 then
    error("Google Calendar: set settings.user to the e-mail address of the person whose calendar is read, or settings.calendars to the ids of several", 0)
  end
  if settings.from then
    local ok, text = pcall(time.format, settings.from)
    if not ok then error(("Google Calendar: the setting from takes a date as YYYY-MM-DD, not %q"):format(tostring(settings.from)), 0) end
    settings.from = text
  end
  gcal.calendars, gcal.ours, gcal.internal, gcal.left = list, {}, {}, { strangers = 0, private = 0 }
  for _, id in ipairs(list) do
    gcal.ours[lower(id)] = true
    local domain = domain_of(lower(id))
    if domain and not domain:find("calendar%.google%.com$") then gcal.internal[domain] = true end
  end
  for _, domain in ipairs(settings.internal or {}) do gcal.internal[F.domain(domain)] = true end
  options.settings = settings
  return options
end

local first, try = gcal.first, gcal.try
function gcal:first(name, options)
  gcal.account = nil
  return first(self, name, prepared(options))
end

function gcal:try(name, options)
  local said, rows = try(self, name, options)
  local left = gcal.left
  if left.strangers + left.private == 0 then return said, rows end
  return ("%s; left out: %d without a guest of a company in Planhat, %d private"):format(said:match("^the first.*") or said:match("^%d+ of.*") or "no meetings with customers", left.strangers, left.private), rows
end

local M = {}

--- Makes Planhat's tasks of the type event agree with the meetings in Google Calendar, and returns what was done. The first run reads everything, later ones what changed.
---@param options { settings: table, map: table?, missing: string?, max_missing: number?, full: boolean?, minutes: number?, account: string? } `settings`: `user`, the e-mail address of the person whose calendar is read; `calendars`: the ids of several calendars that this person can read, default that of `user`; without `user`, a service account reads those that are shared with it; `internal`: more domains of your own, whose people are not customers; `private`: true brings private events as well; `from`: events that ended before this date are not read; `ahead`: how many days before they start events are brought, default 90; `page`: how many events a page has. `map`: changes to the map of `events`; `missing`: `report`, `archive` or `delete` what was cancelled, default `report`; `max_missing`: the share of records above which nothing is removed, default 0.05; `full`: read everything; `minutes`: how long to read at most; `account`: a name for these calendars, if you use several sets of them.
---@return table<string, table>
function M.sync(options)
  options = prepared(options)
  gcal.account = options.account or "default"
  local results = gcal:sync(options)
  log.info("Google Calendar: events that were left out", { no_company = gcal.left.strangers, private = gcal.left.private })
  return results
end

return M
