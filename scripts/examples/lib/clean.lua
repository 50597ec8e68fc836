-- clean: turns what people type into what Planhat wants.
--
-- Scripts in the same folder use it by
--
--   local clean = require "lib.clean"
--
-- Each function takes text or nil. Where there is nothing to clean it returns
-- nil; where the text makes no sense it returns nil and the reason.

local money = require "money"
local time  = require "time"

local clean = {}

-- text("  Acme  ") --> "Acme"; an empty text is nil.
function clean.text(text)
  if text == nil then return nil end
  text = tostring(text):match("^%s*(.-)%s*$")
  if text == "" then return nil end
  return text
end

-- number("1.250,50 €", ",") --> 1250.5. decimal is the decimal sign of the text,
-- "." or ",": 1.250 is another number with each, so it has to be known.
function clean.number(text, decimal)
  text = clean.text(text)
  if not text then return nil end
  local n, why = money.try_parse(text, { decimal = decimal })
  if not n then return nil, why end
  return n
end

-- date("15.3.2021") --> "2021-03-15". slashes says how 03/04/2021 is meant:
-- "%m/%d/%Y" in the United States, "%d/%m/%Y" in most other countries. Without
-- it, such a date is not read.
function clean.date(text, slashes)
  text = clean.text(text)
  if not text then return nil end
  local format
  if text:match("^%d%d?/%d%d?/%d%d%d%d$") then format = slashes end
  local seconds = time.try_parse(text, { format = format })
  if not seconds then return nil, "'" .. text .. "' is not a date" end
  return time.format(seconds, "date")
end

-- email(" Ada@Example.COM ") --> "ada@example.com"
function clean.email(text)
  text = clean.text(text)
  if not text then return nil end
  local email = text:lower()
  if not email:match("^[^%s@]+@[^%s@]+%.[^%s@]+$") then
    return nil, "'" .. text .. "' is not an e-mail address"
  end
  return email
end

-- domain("https://www.acme.com/about") --> "acme.com"
function clean.domain(text)
  text = clean.text(text)
  if not text then return nil end
  return (text:lower():gsub("^%a+://", ""):gsub("^www%.", ""):gsub("[/?#:].*$", ""))
end

-- Lua's own lower and upper know the letters a to z only. These know the
-- accented letters of Western Europe as well: in UTF-8 these are two bytes, and
-- the second one of a small letter is 32 higher.
local function shift(text, from, by)
  return (text:gsub("\195(" .. from .. ")", function(letter) return "\195" .. string.char(letter:byte() + by) end))
end
local function lower(text) return shift(text:lower(), "[\128-\150\152-\158]", 32) end
local function upper(text) return shift(text:upper(), "[\160-\182\184-\190]", -32) end

-- person("ADA  LOVELACE") --> "Ada Lovelace". Names in mixed case are left as
-- they are, so that McDonald and van der Berg survive, and so are names in
-- other scripts.
function clean.person(text)
  text = clean.text(text)
  if not text then return nil end
  text = text:gsub("%s+", " ")
  local other_letters = text:find("[\196-\255]")
  local mixed_case = text ~= lower(text) and text ~= upper(text)
  if other_letters or mixed_case then return text end
  return (lower(text):gsub("[^%s%-']+", function(word)
    local first = word:match("^\195.") or word:sub(1, 1)
    return upper(first) .. word:sub(#first + 1)
  end))
end

return clean
