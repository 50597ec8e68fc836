--- Functions on text: `local text = require "text"`.
---
--- Texts are compared byte by byte, as in Lua. Search texts are never patterns.
local text = {}

-- host.letters changes the letters of a text.
local _, _, host = ...

local function check(value, position, name)
  local kind = type(value)
  if kind == "number" then return tostring(value) end
  if kind ~= "string" then
    error(("argument %d, '%s', must be a string, not %s"):format(position, name, kind), 3)
  end
  return value
end

--- Returns the text without spaces, tabs and line ends around it.
---@param s string
---@return string
function text.trim(s)
  s = check(s, 1, "s")
  local from = s:find("%S")
  if not from then return "" end
  local to = #s
  while s:find("^%s", to) do to = to - 1 end
  return s:sub(from, to)
end

--- Splits a text at every separator. An empty text gives one empty part.
---@param s string
---@param separator string
---@param options { trim: boolean?, skip_empty: boolean? }?
---@return string[]
function text.split(s, separator, options)
  s = check(s, 1, "s")
  separator = check(separator, 2, "separator")
  if separator == "" then error("argument 2, 'separator', must not be empty", 2) end
  options = options or {}
  local parts, start = {}, 1
  local function add(part)
    if options.trim then part = text.trim(part) end
    if part ~= "" or not options.skip_empty then parts[#parts + 1] = part end
  end
  while true do
    local from, to = s:find(separator, start, true)
    if not from then
      add(s:sub(start))
      return parts
    end
    add(s:sub(start, from - 1))
    start = to + 1
  end
end

--- Returns the lines of a text without their line ends (LF or CRLF). A line end
--- at the end of the text does not start another line.
---@param s string
---@return string[]
function text.lines(s)
  s = check(s, 1, "s")
  local lines = {}
  for line in s:gmatch("([^\n]*)\n?") do
    lines[#lines + 1] = (line:gsub("\r$", ""))
  end
  -- The iteration ends with an empty match after the last line end.
  lines[#lines] = nil
  return lines
end

--- Reports whether a text begins with prefix.
---@param s string
---@param prefix string
---@return boolean
function text.starts_with(s, prefix)
  s, prefix = check(s, 1, "s"), check(prefix, 2, "prefix")
  return s:sub(1, #prefix) == prefix
end

--- Reports whether a text ends with suffix.
---@param s string
---@param suffix string
---@return boolean
function text.ends_with(s, suffix)
  s, suffix = check(s, 1, "s"), check(suffix, 2, "suffix")
  return suffix == "" or s:sub(-#suffix) == suffix
end

--- Reports whether a text contains part.
---@param s string
---@param part string
---@return boolean
function text.contains(s, part)
  s, part = check(s, 1, "s"), check(part, 2, "part")
  return s:find(part, 1, true) ~= nil
end

--- Replaces every occurrence of old with new. Neither is a pattern.
---@param s string
---@param old string
---@param new string
---@return string
function text.replace(s, old, new)
  s, old, new = check(s, 1, "s"), check(old, 2, "old"), check(new, 3, "new")
  if old == "" then error("argument 2, 'old', must not be empty", 2) end
  return table.concat(text.split(s, old), new)
end

--- Pads a text to width characters with spaces, or with fill, on the right; on
--- the left if width is negative. A UTF-8 character counts as one.
---@param s string
---@param width integer
---@param fill string?
---@return string
function text.pad(s, width, fill)
  s = check(s, 1, "s")
  if type(width) ~= "number" then
    error("argument 2, 'width', must be a number, not " .. type(width), 2)
  end
  fill = fill == nil and " " or check(fill, 3, "fill")
  local missing = math.abs(width) - text.length(s)
  if missing <= 0 then return s end
  local padding = fill:rep(missing)
  if width < 0 then return padding .. s end
  return s .. padding
end

--- Returns the number of UTF-8 characters.
---@param s string
---@return integer
function text.length(s)
  s = check(s, 1, "s")
  local _, continued = s:gsub("[\128-\191]", "")
  return #s - continued
end

--- Returns at most length UTF-8 characters of a text. If it is longer, the result ends with
--- ending, which counts.
---@param s string
---@param length integer
---@param ending string? Default: `…`.
---@return string
function text.truncate(s, length, ending)
  s = check(s, 1, "s")
  if type(length) ~= "number" or length < 0 or length % 1 ~= 0 then
    error("argument 2, 'length', must be a whole number from 0, not " .. tostring(length), 2)
  end
  ending = ending == nil and "…" or check(ending, 3, "ending")
  if text.length(s) <= length then return s end
  local kept = length - text.length(ending)
  if kept < 0 then ending, kept = "", length end
  local at, count = 1, 0
  while count < kept do
    local _, to = s:find("^[^\128-\191][\128-\191]*", at)
    if not to then break end
    at, count = to + 1, count + 1
  end
  return s:sub(1, at - 1) .. ending
end

--- Returns a text in upper case. In contrast to string.upper, it also changes letters beyond
--- ASCII, such as ö, in UTF-8.
---@param s string
---@return string
function text.upper(s) return host.letters("upper", check(s, 1, "s")) end

--- Returns a text in lower case. In contrast to string.lower, it also changes letters beyond
--- ASCII, such as Ö, in UTF-8.
---@param s string
---@return string
function text.lower(s) return host.letters("lower", check(s, 1, "s")) end

--- Returns a text with an upper-case letter at the beginning of each word, and lower-case
--- letters after it.
---@param s string
---@return string
function text.title(s) return host.letters("title", check(s, 1, "s")) end

--- Returns a text as part of an address or of a file's name: in lower case, with hyphens
--- between the words, and without accents. "Größe & Co." becomes "grosse-co".
---@param s string
---@return string
function text.slug(s) return host.letters("slug", check(s, 1, "s")) end

--- Returns the trimmed text, or nil if it is nil or only white space. Use it for
--- cells that should not overwrite anything when they are empty.
---@param s string?
---@return string?
function text.presence(s)
  if s == nil then return nil end
  s = text.trim(check(s, 1, "s"))
  if s == "" then return nil end
  return s
end

return text
