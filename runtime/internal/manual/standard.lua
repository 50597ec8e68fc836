--- The standard library of Lua 5.1: global functions, and the libraries
--- string, table, math, os, io, coroutine, debug and package.

--- Returns its arguments, or raises the message if the first one is false or nil.
---@param value any
---@param message any?
---@return any
function assert(value, message, ...) end

--- Controls memory: `"count"` returns the kilobytes in use, `"collect"` frees unused memory.
---@param option string?
---@param argument number?
---@return number
function collectgarbage(option, argument) end

--- Runs a Lua file and returns its results. To load a module, use `require`.
---@param filename string
---@return any
function dofile(filename) end

--- Raises an error with a message or a table. Level 2 reports the caller's line, level 0 no position.
---@param message any
---@param level integer?
function error(message, level) end

--- Returns the table that a function uses for its globals.
---@param f function|integer|nil
---@return table
function getfenv(f) end

--- Returns the metatable of a value, or nil.
---@param object any
---@return any
function getmetatable(object) end

--- Loops over the list part of a table in order: `for i, value in ipairs(list) do`. It stops at the first nil.
---@param list table
---@return function, table, integer
function ipairs(list) end

--- Compiles source that a function returns piece by piece. Returns a function, or nil and a message.
---@param chunk function|string
---@param chunkname string?
---@return function?, string?
function load(chunk, chunkname) end

--- Compiles a Lua file. Returns a function, or nil and a message.
---@param filename string
---@return function?, string?
function loadfile(filename) end

--- Compiles source text. Returns a function, or nil and a message.
---@param text string
---@param chunkname string?
---@return function?, string?
function loadstring(text, chunkname) end

--- Creates a module in the style of Lua 5.1. Modules that return a table do not need it.
---@deprecated return a table from the file
---@param name string
function module(name, ...) end

--- Creates an empty userdata, with a metatable if asked to.
---@param metatable boolean?
---@return userdata
function newproxy(metatable) end

--- Returns the next key of a table and its value, or nil after the last. Without a key, it returns the first: `next(t) == nil` means that the table is empty.
---@param t table
---@param key any?
---@return any, any
function next(t, key) end

--- Loops over all fields of a table, in no particular order: `for key, value in pairs(t) do`.
---@param t table
---@return function, table, nil
function pairs(t) end

--- Calls a function and catches its error. Returns true and its results, or false and the error.
---@param f function
---@return boolean, any
function pcall(f, ...) end

--- Writes its arguments to standard output, separated by tabs and followed by a newline.
---@param ... any
function print(...) end

--- Compares two values without using their metatables.
---@param a any
---@param b any
---@return boolean
function rawequal(a, b) end

--- Reads a field of a table without using its metatable.
---@param t table
---@param key any
---@return any
function rawget(t, key) end

--- Writes a field of a table without using its metatable, and returns the table.
---@param t table
---@param key any
---@param value any
---@return table
function rawset(t, key, value) end

--- Loads a module once and returns it: a file next to the script or in its `lib/` folder, or one of phscript's modules. Write the name with dots and without `.lua`.
---@param name string
---@return any
function require(name) end

--- Returns the arguments from position n on; `select("#", ...)` counts them.
---@param n integer|string
---@return any
function select(n, ...) end

--- Sets the table that a function uses for its globals, and returns the function.
---@param f function|integer
---@param environment table
---@return function
function setfenv(f, environment) end

--- Sets the metatable of a table, and returns the table.
---@param t table
---@param metatable table?
---@return table
function setmetatable(t, metatable) end

--- Converts a string to a number, or returns nil if it is not one. With a base, such as 16, it reads a whole number in that base.
---@param value any
---@param base integer?
---@return number?
function tonumber(value, base) end

--- Converts any value to a string.
---@param value any
---@return string
function tostring(value) end

--- Returns the type of a value: "nil", "number", "string", "boolean", "table", "function", "thread" or "userdata".
---@param value any
---@return string
function type(value) end

--- Returns the items of a list as separate values.
---@param list table
---@param first integer?
---@param last integer?
---@return any
function unpack(list, first, last) end

--- Calls a function and passes its error to a handler. Returns true and the function's results, or false and the handler's result.
---@param f function
---@param handler function
---@return boolean, any
function xpcall(f, handler, ...) end

--- The table of all globals.
---@type table
_G = {}

--- The version of the language: "Lua 5.1".
---@type string
_VERSION = "Lua 5.1"

--- Functions that can pause and resume.
coroutine = {}

--- Creates a coroutine from a function. Start it with `coroutine.resume`.
---@param f function
---@return thread
function coroutine.create(f) end

--- Starts or resumes a coroutine. Returns true and what it yields or returns, or false and its error.
---@param co thread
---@return boolean, any
function coroutine.resume(co, ...) end

--- Returns the running coroutine, or nil in the main program.
---@return thread?
function coroutine.running() end

--- Returns "running", "suspended", "normal" or "dead".
---@param co thread
---@return string
function coroutine.status(co) end

--- Creates a coroutine and returns a function that resumes it.
---@param f function
---@return function
function coroutine.wrap(f) end

--- Pauses the running coroutine. `resume` returns its arguments.
---@param ... any
---@return any
function coroutine.yield(...) end

--- Strings. You can call each function as a method: `s:upper()`. Positions count bytes from 1; negative ones count from the end.
string = {}

--- Returns the codes of the bytes from i to j (default the first byte).
---@param s string
---@param i integer?
---@param j integer?
---@return integer
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

--- Numbers.
math = {}

--- Returns the number without its sign.
---@param x number
---@return number
function math.abs(x) end

--- Returns the arc cosine in radians.
---@param x number
---@return number
function math.acos(x) end

--- Returns the arc sine in radians.
---@param x number
---@return number
function math.asin(x) end

--- Returns the arc tangent in radians.
---@param x number
---@return number
function math.atan(x) end

--- Returns the arc tangent of y/x in radians, in the quadrant given by the signs.
---@param y number
---@param x number
---@return number
function math.atan2(y, x) end

--- Rounds up.
---@param x number
---@return integer
function math.ceil(x) end

--- Returns the cosine of an angle in radians.
---@param x number
---@return number
function math.cos(x) end

--- Returns the hyperbolic cosine.
---@param x number
---@return number
function math.cosh(x) end

--- Converts radians to degrees.
---@param x number
---@return number
function math.deg(x) end

--- Returns e to the power of x.
---@param x number
---@return number
function math.exp(x) end

--- Rounds down. `math.floor(x + 0.5)` rounds to the nearest whole number.
---@param x number
---@return integer
function math.floor(x) end

--- Returns the remainder of x/y with the sign of x.
---@param x number
---@param y number
---@return number
function math.fmod(x, y) end

--- Splits a number into a fraction and a power of two.
---@param x number
---@return number, integer
function math.frexp(x) end

--- Returns m times two to the power of e.
---@param m number
---@param e integer
---@return number
function math.ldexp(m, e) end

--- Returns the natural logarithm.
---@param x number
---@return number
function math.log(x) end

--- Returns the logarithm to the base 10.
---@param x number
---@return number
function math.log10(x) end

--- Returns the largest argument.
---@param x number
---@return number
function math.max(x, ...) end

--- Returns the smallest argument.
---@param x number
---@return number
function math.min(x, ...) end

--- The old name of `math.fmod`.
---@deprecated math.fmod
---@param x number
---@param y number
---@return number
function math.mod(x, y) end

--- Splits a number into its whole part and the rest.
---@param x number
---@return number, number
function math.modf(x) end

--- Returns x to the power of y; the same as `x ^ y`.
---@param x number
---@param y number
---@return number
function math.pow(x, y) end

--- Converts degrees to radians.
---@param x number
---@return number
function math.rad(x) end

--- Returns a random number: between 0 and 1, or a whole number from 1 to m or from m to n.
---@param m integer?
---@param n integer?
---@return number
function math.random(m, n) end

--- Sets the seed of the random numbers.
---@param seed number
function math.randomseed(seed) end

--- Returns the sine of an angle in radians.
---@param x number
---@return number
function math.sin(x) end

--- Returns the hyperbolic sine.
---@param x number
---@return number
function math.sinh(x) end

--- Returns the square root.
---@param x number
---@return number
function math.sqrt(x) end

--- Returns the tangent of an angle in radians.
---@param x number
---@return number
function math.tan(x) end

--- Returns the hyperbolic tangent.
---@param x number
---@return number
function math.tanh(x) end

--- A number larger than any other.
---@type number
math.huge = 0

--- The number pi.
---@type number
math.pi = 3.14

--- Time and files, as far as the script has access.
os = {}

--- Returns the CPU seconds used since the script started.
---@return number
function os.clock() end

--- Formats a time, such as `os.date("%Y-%m-%d")`. `"*t"` returns a table; a leading `!` means UTC. The module `time` does more.
---@param format string?
---@param time number?
---@return string|table
function os.date(format, time) end

--- Returns the seconds between two times.
---@param t2 number
---@param t1 number?
---@return number
function os.difftime(t2, t1) end

--- Not available: scripts cannot start programs.
---@param command string?
function os.execute(command) end

--- Ends the script with an exit code (default 0).
---@param code integer|boolean|nil
function os.exit(code) end

--- Returns an environment variable that was declared for scripts, otherwise nil. The module `env` explains why.
---@param name string
---@return string?
function os.getenv(name) end

--- Deletes a file. Returns true, or nil and a message.
---@param filename string
---@return boolean?, string?
function os.remove(filename) end

--- Renames a file. Returns true, or nil and a message.
---@param from string
---@param to string
---@return boolean?, string?
function os.rename(from, to) end

--- Supports only the locale "C".
---@param locale string?
---@param category string?
---@return string?
function os.setlocale(locale, category) end

--- Returns seconds since 1970, for now or for a table with year, month and day.
---@param t table?
---@return number
function os.time(t) end

--- Not available: write to a folder that the script can write to.
---@return string
function os.tmpname() end

--- Files, as far as the script has access.
io = {}

--- Closes a file (default standard output).
---@param file userdata?
---@return boolean?, string?
function io.close(file) end

--- Writes buffered output to standard output.
---@return boolean?, string?
function io.flush() end

--- Sets or returns the file that `io.read` reads.
---@param file string|userdata|nil
---@return userdata
function io.input(file) end

--- Loops over the lines of a file: `for line in io.lines("file.txt") do`.
---@param filename string?
---@return function
function io.lines(filename) end

--- Opens a file: "r" reads, "w" overwrites, "a" appends. Returns the file, or nil and a message.
---@param filename string
---@param mode string?
---@return userdata?, string?
function io.open(filename, mode) end

--- Sets or returns the file that `io.write` writes to.
---@param file string|userdata|nil
---@return userdata
function io.output(file) end

--- Not available: scripts cannot start programs.
---@param command string
---@param mode string?
function io.popen(command, mode) end

--- Reads from standard input: "*l" a line, "*a" everything, "*n" a number, or a number of bytes.
---@param ... string|integer
---@return any
function io.read(...) end

--- Not available: write to a folder that the script can write to.
---@return userdata
function io.tmpfile() end

--- Returns "file", "closed file", or nil if it is not a file.
---@param object any
---@return string?
function io.type(object) end

--- Writes strings and numbers to standard output, without separators.
---@param ... string|number
---@return userdata?, string?
function io.write(...) end

--- Standard error.
---@type userdata
io.stderr = nil

--- Standard input.
---@type userdata
io.stdin = nil

--- Standard output.
---@type userdata
io.stdout = nil

--- Information on running functions.
debug = {}

--- Not available: there is no debugger.
function debug.debug() end

--- Returns the environment of a function.
---@param object any
---@return table
function debug.getfenv(object) end

--- Returns nothing: there are no hooks.
---@param thread thread?
---@return function?
function debug.gethook(thread) end

--- Describes a function or a level of the stack.
---@param f function|integer|thread
---@param what string?
---@return table?
function debug.getinfo(f, what, ...) end

--- Returns the name and the value of a local variable.
---@param level integer
---@param index integer
---@return string?, any
function debug.getlocal(level, index, ...) end

--- Returns the metatable of a value, even if it is protected.
---@param object any
---@return table?
function debug.getmetatable(object) end

--- Not available: the registry belongs to phscript.
---@return table
function debug.getregistry() end

--- Returns the name and the value of an outer variable that a function uses.
---@param f function
---@param index integer
---@return string?, any
function debug.getupvalue(f, index) end

--- Sets the environment of a function.
---@param object any
---@param environment table
---@return any
function debug.setfenv(object, environment) end

--- Not available: there are no hooks.
---@param hook function?
---@param mask string?
---@param count integer?
function debug.sethook(hook, mask, count, ...) end

--- Sets a local variable.
---@param level integer
---@param index integer
---@param value any
---@return string?
function debug.setlocal(level, index, value, ...) end

--- Sets the metatable of a value.
---@param object any
---@param metatable table?
---@return any
function debug.setmetatable(object, metatable) end

--- Sets an outer variable that a function uses.
---@param f function
---@param index integer
---@param value any
---@return string?
function debug.setupvalue(f, index, value) end

--- Returns a traceback as text.
---@param message any?
---@param level integer?
---@return string
function debug.traceback(message, level, ...) end

--- Loaded modules, and where `require` looks for more.
package = {}

--- Not available: there are no C libraries.
---@param path string
---@param name string
function package.loadlib(path, name) end

--- Lets a module see the globals.
---@deprecated return a table from the file
---@param module table
function package.seeall(module) end

--- How paths are written.
---@type string
package.config = ""

--- Empty: there are no C libraries.
---@type string
package.cpath = ""

--- The modules that were loaded, by name.
---@type table
package.loaded = {}

--- Where `require` looks.
---@type string
package.path = ""

--- Functions that create a module, by its name. `require` looks here first.
---@type table
package.preload = {}
