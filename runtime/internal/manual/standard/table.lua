--- Lists: tables with the keys 1, 2, 3 and so on.
table = {}

--- Joins the strings and numbers of a list.
---@param list table
---@param separator string?
---@param i integer?
---@param j integer?
---@return string
function table.concat(list, separator, i, j) end

--- Calls a function for each field.
---@deprecated pairs
---@param t table
---@param f function
---@return any
function table.foreach(t, f) end

--- Calls a function for each item of a list.
---@deprecated ipairs
---@param list table
---@param f function
---@return any
function table.foreachi(list, f) end

--- Returns the number of items.
---@deprecated #list
---@param list table
---@return integer
function table.getn(list) end

--- Adds an item at the end of a list, or at a position: `table.insert(list, value)`, `table.insert(list, position, value)`.
---@param list table
---@param position any
---@param value any?
function table.insert(list, position, value) end

--- Returns the largest number that is a key, or 0.
---@param t table
---@return number
function table.maxn(t) end

--- Removes an item from a list, by default the last, and returns it.
---@param list table
---@param position integer?
---@return any
function table.remove(list, position) end

--- Not available: you cannot set the number of items.
---@deprecated t[#t] = nil
---@param list table
---@param n integer
function table.setn(list, n) end

--- Sorts a list in place. The function returns true if its first argument comes before the second.
---@param list table
---@param less function?
function table.sort(list, less) end
