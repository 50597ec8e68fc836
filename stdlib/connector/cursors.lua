---@package
--- How systems say what has changed: `local cursors = require "connector.cursors"`. It is a part of `connector`, which has these functions as well.
local cursors = {}

local fields = require "connector.fields"

-- Times cross as seconds; systems want them in their own form.
local formats = {
  ms = function(t) return ("%.0f"):format(t * 1000) end,
  s = function(t) return ("%.0f"):format(t) end,
  iso = function(t) return time.format(t) end,
}

local function format_of(options)
  local format = options.format or "iso"
  if type(format) == "function" then return format end
  return formats[format] or error(("unknown format %q of times: use ms, s, iso or a function"):format(tostring(format)), 3)
end

--- Reads what changed in a closed window of time, in the order of ids. Neither many changes at one
--- time nor changes while it is read can lose a record.
---@param options table `format` of times, `settle` and `overlap` in seconds, `id`: the path of ids, which must be numbers as text.
---@return function
function cursors.window(options)
  local format = format_of(options)
  local settle, overlap, id = options.settle or 120, options.overlap or 300, options.id or "id"
  return function(stream, conn)
    local function latest() return conn:now() - settle end
    stream.begin = function(began) return { to = began + conn.skew - settle } end
    stream.from = function(since) return { from = since, to = latest() } end
    stream.resume = function(cursor) return cursor.window or { from = cursor.to - overlap, to = latest() } end
    stream.finish = function(_, from) return { to = from.to } end
    stream.hold = function(cursor, position) return { to = cursor.to, window = position } end
    -- The first response tells how far the system's clock is off. Until then, a window can end too early or too late.
    stream.align = function(window)
      if window.last or math.abs(latest() - window.to) <= 10 then return false end
      window.to = latest()
      return true
    end
    stream.changes = function(window, part)
      if window.to <= window.from and conn.heard then return { items = {}, next = window, done = true } end
      local function read()
        return conn:page(stream.delta({ from = format(window.from), to = format(math.max(window.from, window.to)), last = window.last }, part))
      end
      local heard = conn.heard
      local page = read()
      if not heard and stream.align(window) then page = read() end
      local last = page.items[#page.items]
      page.next = { from = window.from, to = window.to, last = last and tostring(fields.at(last, id)) or window.last }
      return page
    end
  end
end

--- Reads what changed since a time, page by page.
---@param options table `format` of times, `settle` and `overlap` in seconds.
---@return function
function cursors.since(options)
  local format = format_of(options)
  local settle, overlap = options.settle or 60, options.overlap or 300
  return function(stream, conn)
    stream.begin = function(began) return { since = began + conn.skew - settle } end
    stream.from = function(since) return { since = since, began = time.now() } end
    stream.resume = function(cursor) return cursor.walk or { since = cursor.since - overlap, began = time.now() } end
    stream.finish = function(_, from) return { since = from.began + conn.skew - settle } end
    stream.hold = function(cursor, position) return { since = cursor.since, walk = position } end
    stream.changes = function(walk, part)
      local page = conn:page(stream.delta(format(walk.since), part), walk.token)
      page.next = { since = walk.since, began = walk.began, token = page.next }
      return page
    end
  end
end

--- Reads what changed after a token that the system gave with the last page.
---@param options table? `expired`: the statuses that say that it has forgotten the token, default `{ 410 }`; `from`: returns the token of a time in seconds, if there is one.
---@return function
function cursors.token(options)
  local expired = {}
  for _, status in ipairs(options and options.expired or { 410 }) do expired[status] = true end
  return function(stream, conn)
    stream.begin = function(_, position) return { token = position } end
    stream.from = options and options.from
    stream.resume = function(cursor) return cursor.token end
    stream.finish = function(position) return { token = position } end
    stream.hold = function(_, position) return { token = position } end
    stream.changes = function(token, part)
      local ok, page = pcall(conn.page, conn, stream.delta(token, part))
      if ok then return page end
      if type(page) == "table" and expired[page.status] then
        log.info(("%s: the system has forgotten the position; everything is read again"):format(stream.name))
        return nil
      end
      error(page, 0)
    end
  end
end

return cursors
