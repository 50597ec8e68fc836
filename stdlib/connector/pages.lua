---@package
--- Reads lists of another system to their end: `local pages = require "connector.pages"`. It is a part of `connector`.
local pages = {}

local fields = require "connector.fields"

--- Returns the list of records in a response. An object there is as wrong as nothing: it would be read as an empty list.
---@param title string The system's title.
---@param body any The response's value.
---@param path string? The path of the list, if it is not the response itself.
---@param from string The address that was asked, for the error.
---@return table
function pages.items(title, body, path, from)
  local items = path and fields.at(body, path) or body
  if type(items) ~= "table" or items == fields.absent or items == json.null or items[1] == nil and next(items) ~= nil then
    error(("%s: the response to %s has no list %q, so the page cannot be read"):format(title, from, tostring(path)), 0)
  end
  return items
end

--- Returns a function to call with the position of each page. It raises an error when a position repeats.
---@param title string The system's title.
---@param list string The name of the list, for the error.
---@return function
function pages.guard(title, list)
  local seen = {}
  return function(position)
    local mark = json.encode(position)
    if seen[mark] then error(("%s: the list of %s returned the position %s twice, so reading it would never end"):format(title, list, mark), 0) end
    seen[mark] = true
  end
end

--- Calls a function with each position, nil at first, until it returns none.
---@param title string The system's title.
---@param list string The name of the list, for the error.
---@param read function Reads a page, and returns the next position, and whether that page was the last one unless a missing position says so.
function pages.walk(title, list, read)
  local once, position, done = pages.guard(title, list), nil, nil
  repeat
    once(position)
    position, done = read(position)
    if done == nil then done = position == nil end
  until done
end

--- Calls a function with each record of a list.
---@param conn table The connector.
---@param request table The request, as `page` takes it. It is changed from page to page.
---@param use function Takes a record.
---@param first table? The first page, if it is known: its `items` and `next`.
function pages.each(conn, request, use, first)
  pages.walk(conn.title, conn:fill(request.get or request.post), function(token)
    local page = token == nil and first or conn:page(request, token)
    for _, item in ipairs(page.items) do use(item) end
    return page.next, page.done
  end)
end

return pages
