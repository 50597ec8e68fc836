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

--- Returns the kilobytes of memory in use.
---@deprecated write collectgarbage("count")
---@return number
function gcinfo() end

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
