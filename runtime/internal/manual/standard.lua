--- What Lua 5.1 brings along: functions that are globals, and the libraries
--- string, table, math, os, io, coroutine, debug and package.

--- Returns its arguments where the first one is true; raises the message where it is false or nil.
---@param value any
---@param message any?
---@return any
function assert(value, message, ...) end

--- Tells about the memory in use: `"count"` gives kilobytes, `"collect"` frees what is no longer needed.
---@param option string?
---@param argument number?
---@return number
function collectgarbage(option, argument) end

--- Runs a Lua file and returns what it returns. A module is loaded with `require` instead.
---@param filename string
---@return any
function dofile(filename) end

--- Raises an error with that message, or with a table as the error itself. Level 2 blames the caller's line, 0 adds no position.
---@param message any
---@param level integer?
function error(message, level) end

--- Returns the table in which a function looks up its globals.
---@param f function|integer|nil
---@return table
function getfenv(f) end

--- Returns the metatable of a value, or nil.
---@param object any
---@return any
function getmetatable(object) end

--- Goes through the list part of a table in order: `for i, value in ipairs(list) do`. It ends at the first nil.
---@param list table
---@return function, table, integer
function ipairs(list) end

--- Compiles what a function returns piece by piece, and returns it as a function; nil and the message where it does not compile.
---@param chunk function|string
---@param chunkname string?
---@return function?, string?
function load(chunk, chunkname) end

--- Compiles a Lua file and returns it as a function; nil and the message where it does not compile.
---@param filename string
---@return function?, string?
function loadfile(filename) end

--- Compiles a text and returns it as a function; nil and the message where it does not compile.
---@param text string
---@param chunkname string?
---@return function?, string?
function loadstring(text, chunkname) end

--- Makes a module in the manner of Lua 5.1. Modules that return a table need no such call.
---@deprecated return a table from the file
---@param name string
function module(name, ...) end

--- Makes an empty userdata, with a metatable where asked for.
---@param metatable boolean?
---@return userdata
function newproxy(metatable) end

--- Returns the key after a key of a table, with its value; nil after the last. Without a key, the first: `next(t) == nil` means an empty table.
---@param t table
---@param key any?
---@return any, any
function next(t, key) end

--- Goes through all fields of a table, in no particular order: `for key, value in pairs(t) do`.
---@param t table
---@return function, table, nil
function pairs(t) end

--- Calls a function and catches its error: true and its results, or false and the error.
---@param f function
---@return boolean, any
function pcall(f, ...) end

--- Writes its arguments to standard output, with tabs between them and a line end after them.
---@param ... any
function print(...) end

--- Compares two values without asking their metatables.
---@param a any
---@param b any
---@return boolean
function rawequal(a, b) end

--- Reads a field of a table without asking its metatable.
---@param t table
---@param key any
---@return any
function rawget(t, key) end

--- Writes a field of a table without asking its metatable, and returns the table.
---@param t table
---@param key any
---@param value any
---@return table
function rawset(t, key, value) end

--- Loads a module once and returns it: a file beside the script or in `lib/` beside it, or a module of phscript. Written with dots and without `.lua`.
---@param name string
---@return any
function require(name) end

--- Returns the arguments from position n on; `select("#", ...)` counts them.
---@param n integer|string
---@return any
function select(n, ...) end

--- Sets the table in which a function looks up its globals, and returns the function.
---@param f function|integer
---@param environment table
---@return function
function setfenv(f, environment) end

--- Sets the metatable of a table, and returns the table.
---@param t table
---@param metatable table?
---@return table
function setmetatable(t, metatable) end

--- Turns a text into a number, nil where it is none. With a base, such as 16, it reads whole numbers of that base.
---@param value any
---@param base integer?
---@return number?
function tonumber(value, base) end

--- Turns any value into text.
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

--- Calls a function and hands an error to the handler, whose result is returned after false.
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

--- Functions that stop halfway and go on later.
coroutine = {}

--- Makes a coroutine of a function; `coroutine.resume` starts it.
---@param f function
---@return thread
function coroutine.create(f) end

--- Starts a coroutine or lets it go on: true and what it yields or returns, or false and its error.
---@param co thread
---@return boolean, any
function coroutine.resume(co, ...) end

--- Returns the running coroutine, nil in the main program.
---@return thread?
function coroutine.running() end

--- Returns "running", "suspended", "normal" or "dead".
---@param co thread
---@return string
function coroutine.status(co) end

--- Makes a coroutine and returns a function that lets it go on each time it is called.
---@param f function
---@return function
function coroutine.wrap(f) end

--- Stops the running coroutine; its arguments are what `resume` returns.
---@param ... any
---@return any
function coroutine.yield(...) end

--- Texts. Each function is a method as well: `s:upper()`. Positions count bytes from 1; negative ones count from the end.
string = {}

--- Returns the codes of the bytes from i to j; of the first byte when left out.
---@param s string
---@param i integer?
---@param j integer?
---@return integer
function string.byte(s, i, j) end

--- Makes a text of byte codes.
---@param ... integer
---@return string
function string.char(...) end

--- Refused: phscript does not write compiled code.
---@param f function
---@return string
function string.dump(f) end

--- Looks for a pattern and returns where it begins and ends, then its captures; nil where there is none. `plain` takes the pattern as it is.
---@param s string
---@param pattern string
---@param init integer?
---@param plain boolean?
---@return integer?, integer?, string
function string.find(s, pattern, init, plain) end

--- Makes a text of a template and values: `%s` text, `%d` whole number, `%.2f` decimals, `%5d` width, `%q` quoted, `%%` a percent sign.
---@param template string
---@return string
function string.format(template, ...) end

--- Goes through all matches of a pattern: `for word in s:gmatch("%a+") do`.
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

--- Replaces all matches of a pattern, at most n, by a text (`%1` is the first capture), by what a table holds or what a function returns for them. Returns the text and the number of matches.
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

--- Returns the text in lower case.
---@param s string
---@return string
function string.lower(s) end

--- Returns the captures of the first match of a pattern, the whole match where it has none, or nil.
---@param s string
---@param pattern string
---@param init integer?
---@return string?
function string.match(s, pattern, init) end

--- Repeats a text n times.
---@param s string
---@param n integer
---@return string
function string.rep(s, n) end

--- Returns the text backwards, byte by byte.
---@param s string
---@return string
function string.reverse(s) end

--- Returns the part from position i to j, to the end when j is left out.
---@param s string
---@param i integer
---@param j integer?
---@return string
function string.sub(s, i, j) end

--- Returns the text in upper case.
---@param s string
---@return string
function string.upper(s) end

--- Lists: tables with the keys 1, 2, 3 and so on.
table = {}

--- Joins the texts and numbers of a list.
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

--- Returns the largest number that is a key, 0 where there is none.
---@param t table
---@return number
function table.maxn(t) end

--- Takes an item out of a list, the last one when no position is given, and returns it.
---@param list table
---@param position integer?
---@return any
function table.remove(list, position) end

--- Refused: the number of items cannot be set.
---@deprecated t[#t] = nil
---@param list table
---@param n integer
function table.setn(list, n) end

--- Sorts a list in place. The function tells whether its first argument comes before the second one.
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

--- Returns the arc tangent of y/x in radians, in the quadrant that the signs tell.
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

--- Turns radians into degrees.
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

--- Turns degrees into radians.
---@param x number
---@return number
function math.rad(x) end

--- Returns a random number: between 0 and 1, a whole one from 1 to m, or from m to n.
---@param m integer?
---@param n integer?
---@return number
function math.random(m, n) end

--- Sets where the random numbers start.
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

--- Time and files, within what the script may reach.
os = {}

--- Returns the seconds of computing since the script started.
---@return number
function os.clock() end

--- Writes a time as text, such as `os.date("%Y-%m-%d")`; `"*t"` gives a table, a leading `!` means UTC. The module `time` knows more.
---@param format string?
---@param time number?
---@return string|table
function os.date(format, time) end

--- Returns the seconds between two times.
---@param t2 number
---@param t1 number?
---@return number
function os.difftime(t2, t1) end

--- Refused: scripts start no programs.
---@param command string?
function os.execute(command) end

--- Ends the script with an exit code; 0 when left out.
---@param code integer|boolean|nil
function os.exit(code) end

--- Returns an environment variable that was declared for scripts, nil otherwise. The module `env` says why.
---@param name string
---@return string?
function os.getenv(name) end

--- Deletes a file: true, or nil and why not.
---@param filename string
---@return boolean?, string?
function os.remove(filename) end

--- Renames a file: true, or nil and why not.
---@param from string
---@param to string
---@return boolean?, string?
function os.rename(from, to) end

--- Knows the locale "C" only.
---@param locale string?
---@param category string?
---@return string?
function os.setlocale(locale, category) end

--- Returns the time in seconds since 1970, now or of a table with year, month and day.
---@param t table?
---@return number
function os.time(t) end

--- Refused: write into a folder that the script may write to.
---@return string
function os.tmpname() end

--- Files, within what the script may reach.
io = {}

--- Closes a file, standard output when left out.
---@param file userdata?
---@return boolean?, string?
function io.close(file) end

--- Writes out what is still buffered for standard output.
---@return boolean?, string?
function io.flush() end

--- Sets or returns the file that `io.read` reads.
---@param file string|userdata|nil
---@return userdata
function io.input(file) end

--- Goes through the lines of a file: `for line in io.lines("file.txt") do`.
---@param filename string?
---@return function
function io.lines(filename) end

--- Opens a file: "r" reads, "w" writes anew, "a" appends. Returns nil and why not where that fails.
---@param filename string
---@param mode string?
---@return userdata?, string?
function io.open(filename, mode) end

--- Sets or returns the file that `io.write` writes.
---@param file string|userdata|nil
---@return userdata
function io.output(file) end

--- Refused: scripts start no programs.
---@param command string
---@param mode string?
function io.popen(command, mode) end

--- Reads from standard input: "*l" a line, "*a" all, "*n" a number, or so many bytes.
---@param ... string|integer
---@return any
function io.read(...) end

--- Refused: write into a folder that the script may write to.
---@return userdata
function io.tmpfile() end

--- Returns "file", "closed file", or nil for what is no file.
---@param object any
---@return string?
function io.type(object) end

--- Writes texts and numbers to standard output, without anything between them.
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

--- What is known of running functions.
debug = {}

--- Refused: there is no debugger.
function debug.debug() end

--- Returns the environment of a function.
---@param object any
---@return table
function debug.getfenv(object) end

--- Returns nothing: there are no hooks.
---@param thread thread?
---@return function?
function debug.gethook(thread) end

--- Tells about a function or a level of the stack.
---@param f function|integer|thread
---@param what string?
---@return table?
function debug.getinfo(f, what, ...) end

--- Returns the name and the value of a local variable.
---@param level integer
---@param index integer
---@return string?, any
function debug.getlocal(level, index, ...) end

--- Returns the metatable of a value, also where it is protected.
---@param object any
---@return table?
function debug.getmetatable(object) end

--- Refused: the registry belongs to phscript.
---@return table
function debug.getregistry() end

--- Returns the name and the value of a variable that a function uses from outside.
---@param f function
---@param index integer
---@return string?, any
function debug.getupvalue(f, index) end

--- Sets the environment of a function.
---@param object any
---@param environment table
---@return any
function debug.setfenv(object, environment) end

--- Refused: there are no hooks.
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

--- Sets a variable that a function uses from outside.
---@param f function
---@param index integer
---@param value any
---@return string?
function debug.setupvalue(f, index, value) end

--- Returns the calls that led here, as text.
---@param message any?
---@param level integer?
---@return string
function debug.traceback(message, level, ...) end

--- What `require` has loaded and where it looks.
package = {}

--- Refused: there are no C libraries.
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

--- Functions that make a module, by its name; `require` looks here first.
---@type table
package.preload = {}
