--- Information on running functions.
debug = {}

--- Not available: there is no debugger.
function debug.debug() end

--- Not available: use `getfenv`.
---@param object any
---@return table
function debug.getfenv(object) end

--- Returns nil, an empty text and 0: phscript does not support hooks.
---@param thread thread?
---@return nil, string, integer
function debug.gethook(thread) end

--- Describes a function or a level of the stack.
---@param f function|integer|thread
---@param what string?
---@return table?
function debug.getinfo(f, what, ...) end

--- Not available: scripts cannot reach into running functions.
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

--- Not available: scripts cannot reach into running functions.
---@param f function
---@param index integer
---@return string?, any
function debug.getupvalue(f, index) end

--- Not available: use `setfenv`.
---@param object any
---@param environment table
---@return any
function debug.setfenv(object, environment) end

--- Does nothing without a hook, and otherwise raises an error: phscript does not support hooks.
---@param hook function?
---@param mask string?
---@param count integer?
function debug.sethook(hook, mask, count, ...) end

--- Not available: scripts cannot reach into running functions.
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

--- Not available: scripts cannot reach into running functions.
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
