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
