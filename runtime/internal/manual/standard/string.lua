--- Strings. You can call each function as a method: `s:upper()`. Positions count bytes from 1; negative ones count from the end.
string = {}

--- Returns the codes of the bytes from i to j (default the first byte), nil if there are none.
---@param s string
---@param i integer?
---@param j integer?
---@return integer?
function string.byte(s, i, j) end

--- Makes a string from byte codes.
---@param ... integer
---@return string
function string.char(...) end

--- Not available: phscript does not write compiled code.
---@param f function
---@return string
function string.dump(f) end

--- Finds a pattern. Returns where the match begins and ends, then its captures, or nil. With `plain`, the pattern is plain text.
---@param s string
---@param pattern string
---@param init integer?
---@param plain boolean?
---@return integer?, integer?, string
function string.find(s, pattern, init, plain) end

--- Fills values into a template: `%s` text, `%d` whole number, `%.2f` decimals, `%5d` width, `%q` quoted, `%%` a percent sign.
---@param template string
---@return string
function string.format(template, ...) end

--- Loops over all matches of a pattern: `for word in s:gmatch("%a+") do`.
---@param s string
---@param pattern string
---@return function
function string.gmatch(s, pattern) end

--- The old name of `string.gmatch`.
---@deprecated string.gmatch
---@param s string
---@param pattern string
---@return function
function string.gfind(s, pattern) end

--- Replaces all matches of a pattern, or the first n, with a string (`%1` is the first capture), a table's value or a function's result. Returns the new string and the number of matches.
---@param s string
---@param pattern string
---@param replacement string|table|function
---@param n integer?
---@return string, integer
function string.gsub(s, pattern, replacement, n) end

--- Returns the number of bytes; the same as `#s`.
---@param s string
---@return integer
function string.len(s) end

--- Returns the string in lower case.
---@param s string
---@return string
function string.lower(s) end

--- Returns the captures of the first match of a pattern, the whole match if there are none, or nil.
---@param s string
---@param pattern string
---@param init integer?
---@return string?
function string.match(s, pattern, init) end

--- Repeats a string n times.
---@param s string
---@param n integer
---@return string
function string.rep(s, n) end

--- Returns the string reversed, byte by byte.
---@param s string
---@return string
function string.reverse(s) end

--- Returns the part from position i to j (default the end).
---@param s string
---@param i integer
---@param j integer?
---@return string
function string.sub(s, i, j) end

--- Returns the string in upper case.
---@param s string
---@return string
function string.upper(s) end
